private import BitcoinCrypto
package import Bytes

/// The bytes of one batch of the journal (protocol.md, section 10): what one flush makes durable.
package enum BatchFormat {
    /// Every batch begins at a multiple of this many bytes.
    package static let alignment = 512
    /// Magic, lengths, first index and the digest of the batch before.
    package static let headerCount = 56
    /// The digest at the end.
    package static let digestCount = 32
    /// The most bytes of entries in one batch. A longer length in a header is damage.
    package static let entriesMax = 16 << 20
    /// The most bytes of one batch.
    package static let byteCountMax = aligned(headerCount + entriesMax + digestCount)
    /// The most bytes of one leaf.
    package static let leafMax = 60_000

    private static let magic: StaticString = "PCBATCH1"
    private static let tag: StaticString = "portcullis/batch/1"

    /// `previous` of a log's first batch: the log's origin, tagged.
    package static func origin(_ origin: Span<UInt8>) -> Bytes32 {
        TaggedHash.hash(tag: "portcullis/origin/1", origin)
    }

    /// The next multiple of `alignment`.
    package static func aligned(_ offset: Int) -> Int {
        (offset + alignment - 1) / alignment * alignment
    }

    /// A batch of leaves, padded with zeros to the alignment.
    package static func encode(
        _ leaves: [[UInt8]],
        firstIndex: UInt64,
        previous: Bytes32
    ) -> (bytes: [UInt8], digest: Bytes32) {
        precondition(!leaves.isEmpty, "a batch holds a leaf")
        var entriesCount = 0
        for leaf in leaves {
            precondition(!leaf.isEmpty && leaf.count <= leafMax, "a leaf within its limit")
            entriesCount += 2 + leaf.count
        }
        precondition(entriesCount <= entriesMax, "a batch within its limit")
        let end = headerCount + entriesCount
        var bytes: [UInt8] = []
        bytes.reserveCapacity(aligned(end + digestCount))
        for place in 0..<magic.utf8CodeUnitCount {
            bytes.append(magic.byte(at: place))
        }
        bytes.append(UInt64(entriesCount), bytes: 4)
        bytes.append(UInt64(leaves.count), bytes: 4)
        bytes.append(firstIndex, bytes: 8)
        bytes.append(previous)
        for leaf in leaves {
            bytes.append(UInt64(leaf.count), bytes: 2)
            bytes.append(contentsOf: leaf)
        }
        let digest = TaggedHash.hash(tag: tag, bytes.span)
        bytes.append(digest)
        let padded = aligned(bytes.count)
        bytes.append(contentsOf: repeatElement(0, count: padded - bytes.count))
        return (bytes, digest)
    }

    /// Whether `bytes` begin as a batch does.
    static func hasMagic(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count >= magic.utf8CodeUnitCount else { return false }
        for place in 0..<magic.utf8CodeUnitCount
        where bytes[bytes.startIndex + place] != magic.byte(at: place) {
            return false
        }
        return true
    }

    /// Whether a batch's beginning stands anywhere in `leaf`. A batch inside a leaf could, once a
    /// crash tore the real one around it, pass for a later batch, and a torn tail for damage.
    package static func holdsMagic(_ leaf: [UInt8]) -> Bool {
        let first = magic.byte(at: 0)
        let last = leaf.count - magic.utf8CodeUnitCount
        for place in leaf.indices where place <= last && leaf[place] == first {
            if hasMagic(leaf[place...]) { return true }
        }
        return false
    }

    /// The digest over everything of a batch before it.
    static func digest(_ bytes: Span<UInt8>) -> Bytes32 {
        TaggedHash.hash(tag: tag, bytes)
    }
}

/// The fixed fields before the entries, as read from a file.
package struct BatchHeader: Equatable, Sendable {
    let entriesCount: Int
    let count: Int
    let firstIndex: UInt64
    let previous: Bytes32

    /// Header, entries and digest.
    var byteCount: Int {
        BatchFormat.headerCount + entriesCount + BatchFormat.digestCount
    }

    /// Nothing where the magic is not there or a length cannot be.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count >= BatchFormat.headerCount, BatchFormat.hasMagic(bytes) else {
            return nil
        }
        let span = bytes.span
        var reader = ByteReader(span)
        do throws(ByteError) {
            _ = try reader.readUInt64()
            entriesCount = Int(try reader.readUInt32())
            count = Int(try reader.readUInt32())
            firstIndex = try reader.readUInt64()
            previous = try reader.readBytes32()
        } catch {
            return nil
        }
        guard count > 0, entriesCount <= BatchFormat.entriesMax, entriesCount >= 3 * count else {
            return nil
        }
    }
}

/// The leaves of a batch whose digest was compared.
package struct Batch: Equatable, Sendable {
    package let firstIndex: UInt64
    package let leaves: [[UInt8]]

    /// Takes the entries apart; nothing where they do not fill their bytes exactly.
    init?(_ header: BatchHeader, entries: ArraySlice<UInt8>) {
        var leaves: [[UInt8]] = []
        leaves.reserveCapacity(header.count)
        var place = entries.startIndex
        while place < entries.endIndex {
            guard place + 2 <= entries.endIndex else { return nil }
            let count = Int(entries[place]) | Int(entries[place + 1]) << 8
            place += 2
            guard count > 0, count <= BatchFormat.leafMax, place + count <= entries.endIndex
            else { return nil }
            leaves.append([UInt8](entries[place..<place + count]))
            place += count
        }
        guard leaves.count == header.count else { return nil }
        firstIndex = header.firstIndex
        self.leaves = leaves
    }
}
