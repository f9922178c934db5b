import Bytes
import Gate
import Policy
import Wire

/// Runs a log again as if another policy had been in force from its beginning: the evaluator of the
/// signer decides on the facts that the leaves hold, and the gate's own replay keeps the limits, by
/// the clock that stands in the leaves.
///
/// What a candidate would have refused founds no conflict group and charges nothing. What it would
/// have allowed joins the group that the log says, or, where it was refused then, founds its own:
/// a leaf names one outpoint of its payment. Requests are asked as they were asked; what people
/// would have done instead, nobody knows.
package struct LogSimulation {
    /// Why a log or a policy cannot be simulated.
    package enum Fault: Error, Equatable, Sendable {
        /// The policy asks for more than this version enforces.
        case unsupportedPolicy
        /// A leaf is not in its place or form; the index of the leaf.
        case leaf(UInt64)
    }

    private let bytes: [UInt8]
    private let layout: BundleLayout
    private let inForce: [UInt8]
    private let inForceLayout: BundleLayout
    private let limits: [LimitCaps]
    private let lists: DestinationLists
    private var state: LogState
    private var builder = LeafBuilder()
    private var decision: [UInt8]?
    private var index: UInt64 = 0
    private var log = SimulatedLog()

    /// Both policies compiled and checked; `inForce` names what the log says.
    package init(candidate: [UInt8], inForce: [UInt8]) throws(Fault) {
        let configuration: GateConfiguration
        do throws(GateError) {
            configuration = try GateProcess.configuration(candidate)
        } catch {
            throw .unsupportedPolicy
        }
        bytes = candidate
        self.inForce = inForce
        do throws(BundleError) {
            layout = try CheckedBundle(checking: candidate.span).layout
            inForceLayout = try CheckedBundle(checking: inForce.span).layout
        } catch {
            throw .unsupportedPolicy
        }
        (limits, lists) = (configuration.limits, configuration.lists)
        state = LogState(
            limits: configuration.limits,
            lists: configuration.lists,
            bundleHash: configuration.bundleHash
        )
    }

    /// What came of it, once every leaf was taken.
    package var result: SimulatedLog { log }

    /// Takes the next leaf of the log.
    package mutating func take(_ leaf: [UInt8]) throws(Fault) {
        do {
            try step(leaf)
        } catch {
            throw .leaf(index)
        }
        index += 1
    }

    private mutating func step(_ leaf: [UInt8]) throws {
        var reader = ByteReader(leaf.span)
        switch try LeafHeader(reading: &reader).kind {
        case .decision: decision = leaf
        case .charge:
            guard let decided = decision else { throw LeafFault.chargeWithoutDecision }
            decision = nil
            try pair(decided, try ChargeLeaf(reading: leaf.span))
        case .coalescedRefusals, .note, .event: try state.take(leaf.span)
        }
    }

    /// A decision and its charge.
    private mutating func pair(_ leaf: [UInt8], _ charge: ChargeLeaf) throws {
        let view = try DecisionLeaf(reading: leaf.span)
        // A copy, so that the state can change while it is read.
        let policy = bytes
        let bundle = CheckedBundle(reading: policy.span, layout: layout)
        let question = LeafQuestion(
            requester: charge.requester,
            seconds: (view.asked?.time ?? charge.time.logTime) / 1_000_000_000
        )
        let hasFacts = view.facts != nil || view.message != nil
        let isUnreleased = view.head.verdict == .allow && charge.outcome == .refusedBySigner
        guard hasFacts, !isUnreleased else {
            log.untouched += 1
            let refused = hasFacts ? candidate(leaf, view, .refused, bundle) : leaf
            return try enter(refused, .refusedBySigner, charge)
        }
        guard let answer = question.answer(of: view, under: bundle) else {
            log.unknown += 1
            return try enter(candidate(leaf, view, .refused, bundle), .refusedBySigner, charge)
        }
        let would = try outcome(candidate(leaf, view, answer, bundle), answer, charge, bundle)
        log.decisions.append(
            SimulatedDecision(
                index: index - 1,
                logTime: charge.time.logTime,
                requester: charge.requester,
                txid: view.facts?.txid,
                outflow: view.facts?.outflow ?? 0,
                fee: view.facts?.fee ?? 0,
                was: was(view, charge),
                would: would
            )
        )
    }

    private func candidate(
        _ leaf: [UInt8],
        _ view: borrowing DecisionLeaf,
        _ answer: LeafQuestion.Answer,
        _ bundle: CheckedBundle
    ) -> [UInt8] {
        CandidateLeaf.bytes(of: leaf, view, bundleHash: bundle.hash, answer)
    }

    /// What would have come of it, which is entered.
    private mutating func outcome(
        _ leaf: [UInt8],
        _ answer: LeafQuestion.Answer,
        _ charge: ChargeLeaf,
        _ bundle: CheckedBundle
    ) throws -> SimulatedDecision.Verdict {
        if case .refuse(let finding) = answer.verdict {
            try enter(leaf, .refusedBySigner, charge)
            let hasRule = finding.rule != PolicyFinding.noRule
            return .refused(
                name: "\(finding.refusal.name)",
                rule: hasRule ? bundle.ruleName(Int(finding.rule)) : nil
            )
        }
        let decision = try Decision(reading: leaf.span, limits: limits, lists: lists)
        guard let facts = decision.facts else { throw LeafFault.chargedWithoutFacts }
        guard state.chargedIndex(of: decision.head.digest) == nil else {
            try enter(leaf, .refusedBySigner, charge)
            return .allowed(rule: nil)
        }
        let group = charge.outcome == .charged ? charge.group : facts.anchor
        let rule: UInt16
        do throws(LimitExceeded) {
            rule = try state.choose(decision, group: group, at: charge.time)
        } catch {
            try enter(leaf, .limitExceeded, charge)
            return .limited(limit: bundle.limitName(Int(error.limit)))
        }
        try enter(leaf, .charged, charge, rule: rule, group: group)
        return .allowed(rule: bundle.ruleName(Int(rule)))
    }

    /// What the log says of it, in the names of the policy that was in force.
    private func was(
        _ view: borrowing DecisionLeaf,
        _ charge: ChargeLeaf
    ) -> SimulatedDecision.Verdict {
        let bundle = CheckedBundle(reading: inForce.span, layout: inForceLayout)
        let isOurs = view.head.bundleHash == bundle.hash
        func rule(_ place: Int) -> String {
            isOurs && place < bundle.ruleCount ? bundle.ruleName(place) : "\(place)"
        }
        if view.head.verdict == .allow {
            guard charge.outcome == .charged else {
                let place = Int(charge.limit)
                let isKnown = isOurs && place < bundle.limitCount
                return .limited(limit: isKnown ? bundle.limitName(place) : "\(place)")
            }
            return .allowed(rule: rule(Int(charge.rule)))
        }
        let refusal = view.head.refusal
        let isRule = refusal.index != PolicyFinding.noRule
        return .refused(
            name: PolicyRefusal(rawValue: refusal.code).map { "\($0.name)" }
                ?? "\(refusal.code)",
            rule: isRule ? rule(Int(refusal.index)) : nil
        )
    }

    /// Takes a decision and a charge of our own making into the gate's memory.
    private mutating func enter(
        _ leaf: [UInt8],
        _ outcome: ChargeOutcome,
        _ charge: ChargeLeaf,
        rule: UInt16 = ChargeLeaf.none,
        group: LeafOutpoint = LeafOutpoint(txid: .zero, vout: 0)
    ) throws {
        let charged = try builder.charge(
            decisionIndex: state.nextIndex,
            outcome: outcome,
            rule: rule,
            group: group,
            requester: charge.requester,
            time: charge.time
        )
        try state.take(leaf.span)
        try state.take(charged.span)
    }
}

extension LeafQuestion.Answer {
    /// What charges nothing.
    fileprivate static var refused: Self { .noWallet }
}

extension CheckedBundle {
    fileprivate func ruleName(_ place: Int) -> String {
        String(decoding: [UInt8](copying: rule(at: place).name), as: UTF8.self)
    }

    fileprivate func limitName(_ place: Int) -> String {
        String(decoding: [UInt8](copying: limit(at: place).name), as: UTF8.self)
    }
}
