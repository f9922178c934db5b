private import BitcoinCrypto
import Bytes
private import CLinux
import LocalSocket
import Transparency

/// The gate's journal (protocol.md, section 10) held against the published entries. Whether they
/// agree is all that is asked: what stands behind the published size is the gate's business.
struct JournalAudit {
    private static let alignment = 512
    private static let headerCount = 56
    private static let digestCount = 32
    private static let entriesMax = 16 << 20

    let path: String
    let origin: String

    /// How many entries were read; nothing where we may not read the journal.
    func check(_ leafHashes: [Bytes32]) throws(FrontError) -> UInt64? {
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let number = unsafe path.withCString {
            unsafe linux_open(LINUX_AT_FDCWD, $0, LINUX_O_RDONLY | LINUX_O_CLOEXEC, 0)
        }
        if number == -LINUX_EACCES { return nil }
        guard number >= 0 else {
            throw .failed("the gate's journal cannot be read: \(SystemWords.reason(-number))")
        }
        let file = Descriptor(adopting: number)
        var place = 0
        var end = 0
        var index = 0
        let originBytes = [UInt8](origin.utf8)
        var previous = TaggedHash.hash(tag: "portcullis/origin/1", originBytes.span)
        while let batch = Self.batch(file, at: place, index: index, previous: previous) {
            guard Self.isZero(file, from: end, to: place) else {
                throw .failed("the gate's journal is damaged behind byte \(end)")
            }
            for leaf in batch.leaves {
                if index < leafHashes.count, Merkle.leafHash(leaf.span) != leafHashes[index] {
                    throw .failed("entry \(index) of the gate's journal is not the published one")
                }
                index += 1
            }
            previous = batch.digest
            end = place + batch.byteCount
            place = (end + Self.alignment - 1) / Self.alignment * Self.alignment
        }
        guard index >= leafHashes.count else {
            throw .failed("the gate's journal is damaged or cut short behind entry \(index)")
        }
        return UInt64(index)
    }

    private struct Batch {
        let leaves: [[UInt8]]
        let digest: Bytes32
        let byteCount: Int
    }

    /// The batch at a place; nothing where none stands there that is whole.
    private static func batch(
        _ file: borrowing Descriptor,
        at place: Int,
        index: Int,
        previous: Bytes32
    ) -> Batch? {
        do {
            var header = [UInt8](repeating: 0, count: headerCount)
            try read(file, into: &header, at: place)
            var reader = ByteReader(header.span)
            guard try reader.readSpan(8).equals("PCBATCH1") else { return nil }
            let entriesCount = Int(try reader.readUInt32())
            let count = Int(try reader.readUInt32())
            guard entriesCount <= entriesMax, try reader.readUInt64() == UInt64(index),
                try reader.readBytes32() == previous
            else { return nil }
            var bytes = [UInt8](repeating: 0, count: headerCount + entriesCount + digestCount)
            try read(file, into: &bytes, at: place)
            let end = headerCount + entriesCount
            let digest = TaggedHash.hash(
                tag: "portcullis/batch/1",
                bytes.span.extracting(0..<end)
            )
            guard [UInt8](copying: digest.span) == [UInt8](bytes[end...]) else { return nil }
            var entries = ByteReader(bytes.span.extracting(headerCount..<end))
            var leaves: [[UInt8]] = []
            for _ in 0..<count { leaves.append([UInt8](copying: try entries.readVec16())) }
            try entries.finish()
            return Batch(leaves: leaves, digest: digest, byteCount: bytes.count)
        } catch {
            return nil
        }
    }

    /// Between two batches there is nothing. No digest covers those bytes, and the gate starts on
    /// no journal that has any.
    private static func isZero(
        _ file: borrowing Descriptor,
        from start: Int,
        to end: Int
    ) -> Bool {
        var bytes = [UInt8](repeating: 1, count: end - start)
        do {
            try read(file, into: &bytes, at: start)
        } catch {
            return false
        }
        return bytes.allSatisfy { $0 == 0 }
    }

    private static func read(
        _ file: borrowing Descriptor,
        into bytes: inout [UInt8],
        at place: Int
    ) throws(SocketError) {
        var room = bytes.mutableSpan
        try file.readExactly(into: &room, at: place)
    }
}
