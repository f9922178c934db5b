import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Vectors: signatures", .enabled(if: Vectors.present, Vectors.reason))
struct CurveConformance {
    @Test("BIP-340: 19 cases, signed byte for byte where a secret is given")
    func schnorr() throws {
        let curve = try Curve()
        let text = try #require(
            String(data: Vectors.data("bitcoin/bip-0340/test-vectors.csv"), encoding: .utf8)
        )
        var (count, signed) = (0, 0)
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                .map { String($0) }
            let message = [UInt8](hex: fields[4])
            let signature = Bytes64(hex: fields[5])
            let isGood = curve.verifySchnorr(
                signature: signature,
                message: message.span,
                publicKey: Bytes32(hex: fields[2])
            )
            #expect(isGood == (fields[6] == "TRUE"), "case \(fields[0])")
            if !fields[1].isEmpty {
                let secret = [UInt8](hex: fields[1])
                #expect(
                    try curve.publicKey(ofSecret: secret.span).xOnly == Bytes32(hex: fields[2])
                )
                let made = try curve.signSchnorr(
                    message: message.span,
                    secret: secret.span,
                    auxiliary: Bytes32(hex: fields[3])
                )
                #expect(made == signature, "case \(fields[0])")
                signed += 1
            }
            count += 1
        }
        #expect(count == 19)
        #expect(signed == 8)
        Vectors.report("bip-0340", "\(count) cases, \(signed) of them signed")
    }

    struct ECDSAGroup: Decodable {
        let publicKey: Key
        let tests: [Case]

        struct Key: Decodable { let uncompressed: String }

        struct Case: Decodable {
            let tcId: Int
            let msg: String
            let sig: String
            let result: String
        }
    }

    @Test("Wycheproof, ECDSA as Bitcoin has it: 396 cases in 49 groups")
    func ecdsa() throws {
        let file: Wycheproof<ECDSAGroup> = try Vectors.json(
            "bitcoin/wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json"
        )
        let curve = try Curve()
        var count = 0
        for group in file.testGroups {
            let key = [UInt8](hex: group.publicKey.uncompressed)
            for test in group.tests {
                let digest = SHA256.hash([UInt8](hex: test.msg).span)
                var isGood = false
                do throws(CryptoError) {
                    let signature = try curve.compact(fromDER: [UInt8](hex: test.sig).span)
                    isGood = curve.verifyECDSA(
                        signature: signature,
                        digest: digest,
                        publicKey: key.span
                    )
                } catch {
                    #expect(error == .invalidSignature)
                }
                #expect(isGood == (test.result == "valid"), "case \(test.tcId)")
                count += 1
            }
        }
        #expect(count == 396 && count == file.numberOfTests)
        #expect(file.testGroups.count == 49)
        Vectors.report("wycheproof/ecdsa", "\(count) cases")
    }

    struct Taproot: Decodable {
        let scriptPubKey: [Output]
        let keyPathSpending: [Spending]

        struct Output: Decodable {
            let given: Given
            let intermediary: Intermediary
            let expected: Expected

            struct Given: Decodable { let internalPubkey: String }
            struct Intermediary: Decodable {
                let merkleRoot: String?
                let tweakedPubkey: String
            }
            struct Expected: Decodable { let scriptPathControlBlocks: [String]? }
        }

        struct Spending: Decodable {
            let inputSpending: [Input]

            struct Input: Decodable {
                let given: Given
                let intermediary: Intermediary
                let expected: Expected

                struct Given: Decodable {
                    let internalPrivkey: String
                    let merkleRoot: String?
                    let hashType: Int
                }
                struct Intermediary: Decodable {
                    let internalPubkey: String
                    let tweakedPrivkey: String
                    let sigHash: String
                }
                struct Expected: Decodable { let witness: [String] }
            }
        }
    }

    @Test("BIP-341: 7 output keys with their parities, 7 key-path signatures byte for byte")
    func taproot() throws {
        let curve = try Curve()
        let file: Taproot = try Vectors.json("bitcoin/bip-0341/wallet-test-vectors.json")
        for test in file.scriptPubKey {
            let output = try curve.taprootOutput(
                internalKey: Bytes32(hex: test.given.internalPubkey),
                merkleRoot: test.intermediary.merkleRoot.map { Bytes32(hex: $0) }
            )
            #expect(output.key.hex == test.intermediary.tweakedPubkey)
            for block in test.expected.scriptPathControlBlocks ?? [] {
                #expect(([UInt8](hex: block)[0] & 1 == 1) == output.isOdd)
            }
        }
        #expect(file.scriptPubKey.count == 7)

        let inputs = file.keyPathSpending.flatMap(\.inputSpending)
        for test in inputs {
            let root = test.given.merkleRoot.map { Bytes32(hex: $0) }
            let secret = [UInt8](hex: test.given.internalPrivkey)
            let key = try curve.publicKey(ofSecret: secret.span)
            #expect(key.xOnly.hex == test.intermediary.internalPubkey)
            var tweaked = secret
            var room = tweaked.mutableSpan
            try curve.tweakTaprootSecret(&room, publicKey: key, merkleRoot: root)
            #expect(tweaked.hex == test.intermediary.tweakedPrivkey)
            let signature = try curve.signTaproot(
                digest: Bytes32(hex: test.intermediary.sigHash),
                secret: secret.span,
                publicKey: key,
                merkleRoot: root,
                outputKey: try curve.taprootOutputKey(internalKey: key, merkleRoot: root)
            )
            let type: [UInt8] = test.given.hashType == 0 ? [] : [UInt8(test.given.hashType)]
            #expect((signature.array + type).hex == test.expected.witness[0])
        }
        #expect(inputs.count == 7)
    }
}
