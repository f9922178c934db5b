import Bytes
import TestSupport
import Testing
import Transparency

@Suite("Compact range")
struct CompactRangeTests {
    static let leaves = (0..<300).map(goldenLeafHash)

    @Test("The tree of certificate transparency's eight leaves has the published roots")
    func publishedRoots() {
        let inputs = [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]
        var range = CompactRange()
        for (input, root) in zip(inputs, roots) {
            range.append(leafHash: Merkle.leafHash([UInt8](hex: input).span))
            #expect(range.root.hex == root)
        }
    }

    @Test("The leaf hash of hello world is the published one")
    func helloWorld() throws {
        let expected = try hash("TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=")
        #expect(leafHash([UInt8](text: "hello world")) == expected)
    }

    @Test("The empty tree's root is the hash of the empty string")
    func emptyRoot() throws {
        let range = CompactRange()
        #expect(range.root == (try hash("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")))
        #expect(range.count == 0 && range.size == 0)
    }

    @Test("Roots of 1 to 300 leaves are those of the definition")
    func rootsMatchDefinition() {
        var range = CompactRange()
        for size in 1...300 {
            range.append(leafHash: Self.leaves[size - 1])
            #expect(range.root == naiveRoot(Self.leaves[..<size]))
            #expect(range.size == UInt64(size))
            #expect(range.count == size.nonzeroBitCount)
        }
    }

    @Test("Hashes stand largest subtree first, each the root of its leaves")
    func hashesAreSubtreeRoots() {
        var range = CompactRange()
        for leaf in Self.leaves[..<213] { range.append(leafHash: leaf) }
        let found = hashes(range)
        var start = 0
        for (place, width) in [128, 64, 16, 4, 1].enumerated() {
            #expect(found[place] == naiveRoot(Self.leaves[start..<start + width]))
            start += width
        }
        #expect(found.count == 5)
    }

    @Test("A range written out and read back goes on to the same roots, at every size to 130")
    func resumes() throws {
        for size in 0...130 {
            var range = CompactRange()
            for leaf in Self.leaves[..<size] { range.append(leafHash: leaf) }
            let bytes = try written { writer throws(ByteError) in
                try range.writeHashes(to: &writer)
            }
            var again = try CompactRange(size: range.size, hashes: bytes.span)
            #expect(again.root == range.root)
            for leaf in Self.leaves[size..<size + 9] {
                range.append(leafHash: leaf)
                again.append(leafHash: leaf)
                #expect(again.root == range.root)
            }
        }
    }

    @Test(
        "One hash too few, one too many and a broken hash are refused",
        arguments: [1, 7, 255, 256]
    )
    func wrongLength(size: UInt64) {
        let right = size.nonzeroBitCount * 32
        for count in [0, right - 32, right - 1, right + 1, right + 32] {
            #expect(throws: TransparencyError.rangeLength(found: count, expected: right)) {
                let bytes = [UInt8](repeating: 0, count: count)
                _ = try CompactRange(size: size, hashes: bytes.span)
            }
        }
    }

    @Test("A size of 2⁶³ − 1 is taken and 2⁶³ is refused")
    func sizeLimit() throws {
        let bytes = [UInt8](repeating: 7, count: 63 * 32)
        let full = try CompactRange(size: UInt64(Int64.max), hashes: bytes.span)
        #expect(full.count == 63)
        #expect(throws: TransparencyError.sizeTooLarge(1 << 63)) {
            let one = [UInt8](repeating: 7, count: 32)
            _ = try CompactRange(size: 1 << 63, hashes: one.span)
        }
    }

    @Test("Appending to a full tree ends the process")
    func appendToFullTree() async {
        await #expect(processExitsWith: .failure) {
            let bytes = [UInt8](repeating: 7, count: 63 * 32)
            var full = try CompactRange(size: UInt64(Int64.max), hashes: bytes.span)
            full.append(leafHash: .zero)
        }
    }
}
