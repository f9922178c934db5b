import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Wire

/// What is true of a request, once every claim in it was verified; or, at its release, once its
/// digest was found among those that were.
struct VerifiedRequest {
    let wallet: OwnWallet
    let totals: RequestTotals
    let virtualByteCount: Int
    let midstates: SighashMidstates
    private let txid: Bytes32
    /// The least outpoint among the inputs.
    private let anchor: LeafOutpoint
    private let inputsDigest: Bytes32
    let replaced: ReplacedPayment?

    /// `scripts` holds what the inputs' claims lead to.
    init(
        _ request: borrowing ResolvedRequest,
        _ wallet: OwnWallet,
        _ totals: RequestTotals,
        _ scripts: borrowing InputScripts,
        replaced: ReplacedPayment? = nil
    ) {
        var hasher = TransactionHasher(
            version: request.transactionVersion,
            lockTime: request.lockTime,
            inputCount: request.inputCount,
            outputCount: request.outputCount
        )
        var amounts = SHA256()
        var anchor = LeafOutpoint(txid: request.input(at: 0).txid, vout: request.input(at: 0).vout)
        for place in 0..<request.inputCount {
            let input = request.input(at: place)
            hasher.addInput(SpentInput(input), script: scripts.script(at: place))
            let outpoint = LeafOutpoint(txid: input.txid, vout: input.vout)
            if outpoint.precedes(anchor) { anchor = outpoint }
            Self.add(input, to: &amounts)
        }
        var outputs = request.outputs
        while let output = outputs.next() {
            hasher.addOutput(amount: output.amount, script: output.script)
        }
        let hashed = hasher.finish()
        self.wallet = wallet
        self.totals = totals
        virtualByteCount = scripts.virtualByteCount
        midstates = hashed.midstates
        txid = hashed.txid
        self.anchor = anchor
        inputsDigest = amounts.finalize()
        self.replaced = replaced
    }

    /// Writes the facts as a decision leaf carries them, with the byte before them that says what
    /// there is, up to the destinations.
    func writeFacts(
        areAmountsChecked: Bool,
        _ asked: AskedFacts?,
        to writer: inout ByteWriter
    ) throws(ByteError) {
        var bits = DecisionBits.factsFollow
        if areAmountsChecked { bits |= DecisionBits.amountsChecked }
        if totals.sighashes != 0 { bits |= DecisionBits.sighashesFollow }
        if replaced != nil { bits |= DecisionBits.replacementFollows }
        if asked != nil { bits |= DecisionBits.askedFollows }
        try writer.writeUInt8(bits)
        if totals.sighashes != 0 { try writer.writeUInt8(totals.sighashes) }
        if let replaced { try replaced.write(to: &writer) }
        if let asked { try asked.write(to: &writer) }
        try writer.write(txid)
        try writer.writeUInt64(totals.outflow)
        try writer.writeUInt64(totals.fee)
        try writer.writeUInt32(UInt32(virtualByteCount))
        try anchor.write(to: &writer)
        try writer.writeUInt16(UInt16(midstates.inputCount))
        try writer.write(inputsDigest)
        try writer.write(wallet.id)
        try writer.writeUInt16(UInt16(totals.ownOutputCount))
        try writer.writeUInt64(totals.ownOutputTotal)
    }

    /// The facts as the policy asks for them: all that there are.
    static func policyFacts(
        _ request: borrowing ResolvedRequest,
        _ wallet: OwnWallet,
        _ totals: RequestTotals,
        virtualByteCount: Int,
        _ inquiry: Inquiry,
        _ bundle: CheckedBundle
    ) -> Facts {
        var facts = Facts(
            wallet: wallet.place,
            outflow: totals.outflow,
            fee: totals.fee,
            virtualSize: UInt32(virtualByteCount),
            sighashes: totals.sighashes
        )
        if totals.areOutputsOpen {
            facts.payAnywhere(output: UInt32(request.outputCount), under: bundle)
        } else {
            var outputs = request.outputs
            var place: UInt32 = 0
            while let output = outputs.next() {
                if output.claim == nil {
                    facts.pay(output.amount, to: output.script, output: place, under: bundle)
                }
                place += 1
            }
        }
        facts.count(
            inputs: request.inputCount,
            outputs: request.outputCount,
            ownAmount: totals.ownOutputTotal,
            outputAmount: totals.outputTotal
        )
        let version = request.transactionVersion
        facts.lock(time: request.lockTime, version: version, totals.sequences)
        facts.replace(request.replacedDigest != nil)
        facts.ask(inquiry.asking(under: bundle))
        return facts
    }

    /// `txid | vout | amount`, as the leaf's digest of the inputs takes them.
    static func add(_ input: RequestInput, to hasher: inout SHA256) {
        var bytes = FixedBytes<44>.zero
        var room = bytes.mutableSpan
        room.store(input.txid.span, at: 0)
        room.store(UInt64(input.vout), at: 32, byteCount: 4)
        room.store(input.amount, at: 36, byteCount: 8)
        hasher.update(bytes)
    }
}

extension SpentInput {
    init(_ input: RequestInput) {
        self.init(
            txid: input.txid,
            vout: input.vout,
            sequence: input.sequence,
            amount: input.amount
        )
    }
}
