package import Bytes

/// A receipt that can be checked offline (C2SP tlog-proof): a leaf's index, its inclusion proof and
/// the signed checkpoint that the proof leads to.
package struct TlogProof: ~Escapable {
    /// The most hashes of an inclusion proof.
    package static let hashesMax = 63

    /// The base64 text beside `extra`; nil if there is no such line.
    package let extraText: Span<UInt8>?
    package let index: UInt64
    package let hashCount: Int
    /// The signed note, byte for byte.
    package let checkpoint: Span<UInt8>

    private let hashes: FixedBytes<2_016>

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) throws(TransparencyError) {
        var lines = LineReader(bytes)
        guard let heading = lines.next(), heading.equals("c2sp.org/tlog-proof@v1") else {
            throw .malformedProof(line: 0)
        }
        guard var line = lines.next() else { throw .malformedProof(line: 1) }
        var number = 1
        var extra: Span<UInt8>?
        if line.starts(with: "extra ") {
            extra = line.extracting(6...)
            number += 1
            guard let next = lines.next() else { throw .malformedProof(line: number) }
            line = next
        }
        guard line.starts(with: "index "),
            let index = Decimal.parse(line.extracting(6...), limit: CompactRange.sizeMax)
        else { throw .malformedProof(line: number) }
        var hashes = FixedBytes<2_016>.zero
        var count = 0
        while true {
            number += 1
            guard let next = lines.next() else { throw .malformedProof(line: number) }
            if next.isEmpty { break }
            guard count < Self.hashesMax, let hash = HashText.decode(next) else {
                throw .malformedProof(line: number)
            }
            for place in 0..<Merkle.hashCount {
                hashes[count * Merkle.hashCount + place] = hash[place]
            }
            count += 1
        }
        extraText = extra
        self.index = index
        hashCount = count
        checkpoint = lines.remaining
        self.hashes = hashes
    }

    /// The inclusion proof, 32 bytes a hash, sibling first.
    package var proof: Span<UInt8> {
        @_lifetime(borrow self) borrowing get {
            hashes.span.extracting(0..<hashCount * Merkle.hashCount)
        }
    }

    /// Writes the bytes beside `extra`, nothing if there is no such line.
    package func writeExtra(to writer: inout ByteWriter) throws(ByteError) {
        guard let extraText else { return }
        try Base64.decode(extraText, into: &writer)
    }

    /// Throws unless the leaf stands at `index` of a tree whose checkpoint `key` signed, the
    /// checkpoint being of the log that the key is named for.
    package func verify(
        leafHash: Bytes32,
        key: borrowing VerifierKey
    ) throws(TransparencyError) {
        let note = try SignedNote(checkpoint)
        try note.verify(key)
        let signed = try Checkpoint(text: note.text)
        guard signed.origin.equals(key.name) else { throw .wrongOrigin }
        try InclusionProof.verify(
            leafHash: leafHash,
            index: index,
            size: signed.size,
            proof: proof,
            root: signed.root
        )
    }

    /// Writes a receipt with an `extra` line; `proof` is 32 bytes a hash, `checkpoint` a note.
    package static func write(
        extra: Span<UInt8>,
        index: UInt64,
        proof: Span<UInt8>,
        checkpoint: Span<UInt8>,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        precondition(proof.count.isMultiple(of: Merkle.hashCount), "whole hashes")
        try writer.write("c2sp.org/tlog-proof@v1\nextra ")
        try Base64.encode(extra, into: &writer)
        try writer.write("\nindex ")
        try Decimal.write(index, to: &writer)
        try writer.writeUInt8(NoteText.newline)
        for place in 0..<proof.count / Merkle.hashCount {
            try HashText.write(ProofShape.hashAt(place, in: proof), to: &writer)
        }
        try writer.writeUInt8(NoteText.newline)
        try writer.write(checkpoint)
    }
}
