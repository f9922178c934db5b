import Bitcoin
import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Signature hashes of scripts", .enabled(if: Vectors.present, Vectors.reason))
struct ScriptSighashTests {
    /// The preimage by its definition (the original client; no OP_CODESEPARATOR is executed).
    private func legacyPreimage(
        _ read: ReadTransaction,
        _ place: Int,
        _ script: [UInt8],
        type: UInt32
    ) throws -> [UInt8] {
        var copy = read
        for index in copy.inputs.indices {
            copy.inputs[index].script = index == place ? script : []
        }
        return try copy.serialized(witness: false)
            + (0..<4).map { UInt8(truncatingIfNeeded: type >> UInt32(8 * $0)) }
    }

    private func doubleHash(_ bytes: [UInt8]) -> Bytes32 { SHA256.doubleHash(bytes.span) }

    private func spent(_ read: ReadTransaction, _ index: Int, _ amount: UInt64 = 0) -> SpentInput {
        let input = read.inputs[index]
        return SpentInput(
            txid: input.txid,
            vout: input.vout,
            sequence: input.sequence,
            amount: amount
        )
    }

    private func legacy(_ read: ReadTransaction, _ place: Int, _ script: [UInt8]) -> [Bytes32] {
        var plain = LegacySighash(version: read.version, inputCount: read.inputs.count)
        var filled = plain
        let template = LeafTemplate(script: script.span, holes: Span(), groups: Span())
        let leaf = FilledLeaf(template, keys: Span())
        for index in read.inputs.indices {
            if index == place {
                plain.addSigned(spent(read, index), script: script.span)
                filled.addSigned(spent(read, index), script: leaf)
            } else {
                plain.addInput(spent(read, index))
                filled.addInput(spent(read, index))
            }
        }
        plain.beginOutputs(count: read.outputs.count)
        filled.beginOutputs(count: read.outputs.count)
        for output in read.outputs {
            plain.addOutput(amount: output.amount, script: output.script.span)
            filled.addOutput(amount: output.amount, script: output.script.span)
        }
        return [plain.finish(lockTime: read.lockTime), filled.finish(lockTime: read.lockTime)]
    }

    @Test("Core's legacy digests that sign everything are met, and ours with type 1 like them")
    func legacy() throws {
        let data = try Vectors.data("bitcoin/core/unit/sighash.json")
        let rows = try #require(JSONSerialization.jsonObject(with: data) as? [[Any]])
        var met = 0
        for row in rows where row.count == 5 {
            let type = UInt32(truncatingIfNeeded: try #require(row[3] as? Int))
            guard type & 0x80 == 0, ![2, 3].contains(type & 0x1f) else { continue }
            let (text, code) = (row[0] as? String ?? "", row[1] as? String ?? "")
            let script = [UInt8](hex: code)
            // Core takes OP_CODESEPARATOR out of the script; ours have none.
            guard !script.contains(0xab), !script.isEmpty else { continue }
            let read = try ReadTransaction([UInt8](hex: text))
            let place = try #require(row[2] as? Int)
            let found = doubleHash(try legacyPreimage(read, place, script, type: type))
            #expect(Array(found.array.reversed()).hex == row[4] as? String)
            let ours = doubleHash(try legacyPreimage(read, place, script, type: 1))
            #expect(legacy(read, place, script) == [ours, ours])
            #expect(legacy(read, place, script + [0]) != [ours, ours])
            met += 1
        }
        #expect(met > 100, "\(met)")
        print("sighash.json: \(met) legacy digests met")
    }

    @Test("The digests of BIP-143 for witness scripts are met by the filler as well")
    func witness() throws {
        struct Case: Decodable {
            let tx: String
            let hash_type: UInt32
            let preimage: String
            let sighash: String
        }
        let cases: [Case] = try Vectors.json("bitcoin/bip-0143/sighash_cases.json")
        var met = 0
        for one in cases where one.hash_type == 1 {
            let read = try ReadTransaction([UInt8](hex: one.tx))
            let preimage = [UInt8](hex: one.preimage)
            var reader = ByteReader(preimage.span)
            _ = try reader.readSpan(68)
            let (txid, vout) = (try reader.readBytes32(), try reader.readUInt32())
            let index = try #require(
                read.inputs.firstIndex { $0.txid == txid && $0.vout == vout }
            )
            let count = Int(try reader.readCompactSize())
            let script = try reader.readSpan(count).array
            let amount = try reader.readUInt64()
            let template = LeafTemplate(script: script.span, holes: Span(), groups: Span())
            let leaf = FilledLeaf(template, keys: Span())
            let midstates = midstates(read, amount)
            let digest = midstates.witnessSighash(of: spent(read, index, amount), script: leaf)
            #expect(digest.hex == one.sighash)
            let other = midstates.witnessSighash(of: spent(read, index, amount + 1), script: leaf)
            #expect(other != digest)
            met += 1
        }
        #expect(met == 5)
    }

    private func midstates(_ read: ReadTransaction, _ amount: UInt64) -> SighashMidstates {
        var hasher = TransactionHasher(
            version: read.version,
            lockTime: read.lockTime,
            inputCount: read.inputs.count,
            outputCount: read.outputs.count
        )
        for index in read.inputs.indices {
            let script: [UInt8] = [0x51, 32] + [UInt8](repeating: UInt8(index), count: 32)
            hasher.addInput(spent(read, index, amount), script: script.span)
        }
        for output in read.outputs {
            hasher.addOutput(amount: output.amount, script: output.script.span)
        }
        return hasher.finish().midstates
    }

    @Test("A tapscript's digest is BIP-341's with the extension of BIP-342 behind it")
    func tapscript() throws {
        let read = try ReadTransaction(try #require(CoreTransactions.valid().last))
        let midstates = midstates(read, 5_000)
        let leafHash = Bytes32(repeating: 0x33)
        for type in [SighashType.default, .all] {
            func number(_ value: UInt64, _ count: Int) -> [UInt8] {
                (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
            }
            let middle = [
                midstates.prevouts, midstates.amounts, midstates.scripts, midstates.sequences,
                midstates.outputs,
            ].flatMap { $0.array }
            let message =
                [0, UInt8(type.rawValue)] + number(UInt64(read.version), 4)
                + number(UInt64(read.lockTime), 4) + middle
                + [2] + number(0, 4) + leafHash.array + [0] + [0xff, 0xff, 0xff, 0xff]
            let expected = TaggedHash.hash(tag: "TapSighash", message.span)
            let found = midstates.taprootSighash(at: 0, type: type, leafHash: leafHash)
            #expect(found == expected)
            #expect(midstates.taprootSighash(at: 0, type: type) != expected)
            let other = midstates.taprootSighash(at: 0, type: type, leafHash: .zero)
            #expect(other != expected)
        }
    }
}
