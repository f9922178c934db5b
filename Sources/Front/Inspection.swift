/// What a PSBT does, as far as can be told from the PSBT and the wallets of the policy. Amounts are
/// satoshi; transaction ids are as explorers print them.
package struct Inspection: Codable, Equatable, Sendable {
    package struct Input: Codable, Equatable, Sendable {
        package var txid: String
        package var vout: UInt32
        package var sequence: UInt32
        /// Nothing where the PSBT does not say.
        package var amount: UInt64?
        package var address: String?
        package var script: String?
        package var ours: Ownership?
        /// Whether the PSBT brings the whole previous transaction.
        package var hasParent: Bool

        package init(txid: String, vout: UInt32, sequence: UInt32, hasParent: Bool) {
            self.txid = txid
            self.vout = vout
            self.sequence = sequence
            self.hasParent = hasParent
        }

        /// What is not known is there as null, so that nobody looks for it in vain.
        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(txid, forKey: .txid)
            try container.encode(vout, forKey: .vout)
            try container.encode(sequence, forKey: .sequence)
            try container.encode(amount, forKey: .amount)
            try container.encode(address, forKey: .address)
            try container.encode(script, forKey: .script)
            try container.encode(ours, forKey: .ours)
            try container.encode(hasParent, forKey: .hasParent)
        }
    }

    package struct Output: Codable, Equatable, Sendable {
        package var amount: UInt64
        package var address: String?
        package var script: String
        package var ours: Ownership?

        package init(amount: UInt64, address: String?, script: String, ours: Ownership?) {
            self.amount = amount
            self.address = address
            self.script = script
            self.ours = ours
        }

        /// With null for what there is not.
        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(amount, forKey: .amount)
            try container.encode(address, forKey: .address)
            try container.encode(script, forKey: .script)
            try container.encode(ours, forKey: .ours)
        }
    }

    package var network: String
    package var txid: String
    package var version: UInt32
    package var lockTime: UInt32
    package var inputs: [Input]
    package var outputs: [Output]
    /// Inputs less outputs, where every amount is known.
    package var fee: UInt64?
    /// Our inputs less our outputs: what leaves us.
    package var outflow: UInt64?
    /// Virtual bytes once signed, where every input is ours.
    package var vsize: UInt64?
    /// Satoshi a virtual byte.
    package var feerate: Double?
    /// Whether the appliance could be asked to sign it.
    package var signable: Bool
    /// Why not, and what else is to be noticed.
    package var remarks: [String]

    package init(network: String, txid: String, version: UInt32, lockTime: UInt32) {
        self.network = network
        self.txid = txid
        self.version = version
        self.lockTime = lockTime
        inputs = []
        outputs = []
        signable = false
        remarks = []
    }
}

extension Inspection {
    /// The same in words, one fact a line.
    package var lines: [String] {
        var lines = ["Transaction \(txid) on \(network)"]
        if let outflow { lines.append("  takes \(AmountText.words(outflow)) out of our wallets") }
        if let fee { lines.append("  of which the fee is \(AmountText.words(fee))\(feerateWords)") }
        if lockTime != 0 { lines.append("  lock time \(lockTime)") }
        lines.append("\(inputs.count) coin\(inputs.count == 1 ? "" : "s") in:")
        for (place, input) in inputs.enumerated() {
            let amount = input.amount.map(AmountText.words) ?? "of an amount that the PSBT hides"
            lines.append("  \(place)  \(amount), \(Self.words(input.ours))")
            lines.append("     \(input.txid):\(input.vout)")
            if let address = input.address { lines.append("     at \(address)") }
        }
        lines.append("\(outputs.count) output\(outputs.count == 1 ? "" : "s"):")
        for (place, output) in outputs.enumerated() {
            let to = output.address ?? "script \(output.script)"
            lines.append("  \(place)  \(AmountText.words(output.amount)) to \(to)")
            lines.append("     \(Self.words(output.ours))")
        }
        lines += remarks.map { "Note: \($0)" }
        return lines
    }

    private var feerateWords: String {
        guard let feerate else { return "" }
        let tenths = UInt64((feerate * 10).rounded())
        return ", \(tenths / 10).\(tenths % 10) sat/vB"
    }

    private static func words(_ ours: Ownership?) -> String {
        guard let ours else { return "not ours" }
        let branch = ours.branch == 0 ? "receive" : "change"
        return "ours: wallet \(ours.wallet), \(branch) \(ours.index)"
    }
}
