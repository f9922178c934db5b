/// What the policy is asked about: one transaction, in numbers that the signer has verified.
///
/// Fill it by `pay` with every output that is not ours, each once. It is a value of about 1.5 KiB.
package struct Facts: Sendable {
    /// The wallet whose coins are spent, by its index in the bundle.
    package let wallet: Int
    /// What leaves the wallet, fee included, in satoshi.
    package let outflow: UInt64
    /// The fee in satoshi.
    package let fee: UInt64
    /// The fee for 1,000 virtual bytes in satoshi, rounded up, so a cap is never exceeded.
    package let feerate: UInt64
    /// The sighash types beside ALL and DEFAULT that are used (`SighashPermission`). With any,
    /// outflow and fee must be all that the wallet's coins hold.
    package let sighashes: UInt8

    /// The lists paid to by at least one output (bit n for list n).
    package private(set) var listsPaid: UInt64 = 0
    private var amounts = InlineArray<64, UInt64>(repeating: 0)
    /// The least sets of lists that outputs stand in: an output whose set contains another's adds
    /// nothing, since whatever list covers the other covers it.
    private var demands = InlineArray<64, Demand>(repeating: Demand())
    private var demandCount = 0

    private struct Demand {
        var lists: UInt64 = 0
        var output: UInt32 = 0
    }

    /// The facts of a transaction that pays nobody yet; `virtualSize` is of the signed transaction.
    package init(
        wallet: Int,
        outflow: UInt64,
        fee: UInt64,
        virtualSize: UInt32,
        sighashes: UInt8 = 0
    ) {
        self.wallet = wallet
        self.sighashes = sighashes
        self.outflow = outflow
        self.fee = fee
        feerate = Self.feerate(fee: fee, virtualSize: virtualSize)
    }

    /// Adds an output that is not ours; `output` is its place in the transaction.
    package mutating func pay(
        _ amount: UInt64,
        to script: Span<UInt8>,
        output: UInt32,
        under bundle: CheckedBundle
    ) {
        pay(amount, lists: bundle.lists(of: script), output: output)
    }

    /// Adds an output by the lists its script stands in.
    package mutating func pay(_ amount: UInt64, lists: UInt64, output: UInt32) {
        listsPaid |= lists
        var left = lists
        while left != 0 {
            let list = left.trailingZeroBitCount
            let (sum, over) = amounts[list].addingReportingOverflow(amount)
            amounts[list] = over ? .max : sum
            left &= left - 1
        }
        demand(Demand(lists: lists, output: output))
    }

    /// Adds what somebody else may pay to anyone, since the signatures leave the outputs open:
    /// nothing is known of it, so it stands in no list for a rule that allows, and in every list
    /// for a rule that denies and for a limit. `output` is the place after the last that is known.
    package mutating func payAnywhere(output: UInt32, under bundle: CheckedBundle) {
        let all = CheckedBundle.mask(ofLowest: bundle.layout.listCount)
        pay(outflow, lists: all, output: output)
        demand(Demand(lists: 0, output: output))
    }

    /// The satoshi paid to outputs that stand in `list`; stays at the most a `u64` can hold.
    package func amountPaid(toList list: Int) -> UInt64 { amounts[list] }

    /// The place of an output that stands in none of `lists`, or nil when all stand in one.
    @inline(__always)
    func outputOutside(_ lists: UInt64) -> UInt32? {
        // Through a span: an element read straight from the stored array copies all of it.
        let demands = demands.span
        for place in 0..<demandCount where demands[place].lists & lists == 0 {
            return demands[place].output
        }
        return nil
    }

    /// Keeps the demands an antichain. A 65th that none implies counts as standing in no list:
    /// what cannot be kept apart is denied, never skipped.
    private mutating func demand(_ added: Demand) {
        var kept = 0
        for place in 0..<demandCount {
            let present = demands[place]
            if present.lists & ~added.lists == 0 { return }
            if added.lists & ~present.lists != 0 {
                demands[kept] = present
                kept += 1
            }
        }
        if kept == 64 {
            demands[0] = Demand(lists: 0, output: added.output)
            demandCount = 1
            return
        }
        demands[kept] = added
        demandCount = kept + 1
    }

    /// The fee rate in satoshi for 1,000 virtual bytes, rounded up; the most a `u64` can hold when
    /// it is larger or the size is unknown (0).
    package static func feerate(fee: UInt64, virtualSize: UInt32) -> UInt64 {
        let (product, over) = fee.multipliedReportingOverflow(by: 1_000)
        guard virtualSize > 0, !over else { return .max }
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: UInt64(virtualSize))
        return remainder == 0 ? quotient : quotient + 1
    }
}
