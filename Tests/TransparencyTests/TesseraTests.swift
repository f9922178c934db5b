import Bytes
import Foundation
import TestSupport
import Testing
import Transparency

/// A log of 15 entries that Tessera, another implementation, made.
@Suite("Tessera log", .enabled(if: Vectors.present, Vectors.reason))
struct TesseraTests {
    private let folder = "transparency/tessera-testlog"

    @Test("All 16 checkpoints, of 0 to 15 entries, verify and have the roots of the entries")
    func checkpoints() throws {
        let keyText = [UInt8](try Vectors.data("\(folder)/vkey").filter { $0 != 0x0A })
        let bundle = [UInt8](try Vectors.data("\(folder)/log/tile/entries/000.p/15"))
        let entries = entries(of: bundle)
        #expect(entries.count == 15)
        var range = CompactRange()
        for size in 0...15 {
            let bytes = [UInt8](try Vectors.data("\(folder)/log/checkpoint.\(size)"))
            let key = try VerifierKey(text: keyText.span)
            let note = try SignedNote(bytes.span)
            try note.verify(key)
            let checkpoint = try Checkpoint(text: note.text)
            #expect(checkpoint.size == UInt64(size))
            #expect(checkpoint.root == range.root)
            if size < 15 { range.append(leafHash: leafHash(entries[size])) }
        }
    }

    @Test("Its last tile holds the leaf hashes of the entries")
    func tile() throws {
        let bundle = [UInt8](try Vectors.data("\(folder)/log/tile/entries/000.p/15"))
        let tile = [UInt8](try Vectors.data("\(folder)/log/tile/0/000.p/15"))
        #expect(flat(entries(of: bundle).map(leafHash)) == tile)
    }

    /// A bundle is a big-endian length of two bytes before each entry.
    private func entries(of bundle: [UInt8]) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var rest = bundle[...]
        while let high = rest.popFirst(), let low = rest.popFirst() {
            let count = Int(high) << 8 | Int(low)
            entries.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return entries
    }
}
