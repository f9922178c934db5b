import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing

@Suite("Script templates", .enabled(if: Vectors.present, Vectors.reason))
struct ScriptTemplateTests {
    private struct Row: Decodable {
        let section: String
        let pubkey: String?
        let internal_key: String?
        let scriptPubKey: String?
        let address: String?
    }

    @Test("The three BIP-86 scripts come from their keys, whatever the parity of y")
    func taproot() throws {
        let curve = try Curve()
        let rows: [Row] = try Vectors.json("bitcoin/bip-0086/vectors.json")
        let keyed = rows.filter { $0.scriptPubKey != nil }
        #expect(keyed.count == 3)
        for row in keyed {
            let key = try #require(row.internal_key)
            for prefix in ["02", "03"] {
                let script = try ScriptTemplate.script(
                    .p2tr,
                    publicKey: Bytes33(hex: prefix + key),
                    curve: curve
                )
                #expect(script.bytes.hex == row.scriptPubKey)
                let kind = ScriptKind(of: script.bytes)
                #expect(kind == .p2tr)
            }
        }
    }

    @Test("The P2WPKH script of BIP-143's key is the one of its example")
    func wpkh() throws {
        let script = try ScriptTemplate.script(
            .p2wpkh,
            publicKey: Bytes33(
                hex: "025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357"
            ),
            curve: try Curve()
        )
        #expect(script.bytes.hex == "00141d0f172a0ecb48aee1be1f2687d2963ae33f71a1")
        let kind = ScriptKind(of: script.bytes)
        #expect(kind == .p2wpkh)
        var other = script.bytes.array
        other[21] ^= 1
        let matched = [
            script.matches(script.bytes),
            script.matches(other.span),
            script.matches(script.bytes.extracting(0..<21)),
        ]
        #expect(matched == [true, false, false])
    }
}
