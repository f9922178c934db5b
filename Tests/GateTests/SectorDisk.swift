import Gate

/// A disk below the file system: a sector of 512 bytes holds what was flushed, or any later version
/// that was written and not flushed, each sector for itself; a power cut decides which.
final class SectorDisk: JournalFile {
    /// The call after which nothing more is done: the power goes inside it.
    var cutAt: Int?
    private(set) var calls = 0

    private static let sector = 512
    private var bytes: [UInt8]
    private var durable: [UInt8]
    /// By sector, what was written since the last flush.
    private var open: [Int: [[UInt8]]] = [:]
    private var random: SeededGenerator

    init(_ bytes: [UInt8] = [], seed: UInt64) {
        self.bytes = bytes
        durable = bytes
        random = SeededGenerator(seed: seed)
    }

    func size() throws(GateError) -> Int { bytes.count }

    func read(_ count: Int, at offset: Int) throws(GateError) -> [UInt8] {
        guard offset + count <= bytes.count else {
            throw .shortRead(got: max(0, bytes.count - offset), needed: count)
        }
        return [UInt8](bytes[offset..<offset + count])
    }

    func write(_ new: [UInt8], at offset: Int) throws(GateError) {
        guard !new.isEmpty else { return }
        grow(&bytes, to: offset + new.count)
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
        for place in offset / Self.sector...(offset + new.count - 1) / Self.sector {
            open[place, default: []].append(sector(place, of: bytes))
        }
        try count()
    }

    func sync() throws(GateError) {
        // The power may go before the flush is done.
        try count()
        durable = bytes
        open = [:]
    }

    /// What one power cut leaves.
    func cut() -> [UInt8] {
        var left = durable
        for (place, versions) in open.sorted(by: { $0.key < $1.key }) {
            let choice = Int.random(in: 0...versions.count, using: &random)
            guard choice > 0 else { continue }
            let version = versions[choice - 1]
            grow(&left, to: place * Self.sector + version.count)
            left.replaceSubrange(
                place * Self.sector..<place * Self.sector + version.count,
                with: version
            )
        }
        return left
    }

    private func count() throws(GateError) {
        calls += 1
        if calls == cutAt { throw .file(.sync, errno: 5) }
    }

    private func sector(_ place: Int, of bytes: [UInt8]) -> [UInt8] {
        [UInt8](bytes[place * Self.sector..<min((place + 1) * Self.sector, bytes.count)])
    }

    private func grow(_ bytes: inout [UInt8], to count: Int) {
        if bytes.count < count {
            bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
        }
    }
}
