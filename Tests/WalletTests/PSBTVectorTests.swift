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
    let locktime: UInt32?
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
        Vectors.report(
            "bip-0174",
            "\(valid.count + psbts.count) valid, \(invalid.count) invalid, 4 for signers to refuse"
        )
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
        Vectors.report("bip-0371", "\(valid.count) valid, \(invalid.count) invalid")
    }

    @Test("BIP-370: 23 valid PSBTs are read and written back, 24 refused, 1 has no lock time")
    func bip370() throws {
        let all = try PSBTCase.all("bip-0370")
        #expect(all.count == 48)
        var counts: [String: Int] = [:]
        var lockTimes = 0
        for one in all {
            counts[one.expect, default: 0] += 1
            let bytes = [UInt8](hex: one.hex)
            switch one.expect {
            case "valid":
                try expectRoundTrip(one)
                let psbt = try PSBT(bytes)
                #expect(psbt.version == .v2, "case \(one.index)")
                guard let lockTime = one.locktime else { continue }
                #expect(psbt.transaction.lockTime == lockTime, "case \(one.index)")
                lockTimes += 1
            case "cannot-compute-locktime":
                let conflict = PSBTProblem.lockTimesConflict(height: 0, time: 1)
                #expect(failure(bytes) == PSBTError(.input(1), conflict), "case \(one.index)")
            case _:
                #expect(failure(bytes) != nil, "case \(one.index): \(one.case)")
            }
        }
        #expect(counts == ["valid": 23, "invalid": 24, "cannot-compute-locktime": 1])
        #expect(lockTimes == 9)
        Vectors.report("bip-0370", "23 valid, 24 invalid, \(lockTimes) lock times and 1 without")
    }

    @Test("BIP-370: each of the 24 is refused for what is wrong with it")
    func bip370Reasons() throws {
        let fields = try PSBTCase.all("bip-0370").filter { $0.expect == "invalid" }
            .map { try #require(failure([UInt8](hex: $0.hex))?.field) }
        let (global, input, output) = (PSBTScope.global, PSBTScope.input, PSBTScope.output)
        let expected: [(PSBTScope, UInt64)] = [
            // Version 0 with a field of version 2; version 2 with the one of version 0.
            (global, 0x00), (global, 0x02), (global, 0x03), (global, 0x04), (global, 0x05),
            (global, 0x06), (input, 0x0e), (input, 0x0f), (input, 0x10), (input, 0x11),
            (input, 0x12), (output, 0x03), (output, 0x04), (global, 0x00),
            // Version 2 without what it must have.
            (global, 0x04), (global, 0x05), (global, 0x02), (input, 0x0e), (input, 0x0f),
            (output, 0x03), (output, 0x04),
            // Lock times out of range.
            (input, 0x11), (input, 0x12), (input, 0x12),
        ]
        #expect(fields == expected.map { PSBTFieldName($0.0, $0.1) })
    }

    @Test("Bitcoin Core: none of 86 invalid PSBTs is read; all 48 valid ones are, and written back")
    func core() throws {
        let file = try PSBTRoleFile("bitcoin/core/functional/rpc_psbt.json")
        let invalid = try file.texts("invalid")
        let withMessage = try #require(file.content["invalid_with_msg"] as? [[String]])
        let valid = try file.texts("valid")
        #expect(invalid.count == 63)
        #expect(withMessage.count == 23)
        #expect(valid.count == 48)
        for (index, text) in invalid.enumerated() {
            #expect(failure(Array(text.utf8)) != nil, "invalid \(index)")
        }
        for row in withMessage {
            #expect(failure(Array(row[0].utf8)) != nil, "\(row[1])")
        }
        for (index, text) in valid.enumerated() {
            #expect(failure(Array(text.utf8)) == nil, "valid \(index)")
            #expect(try PSBT(base64: text).base64 == text, "valid \(index)")
        }
        Vectors.report(
            "core/functional",
            "\(valid.count) PSBTs valid, \(invalid.count + withMessage.count) invalid, 10 of roles"
        )
    }

    @Test("HWI: 53 valid PSBTs are read and written back, 67 refused; 9 lock times, 1 without")
    func hwi() throws {
        let file = try PSBTRoleFile("bitcoin/hwi/test_psbt.json")
        let invalid = try file.texts("invalid")
        let valid = try file.texts("valid")
        #expect(invalid.count == 67)
        #expect(valid.count == 53)
        for (index, text) in invalid.enumerated() {
            #expect(failure(Array(text.utf8)) != nil, "invalid \(index)")
        }
        for (index, text) in valid.enumerated() {
            #expect(failure(Array(text.utf8)) == nil, "valid \(index)")
            #expect(try PSBT(base64: text).base64 == text, "valid \(index)")
        }
        let lockTimes = try #require(file.content["locktimes"] as? [[Any]])
        #expect(lockTimes.count == 9)
        for row in lockTimes {
            let text = try #require(row[0] as? String)
            let lockTime = try #require(row[1] as? Int)
            #expect(try PSBT(base64: text).transaction.lockTime == UInt32(lockTime))
        }
        let conflict = try file.texts("conflicting_locktimes")
        #expect(conflict.count == 1)
        for text in conflict {
            let problem = try #require(failure(Array(text.utf8))?.problem)
            #expect(problem == .lockTimesConflict(height: 0, time: 1))
        }
        Vectors.report(
            "hwi/test_psbt",
            "\(valid.count) valid, \(invalid.count) invalid, 9 lock times and 1 without"
        )
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
        Vectors.report("bip-0373", "14 valid, 10 invalid")
    }
}
