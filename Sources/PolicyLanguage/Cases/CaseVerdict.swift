private import Bitcoin
package import Policy

extension PolicyCase {
    /// What the policy of `bundle` says of it, by the evaluator that the signer has; `policy` is
    /// what the bundle was made of.
    package func outcome(
        under bundle: CheckedBundle,
        _ policy: PolicyModel
    ) throws(PolicyError) -> CaseOutcome {
        guard let place = policy.wallets.firstIndex(where: { $0.name == wallet }) else {
            let names = policy.wallets.map(\.name)
            let near = Spelling.nearest(to: wallet, among: names)
            throw PolicyError(
                line: line,
                key: "wallet",
                found: "the unknown wallet \"\(wallet)\" in the case \"\(title)\"",
                expected: near.map { "\($0) (did you mean it?)" }
                    ?? "one of \(names.joined(separator: ", "))"
            )
        }
        let facts = facts(ofWallet: place, under: bundle)
        var sink = NamedCharges()
        switch bundle.evaluate(facts, into: &sink) {
        case .allow:
            let charges = sink.charges.map {
                "\(policy.limits[Int($0.limit)].name) \(Written.amount($0.amount))"
            }
            return CaseOutcome(
                verdict: "allow",
                rule: nil,
                matches: sink.rules.map { policy.rules[Int($0)].name },
                charges: charges.sorted()
            )
        case .refuse(let finding):
            let rule = finding.rule == PolicyFinding.noRule ? nil : Int(finding.rule)
            return CaseOutcome(
                verdict: "\(finding.refusal.name)",
                rule: rule.map { policy.rules[$0].name },
                matches: [],
                charges: []
            )
        }
    }

    private func facts(ofWallet place: Int, under bundle: CheckedBundle) -> Facts {
        let paid = payments.reduce(0) { $0 + $1.amount }
        var facts = Facts(
            wallet: place,
            outflow: outflow ?? paid + fee,
            fee: fee,
            virtualSize: virtualSize,
            sighashes: sighashes
        )
        // As the signer does: where the outputs are open, those that are there say nothing.
        if sighashes & SighashPermission.openOutputs != 0 {
            facts.payAnywhere(output: UInt32(payments.count), under: bundle)
        } else {
            for (index, payment) in payments.enumerated() {
                let script = payment.script
                facts.pay(payment.amount, to: script.span, output: UInt32(index), under: bundle)
            }
        }
        if let inputs {
            facts.count(
                inputs: inputs,
                outputs: outputs ?? payments.count + (returned > 0 ? 1 : 0),
                ownAmount: returned,
                outputAmount: paid + returned
            )
        } else {
            facts.countNothing()
        }
        facts.set(
            scripts: facts.sets.scripts,
            lockTimes: lockTimes,
            replaceable: Self.either(isReplaceable),
            replacement: Self.either(isReplacement)
        )
        facts.ask(Asking(requester: requester, seconds: seconds, under: bundle))
        return facts
    }

    /// From 500,000,000 on it is a time; a sequence that is not final leaves it in effect.
    private var lockTimes: UInt8 {
        guard let lockTime else { return LockTimes.every }
        let kind = lockTime < 500_000_000 ? LockTimes.height : LockTimes.time
        let locks = (lockTime == 0 ? 0 : kind) | (isRelative ? LockTimes.relative : 0)
        return locks == 0 ? LockTimes.none : locks
    }

    private static func either(_ isTrue: Bool?) -> UInt8 {
        isTrue.map { $0 ? Either.yes : Either.no } ?? Either.every
    }
}

/// Keeps what matched and what is charged.
private struct NamedCharges: EvaluationSink {
    var rules: [UInt16] = []
    var charges: [(limit: UInt16, amount: UInt64)] = []

    mutating func matched(rule: UInt16) { rules.append(rule) }
    mutating func beginCommonCharges() {}
    mutating func charge(limit: UInt16, amount: UInt64) { charges.append((limit, amount)) }
}
