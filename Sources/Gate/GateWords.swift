private import Wire

/// What a person reads when the gate stops, with the stable names of protocol and operations.
extension GateError {
    package var words: String {
        switch self {
        case .file(let call, let errno):
            "log-poisoned: the log could not be kept (\(call), error \(errno));"
                + " nothing is signed any more"
        case .shortWrite(let wrote, let count):
            "log-poisoned: only \(wrote) of \(count) bytes were written;"
                + " nothing is signed any more"
        case .shortRead(let got, let needed):
            "log-poisoned: a file ended after \(got) of \(needed) bytes"
        case .poisoned: "log-poisoned: a write or a flush failed before"
        case .locked: "another gate holds this log"
        case .journalMissing(let size):
            "log-behind-signer: there is no journal, and the signer remembers \(size) leaves"
        case .logBehind(let size, let acknowledged):
            "log-behind-signer: the log has \(size) leaves, and \(acknowledged) were acknowledged"
        case .damaged(let place, let damage): "damage in the journal at byte \(place): \(damage)"
        case .badLeaf(let index, let fault): "damage in the log at leaf \(index): \(fault)"
        case .checkpointDamaged: "damage: the published checkpoint is not what the signer signed"
        case .otherTree(let size):
            "damage: the log's tree at size \(size) is not the one that was signed"
        case .laterLog(let number):
            "state-rolled-back: there is a log \(number), later than the signer's"
        case .bundleMismatch: "bundle-mismatch: the signer holds another policy bundle"
        case .bundleDamaged: "damaged-bundle: the policy bundle cannot be read"
        case .unsupportedPolicy:
            "unsupported-policy: the policy asks for what is not enforced yet"
        case .boottimeWentBack(let from, let to):
            "the clock since boot went back from \(from) to \(to) ns"
        case .signerFault(let fault): "the signer broke the protocol: \(fault)"
        case .resumeRefused(let code):
            "the signer refuses the log: \(Refusal(rawValue: code).map { "\($0.name)" } ?? "?")"
                + " (\(code))"
        case .signerGone: "the signer is gone"
        case .kernel(let errno): "the kernel refused what the gate cannot do without: \(errno)"
        }
    }

    /// The exit status.
    package var exit: GateExit {
        switch self {
        case .file, .shortWrite, .shortRead, .poisoned, .journalMissing, .logBehind, .damaged,
            .badLeaf, .checkpointDamaged, .otherTree, .laterLog, .bundleMismatch,
            .bundleDamaged, .unsupportedPolicy, .boottimeWentBack, .resumeRefused, .locked:
            .refused
        case .signerFault: .signerFault
        case .signerGone: .signerGone
        case .kernel: .notStarted
        }
    }
}
