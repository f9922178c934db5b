import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing

@Suite("What a signature of a message commits to")
struct SignedMessageTests {
    private struct File: Decodable {
        struct Row: Decodable {
            let message: String
            let address: String
            let message_hash: String
            let to_spend_tx_hash: String
            let to_sign_tx_hash: String
        }
        let tx_hashes: [Row]
    }

    @Test(
        "The hashes of BIP-322",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func vectors() throws {
        let file: File = try Vectors.json("bitcoin/bip-0322/basic-test-vectors.json")
        for row in file.tx_hashes {
            let (text, address) = (Array(row.message.utf8), Array(row.address.utf8))
            var script = [UInt8](repeating: 0, count: 22)
            var room = script.mutableSpan
            var writer = ByteWriter(&room)
            try Address.readScript(address.span, network: .main, to: &writer)
            #expect(writer.count == 22)
            let hash = TaggedHash.hash(tag: "BIP0322-signed-message", text.span)
            #expect(hash.array == [UInt8](hex: row.message_hash))
            let toSpend = SignedMessage.toSpend(text.span, script: script.span)
            #expect(toSpend.array == [UInt8](hex: row.to_spend_tx_hash).reversed())
            var hasher = TransactionHasher(version: 0, lockTime: 0, inputCount: 1, outputCount: 1)
            let input = SpentInput(txid: toSpend, vout: 0, sequence: 0, amount: 0)
            hasher.addInput(input, script: script.span)
            let output = [SignedMessage.toSignOutput]
            hasher.addOutput(amount: 0, script: output.span)
            let id = hasher.finish().txid
            #expect(id.array == [UInt8](hex: row.to_sign_tx_hash).reversed())
        }
        Vectors.report("bip-0322", "\(file.tx_hashes.count) rows of transaction hashes")
        #expect(file.tx_hashes.count == 3)
    }

    @Test("The legacy digest is that of the prefix, the length and the text, at every width")
    func legacy() {
        for count in [0, 1, 252, 253, 254, 16_384] {
            let text = [UInt8](repeating: 0x61, count: count)
            let length: [UInt8] =
                count < 253 ? [UInt8(count)] : [0xFD, UInt8(count & 255), UInt8(count >> 8)]
            let bytes = [0x18] + Array("Bitcoin Signed Message:\n".utf8) + length + text
            #expect(SignedMessage.legacyDigest(text.span) == SHA256.doubleHash(bytes.span))
        }
    }
}
