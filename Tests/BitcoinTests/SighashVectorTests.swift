import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing

@Suite("Signature hashes", .enabled(if: Vectors.present, Vectors.reason))
struct SighashVectorTests {
    private struct SegwitCase: Decodable {
        let tx: String
        let hash_type: UInt32
        let preimage: String
        let sighash: String
    }

    private struct TaprootFile: Decodable {
        let keyPathSpending: [Spending]
    }

    private struct Spending: Decodable {
        struct Given: Decodable {
            let rawUnsignedTx: String
            let utxosSpent: [Spent]
        }
        struct Spent: Decodable {
            let scriptPubKey: String
            let amountSats: UInt64
        }
        struct Midstates: Decodable {
            let hashAmounts, hashOutputs, hashPrevouts, hashScriptPubkeys, hashSequences: String
        }
        struct Input: Decodable {
            struct Given: Decodable {
                let txinIndex: Int
                let hashType: UInt32
            }
            struct Result: Decodable {
                let sigHash: String
            }
            let given: Given
            let intermediary: Result
        }
        let given: Given
        let intermediary: Midstates
        let inputSpending: [Input]
    }

    private func hash(_ read: ReadTransaction, spent: [(UInt64, [UInt8])]) -> HashedTransaction {
        var hasher = TransactionHasher(
            version: read.version,
            lockTime: read.lockTime,
            inputCount: read.inputs.count,
            outputCount: read.outputs.count
        )
        for (index, (amount, script)) in spent.enumerated() {
            hasher.addInput(spentInput(read, index, amount), script: script.span)
        }
        for output in read.outputs {
            hasher.addOutput(amount: output.amount, script: output.script.span)
        }
        return hasher.finish()
    }

    private func spentInput(_ read: ReadTransaction, _ index: Int, _ amount: UInt64) -> SpentInput {
        let input = read.inputs[index]
        return SpentInput(
            txid: input.txid,
            vout: input.vout,
            sequence: input.sequence,
            amount: amount
        )
    }

    private func outputHash(_ read: ReadTransaction, _ index: Int) -> Bytes32? {
        guard index < read.outputs.count else { return nil }
        let output = read.outputs[index]
        return SighashMidstates.outputHash(amount: output.amount, script: output.script.span)
    }

    @Test("The 14 digests of BIP-143 are met")
    func segwit() throws {
        let cases: [SegwitCase] = try Vectors.json("bitcoin/bip-0143/sighash_cases.json")
        #expect(cases.count == 14)
        for one in cases {
            let read = try ReadTransaction([UInt8](hex: one.tx))
            // The list gives script code and amount only inside of the preimage.
            let preimage = [UInt8](hex: one.preimage)
            var reader = ByteReader(preimage.span)
            _ = try reader.readSpan(68)
            let txid = try reader.readBytes32()
            let vout = try reader.readUInt32()
            let index = try #require(
                read.inputs.firstIndex { $0.txid == txid && $0.vout == vout }
            )
            let scriptCodeCount = Int(try reader.readCompactSize())
            let scriptCode = try reader.readSpan(scriptCodeCount).array
            let amount = try reader.readUInt64()
            let hashed = hash(read, spent: read.inputs.map { _ in (0, []) })
            let type = SighashType(rawValue: one.hash_type)
            let digest = hashed.midstates.segwitSighash(
                of: spentInput(read, index, amount),
                scriptCode: scriptCode.span,
                type: type,
                singleOutput: outputHash(read, index)
            )
            #expect(digest.hex == one.sighash)
            if type == .all, scriptCode.count == 25 {
                let keyHash = Bytes20(copying: scriptCode.span.extracting(3..<23))
                let input = spentInput(read, index, amount)
                #expect(hashed.midstates.p2wpkhSighash(of: input, keyHash: keyHash) == digest)
                let richer = spentInput(read, index, amount + 1)
                #expect(hashed.midstates.p2wpkhSighash(of: richer, keyHash: keyHash) != digest)
            }
        }
    }

    @Test("The midstates and the 7 digests of BIP-341 are met")
    func taproot() throws {
        let file: TaprootFile = try Vectors.json("bitcoin/bip-0341/wallet-test-vectors.json")
        #expect(file.keyPathSpending.count == 1)
        for spending in file.keyPathSpending {
            let bytes = [UInt8](hex: spending.given.rawUnsignedTx)
            let read = try ReadTransaction(bytes)
            let spent = spending.given.utxosSpent.map {
                ($0.amountSats, [UInt8](hex: $0.scriptPubKey))
            }
            let hashed = hash(read, spent: spent)
            let once = SHA256.hash(bytes.span)
            #expect(hashed.txid == SHA256.hash(once.span))
            #expect(hashed.midstates.amounts.hex == spending.intermediary.hashAmounts)
            #expect(hashed.midstates.outputs.hex == spending.intermediary.hashOutputs)
            #expect(hashed.midstates.prevouts.hex == spending.intermediary.hashPrevouts)
            #expect(hashed.midstates.scripts.hex == spending.intermediary.hashScriptPubkeys)
            #expect(hashed.midstates.sequences.hex == spending.intermediary.hashSequences)
            #expect(spending.inputSpending.count == 7)
            for input in spending.inputSpending {
                let index = input.given.txinIndex
                let type = SighashType(rawValue: input.given.hashType)
                let (amount, script) = spent[index]
                let digest = try hashed.midstates.taprootSighash(
                    at: index,
                    of: spentInput(read, index, amount),
                    script: script.span,
                    type: type,
                    singleOutput: outputHash(read, index)
                )
                #expect(digest.hex == input.intermediary.sigHash)
                if type == .default || type == .all {
                    #expect(hashed.midstates.taprootSighash(at: index, type: type) == digest)
                }
            }
        }
    }
}
