import Bitcoin
import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

/// What Core's own tests hold its tools to, as far as it says something about transactions,
/// addresses and scripts. Whether a script is satisfied, its engine judges (`test_judge.py`).
@Suite("Core's tests of its tools", .enabled(if: Vectors.present, Vectors.reason))
struct CoreVectorTests {
    private static let folder = "bitcoin/core/functional/"

    private func address(_ script: [UInt8], _ network: Network) throws -> String {
        let bytes = try written { (writer: inout ByteWriter) throws(BitcoinError) in
            try Address.write(script: script.span, network: network, to: &writer)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func hash160(_ script: [UInt8]) -> [UInt8] { FilledLeafTests.shortHash(script) }

    private func p2sh(_ script: [UInt8]) -> [UInt8] { [0xa9, 20] + hash160(script) + [0x87] }

    private func p2wsh(_ script: [UInt8]) -> [UInt8] {
        [0, 32] + [UInt8](hex: SHA256.hash(script.span).hex)
    }

    @Test("Of Core's 93 invalid transactions those that are none are refused, the others read")
    func invalid() throws {
        let data = try Vectors.data("bitcoin/core/unit/tx_invalid.json")
        let rows = try JSONSerialization.jsonObject(with: data) as? [[Any]] ?? []
        var read = 0
        var refused: [String] = []
        for row in rows where row.count == 3 {
            let bytes = [UInt8](hex: try #require(row[1] as? String))
            let flags = try #require(row[2] as? String)
            do {
                let transaction = try ReadTransaction(bytes)
                #expect(try transaction.serialized(witness: true) == bytes)
                read += 1
            } catch {
                refused.append("\(flags) \(error)")
            }
        }
        // A negative amount, and one satoshi more than 21 million bitcoin. No outputs, a sum that
        // is too large, an input twice and inputs of no transaction are for whoever holds the
        // whole payment: `test_attacks_form.py`, `test_attacks_amounts.py`.
        #expect(
            refused == [
                "BADTX amountOutOfRange(18446744073709551615)",
                "BADTX amountOutOfRange(2100000000000001)",
            ]
        )
        #expect(read == 91)
        Vectors.report("core/unit/tx_invalid", "\(read) read, \(refused.count) no transactions")
    }

    @Test("The transactions of Core's tools come out as they went in, and their outputs' addresses")
    func tools() throws {
        let folder = Vectors.root.appending(path: Self.folder + "util")
        var (transactions, addresses, empty) = (0, 0, 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where name.hasPrefix("t") && name.hasSuffix(".hex") {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            let bytes = [UInt8](hex: text.trimmingCharacters(in: .whitespacesAndNewlines))
            // On the network a count of no inputs is the marker of a witness.
            let isEmpty = bytes[4] == 0 && !name.contains("segwit")
            let read = try ReadTransaction(bytes, form: isEmpty ? .legacy : .network)
            #expect(try read.serialized(witness: true) == bytes)
            empty += isEmpty ? 1 : 0
            transactions += 1
            let told = folder.appending(path: name.replacingOccurrences(of: ".hex", with: ".json"))
            guard FileManager.default.fileExists(atPath: told.path) else { continue }
            addresses += try compare(read, told)
        }
        #expect(transactions == 30 && addresses > 12)
        Vectors.report(
            "core/functional/util",
            "\(transactions) transactions, \(empty) of them without inputs, \(addresses) addresses"
        )
    }

    /// How many outputs have the address that Core prints.
    private func compare(_ read: ReadTransaction, _ told: URL) throws -> Int {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: told)) as? [String: Any]
        let outputs = try #require(json?["vout"] as? [[String: Any]])
        #expect(outputs.count == read.outputs.count)
        #expect(json?["locktime"] as? UInt32 == read.lockTime)
        #expect((json?["vin"] as? [Any])?.count == read.inputs.count)
        var addresses = 0
        for (output, mine) in zip(outputs, read.outputs) {
            let script = try #require(output["scriptPubKey"] as? [String: Any])
            #expect(script["hex"] as? String == mine.script.hex)
            guard let expected = script["address"] as? String else { continue }
            #expect(try address(mine.script, .main) == expected)
            addresses += 1
        }
        return addresses
    }

    @Test("Scripts have the addresses that Core decodes from them, bare and wrapped")
    func decoded() throws {
        let data = try Vectors.data(Self.folder + "rpc_decodescript.json")
        let rows = try JSONSerialization.jsonObject(with: data) as? [[Any]] ?? []
        var addresses = 0
        for row in rows {
            let script = [UInt8](hex: try #require(row[0] as? String))
            let told = try #require(row[1] as? [String: Any])
            let segwit = told["segwit"] as? [String: Any]
            let expected: [(Any?, [UInt8])] = [
                (told["address"], script), (told["p2sh"], p2sh(script)),
                (segwit?["address"], p2wsh(script)),
                (segwit?["p2sh-segwit"], p2sh(p2wsh(script))),
            ]
            for case (let text as String, let bytes) in expected {
                #expect(try address(bytes, .regtest) == text)
                addresses += 1
            }
            if told["address"] == nil {
                #expect(throws: BitcoinError.self) { try address(script, .regtest) }
            }
        }
        #expect(rows.count == 10 && addresses == 8)
        Vectors.report("core/functional/rpc_decodescript", "10 scripts, \(addresses) addresses")
    }

    @Test("Core's sorted multisigs are those of BIP-67, with their addresses")
    func sorted() throws {
        struct Row: Decodable {
            let keys: [String]
            let sorted_keys: [String]
            let script: String
            let address: String
        }
        let rows: [Row] = try Vectors.json(Self.folder + "rpc_bip67.json")
        for row in rows {
            let keys = row.keys.map { [UInt8](hex: $0) }
            let leaf = NaiveLeaf.sortedMultisig(required: 2, of: keys.count)
            let joined = keys.flatMap { $0 }
            let (script, holes, groups) = (leaf.script, leaf.holeBytes, leaf.groupBytes)
            let template = LeafTemplate(
                script: script.span,
                holes: holes.span,
                groups: groups.span
            )
            let paid = ScriptTemplate.script(
                .p2shScript,
                paying: FilledLeaf(template, keys: joined.span)
            )
            #expect(paid.bytes.array == p2sh([UInt8](hex: row.script)))
            #expect(try address(paid.bytes.array, .regtest) == row.address)
        }
        #expect(rows.count == 4)
        Vectors.report("core/functional/rpc_bip67", "4 multisigs")
    }

    @Test("Three files hold the same cases of BIP-341")
    func same() throws {
        func object(_ path: String) throws -> NSDictionary {
            let data = try Vectors.data("bitcoin/" + path)
            return try #require(JSONSerialization.jsonObject(with: data) as? NSDictionary)
        }
        let cases = try object("bip-0341/wallet-test-vectors.json")
        #expect(try object("core/unit/bip341_wallet_vectors.json") == cases)
        #expect(try object("rust-bitcoin/bip341_tests.json") == cases)
        Vectors.report("core/unit/bip341_wallet_vectors", "the cases of bip-0341")
        Vectors.report("rust-bitcoin/bip341_tests", "the cases of bip-0341")
    }
}
