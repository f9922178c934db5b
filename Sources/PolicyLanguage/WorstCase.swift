package import Policy

/// The most that a policy lets out, whatever is asked, between two refills.
///
/// Under an honest gate every transaction is charged to one allow rule and to every limit in scope
/// (`BoundFinder` has the argument); and so it is to the allowance, which needs no gate. Under a
/// stolen gate no limit holds, nor who asks and when: what the signer checks by itself is left, the
/// rules of one transaction and the allowance in all.
package struct WorstCase: Equatable, Sendable {
    package let transaction: Bound
    package let hour: Bound
    package let day: Bound
    /// The most under a stolen gate: per transaction the same, in all the allowance.
    package let stolen: Bound
    /// What is released at the most before a refill.
    package let allowance: UInt64

    /// `approved`: whether what needs the approval of people is counted too.
    package init(of bundle: CheckedBundle, approved: Bool = true) {
        let finder = BoundFinder(bundle, approved: approved)
        allowance = bundle.allowance
        transaction = finder.transaction()
        hour = finder.most(within: 3_600)
        day = finder.most(within: 86_400)
        stolen = finder.whole()
    }

    /// The most within any time, in seconds.
    package static func most(within seconds: UInt64, of bundle: CheckedBundle) -> Bound {
        BoundFinder(bundle, approved: true).most(within: seconds)
    }

    package var perTransaction: UInt64 { transaction.satoshis }
    package var perHour: UInt64 { hour.satoshis }
    package var perDay: UInt64 { day.satoshis }

    /// In two sentences, one for each kind of gate.
    package var lines: [String] {
        let (one, hour) = (Written.amount(perTransaction), Written.amount(perHour))
        let (day, all) = (Written.amount(perDay), Written.amount(allowance))
        return [
            "Worst case, honest gate: \(one) a transaction, \(hour) an hour, \(day) a day.",
            "Worst case, stolen gate: \(one) a transaction, \(all) until a refill.",
        ]
    }

    /// With what bounds each.
    package var reasons: [String] {
        [
            "Honest gate, a transaction: at most \(transaction.words).",
            "Honest gate, an hour: at most \(hour.words).",
            "Honest gate, a day: at most \(day.words).",
            "Stolen gate, a transaction: at most \(transaction.words).",
            "Stolen gate, in all until a refill: at most \(stolen.words).",
        ]
    }
}
