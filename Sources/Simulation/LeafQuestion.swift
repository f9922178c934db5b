import Bitcoin
import Bytes
import Policy
import Wire

/// What a leaf of the log says of a request, asked again under another policy.
struct LeafQuestion {
    /// What a policy makes of it.
    struct Answer {
        var verdict: PolicyVerdict
        /// As in a leaf: rules with the charges to their own limits, then the others.
        var rules: [(rule: UInt16, charges: [LeafCharge])] = []
        var charges: [LeafCharge] = []
    }

    let requester: UInt32
    /// UTC, since 1970.
    let seconds: UInt64

    /// Nothing where the leaf does not say enough: the coins of a proof of funds have their
    /// addresses in no leaf.
    func answer(
        of leaf: borrowing DecisionLeaf,
        under bundle: CheckedBundle
    ) -> Answer? {
        let asking = Asking(requester: requester, seconds: seconds, under: bundle)
        var sink = AnswerSink()
        if let message = leaf.message {
            guard message.inputCount == 0 else { return nil }
            guard let wallet = bundle.walletIndex(id: message.walletID) else { return .noWallet }
            let facts = MessageFacts(
                wallet: wallet,
                format: message.format,
                branch: message.branch,
                index: message.index,
                coins: CoinAddresses(),
                text: message.text,
                asking: asking
            )
            let verdict = bundle.evaluate(facts, into: &sink)
            return sink.answer(verdict)
        }
        guard let known = leaf.facts else { return nil }
        guard let wallet = bundle.walletIndex(id: known.walletID) else { return .noWallet }
        var facts = facts(known, leaf, wallet, under: bundle)
        facts.ask(asking)
        let verdict = bundle.evaluate(facts, into: &sink)
        return sink.answer(verdict)
    }

    private func facts(
        _ known: DecisionFacts,
        _ leaf: borrowing DecisionLeaf,
        _ wallet: Int,
        under bundle: CheckedBundle
    ) -> Facts {
        var facts = Facts(
            wallet: wallet,
            outflow: known.outflow,
            fee: known.fee,
            virtualSize: known.vsize,
            sighashes: leaf.sighashes
        )
        let isOpen = leaf.sighashes & SighashPermission.openOutputs != 0
        var list = leaf.destinations
        var count: UInt32 = 0
        var paid: UInt64 = 0
        while let next = list.next() {
            // As the signer does: where the outputs are open, those that are there say nothing.
            if !isOpen {
                facts.pay(next.amount, to: next.script, output: count, under: bundle)
            }
            count += 1
            paid += next.amount
        }
        if isOpen {
            facts.payAnywhere(output: count + UInt32(known.ownOutputCount), under: bundle)
        }
        facts.count(
            inputs: Int(known.inputCount),
            outputs: Int(count) + Int(known.ownOutputCount),
            ownAmount: known.ownOutputAmount,
            outputAmount: paid + known.ownOutputAmount
        )
        facts.replace(leaf.replaced != nil)
        if let asked = leaf.asked {
            facts.set(
                scripts: facts.sets.scripts,
                lockTimes: asked.lockTimes,
                replaceable: asked.replaceable,
                replacement: facts.sets.replacement
            )
        }
        return facts
    }
}

extension LeafQuestion.Answer {
    /// No rule can be about a wallet that the policy does not have.
    static var noWallet: Self {
        Self(
            verdict: .refuse(
                PolicyFinding(
                    refusal: .noRuleForWallet,
                    rule: PolicyFinding.noRule,
                    expected: 0,
                    found: 0
                )
            )
        )
    }
}

/// Keeps what matched and what is charged, as a leaf has it.
private struct AnswerSink: EvaluationSink {
    var rules: [(rule: UInt16, charges: [LeafCharge])] = []
    var charges: [LeafCharge] = []
    var isCommon = false

    mutating func matched(rule: UInt16) { rules.append((rule, [])) }
    mutating func beginCommonCharges() { isCommon = true }
    mutating func charge(limit: UInt16, amount: UInt64) {
        let charge = LeafCharge(limit: limit, amount: amount)
        if isCommon {
            charges.append(charge)
        } else {
            rules[rules.count - 1].charges.append(charge)
        }
    }

    func answer(_ verdict: PolicyVerdict) -> LeafQuestion.Answer {
        LeafQuestion.Answer(verdict: verdict, rules: rules, charges: charges)
    }
}
