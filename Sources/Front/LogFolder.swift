import Bytes
private import CLinux
private import FoundationEssentials
import Transparency

/// A published log on disk: a folder in the form of C2SP tlog-tiles. The gate's journal is not
/// read.
package struct LogFolder: Sendable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// The most bytes of a file of a log: an entry bundle of 256 leaves.
    static let fileByteCountMax = 256 * (2 + 60_000)

    /// The numbers of the logs in a home, lowest first.
    package static func numbers(in home: Home) throws(FrontError) -> [UInt32] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: home.gateFolder)
                .filter { $0.hasPrefix("log-") }
                .compactMap { UInt32($0.dropFirst(4)) }
                .sorted()
        } catch {
            throw .failed("\(home.gateFolder) cannot be read")
        }
    }

    /// Checks a log that may be growing meanwhile. What was found wrong is believed when it is
    /// found again under the same checkpoint: the gate removes partial tiles that it has replaced,
    /// and a reader of the checkpoint before misses them. With `isServed` there is a gate that may
    /// be about to publish, and it is waited for.
    package func check<Result>(
        isServed: Bool,
        _ work: () throws(FrontError) -> Result
    ) throws(FrontError) -> Result {
        for _ in 0..<10 {
            let before = try checkpoint()
            do throws(FrontError) {
                return try work()
            } catch {
                try waitForCheckpoint(otherThan: before, steps: isServed ? 40 : 0)
                if try checkpoint() == before { break }
            }
        }
        return try work()
    }

    private func waitForCheckpoint(
        otherThan known: [UInt8]?,
        steps: Int
    ) throws(FrontError) {
        for _ in 0..<steps {
            guard try checkpoint() == known else { return }
            _ = linux_poll(nil, 0, 50)
        }
    }

    /// The checkpoint as it was published, nothing when there is none yet.
    func checkpoint() throws(FrontError) -> [UInt8]? {
        try file("checkpoint")
    }

    /// The leaves of a bundle of `width` entries: `u16 length (big-endian) | leaf`, each.
    func entries(bundle: UInt64, width: Int) throws(FrontError) -> [[UInt8]] {
        let name = try Self.name { writer throws(ByteError) in
            try TilePath.writeEntries(index: bundle, width: width, to: &writer)
        }
        guard let bytes = try file(name) else {
            // The full form stands for every narrower one (C2SP tlog-tiles).
            guard width < TilePath.widthFull, try file(name.full) != nil else {
                throw .failed("\(path)/\(name) is missing")
            }
            return [[UInt8]](try entries(bundle: bundle, width: TilePath.widthFull)[..<width])
        }
        var leaves: [[UInt8]] = []
        var place = 0
        while place < bytes.count {
            guard place + 2 <= bytes.count else { throw .failed("\(name) is cut short") }
            let count = Int(bytes[place]) << 8 | Int(bytes[place + 1])
            guard place + 2 + count <= bytes.count else { throw .failed("\(name) is cut short") }
            leaves.append([UInt8](bytes[place + 2..<place + 2 + count]))
            place += 2 + count
        }
        guard leaves.count == width else {
            throw .failed("\(name) has \(leaves.count) entries instead of \(width)")
        }
        return leaves
    }

    /// The hashes of a tile, 32 bytes each.
    func tile(level: UInt8, index: UInt64, width: Int) throws(FrontError) -> [UInt8] {
        let name = try Self.name { writer throws(ByteError) in
            try TilePath.write(level: level, index: index, width: width, to: &writer)
        }
        guard let bytes = try file(name) else {
            guard width < TilePath.widthFull, try file(name.full) != nil else {
                throw .failed("\(path)/\(name) is missing")
            }
            let whole = try tile(level: level, index: index, width: TilePath.widthFull)
            return [UInt8](whole[..<(width * Merkle.hashCount)])
        }
        guard bytes.count == width * Merkle.hashCount else {
            throw .failed("\(name) has \(bytes.count) bytes instead of \(width * 32)")
        }
        return bytes
    }

    /// Narrower and wider forms of a bundle stay for a while (C2SP tlog-tiles); each must tell the
    /// same.
    func checkPartialEntries(bundle: UInt64, leaves: [[UInt8]]) throws(FrontError) {
        let name = try Self.name { writer throws(ByteError) in
            try TilePath.writeEntries(index: bundle, to: &writer)
        }
        for width in partialWidths(name) where width != leaves.count {
            guard try file("\(name).p/\(width)") != nil else { continue }
            let found = try entries(bundle: bundle, width: width)
            let common = min(found.count, leaves.count)
            guard found[..<common] == leaves[..<common] else {
                throw .failed("\(name).p/\(width) contradicts \(name)")
            }
        }
    }

    /// The same for a tile of hashes.
    func checkPartialTiles(level: UInt8, index: UInt64, tile: [UInt8]) throws(FrontError) {
        let name = try Self.name { writer throws(ByteError) in
            try TilePath.write(level: level, index: index, to: &writer)
        }
        for width in partialWidths(name) where width * Merkle.hashCount != tile.count {
            guard try file("\(name).p/\(width)") != nil else { continue }
            let found = try self.tile(level: level, index: index, width: width)
            let common = min(found.count, tile.count)
            guard found[..<common] == tile[..<common] else {
                throw .failed("\(name).p/\(width) contradicts \(name)")
            }
        }
    }

    /// The widths of the partial forms that are there.
    private func partialWidths(_ name: String) -> [Int] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name).p")
                .compactMap { Int($0) }
                .filter { (1..<TilePath.widthFull).contains($0) }
                .sorted()
        } catch {
            return []
        }
    }

    private static func name(
        _ body: (inout ByteWriter) throws(ByteError) -> Void
    ) throws(FrontError) -> String {
        do {
            let bytes = try [UInt8].written(limit: TilePath.byteCountMax, body)
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw .failed("a file of the log has no name: \(error)")
        }
    }

    private func file(_ name: String) throws(FrontError) -> [UInt8]? {
        let whole = "\(path)/\(name)"
        guard FileManager.default.fileExists(atPath: whole) else { return nil }
        guard let data = FileManager.default.contents(atPath: whole) else {
            throw .failed("\(whole) cannot be read")
        }
        guard data.count <= Self.fileByteCountMax else { throw .failed("\(whole) is too large") }
        return [UInt8](data)
    }
}

extension String {
    /// The name of the full form of a partial tile: without `.p/` and its width.
    fileprivate var full: String {
        var parts = split(separator: "/")
        guard parts.count > 1, parts[parts.count - 2].hasSuffix(".p") else { return self }
        parts.removeLast()
        return String(parts.joined(separator: "/").dropLast(2))
    }
}
