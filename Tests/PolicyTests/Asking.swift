import Policy
import TestSupport

/// Keeps what an evaluation says.
struct Recorder: EvaluationSink {
    var answer = Answer()
    private var common = false

    mutating func matched(rule: UInt16) {
        answer.matches.append(Int(rule))
        answer.ruleCharges.append([])
    }

    mutating func beginCommonCharges() {
        common = true
    }

    mutating func charge(limit: UInt16, amount: UInt64) {
        let charge = Answer.Charge(limit: Int(limit), amount: amount)
        if common {
            answer.commonCharges.append(charge)
        } else {
            answer.ruleCharges[answer.ruleCharges.count - 1].append(charge)
        }
    }
}

/// What the evaluator under test answers; `change` may say more or less than the payment does.
func answer(
    of sample: SampleBundle,
    to payment: Payment,
    _ change: (inout Facts) -> Void = { _ in }
) throws -> Answer {
    let bytes = sample.bytes
    let bundle = try CheckedBundle(checking: bytes.span)
    var facts = facts(of: payment, bundle)
    change(&facts)
    var recorder = Recorder()
    switch bundle.evaluate(facts, into: &recorder) {
    case .allow:
        return recorder.answer
    case .refuse(let finding):
        precondition(recorder.answer == Answer(), "a refusal charges nothing")
        return Answer(finding: finding)
    }
}

private func facts(of payment: Payment, _ bundle: CheckedBundle) -> Facts {
    var facts = Facts(
        wallet: payment.wallet,
        outflow: payment.outflow,
        fee: payment.fee,
        virtualSize: payment.virtualSize,
        sighashes: payment.sighashes
    )
    if payment.isOpen { facts.payAnywhere(output: UInt32(payment.outputs.count), under: bundle) }
    for (index, output) in payment.outputs.enumerated() where !payment.isOpen {
        facts.pay(output.amount, to: output.script.span, output: UInt32(index), under: bundle)
    }
    facts.ask(Asking(requester: payment.requester, seconds: payment.seconds, under: bundle))
    if let isReplacement = payment.isReplacement { facts.replace(isReplacement) }
    let own = payment.ownOutputs.reduce(0, +)
    facts.count(
        inputs: payment.sequences.count,
        outputs: payment.outputs.count + payment.ownOutputs.count,
        ownAmount: own,
        outputAmount: payment.outputs.reduce(own) { $0 + $1.amount }
    )
    guard !payment.sequences.isEmpty else {
        for fact in [.inputs, .outputs, .ownShare] as [NumericFact] { facts.set(fact, .unknown) }
        return facts
    }
    var sequences = Sequences()
    for sequence in payment.sequences { sequences.add(sequence) }
    facts.lock(time: payment.lockTime, version: payment.version, sequences)
    return facts
}
