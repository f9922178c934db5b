import Bytes
import TestSupport
import Testing
import Transparency

@Suite("Receipt")
struct TlogProofTests {
    let log = TestKey("log.example", seed: [UInt8](repeating: 3, count: 32))
    let leaves = (0..<13).map(goldenLeafHash)

    @Test("Every leaf of a log of 13 has a receipt that is read back and verifies")
    func roundTrip() throws {
        for index in 0..<13 {
            let bytes = try receipt(index)
            let read = try TlogProof(bytes.span)
            #expect(read.index == UInt64(index))
            let extra = try written { writer throws(ByteError) in try read.writeExtra(to: &writer) }
            #expect(extra == [1, 2, 3])
            try verify(bytes, leaf: index)
            #expect(throws: TransparencyError.rootMismatch) {
                try verify(bytes, leaf: (index + 1) % 13)
            }
        }
    }

    @Test("A receipt's text is the one of the specification")
    func text() throws {
        let lines = String(decoding: try receipt(12), as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        #expect(lines[..<3] == ["c2sp.org/tlog-proof@v1", "extra AQID", "index 12"])
        #expect(lines[5] == "" && lines[6] == "log.example" && lines[7] == "13")
        #expect(lines.count == 12)
    }

    @Test("Any one bit changed outside the extra line is refused")
    func everyBit() throws {
        let good = try receipt(5)
        let start = "c2sp.org/tlog-proof@v1\n".utf8.count
        let extra = start..<start + "extra AQID\n".utf8.count
        for bit in 0..<good.count * 8 where !extra.contains(bit / 8) {
            var bad = good
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: TransparencyError.self, "bit \(bit)") { try verify(bad, leaf: 5) }
        }
    }

    @Test("A receipt cut short at any byte is refused")
    func cutShort() throws {
        let good = try receipt(5)
        for count in 0..<good.count {
            #expect(throws: TransparencyError.self) { try verify(Array(good[..<count]), leaf: 5) }
        }
    }

    @Test("A checkpoint of another origin is refused, though the key signed it")
    func wrongOrigin() throws {
        let bytes = try receipt(5, origin: "other.example")
        #expect(throws: TransparencyError.wrongOrigin) { try verify(bytes, leaf: 5) }
    }

    @Test("A receipt without an extra line is read")
    func withoutExtra() throws {
        let text = String(decoding: try receipt(5), as: UTF8.self)
        let bytes = [UInt8](text: text.replacing("extra AQID\n", with: ""))
        let read = try TlogProof(bytes.span)
        let hasExtra = read.extraText != nil
        #expect(!hasExtra)
        try verify(bytes, leaf: 5)
    }

    @Test(
        "A line that is not as specified is refused by its number",
        arguments: [
            ("c2sp.org/tlog-proof@v2\n", 0), ("c2sp.org/tlog-proof@v1\n", 1),
            ("c2sp.org/tlog-proof@v1\nextra AA==\n", 2), ("c2sp.org/tlog-proof@v1\nindex\n", 1),
            ("c2sp.org/tlog-proof@v1\nindex 00\n\n", 1),
            ("c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\n", 1),
            ("c2sp.org/tlog-proof@v1\nindex 0\n", 2),
            ("c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n", 2),
        ]
    )
    func malformed(_ text: String, _ line: Int) {
        #expect(throws: TransparencyError.malformedProof(line: line)) {
            let bytes = [UInt8](text: text)
            _ = try TlogProof(bytes.span)
        }
    }

    @Test("63 hashes are read and 64 are refused")
    func hashLimit() throws {
        let line = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        for count in [63, 64] {
            let lines = String(repeating: line, count: count)
            let bytes = [UInt8](text: "c2sp.org/tlog-proof@v1\nindex 0\n\(lines)\n")
            if count == 63 {
                #expect(try TlogProof(bytes.span).hashCount == 63)
            } else {
                #expect(throws: TransparencyError.malformedProof(line: 65)) {
                    _ = try TlogProof(bytes.span)
                }
            }
        }
    }

    @Test(
        "Tiles and bundles are named as specified",
        arguments: [
            (0, 1_234_067, 256, "x001/x234/067"), (0, 0, 256, "000"), (1, 999, 256, "999"),
            (2, 1_000, 255, "x001/000.p/255"), (63, 273, 112, "273.p/112"), (0, 2, 8, "002.p/8"),
            (5, 1_000_000, 1, "x001/x000/000.p/1"),
        ] as [(UInt8, UInt64, Int, String)]
    )
    func tilePaths(_ level: UInt8, _ index: UInt64, _ width: Int, _ name: String) throws {
        let tile = try written { writer throws(ByteError) in
            try TilePath.write(level: level, index: index, width: width, to: &writer)
        }
        #expect(tile == [UInt8](text: "tile/\(level)/\(name)"))
        let entries = try written { writer throws(ByteError) in
            try TilePath.writeEntries(index: index, width: width, to: &writer)
        }
        #expect(entries == [UInt8](text: "tile/entries/\(name)"))
    }

    @Test(
        "A log of 70,000 leaves has partial tiles of 112, 17 and 1 hashes, one of 256 has 0 and 1"
    )
    func partialWidths() {
        #expect((0..<4).map { TilePath.partialWidth(level: $0, size: 70_000) } == [112, 17, 1, 0])
        #expect((0..<3).map { TilePath.partialWidth(level: $0, size: 256) } == [0, 1, 0])
        #expect(TilePath.partialWidth(level: 7, size: 1 << 56) == 1)
        #expect(TilePath.partialWidth(level: 8, size: .max) == 0)
    }

    @Test("The longest path fits the room named for it")
    func longestPath() throws {
        let path = try written(capacity: TilePath.byteCountMax) { writer throws(ByteError) in
            try TilePath.write(level: 63, index: .max, width: 255, to: &writer)
        }
        #expect(path.count <= TilePath.byteCountMax)
    }

    private func receipt(_ index: Int, origin: String = "log.example") throws -> [UInt8] {
        let originBytes = [UInt8](text: origin)
        let text = try CheckpointText(
            origin: originBytes.span,
            size: 13,
            root: naiveRoot(leaves[...])
        )
        let note = try log.note(text.bytes.array)
        let proof = flat(naiveInclusion(index, leaves[...]))
        let extra: [UInt8] = [1, 2, 3]
        return try written { writer throws(ByteError) in
            try TlogProof.write(
                extra: extra.span,
                index: UInt64(index),
                proof: proof.span,
                checkpoint: note.span,
                to: &writer
            )
        }
    }

    private func verify(_ bytes: [UInt8], leaf: Int) throws {
        let key = try VerifierKey(name: log.name.span, publicKey: log.publicKey)
        try TlogProof(bytes.span).verify(leafHash: leaves[leaf], key: key)
    }
}
