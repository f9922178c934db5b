import Bytes
import Wire

/// What one flush makes durable, and what follows when it has.
struct BatchDraft {
    /// Bytes of leaves in one batch, far below what the journal takes.
    private static let bytesMax = 4 << 20

    let time: LeafTime
    private(set) var leaves: [[UInt8]] = []
    private var byteCount = 0
    /// What the signer is asked to release.
    private(set) var entries: [ReleaseInFlight] = []
    private(set) var load = ReleaseLoad()
    /// Who is refused.
    var refusals: [(job: Int, stage: RefusalStage, detail: RefusalDetail)] = []

    init(_ time: LeafTime) {
        self.time = time
    }

    var hasRoom: Bool { byteCount < Self.bytesMax }

    mutating func append(_ leaf: [UInt8]) {
        leaves.append(leaf)
        byteCount += leaf.count
    }

    mutating func release(_ entry: ReleaseInFlight, _ job: Job) {
        entries.append(entry)
        load.add(job)
    }
}

/// Group commit: everything that was decided meanwhile becomes durable by one write and one flush,
/// before anybody hears of it.
extension GateServer {
    func commit(_ time: LeafTime) throws(GateError) {
        let log = opened
        guard log.size - signerSize < Self.aheadMax else { return }
        var draft = BatchDraft(time)
        try addNotes(to: &draft)
        for count in coalescer.flush(at: time.boottime) {
            try add(try builder.coalesced(count, time: time), to: &draft)
        }
        while draft.hasRoom, let job = jobs.refused.first {
            jobs.refused.removeFirst()
            try addRefused(job, to: &draft)
        }
        // The signer is shown leaves in their order, so one release waits for the other.
        while !isHeadAwaited, draft.hasRoom, let job = jobs.nextAllowed(for: draft.load) {
            try decide(job, &draft)
        }
        if !draft.leaves.isEmpty {
            try log.commit(draft.leaves)
            aheadSince = aheadSince ?? time.boottime
        }
        if !draft.entries.isEmpty { try release(draft.entries) }
        for refusal in draft.refusals { refuse(refusal.job, refusal.stage, refusal.detail) }
    }

    private func add(_ leaf: [UInt8], to draft: inout BatchDraft) throws(GateError) {
        try opened.take(leaf)
        draft.append(leaf)
    }

    private func addNotes(to draft: inout BatchDraft) throws(GateError) {
        if draft.time.boottime - lastHeartbeat >= Self.heartbeatInterval {
            notes.append((.heartbeat, []))
            lastHeartbeat = draft.time.boottime
        }
        let due = notes
        notes = []
        for note in due {
            let leaf = try builder.note(note.event, detail: note.detail, time: draft.time)
            try add(leaf, to: &draft)
        }
    }

    /// Refuses a request whose decision may not stand in the journal; it is counted all the same.
    private func isUnfit(_ id: Int, _ draft: inout BatchDraft) -> Bool {
        guard let assessed = jobs[id].assessed else { preconditionFailure("it was assessed") }
        guard BatchFormat.holdsMagic(assessed.leaf) else { return false }
        let detail = RefusalDetail(.journalMark)
        coalescer.count(
            requester: jobs[id].requester,
            code: detail.code,
            at: draft.time.boottime
        )
        draft.refusals.append((id, .gate, detail))
        return true
    }

    /// Logs what the signer refused, or counts it.
    private func addRefused(_ id: Int, to draft: inout BatchDraft) throws(GateError) {
        if isUnfit(id, &draft) { return }
        guard let assessed = jobs[id].assessed else { preconditionFailure("it was assessed") }
        let detail = assessed.decision.head.refusal
        try logRefusal(id, .refusedBySigner, detail, to: &draft)
        draft.refusals.append((id, .signer, detail))
    }

    /// Charges an allowed request, or finds that it was charged before, or refuses it.
    private func decide(_ id: Int, _ draft: inout BatchDraft) throws(GateError) {
        if isUnfit(id, &draft) { return }
        guard let assessed = jobs[id].assessed, let facts = assessed.decision.facts else {
            preconditionFailure("it was assessed and allowed")
        }
        let log = opened
        let signatures = assessed.signatureCounts
        if let index = log.state.chargedIndex(of: assessed.decision.head.digest) {
            return draft.release(
                ReleaseInFlight(job: id, index: index, charge: nil, signatureCount: signatures),
                jobs[id]
            )
        }
        guard facts.outflow <= allowanceLeft else {
            let detail = RefusalDetail(
                .allowanceExceeded,
                expected: allowanceLeft,
                found: facts.outflow
            )
            try logRefusal(id, .refusedBySigner, detail, to: &draft)
            return draft.refusals.append((id, .signer, detail))
        }
        let group = log.state.limiter.anchor(among: assessed.inputs) ?? facts.anchor
        let rule: UInt16
        do throws(LimitExceeded) {
            rule = try log.choose(assessed.decision, group: group, at: draft.time)
        } catch {
            let detail = RefusalDetail(
                error.refusal,
                index: Int(error.limit),
                expected: error.cap,
                found: error.wouldBe
            )
            try logRefusal(id, .limitExceeded, detail, limit: error.limit, to: &draft)
            return draft.refusals.append((id, .limit, detail))
        }
        let index = log.state.nextIndex
        let charge = try builder.charge(
            decisionIndex: index,
            outcome: .charged,
            rule: rule,
            group: group,
            requester: jobs[id].requester,
            time: draft.time
        )
        try add(assessed.leaf, to: &draft)
        try add(charge, to: &draft)
        allowanceLeft -= facts.outflow
        draft.release(
            ReleaseInFlight(job: id, index: index, charge: charge, signatureCount: signatures),
            jobs[id]
        )
    }

    /// Two leaves for a refusal, or none where there were too many of its kind this minute.
    private func logRefusal(
        _ id: Int,
        _ outcome: ChargeOutcome,
        _ detail: RefusalDetail,
        limit: UInt16 = ChargeLeaf.none,
        to draft: inout BatchDraft
    ) throws(GateError) {
        let job = jobs[id]
        guard let assessed = job.assessed else { preconditionFailure("it was assessed") }
        let isAlone = coalescer.isLoggedAlone(
            requester: job.requester,
            code: detail.code,
            byteCount: assessed.leaf.count + ChargeLeaf.byteCount,
            at: draft.time.boottime
        )
        guard isAlone else { return }
        let charge = try builder.charge(
            decisionIndex: opened.state.nextIndex,
            outcome: outcome,
            limit: limit,
            requester: job.requester,
            time: draft.time
        )
        try add(assessed.leaf, to: &draft)
        try add(charge, to: &draft)
    }
}
