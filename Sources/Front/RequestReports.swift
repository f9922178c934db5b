package import Wallet
private import Wire

/// What the front finds out by itself, under the names that the signer would use: the signer looks
/// again.
extension RefusalReport {
    /// A PSBT that contradicts itself is refused under the name of what it lies about.
    package init(_ error: PSBTError) {
        let own: String
        var refusal: Refusal?
        var numbers: (expected: UInt64, found: UInt64)?
        switch error.problem {
        case .unsupportedVersion: own = OwnRefusal.unsupportedPSBTVersion.rawValue
        case .signatureInvalid: own = OwnRefusal.signatureInvalid.rawValue
        case .tooLong(let count, let limit):
            (own, refusal) = ("", .requestTooLarge)
            numbers = (UInt64(limit), UInt64(count))
        case .parentMismatch: (own, refusal) = ("", .parentMismatch)
        case .parent: (own, refusal) = ("", .malformedParent)
        case .noSuchParentOutput: (own, refusal) = ("", .outpointOutOfRange)
        case .scriptsDiffer: (own, refusal) = ("", .scriptMismatch)
        case .amountsDiffer(let proven, let claimed):
            (own, refusal) = ("", .amountMismatch)
            numbers = (proven, claimed)
        case .incomplete, .notFinal, .noSignature:
            own = OwnRefusal.psbtIncomplete.rawValue
        case .otherTransaction, .otherVersion, .valuesDiffer:
            own = OwnRefusal.psbtMismatch.rawValue
        case .notModifiable, .lockTimeSigned, .spentTwice:
            own = OwnRefusal.psbtNotModifiable.rawValue
        case .conversionLoses: own = OwnRefusal.psbtConversionLoses.rawValue
        default: own = OwnRefusal.malformedPSBT.rawValue
        }
        let words = refusal.flatMap { RefusalWords.table["\($0.name)"] }
        self.init(
            name: refusal.map { "\($0.name)" } ?? own,
            code: refusal?.rawValue ?? 0,
            stage: "front",
            index: error.place.named.map { UInt32($0.index) },
            subject: error.place.named?.subject,
            expected: numbers?.expected,
            found: numbers?.found,
            message: error.description,
            remedy: words?.remedy ?? error.remedy
        )
    }

    package init(_ error: RequestError) {
        if case .psbt(let inner) = error {
            self.init(inner)
            return
        }
        let (refusal, place, remedy) = error.known
        let words = refusal.flatMap { RefusalWords.table["\($0.name)"] }
        self.init(
            name: refusal.map { "\($0.name)" } ?? "\(Refusal.internalFault.name)",
            code: refusal?.rawValue ?? 0,
            stage: "front",
            index: place.map { UInt32($0.index) },
            subject: place?.subject,
            message: error.description,
            remedy: remedy ?? words?.remedy ?? "make the PSBT again"
        )
    }
}

extension RequestError {
    fileprivate typealias Place = (subject: String, index: Int)

    /// The signer's name for it, where it has one, the place, and a remedy better than the table's.
    fileprivate var known: (refusal: Refusal?, place: Place?, remedy: String?) {
        switch self {
        case .message: (.messageForm, nil, "ask for the message again")
        case .psbt, .crypto, .key, .signatureCount, .otherTransaction: (nil, nil, nil)
        case .noSigningLeaf(let input, _): (.cannotSignLeaf, ("input", input), nil)
        case .mixedSelectors(let input): (.mixedSelectors, ("input", input), nil)
        case .tooManySignatures: (.tooManySignatures, nil, nil)
        case .count(let part, _, _, _):
            switch part {
            case .inputs: (.tooManyInputs, nil, nil)
            case .outputs: (.tooManyOutputs, nil, nil)
            case .wallets: (.mixedWallets, nil, nil)
            case .parents, .bytes, .resolvedBytes, .parentBytes: (.requestTooLarge, nil, nil)
            }
        case .alreadyFinal(let input): (.nothingToSign, ("input", input), "it is signed already")
        case .coinUnknown(let input), .parentMissing(let input):
            (.missingParent, ("input", input), nil)
        case .notOurs(let input, _): (.foreignInput, ("input", input), nil)
        case .severalAlone(let input, _): (.anyoneCanPayInputs, ("input", input), nil)
        case .singleNotFirst(let input):
            (
                .sighashNotPermitted, ("input", input),
                "make the PSBT with this input first, or sign with ALL|ANYONECANPAY"
            )
        case .singleWithoutOutput(let input, _):
            (.sighashSingleWithoutOutput, ("input", input), nil)
        case .claimMismatch(.output(let output), _, _):
            (.fraudulentChange, ("output", output), nil)
        case .claimMismatch(.input(let input), _, _): (.scriptMismatch, ("input", input), nil)
        case .claimMismatch: (.scriptMismatch, nil, nil)
        case .indexOverMaximum(let place, _, _, _): (.indexOutOfRange, place.named, nil)
        case .sighashType(let input, _): (.sighashNotPermitted, ("input", input), nil)
        case .scriptTooLong(let output, _, _): (.unknownOutputScript, ("output", output), nil)
        case .sum, .outputsExceedInputs: (.outputsExceedInputs, nil, nil)
        }
    }
}

extension PSBTPlace {
    fileprivate var named: RequestError.Place? {
        switch self {
        case .input(let index): ("input", index)
        case .output(let index): ("output", index)
        default: nil
        }
    }
}
