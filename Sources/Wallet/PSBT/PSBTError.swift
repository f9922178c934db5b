package import Bitcoin
package import Bytes

/// A part of a PSBT, for messages; inputs and outputs count from 0.
package enum PSBTPlace: Equatable, Sendable, CustomStringConvertible {
    case whole
    case global
    case input(Int)
    case output(Int)

    package var description: String {
        switch self {
        case .whole: "PSBT"
        case .global: "global map"
        case .input(let index): "input \(index)"
        case .output(let index): "output \(index)"
        }
    }
}

/// What is wrong with a PSBT, with what was expected and what was found.
package enum PSBTProblem: Equatable, Sendable {
    case notPSBT
    case notBase64(ByteError)
    case tooLong(count: Int, limit: Int)
    case bytes(ByteError)
    case duplicateKey(PSBTFieldName)
    case unsignedTransaction(BitcoinError)
    case scriptInUnsignedTransaction(input: Int)
    case unsupportedVersion(UInt32)
    case onlyInVersion2(PSBTFieldName)
    case onlyInVersion0(PSBTFieldName)
    case missingField(PSBTFieldName)
    case tooManyFields(limit: Int)
    case tooManyMaps(PSBTFieldName, count: UInt64, room: Int)
    case lockTimesConflict(height: Int, time: Int)
    case keyLength(PSBTFieldName, expected: String, found: Int)
    case valueLength(PSBTFieldName, expected: String, found: Int)
    case value(PSBTFieldName, expected: String)
    case parent(BitcoinError)
    case parentMismatch(expected: TransactionID, found: TransactionID)
    case noSuchParentOutput(vout: UInt32, outputCount: Int)
    case amountsDiffer(proven: UInt64, claimed: UInt64)
    case scriptsDiffer
    case witnessCoinForLegacyScript
    case redeemScriptMismatch
    case witnessScriptMismatch
    case notFinal
    case alreadyFinal
    case signatureInvalid
    case noSignature
    case incomplete(expected: String)
    case signatureType(expected: UInt32, found: UInt32)
    case pushTooLong(count: Int, limit: Int)
    case otherTransaction
    case otherVersion(PSBTVersion, expected: PSBTVersion)
    case valuesDiffer(PSBTFieldName)
    case conversionLoses(PSBTFieldName)
    case notModifiable
    case spentTwice(OutPoint)
    case lockTimeSigned(from: UInt32, to: UInt32)
    case noSuchMap(count: Int)
}

/// Why a PSBT was refused: where, and what is wrong there.
package struct PSBTError: Error, Equatable, Sendable {
    package let place: PSBTPlace
    package let problem: PSBTProblem
    /// Where among the bytes that were read the field begins that is wrong, if they were read.
    package private(set) var offset: Int?

    package init(_ place: PSBTPlace, _ problem: PSBTProblem, at offset: Int? = nil) {
        self.place = place
        self.problem = problem
        self.offset = offset
    }

    /// The same error with a place among the bytes, if it had none.
    func at(_ offset: Int?) -> PSBTError {
        PSBTError(place, problem, at: self.offset ?? offset)
    }

    /// The field that it is about, if it is about one.
    package var field: PSBTFieldName? { problem.field }

    /// What to do about it, for a person.
    package var remedy: String { problem.remedy }
}

extension PSBTError: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String {
        "\(place)\(offset.map { ", at byte \($0)" } ?? ""): \(problem.words)"
    }
}
