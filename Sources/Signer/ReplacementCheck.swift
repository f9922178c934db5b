import Bytes
import SecretMemory
package import Wire

/// Holds a request to what a replacement may change of the payment that it replaces (protocol.md,
/// section 3).
///
/// Inputs and outputs keep their order, so one walk over both requests with a place in each is
/// enough, and needs no memory.
package enum ReplacementCheck {
    /// Throws unless every coin of `old` is spent again in the same way, no destination is new or
    /// gets more, and all that is changed goes to the fee. Gives what left with `old`.
    package static func outflow(
        of old: borrowing ResolvedRequest,
        replacedBy new: borrowing ResolvedRequest
    ) throws(RefusalDetail) -> UInt64 {
        let (before, after) = (try RequestTotals(old), try RequestTotals(new))
        try form(new, old)
        let open = before.sighashes | after.sighashes
        try require(open, equals: UInt8(0), else: .replacementSighash)
        try inputs(new, old)
        try outputs(new, old)
        try require(after.fee, atLeast: before.fee + 1, else: .replacementFee)
        // What a destination loses goes to the fee, never back to us.
        try require(after.outflow, atLeast: before.outflow, else: .replacementFee, at: 1)
        return before.outflow
    }

    private static func form(
        _ new: borrowing ResolvedRequest,
        _ old: borrowing ResolvedRequest
    ) throws(RefusalDetail) {
        let refusal = Refusal.replacementLockTime
        try require(new.network, equals: old.network, else: refusal)
        let (version, oldVersion) = (new.transactionVersion, old.transactionVersion)
        try require(version, equals: oldVersion, else: refusal, at: 1)
        try require(new.lockTime, equals: old.lockTime, else: refusal, at: 2)
        let (isLocked, wasLocked) = (isLocked(new) ? 1 : 0, isLocked(old) ? 1 : 0)
        try require(isLocked, equals: wasLocked, else: refusal, at: 3)
    }

    /// Whether the lock time holds anything back: not if every sequence is final.
    private static func isLocked(_ request: borrowing ResolvedRequest) -> Bool {
        guard request.lockTime != 0 else { return false }
        for place in 0..<request.inputCount where request.input(at: place).sequence != .max {
            return true
        }
        return false
    }

    /// Every old input stands among the new ones, in the old order.
    private static func inputs(
        _ new: borrowing ResolvedRequest,
        _ old: borrowing ResolvedRequest
    ) throws(RefusalDetail) {
        var next = 0
        for place in 0..<old.inputCount {
            let kept = old.input(at: place)
            while next < new.inputCount, !isSame(new.input(at: next), new, kept, old) {
                next += 1
            }
            try require(next < new.inputCount, else: .replacementInput, at: place)
            next += 1
        }
    }

    private static func isSame(
        _ input: RequestInput,
        _ new: borrowing ResolvedRequest,
        _ kept: RequestInput,
        _ old: borrowing ResolvedRequest
    ) -> Bool {
        input.txid == kept.txid && input.vout == kept.vout && input.sequence == kept.sequence
            && input.amount == kept.amount && input.selector == kept.selector
            && input.leafHash == kept.leafHash && isSame(input.claim, new, kept.claim, old)
    }

    /// Every new output is the next old one; what is left out is ours.
    private static func outputs(
        _ new: borrowing ResolvedRequest,
        _ old: borrowing ResolvedRequest
    ) throws(RefusalDetail) {
        var (outputs, olds) = (new.outputs, old.outputs)
        var (place, oldPlace) = (0, 0)
        var next = olds.next()
        while let output = outputs.next() {
            while let passed = next, passed.claim != nil, !isSame(output, new, passed, old) {
                next = olds.next()
                oldPlace += 1
            }
            guard let kept = next, isSame(output, new, kept, old) else {
                let (none, found) = (UInt64.max, output.amount)
                throw RefusalDetail(.replacementOutput, index: place, expected: none, found: found)
            }
            if output.claim == nil {
                try require(
                    output.amount,
                    atMost: kept.amount,
                    else: .replacementOutput,
                    at: place
                )
            }
            next = olds.next()
            oldPlace += 1
            place += 1
        }
        while let missing = next {
            try require(
                missing.claim != nil,
                else: .replacementOutput,
                at: oldPlace,
                expected: missing.amount,
                found: UInt64.max
            )
            next = olds.next()
            oldPlace += 1
        }
    }

    private static func isSame(
        _ output: borrowing RequestOutput,
        _ new: borrowing ResolvedRequest,
        _ kept: borrowing RequestOutput,
        _ old: borrowing ResolvedRequest
    ) -> Bool {
        guard output.script.equals(kept.script) else { return false }
        guard let claim = output.claim, let keptClaim = kept.claim else {
            return output.claim == nil && kept.claim == nil
        }
        return isSame(claim, new, keptClaim, old)
    }

    /// Whether both name the same address; their tables of wallets may differ.
    private static func isSame(
        _ claim: OwnerClaim,
        _ new: borrowing ResolvedRequest,
        _ kept: OwnerClaim,
        _ old: borrowing ResolvedRequest
    ) -> Bool {
        claim.branch == kept.branch && claim.index == kept.index
            && new.walletID(at: Int(claim.wallet)) == old.walletID(at: Int(kept.wallet))
    }
}

extension OpenSigner {
    /// Refuses the claim to replace what was not signed here, and lately: the ring of releases is
    /// the only proof of that, for a stolen gate can have any leaf in its tree (decision 0020).
    func checkIsRecent(_ replaced: Bytes32?, by digest: Bytes32) throws(RefusalDetail) {
        guard let replaced else { return }
        // A retry was held against what it replaces when it was signed first.
        let isRecent = home.state.holds(replaced, record) || home.state.holds(digest, record)
        try require(isRecent, else: .replacedNotRecent)
    }

    /// Reads the request that this one replaces, which follows the parents, over the last of them.
    mutating func readReplaced(
        by request: borrowing ResolvedRequest
    ) throws(Fault) -> ReplacedPayment? {
        guard let digest = request.replacedDigest else { return nil }
        let length = try Fault.stopping(gate.takeNumber(byteCount: 4))
        guard let length, length <= gate.left, length <= ResolvedRequest.byteCountMax else {
            throw .refused(RefusalDetail(.malformedRequest, found: length ?? 0))
        }
        try Fault.stopping(gate.take(length, into: &parent))
        let bytes = parent.bytes.extracting(0..<length)
        do throws(RefusalDetail) {
            try require(Decision.digest(of: bytes) == digest, else: .replacedMismatch)
            let replaced = try ResolvedRequest(checking: bytes)
            let outflow = try ReplacementCheck.outflow(of: replaced, replacedBy: request)
            return ReplacedPayment(digest: digest, outflow: outflow)
        } catch {
            throw .refused(error)
        }
    }
}
