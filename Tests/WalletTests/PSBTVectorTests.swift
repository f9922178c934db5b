import Foundation
import TestSupport
import Testing
import Wallet

/// The PSBT lists of the BIPs, in our own form (vectors/README.md).
struct PSBTCase: Decodable {
    let index: Int
    let hex: String
    let base64: String?
    let expect: String
    let group: String?
    let `case`: String

    static func all(_ bip: String) throws -> [PSBTCase] {
        try Vectors.json("bitcoin/\(bip)/psbt_vectors.json")
    }
}

@Suite("PSBT vectors", .enabled(if: Vectors.present, Vectors.reason))
struct PSBTVectorTests {
    private func failure(_ bytes: [UInt8]) -> PSBTError? {
        do throws(PSBTError) {
            _ = try PSBT(bytes)
            return nil
        } catch {
            return error
        }
    }

    /// Binary and base64 are read alike, and both are written as they were read.
    private func expectRoundTrip(_ one: PSBTCase) throws {
        let bytes = [UInt8](hex: one.hex)
        let psbt = try PSBT(bytes)
        #expect(psbt.bytes == bytes, "case \(one.index)")
        let base64 = try #require(one.base64)
        #expect(psbt.base64 == base64, "case \(one.index)")
        #expect(try PSBT(base64: " \(base64)\r\n") == psbt, "case \(one.index)")
    }

    @Test("BIP-174: 20 valid PSBTs are read and written back, 20 invalid ones are refused")
    func bip174() throws {
        let parse = try PSBTCase.all("bip-0174").filter { $0.group == "parse" }
        let valid = parse.filter { $0.expect == "valid" }
        let invalid = parse.filter { $0.expect == "invalid" }
        #expect(invalid.count == 20)
        #expect(valid.count == 10)
        for one in valid {
            try expectRoundTrip(one)
        }
        for one in invalid {
            #expect(failure([UInt8](hex: one.hex)) != nil, "case \(one.index): \(one.case)")
            let base64 = try #require(one.base64)
            #expect(failure(Array(base64.utf8)) != nil, "case \(one.index): \(one.case)")
        }
        let walkthrough = try PSBTCase.all("bip-0174").filter { $0.group == "walkthrough" }
        let psbts = walkthrough.filter { $0.expect == "valid" }
        #expect(psbts.count == 10)
        for one in psbts {
            try expectRoundTrip(one)
        }
    }

    @Test("BIP-174: the 4 PSBTs that a signer must refuse are read, and refused for signing")
    func signerChecks() throws {
        let refused = try PSBTCase.all("bip-0174").filter { $0.expect == "fails-signer-check" }
        #expect(refused.count == 4)
        let expected: [PSBTProblem] = [
            .witnessCoinForLegacyScript, .redeemScriptMismatch, .redeemScriptMismatch,
            .witnessScriptMismatch,
        ]
        for (one, problem) in zip(refused, expected) {
            let psbt = try PSBT([UInt8](hex: one.hex))
            do throws(PSBTError) {
                try psbt.checkForSigning()
                Issue.record("case \(one.index) passed")
            } catch {
                #expect(error.problem == problem, "case \(one.index): \(error)")
            }
        }
        for one in try PSBTCase.all("bip-0174") where one.expect == "valid" {
            try PSBT([UInt8](hex: one.hex)).checkForSigning()
        }
    }

    @Test("BIP-371: 6 valid PSBTs are read and written back, 11 invalid ones are refused")
    func bip371() throws {
        let all = try PSBTCase.all("bip-0371")
        let valid = all.filter { $0.expect == "valid" }
        let invalid = all.filter { $0.expect == "invalid" }
        #expect(valid.count == 6)
        #expect(invalid.count == 11)
        for one in valid {
            try expectRoundTrip(one)
        }
        for one in invalid {
            #expect(failure([UInt8](hex: one.hex)) != nil, "case \(one.index): \(one.case)")
        }
    }

    @Test("BIP-370: every PSBT of version 2, valid or not, is refused as such")
    func bip370() throws {
        let all = try PSBTCase.all("bip-0370")
        #expect(all.count == 48)
        for one in all {
            let error = failure([UInt8](hex: one.hex))
            switch error?.problem {
            case .unsupportedVersion(2), .onlyInVersion2, .missingTransaction: break
            case _ where one.expect == "invalid" && error != nil: break
            case _: Issue.record("case \(one.index): \(String(describing: error))")
            }
        }
    }

    @Test("Bitcoin Core: none of 86 invalid PSBTs is read; of 48 valid ones the 34 of version 0")
    func core() throws {
        let data = try Vectors.data("bitcoin/core/functional/rpc_psbt.json")
        let file = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let invalid = try #require(file?["invalid"] as? [String])
        let withMessage = try #require(file?["invalid_with_msg"] as? [[String]])
        #expect(invalid.count == 63)
        #expect(withMessage.count == 23)
        for (index, text) in invalid.enumerated() {
            #expect(failure(Array(text.utf8)) != nil, "invalid \(index)")
        }
        for row in withMessage {
            #expect(failure(Array(row[0].utf8)) != nil, "\(row[1])")
        }
        let valid = try #require(file?["valid"] as? [String])
        #expect(valid.count == 48)
        var taken = 0
        for (index, text) in valid.enumerated() {
            let error = failure(Array(text.utf8))
            switch error?.problem {
            case nil: taken += 1
            case .unsupportedVersion(2), .onlyInVersion2, .missingTransaction: break
            case _: Issue.record("valid \(index): \(String(describing: error))")
            }
        }
        #expect(taken == 34)
    }

    @Test("BIP-373: 14 valid PSBTs with MuSig2 fields are read and written back, 10 are refused")
    func bip373() throws {
        let all = try PSBTCase.all("bip-0373")
        #expect(all.filter { $0.expect == "valid" }.count == 14)
        #expect(all.filter { $0.expect == "invalid" }.count == 10)
        for one in all {
            if one.expect == "valid" {
                try expectRoundTrip(one)
            } else {
                #expect(failure([UInt8](hex: one.hex)) != nil, "case \(one.index): \(one.case)")
            }
        }
    }
}
