/// The most that can leave in some time, and what holds it there.
///
/// Whatever is signed is charged to one of the terms at least, and no term lets more through than
/// it says: so all of it together is no more than their sum. That is the whole proof, and anyone
/// who has the policy can check it.
package struct Bound: Equatable, Sendable {
    /// One limit, rule or number of the policy.
    package struct Term: Equatable, Sendable {
        /// What of the policy it is: `limit daily, of all payments`.
        package let what: String
        /// How it comes to its satoshi, where that is not what the policy says: `24 windows`.
        package let how: String
        package let satoshis: UInt64

        package init(_ what: String, _ how: String = "", _ satoshis: UInt64) {
            (self.what, self.how, self.satoshis) = (what, how, satoshis)
        }
    }

    package private(set) var satoshis: UInt64
    package private(set) var terms: [Term]

    /// Nothing at all.
    static let none = Bound(satoshis: 0, terms: [])

    private init(satoshis: UInt64, terms: [Term]) {
        (self.satoshis, self.terms) = (satoshis, terms)
    }

    init(_ term: Term) { self.init(satoshis: term.satoshis, terms: [term]) }

    mutating func add(_ other: Bound) {
        satoshis = Saturating.sum(satoshis, other.satoshis)
        terms += other.terms
    }

    /// The sum, or nil if one of them is not bounded.
    static func sum(_ parts: some Sequence<Bound?>) -> Bound? {
        var sum = Bound.none
        for part in parts {
            guard let part else { return nil }
            sum.add(part)
        }
        return sum
    }

    /// The least; the first of equals.
    static func least(_ parts: Bound?...) -> Bound? {
        parts.compactMap { $0 }.min { $0.satoshis < $1.satoshis }
    }

    /// `0.5 BTC: limit daily, of all payments`.
    package var words: String {
        guard terms.count > 1 else {
            let reason = terms.first.map { term in
                ", by \(term.what)" + (term.how.isEmpty ? "" : " (\(term.how))")
            }
            return Written.amount(satoshis) + (reason ?? ", for no rule allows any")
        }
        let all = terms.map { term in
            let how = term.how.isEmpty ? "" : term.how + ", "
            return "\(term.what) (\(how)\(Written.amount(term.satoshis)))"
        }
        let shown = all.prefix(6).joined(separator: " and ")
        let more = all.count > 6 ? " and \(all.count - 6) more" : ""
        return "\(Written.amount(satoshis)), by \(shown)\(more)"
    }
}
