/// What front and command line refuse by themselves, before or without the signer. Names are stable
/// as those of `Refusal` are, but have no code: the log never holds them.
package enum OwnRefusal: String, CaseIterable, Sendable {
    case malformedPSBT = "malformed-psbt"
    case unsupportedPSBTVersion = "unsupported-psbt-version"
    case signatureInvalid = "signature-invalid"
    case psbtIncomplete = "psbt-incomplete"
    case psbtMismatch = "psbt-mismatch"
    case psbtNotModifiable = "psbt-not-modifiable"
    case psbtConversionLoses = "psbt-conversion-loses"
    case homeExists = "home-exists"
    case policyInvalid = "policy-invalid"
    case mnemonicInvalid = "mnemonic-invalid"
    case mnemonicPassphraseInvalid = "mnemonic-passphrase-invalid"
    case allowanceBelowSpent = "allowance-below-spent"
    case signatureNeeded = "signature-needed"
    case logInvalid = "log-invalid"
    case receiptInvalid = "receipt-invalid"
    case answerMismatch = "answer-mismatch"
    case logKeyMismatch = "log-key-mismatch"
    case alreadyUnlocked = "already-unlocked"
    case frontSilent = "front-silent"
    case gateSilent = "gate-silent"
    case signerSilent = "signer-silent"
    case supervisorSilent = "supervisor-silent"

    /// What it means, as a clause.
    package var meaning: String {
        switch self {
        case .malformedPSBT: "the file is not a PSBT, or one that breaks BIP-174 or 370"
        case .unsupportedPSBTVersion: "a PSBT of another version than 0 and 2"
        case .signatureInvalid: "a signature, in a PSBT or of a message, does not verify"
        case .psbtIncomplete: "an input of the PSBT lacks what finalizing or extracting needs"
        case .psbtMismatch: "the PSBTs are about different payments, or contradict each other"
        case .psbtNotModifiable: "the transaction of the PSBT is not open for what is to be added"
        case .psbtConversionLoses: "the other version of PSBT has no place for a field"
        case .homeExists: "there is something already where `init` was to make a home"
        case .policyInvalid: "the policy does not compile, or is for another network"
        case .mnemonicInvalid: "the words to restore are no BIP-39 mnemonic"
        case .mnemonicPassphraseInvalid: "the passphrase of the words cannot be taken"
        case .allowanceBelowSpent: "`refill` was given a total below what was released already"
        case .signatureNeeded: "admins have to sign the text first (exit 4)"
        case .logInvalid: "`audit verify` found the log damaged"
        case .receiptInvalid: "the receipt is wrong, or of another log"
        case .answerMismatch: "the front's answer is not about what was asked"
        case .logKeyMismatch: "public/log.vkey names another key for a log than the signer has"
        case .alreadyUnlocked: "the signer was unlocked meanwhile, and takes nothing from operators"
        case .frontSilent: "the front said nothing for as long as `--timeout` (exit 1)"
        case .gateSilent: "the gate did not answer the front in time (exit 1)"
        case .signerSilent: "the sealed signer did not answer an operator in time (exit 1)"
        case .supervisorSilent: "`up` did not answer for as long as `--timeout` (exit 1)"
        }
    }

    /// The command or process that says it.
    package var stage: String {
        switch self {
        case .malformedPSBT, .unsupportedPSBTVersion, .signatureInvalid, .gateSilent: "front"
        case .mnemonicInvalid, .mnemonicPassphraseInvalid, .alreadyUnlocked: "signer"
        case .psbtIncomplete, .psbtMismatch, .psbtNotModifiable, .psbtConversionLoses: "front"
        case .homeExists, .policyInvalid, .allowanceBelowSpent, .signatureNeeded, .logInvalid,
            .receiptInvalid, .answerMismatch, .logKeyMismatch, .frontSilent, .signerSilent,
            .supervisorSilent:
            "check"
        }
    }
}

extension RefusalReport {
    package init(
        _ own: OwnRefusal,
        expected: UInt64? = nil,
        found: UInt64? = nil,
        message: String,
        remedy: String,
        text: String? = nil
    ) {
        self.init(
            name: own.rawValue,
            stage: own.stage,
            expected: expected,
            found: found,
            message: message,
            remedy: remedy,
            text: text
        )
    }
}
