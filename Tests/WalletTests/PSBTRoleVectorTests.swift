import Bitcoin
import Bytes
import Foundation
import TestSupport
import Testing
import Wallet

/// A JSON file of Bitcoin Core or HWI with lists by role.
struct PSBTRoleFile {
    let content: [String: Any]

    init(_ path: String) throws {
        let object = try JSONSerialization.jsonObject(with: Vectors.data(path))
        content = try #require(object as? [String: Any])
    }

    func texts(_ key: String) throws -> [String] {
        // HWI gives a single case as itself.
        if let one = content[key] as? String { return [one] }
        return try #require(content[key] as? [String])
    }

    func rows(_ role: String) throws -> [[String: Any]] {
        try #require(content[role] as? [[String: Any]])
    }
}

@Suite("PSBT roles: vectors", .enabled(if: Vectors.present, Vectors.reason))
struct PSBTRoleVectorTests {
    static let files = ["bitcoin/core/functional/rpc_psbt.json", "bitcoin/hwi/test_psbt.json"]

    @Test("What Core and HWI create, we create", arguments: files)
    func creator(_ path: String) throws {
        let rows = try PSBTRoleFile(path).rows("creator")
        #expect(rows.count == 1)
        for row in rows {
            let inputs = try #require(row["inputs"] as? [[String: Any]])
            let outputs = try #require(row["outputs"] as? [[String: Double]])
            let expected = try #require(row["result"] as? String)
            let transaction = Transaction(
                version: 2,
                inputs: try inputs.map { input in
                    let id = try #require(input["txid"] as? String)
                    let vout = try #require(input["vout"] as? Int)
                    let bytes = Array([UInt8](hex: id).reversed())
                    let txid = TransactionID(Bytes32(copying: bytes.span))
                    let previous = OutPoint(txid: txid, vout: UInt32(vout))
                    return .init(previous: previous, sequence: 0xffff_ffff)
                },
                outputs: try outputs.map { output in
                    let (address, amount) = try #require(output.first)
                    let satoshis = UInt64((amount * 100_000_000).rounded())
                    let found = try #require(Self.scripts[address])
                    return Coin(amount: try Amount(satoshis: satoshis), script: found)
                },
                lockTime: 0
            )
            #expect(PSBT(unsigned: transaction).base64 == expected)
        }
    }

    /// The two addresses of BIP-174's walk-through.
    private static let scripts = [
        "bcrt1qmpwzkuwsqc9snjvgdt4czhjsnywa5yjdqpxskv":
            [UInt8](hex: "0014d85c2b71d0060b09c9886aeb815e50991dda124d"),
        "bcrt1qqzh2ngh97ru8dfvgma25d6r595wcwqy0cee4cc":
            [UInt8](hex: "001400aea9a2e5f0f876a588df5546e8742d1d87008f"),
    ]

    @Test("What Core and HWI combine, we combine, in either order", arguments: files)
    func combiner(_ path: String) throws {
        let rows = try PSBTRoleFile(path).rows("combiner")
        #expect(rows.count == (path.contains("hwi") ? 2 : 1))
        for row in rows {
            let parts = try #require(row["combine"] as? [String]).map { try PSBT(base64: $0) }
            let expected = try #require(row["result"] as? String)
            for order in [parts, parts.reversed()] {
                var whole = order[0]
                for part in order.dropFirst() {
                    try whole.combine(with: part)
                }
                // Core orders keys by their hashes, we by their bytes: the fields are the same.
                #expect(whole.sorted == (try PSBT(base64: expected)).sorted)
                #expect(whole.base64.count == expected.count)
            }
        }
    }

    @Test("What Core and HWI finalize and extract, we do to the byte", arguments: files)
    func finalizer(_ path: String) throws {
        let file = try PSBTRoleFile(path)
        let rows = try file.rows("finalizer")
        #expect(rows.count == 1)
        for row in rows {
            var psbt = try PSBT(base64: try #require(row["finalize"] as? String))
            try psbt.finalize()
            #expect(psbt.base64 == row["result"] as? String)
        }
        let extractions = try file.rows("extractor")
        #expect(extractions.count == 1)
        for row in extractions {
            let psbt = try PSBT(base64: try #require(row["extract"] as? String))
            #expect(hexText(try psbt.extract().serialized()) == row["result"] as? String)
        }
    }

    @Test("What Core and HWI sign is read; of the 6 and 2 cases 4 ask for what must be refused")
    func signer() throws {
        var refused = 0
        var read = 0
        for path in Self.files {
            let rows = try PSBTRoleFile(path).rows("signer")
            #expect(rows.count == (path.contains("hwi") ? 2 : 6))
            for row in rows {
                let psbt = try PSBT(base64: try #require(row["psbt"] as? String))
                let signed = try PSBT(base64: try #require(row["result"] as? String))
                #expect(psbt.paymentID == signed.paymentID)
                read += 1
                do throws(PSBTError) {
                    try psbt.checkForSigning()
                } catch {
                    #expect(error.field != nil)
                    // Nobody signs that: it comes back as it went in.
                    #expect(psbt == signed)
                    refused += 1
                }
            }
        }
        print("signer cases: \(read) read, \(refused) refused for signing")
        #expect(read == 8)
        #expect(refused == 4)
    }

    @Test("BIP-174, walk-through: combined, finalized, extracted and combined by key, to the byte")
    func walkthrough() throws {
        let cases = try PSBTCase.all("bip-0174").filter { $0.group == "walkthrough" }
        #expect(cases.count == 11)
        let bytes = cases.map { [UInt8](hex: $0.hex) }
        var whole = try PSBT(bytes[3])
        try whole.combine(with: PSBT(bytes[4]))
        #expect(whole.sorted == (try PSBT(bytes[5])).sorted)
        try whole.finalize()
        #expect(whole.bytes == bytes[6])
        #expect(try whole.extract().serialized() == bytes[7])
        var sorted = try PSBT(bytes[8])
        try sorted.combine(with: PSBT(bytes[9]))
        #expect(sorted.bytes == bytes[10])
    }

    @Test("rust-bitcoin: every PSBT file of its signing, step by step")
    func rustBitcoin() throws {
        let names = [
            "create_psbt_hex", "update_1_psbt_hex", "update_2_psbt_hex", "sign_1_psbt_hex",
            "sign_2_psbt_hex", "combine_psbt_hex", "finalize_psbt_hex", "lex_psbt_1_hex",
            "lex_psbt_2_hex", "lex_combine_psbt_hex", "psbt1.hex", "psbt2.hex",
            "psbt_combined.hex",
        ]
        var files: [String: PSBT] = [:]
        for name in names {
            let bytes = try Self.rustBytes(name)
            let psbt = try PSBT(bytes)
            #expect(psbt.bytes == bytes, "\(name)")
            files[name] = psbt
        }
        var whole = try #require(files["sign_1_psbt_hex"])
        try whole.combine(with: try #require(files["sign_2_psbt_hex"]))
        #expect(whole.sorted == files["combine_psbt_hex"]?.sorted)
        try whole.finalize()
        #expect(whole == files["finalize_psbt_hex"])
        var sorted = try #require(files["lex_psbt_2_hex"])
        try sorted.combine(with: try #require(files["lex_psbt_1_hex"]))
        #expect(sorted == files["lex_combine_psbt_hex"])
        #expect(files["psbt1.hex"] == files["sign_1_psbt_hex"])
        #expect(files["psbt2.hex"] == files["psbt_combined.hex"])
        Vectors.report("rust-bitcoin/psbt", "\(names.count) files of one signing")
    }

    @Test("rust-bitcoin's serialization sample has an xpub of depth 0 with two steps: refused")
    func rustSample() throws {
        let text: String = try Vectors.json("bitcoin/rust-bitcoin/psbt_base64.json")
        let name = PSBTFieldName(.global, PSBTFieldType.extendedPublicKey)
        let problem = PSBTProblem.valueLength(name, expected: "4", found: 12)
        #expect(throws: PSBTError(.global, problem, at: 91)) { try PSBT(base64: text) }
    }

    @Test("rust-bitcoin's two fuzzer finds crash nothing, alone or combined in either order")
    func rustFuzz() throws {
        var read: [PSBT] = []
        for name in ["psbt_fuzz1.hex", "psbt_fuzz2.hex"] {
            do throws(PSBTError) {
                let bytes = try Self.rustText(name)
                read.append(try PSBT(bytes))
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
        for one in read {
            for two in read {
                var whole = one
                do throws(PSBTError) {
                    try whole.combine(with: two)
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
        print("rust-bitcoin fuzzer finds: \(read.count) of 2 read")
    }

    private static func rustBytes(_ name: String) throws -> [UInt8] {
        let data = try Vectors.data("bitcoin/rust-bitcoin/\(name)")
        let text = String(decoding: data, as: UTF8.self)
        return [UInt8](hex: text.filter { !$0.isWhitespace })
    }

    private static func rustText(_ name: String) throws(PSBTError) -> [UInt8] {
        do {
            return try rustBytes(name)
        } catch {
            Issue.record("\(name): \(error)")
            throw PSBTError(.whole, .notPSBT)
        }
    }
}

extension PSBT {
    /// The fields of each map without their order.
    var sorted: [[PSBTField]] {
        ([global] + inputs.map(\.map) + outputs.map(\.map)).map { map in
            map.fields.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        }
    }
}
