private import Bitcoin
private import BitcoinCrypto
private import Bytes
package import Policy
import Wire

/// A charge to a limit that each destination of a list has for itself.
package struct DestinationCharge: Equatable, Sendable {
    package let limit: UInt16
    /// SHA-256 of the script that is paid. Nothing: any of the list may be, since the signatures
    /// leave the outputs open.
    package let script: HashKey?
    /// Satoshi.
    package let amount: UInt64

    package init(limit: UInt16, script: HashKey?, amount: UInt64) {
        self.limit = limit
        self.script = script
        self.amount = amount
    }
}

/// Which scripts stand in which lists: the policy, read where it lies.
package struct DestinationLists: Sendable {
    private let bundle: [UInt8]
    private let layout: BundleLayout?

    /// Of a policy without limits that each destination has for itself: nobody asks.
    package static let none = DestinationLists()

    private init() {
        bundle = []
        layout = nil
    }

    /// The lists of a bundle that was checked.
    package init(_ bundle: [UInt8], _ layout: BundleLayout) {
        self.bundle = bundle
        self.layout = layout
    }

    /// Bit n for list n: all that a limit counts the script to.
    func lists(of script: Span<UInt8>) -> UInt64 {
        guard let layout else { return 0 }
        return CheckedBundle(reading: bundle.span, layout: layout).outputLists(of: script).possible
    }
}

/// What a decision charges to the limits that each destination has for itself, told by its
/// destinations: amounts to one script add, several scripts are charged each their own.
struct DestinationCharges {
    /// One script, with all that it is paid.
    private struct Payee {
        let script: HashKey
        let lists: UInt64
        var amount: UInt64
    }

    /// Limit by limit.
    private(set) var all: [DestinationCharge] = []

    /// `shared` are the charges of the leaf, of which those to these limits are held against what
    /// the destinations say, and taken away: the signer says only what a list is paid in all.
    init(
        of leaf: borrowing DecisionLeaf,
        _ limits: [LimitCaps],
        _ lists: DestinationLists,
        shared: inout [LeafCharge]
    ) throws(LeafFault) {
        let places = limits.indices.filter { limits[$0].eachOf != nil }
        guard !places.isEmpty, leaf.head.verdict != .refuse else { return }
        let isOpen = leaf.sighashes & SighashPermission.openOutputs != 0
        let payees = isOpen ? [] : Self.payees(of: leaf.destinations, lists)
        for place in places {
            guard let list = limits[place].eachOf else { continue }
            let first = all.count
            var total: UInt64 = 0
            if isOpen, let outflow = leaf.facts?.outflow {
                total = outflow
                append(place, nil, outflow)
            }
            for payee in payees where payee.lists >> UInt64(list) & 1 == 1 {
                total = Self.sum(total, payee.amount)
                append(place, payee.script, payee.amount)
            }
            let told = shared.first { $0.limit == place }
            guard told?.amount == (all.count == first ? nil : total) else {
                throw .wrongDestinationCharge(UInt16(place))
            }
        }
        shared.removeAll { charge in places.contains(Int(charge.limit)) }
    }

    private mutating func append(_ limit: Int, _ script: HashKey?, _ amount: UInt64) {
        all.append(DestinationCharge(limit: UInt16(limit), script: script, amount: amount))
    }

    private static func payees(
        of destinations: LeafDestinations,
        _ lists: DestinationLists
    ) -> [Payee] {
        var payees: [Payee] = []
        var places: [HashKey: Int] = [:]
        var destinations = destinations
        while let destination = destinations.next() {
            let found = lists.lists(of: destination.script)
            guard found != 0 else { continue }
            let script = HashKey(SHA256.hash(destination.script))
            if let place = places[script] {
                payees[place].amount = sum(payees[place].amount, destination.amount)
            } else {
                places[script] = payees.count
                payees.append(Payee(script: script, lists: found, amount: destination.amount))
            }
        }
        return payees
    }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
