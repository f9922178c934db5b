private import Bitcoin

/// What the policy is asked about: one transaction, in numbers that the signer has verified.
///
/// Fill it by `pay` with every output that is not ours, each once, and end that by `count`: nothing
/// may be asked of half of it. What else there is to know is unknown until it is said. It is a
/// value of about 1.7 KiB.
package struct Facts: Sendable {
    /// The wallet whose coins are spent, by its index in the bundle.
    package let wallet: Int
    /// What leaves the wallet, fee included, in satoshi: the most that it can be.
    @inline(__always)
    package var outflow: UInt64 { outflowRange.most }
    /// The fee in satoshi, at the most.
    @inline(__always)
    package var fee: UInt64 { feeRange.most }
    /// The fee for 1,000 virtual bytes in satoshi, rounded up, so a cap is never exceeded.
    @inline(__always)
    package var feerate: UInt64 { feerateRange.most }
    /// The sighash types beside ALL and DEFAULT that are used (`SighashPermission`). With any,
    /// outflow and fee must be all that the wallet's coins hold.
    package let sighashes: UInt8

    var outflowRange: FactRange
    var feeRange: FactRange
    var feerateRange: FactRange
    var largestRange: FactRange
    var inputsRange = FactRange.unknown
    var outputsRange = FactRange.unknown
    var ownShareRange = FactRange.unknown
    /// The kinds of the outputs that are not ours (`ScriptKinds`), `LockTimes`, and twice `Either`:
    /// what of it may be.
    var scripts: UInt16
    package internal(set) var lockTimes = LockTimes.every
    package internal(set) var replaceable = Either.every
    var replacement = Either.every
    /// Who asks, and when.
    var asking = Asking.unknown
    /// Whether everything that is paid was said, and counted after that.
    var isComplete = false

    /// The lists that at least one output pays to, as far as can be known (bit n for list n).
    package private(set) var listsPaid: UInt64 = 0
    private var amounts = InlineArray<64, UInt64>(repeating: 0)
    /// The least sets of lists that outputs stand in: an output whose set contains another's adds
    /// nothing, since whatever list covers the other covers it.
    private var demands = InlineArray<64, Demand>(repeating: Demand())
    private var demandCount = 0
    /// The first four again, each by itself, all ones where there is none: the compiler copies all
    /// of the facts to lend a span of them or to read an element, 10,000 times a walk.
    private var few: (UInt64, UInt64, UInt64, UInt64) = (.max, .max, .max, .max)

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
        let rate = Self.feerate(fee: fee, virtualSize: virtualSize)
        // Whoever may change the payment can give back what would leave, and add outputs.
        let isOpen = sighashes != 0
        outflowRange = FactRange(least: isOpen ? 0 : outflow, most: outflow)
        feeRange = FactRange(least: isOpen ? 0 : fee, most: fee)
        feerateRange = FactRange(least: isOpen ? 0 : rate, most: rate)
        largestRange = FactRange(0)
        scripts = 0
        guard sighashes & SighashPermission.openOutputs != 0 else { return }
        // What others put in pays for outputs as well.
        let areInputsOpen = sighashes & SighashPermission.openInputs != 0
        largestRange = FactRange(least: 0, most: areInputsOpen ? .max : outflow)
        scripts = ScriptKinds.every
    }

    /// Adds an output that is not ours; `output` is its place in the transaction.
    package mutating func pay(
        _ amount: UInt64,
        to script: Span<UInt8>,
        output: UInt32,
        under bundle: CheckedBundle
    ) {
        let kind = ScriptKinds.bit(of: script)
        pay(amount, lists: bundle.outputLists(of: script), kind: kind, output: output)
    }

    /// Adds an output by the lists its script stands in, and the bit of its kind.
    package mutating func pay(_ amount: UInt64, lists: OutputLists, kind: UInt16, output: UInt32) {
        isComplete = false
        scripts |= kind
        largestRange = FactRange(
            least: max(largestRange.least, amount),
            most: max(largestRange.most, amount)
        )
        charge(amount, to: lists.possible)
        demand(Demand(lists: lists.certain, output: output))
    }

    private mutating func charge(_ amount: UInt64, to lists: UInt64) {
        listsPaid |= lists
        var left = lists
        while left != 0 {
            let list = left.trailingZeroBitCount
            let (sum, over) = amounts[list].addingReportingOverflow(amount)
            amounts[list] = over ? .max : sum
            left &= left - 1
        }
    }

    /// Adds what somebody else may pay to anyone, since the signatures leave the outputs open:
    /// nothing is known of it, so it stands in no list for a rule that allows, and in every list
    /// for a rule that denies and for a limit. `output` is the place after the last that is known.
    package mutating func payAnywhere(output: UInt32, under bundle: CheckedBundle) {
        isComplete = false
        charge(outflow, to: CheckedBundle.mask(ofLowest: bundle.layout.listCount))
        demand(Demand(lists: 0, output: output))
    }

    /// The satoshi paid to outputs that stand in `list`; stays at the most a `u64` can hold.
    package func amountPaid(toList list: Int) -> UInt64 { amounts[list] }

    /// Whether an output stands in none of `lists`, which are not none.
    @inline(__always)
    func isAnyOutside(_ lists: UInt64) -> Bool {
        guard demandCount <= 4 else { return outputOutside(lists) != nil }
        return few.0 & lists == 0 || few.1 & lists == 0 || few.2 & lists == 0 || few.3 & lists == 0
    }

    /// The place of an output that stands in none of `lists`, or nil when all stand in one.
    @inline(never)
    func outputOutside(_ lists: UInt64) -> UInt32? {
        let demands = demands.span
        for place in 0..<demandCount where demands[place].lists & lists == 0 {
            return demands[place].output
        }
        return nil
    }

    private mutating func demand(_ added: Demand) {
        insert(added)
        func lists(_ place: Int) -> UInt64 { place < demandCount ? demands[place].lists : .max }
        few = (lists(0), lists(1), lists(2), lists(3))
    }

    /// Keeps the demands an antichain. A 65th that none implies counts as standing in no list:
    /// what cannot be kept apart is denied, never skipped.
    private mutating func insert(_ added: Demand) {
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
