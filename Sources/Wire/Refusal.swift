/// The stable names of everything the appliance can refuse. A code never changes its number or its
/// name; log, protocol, documents and tests share them. 1…149 are checks of the signer on a
/// request, 150…199 are about its state, 200…299 belong to the policy (`PolicyRefusal`), 300…399 to
/// the gate.
package enum Refusal: UInt16, Equatable, Sendable {
    case malformedRequest = 1
    case unsupportedVersion = 2
    case wrongNetwork = 3
    case unsupportedAntiExfil = 4
    case unsupportedReplacement = 5
    case unsupportedSelector = 6
    case tooManyInputs = 7
    case tooManyOutputs = 8
    case requestTooLarge = 9
    case trailingBytes = 10
    case unknownWallet = 11
    case mixedWallets = 12
    case foreignInput = 13
    case indexOutOfRange = 14
    case branchOutOfRange = 15
    case duplicateInput = 16
    case missingParent = 17
    case parentMismatch = 18
    case duplicateParent = 19
    case unusedParent = 20
    case malformedParent = 21
    case outpointOutOfRange = 22
    case amountMismatch = 23
    case scriptMismatch = 24
    case fraudulentChange = 25
    case amountOutOfRange = 26
    case zeroValue = 27
    case outputsExceedInputs = 28
    case unknownOutputScript = 29
    case dataOutputNotPermitted = 30
    case sighashNotPermitted = 31
    case transactionVersion = 32
    case timeLock = 33
    case tooManyChangeOutputs = 34
    case leafTooLarge = 35
    case coinbaseInput = 36
    case nothingToSign = 37
    case ownOutputNotClaimed = 38
    case nonCanonicalRequest = 39
    case approvalsNotSupported = 40

    case wrongPassphrase = 150
    case damagedKeystore = 151
    case stateMissing = 152
    case stateRolledBack = 153
    case bundleMismatch = 154
    case homeMismatch = 155
    case buildTooOld = 156
    case logBehindSigner = 157
    case frontierMismatch = 158
    case checkpointForged = 159
    case leafNotShown = 160
    case slotMismatch = 161
    case chargeLeafMismatch = 162
    case timeWentBack = 163
    case allowanceExceeded = 164
    case forgedLeaf = 165
    case notInTree = 166
    case statementMismatch = 167
    case quorumNotReached = 168
    case eventsPending = 169
    case slotEmpty = 170
    case damagedBundle = 171
    case alreadyHeld = 172

    case limitExceeded = 300
    case busy = 301
    case timedOut = 302
    case tooLarge = 303
    case notServing = 304
    case signerGone = 305
    case logPoisoned = 306
    case malformedFrame = 307
    case requesterNotPermitted = 308
    case internalFault = 309
}

extension Refusal {
    /// The name as log, JSON and documents spell it: the case in kebab-case.
    package var name: StaticString {
        switch self {
        case .malformedRequest: "malformed-request"
        case .unsupportedVersion: "unsupported-version"
        case .wrongNetwork: "wrong-network"
        case .unsupportedAntiExfil: "unsupported-anti-exfil"
        case .unsupportedReplacement: "unsupported-replacement"
        case .unsupportedSelector: "unsupported-selector"
        case .tooManyInputs: "too-many-inputs"
        case .tooManyOutputs: "too-many-outputs"
        case .requestTooLarge: "request-too-large"
        case .trailingBytes: "trailing-bytes"
        case .unknownWallet: "unknown-wallet"
        case .mixedWallets: "mixed-wallets"
        case .foreignInput: "foreign-input"
        case .indexOutOfRange: "index-out-of-range"
        case .branchOutOfRange: "branch-out-of-range"
        case .duplicateInput: "duplicate-input"
        case .missingParent: "missing-parent"
        case .parentMismatch: "parent-mismatch"
        case .duplicateParent: "duplicate-parent"
        case .unusedParent: "unused-parent"
        case .malformedParent: "malformed-parent"
        case .outpointOutOfRange: "outpoint-out-of-range"
        case .amountMismatch: "amount-mismatch"
        case .scriptMismatch: "script-mismatch"
        case .fraudulentChange: "fraudulent-change"
        case .amountOutOfRange: "amount-out-of-range"
        case .zeroValue: "zero-value"
        case .outputsExceedInputs: "outputs-exceed-inputs"
        case .unknownOutputScript: "unknown-output-script"
        case .dataOutputNotPermitted: "data-output-not-permitted"
        case .sighashNotPermitted: "sighash-not-permitted"
        case .transactionVersion: "transaction-version"
        case .timeLock: "time-lock"
        case .tooManyChangeOutputs: "too-many-change-outputs"
        case .leafTooLarge: "leaf-too-large"
        case .coinbaseInput: "coinbase-input"
        case .nothingToSign: "nothing-to-sign"
        case .ownOutputNotClaimed: "own-output-not-claimed"
        case .nonCanonicalRequest: "non-canonical-request"
        case .approvalsNotSupported: "approvals-not-supported"
        case .wrongPassphrase: "wrong-passphrase"
        case .damagedKeystore: "damaged-keystore"
        case .stateMissing: "state-missing"
        case .stateRolledBack: "state-rolled-back"
        case .bundleMismatch: "bundle-mismatch"
        case .homeMismatch: "home-mismatch"
        case .buildTooOld: "build-too-old"
        case .logBehindSigner: "log-behind-signer"
        case .frontierMismatch: "frontier-mismatch"
        case .checkpointForged: "checkpoint-forged"
        case .leafNotShown: "leaf-not-shown"
        case .slotMismatch: "slot-mismatch"
        case .chargeLeafMismatch: "charge-leaf-mismatch"
        case .timeWentBack: "time-went-back"
        case .allowanceExceeded: "allowance-exceeded"
        case .forgedLeaf: "forged-leaf"
        case .notInTree: "not-in-tree"
        case .statementMismatch: "statement-mismatch"
        case .quorumNotReached: "quorum-not-reached"
        case .eventsPending: "events-pending"
        case .slotEmpty: "slot-empty"
        case .damagedBundle: "damaged-bundle"
        case .alreadyHeld: "already-held"
        case .limitExceeded: "limit-exceeded"
        case .busy: "busy"
        case .timedOut: "timed-out"
        case .tooLarge: "too-large"
        case .notServing: "not-serving"
        case .signerGone: "signer-gone"
        case .logPoisoned: "log-poisoned"
        case .malformedFrame: "malformed-frame"
        case .requesterNotPermitted: "requester-not-permitted"
        case .internalFault: "internal-fault"
        }
    }
}
