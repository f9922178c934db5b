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
    case mixedSelectors = 41
    case unknownLeaf = 42
    case cannotSignKeyPath = 43
    case tooManySignatures = 44
    case legacyTooLarge = 45
    case cannotSignLeaf = 46

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
    case journalMark = 310
}
