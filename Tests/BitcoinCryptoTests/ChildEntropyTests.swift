import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Entropy of children (BIP-85)", .enabled(if: Vectors.present, Vectors.reason))
struct ChildEntropyTests {
    private struct Case: Decodable {
        let root: String
        let path: String
        let entropy: String
        let words: String?

        enum CodingKeys: String, CodingKey {
            case root = "MASTER BIP32 ROOT KEY"
            case path = "PATH"
            case entropy = "DERIVED ENTROPY"
            case words = "DERIVED BIP39 MNEMONIC"
        }
    }

    /// The entropy at a path below an extended private key, such as `m/83696968'/39'/0'/12'/0'`.
    private static func entropy(_ one: Case) throws -> [UInt8] {
        let curve = try Curve(blindingSeed: nil)
        let text = Array(one.root.utf8)
        var payload = [UInt8](repeating: 0, count: 82)
        var room = payload.mutableSpan
        #expect(try Base58Check.decode(text.span, into: &room) == 78)
        var node = Array(payload[46..<78] + payload[13..<45])
        var scratch = [UInt8](repeating: 0, count: 64)
        for step in one.path.split(separator: "/").dropFirst() {
            let number = try #require(UInt32(step.dropLast()))
            #expect(step.hasSuffix("'"))
            var (bytes, spare) = (node, scratch)
            var target = bytes.mutableSpan
            var other = spare.mutableSpan
            try HD.descend(&target, index: number | HD.hardened, scratch: &other, curve: curve)
            (node, scratch) = (bytes, spare)
        }
        var target = node.mutableSpan
        var other = scratch.mutableSpan
        ChildEntropy.replace(&target, scratch: &other)
        #expect(scratch.allSatisfy { $0 == 0 })
        return node
    }

    @Test("Every case of the BIP, and the words of the three that have some")
    func vectors() throws {
        let cases: [Case] = try Vectors.json("bitcoin/bip-0085/bip85_vectors.json")
        #expect(cases.count == 15)
        var sentences = 0
        for one in cases {
            let found = try Self.entropy(one)
            // Of an extended key the BIP shows the second half, which is the key.
            let start = one.path.hasPrefix("m/83696968'/32'/") ? 32 : 0
            let expected = [UInt8](hex: one.entropy)
            #expect(Array(found[start..<start + expected.count]) == expected, "\(one.path)")
            guard let words = one.words, one.path.hasPrefix("m/83696968'/39'/0'/") else { continue }
            var text = [UInt8](repeating: 0, count: Mnemonic.textCountMax)
            var room = text.mutableSpan
            var writer = ByteWriter(&room)
            try Mnemonic.write(entropy: expected.span, into: &writer)
            let count = writer.count
            #expect(String(decoding: text[..<count], as: UTF8.self) == words)
            sentences += 1
        }
        #expect(sentences == 3)
        Vectors.report("bip-0085", "\(cases.count) derived entropies, \(sentences) mnemonics")
    }
}
