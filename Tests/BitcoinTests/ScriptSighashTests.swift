import Bitcoin
import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Signature hashes of scripts", .enabled(if: Vectors.present, Vectors.reason))
struct ScriptSighashTests {
    private func spent(_ read: ReadTransaction, _ index: Int, _ amount: UInt64 = 0) -> SpentInput {
        let input = read.inputs[index]
        return SpentInput(
            txid: input.txid,
            vout: input.vout,
            sequence: input.sequence,
            amount: amount
        )
    }

    private func legacy(
        _ read: ReadTransaction,
        _ place: Int,
        _ script: [UInt8],
        _ type: SighashType
    ) -> [Bytes32] {
        var plain = LegacySighash(
            version: read.version,
            inputCount: read.inputs.count,
            type: type
        )
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

    @Test(
        "The legacy digests of Core and rust-bitcoin are met, of every type",
        arguments: [("core/unit/sighash.json", 200), ("rust-bitcoin/legacy_sighash.json", 100)]
    )
    func legacy(file: String, least: Int) throws {
        let data = try Vectors.data("bitcoin/\(file)")
        let rows = try #require(JSONSerialization.jsonObject(with: data) as? [[Any]])
        var met: [UInt32: Int] = [:]
        for row in rows where row.count == 5 {
            let number = UInt32(truncatingIfNeeded: try #require(row[3] as? Int))
            let type = SighashType(rawValue: number)
            let (text, code) = (row[0] as? String ?? "", row[1] as? String ?? "")
            let script = [UInt8](hex: code)
            // Core takes OP_CODESEPARATOR out of the script; ours have none.
            guard !script.contains(0xab), !script.isEmpty else { continue }
            let read = try ReadTransaction([UInt8](hex: text))
            let place = try #require(row[2] as? Int)
            // Without its output SINGLE signs the number 1: ours never does.
            guard !type.signsSingleOutput || place < read.outputs.count else {
                #expect(row[4] as? String == String(repeating: "0", count: 63) + "1")
                continue
            }
            let found = legacy(read, place, script, type)
            let expected = try #require(row[4] as? String)
            #expect(found.map { Array($0.array.reversed()).hex } == [expected, expected])
            #expect(legacy(read, place, script + [0], type) != found)
            let kind: UInt32 = type.signsNoOutput ? 2 : type.signsSingleOutput ? 3 : 1
            met[kind | number & 0x80, default: 0] += 1
        }
        #expect(Set(met.keys) == [1, 2, 3, 0x81, 0x82, 0x83], "\(met)")
        #expect(met.values.reduce(0, +) > least, "\(met)")
        Vectors.report(
            String(file.dropLast(5)),
            "\(met.values.reduce(0, +)) of \(rows.count - 1) digests, the others never signed"
        )
    }

    @Test("The digests of BIP-143 for witness scripts of every type are met by the filler")
    func witness() throws {
        struct Case: Decodable {
            let tx: String
            let hash_type: UInt32
            let preimage: String
            let sighash: String
        }
        let cases: [Case] = try Vectors.json("bitcoin/bip-0143/sighash_cases.json")
        var met: [UInt32: Int] = [:]
        for one in cases {
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
            func digest(_ amount: UInt64, _ type: UInt32) -> Bytes32 {
                midstates.witnessSighash(
                    of: spent(read, index, amount),
                    script: leaf,
                    type: SighashType(rawValue: type),
                    singleOutput: singleOutput(read, index)
                )
            }
            #expect(digest(amount, one.hash_type).hex == one.sighash)
            #expect(digest(amount + 1, one.hash_type).hex != one.sighash)
            #expect(digest(amount, one.hash_type ^ 0x80).hex != one.sighash)
            met[one.hash_type, default: 0] += 1
        }
        #expect(met == [1: 5, 2: 1, 3: 3, 0x81: 1, 0x82: 1, 0x83: 3])
        Vectors.report("bip-0143", "\(cases.count) digests")
    }

    private func singleOutput(_ read: ReadTransaction, _ index: Int) -> Bytes32? {
        guard index < read.outputs.count else { return nil }
        let output = read.outputs[index]
        return SighashMidstates.outputHash(amount: output.amount, script: output.script.span)
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

    @Test(
        "A tapscript's digest of each type is BIP-341's with the extension of BIP-342 behind it",
        arguments: [0, 1, 2, 3, 0x81, 0x82, 0x83] as [UInt32]
    )
    func tapscript(number: UInt32) throws {
        let read = try ReadTransaction(try #require(CoreTransactions.valid().last))
        let midstates = midstates(read, 5_000)
        let leafHash = Bytes32(repeating: 0x33)
        let script: [UInt8] = [0x51, 32] + [UInt8](repeating: 0, count: 32)
        let (input, output) = (spent(read, 0, 5_000), read.outputs[0])
        let type = SighashType(rawValue: number)
        func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        }
        var message = [0, UInt8(number)] + bytes(UInt64(read.version), 4)
        message += bytes(UInt64(read.lockTime), 4)
        let isAlone = number >= 0x80
        if !isAlone {
            message += midstates.prevouts.array + midstates.amounts.array
            message += midstates.scripts.array + midstates.sequences.array
        }
        if number & 3 < 2 { message += midstates.outputs.array }
        message.append(2)
        if isAlone {
            message += input.txid.array + bytes(UInt64(input.vout), 4) + bytes(5_000, 8)
            message += [34] + script + bytes(UInt64(input.sequence), 4)
        } else {
            message += bytes(0, 4)
        }
        if number & 3 == 3 {
            let count = output.script.count
            let length = count < 253 ? [UInt8(count)] : [0xfd] + bytes(UInt64(count), 2)
            let serialized = bytes(output.amount, 8) + length + output.script
            message += SHA256.hash(serialized.span).array
        }
        message += leafHash.array + [0, 0xff, 0xff, 0xff, 0xff]
        func digest(_ type: SighashType, _ leafHash: Bytes32?) -> Bytes32 {
            midstates.taprootSighash(
                at: 0,
                of: input,
                script: script.span,
                type: type,
                singleOutput: singleOutput(read, 0),
                leafHash: leafHash
            )
        }
        let expected = TaggedHash.hash(tag: "TapSighash", message.span)
        #expect(digest(type, leafHash) == expected)
        #expect(digest(type, nil) != expected)
        #expect(digest(type, .zero) != expected)
        #expect(digest(SighashType(rawValue: number == 1 ? 3 : 1), leafHash) != expected)
    }
}
