/// The most that a spend of an output takes, in weight units: scriptSig with its length, and
/// witness with its count of items; everything of an input but the outpoint and the sequence.
package struct SpendWeight: Equatable, Sendable {
    /// Of the key alone; nothing where a script is always shown.
    package let key: Int?
    /// Of each script in `OutputDescriptor.scripts`; nothing for one that cannot be spent.
    package let scripts: [Int?]

    package init(key: Int?, scripts: [Int?]) {
        self.key = key
        self.scripts = scripts
    }
}

extension OutputDescriptor {
    /// The weights of a spend by each path; nothing for forms that say not how they are spent.
    package var spendWeight: SpendWeight? { spendWeight(lowR: false) }

    /// The same; with `lowR`, if every signer makes ECDSA signatures as ours: of 71 bytes at most.
    package func spendWeight(lowR: Bool) -> SpendWeight? {
        let segwit = Miniscript.Context.segwit
        let signature = lowR ? segwit.lowSizes.signature : segwit.itemSizes.signature
        switch form {
        case .raw, .address, .combo: return nil
        case .witnessKeyHash:
            return SpendWeight(key: Self.emptyScript + 1 + signature + 34, scripts: [])
        case .nestedWitnessKeyHash:
            return SpendWeight(key: Self.scriptWeight(23) + 1 + signature + 34, scripts: [])
        case .rawTaproot:
            return SpendWeight(key: Self.emptyScript + 1 + 66, scripts: [])
        case .bare(let script):
            return SpendWeight(key: nil, scripts: [legacyWeight(script, redeemByteCount: 0, lowR)])
        case .scriptHash(let script):
            let count = script.scriptByteCount + 32 * uncompressedCount(script)
            // One byte more for a push of more than 75 bytes, two for more than 255.
            let push = count < 0x4c ? 1 : count <= 0xff ? 2 : 3
            return SpendWeight(
                key: nil,
                scripts: [legacyWeight(script, redeemByteCount: push + count, lowR)]
            )
        case .witnessScriptHash(let script):
            return SpendWeight(
                key: nil,
                scripts: [Self.witnessWeight(script, Self.emptyScript, lowR)]
            )
        case .nestedWitnessScriptHash(let script):
            return SpendWeight(
                key: nil,
                scripts: [Self.witnessWeight(script, Self.scriptWeight(35), lowR)]
            )
        case .taproot(_, let leaves):
            return SpendWeight(
                key: Self.emptyScript + 1 + 66,
                scripts: leaves.map { leaf in
                    let block = 33 + 32 * leaf.depth
                    return Self.witnessWeight(
                        leaf.script,
                        Self.emptyScript + Self.compactSizeWidth(block) + block,
                        lowR,
                        moreItems: 1
                    )
                }
            )
        }
    }

    /// The length of a scriptSig without anything in it.
    static let emptyScript = 4

    private static func scriptWeight(_ byteCount: Int) -> Int {
        4 * (compactSizeWidth(byteCount) + byteCount)
    }

    private static func compactSizeWidth(_ value: Int) -> Int {
        value < 0xfd ? 1 : value <= 0xffff ? 3 : 5
    }

    private static func witnessWeight(
        _ script: Miniscript,
        _ others: Int,
        _ lowR: Bool,
        moreItems: Int = 0
    ) -> Int? {
        guard let bytes = byteCountMax(script, lowR), let items = script.witnessItemCountMax else {
            return nil
        }
        let count = script.scriptByteCount
        return others + compactSizeWidth(items + 1 + moreItems) + bytes + compactSizeWidth(count)
            + count
    }

    private static func byteCountMax(_ script: Miniscript, _ lowR: Bool) -> Int? {
        let context = script.context
        return script.costs(lowR ? context.lowSizes : context.itemSizes).satisfyBytes
    }

    private func legacyWeight(
        _ script: Miniscript,
        redeemByteCount: Int,
        _ lowR: Bool
    ) -> Int? {
        guard let bytes = Self.byteCountMax(script, lowR) else { return nil }
        // Items are pushes of as many bytes as in a witness; a key is one only in pkh.
        let isKeyShown = script.nodes[0].fragment == .keyHash
        let longer = isKeyShown ? 32 * uncompressedCount(script) : 0
        return Self.scriptWeight(bytes + longer + redeemByteCount)
    }

    private func uncompressedCount(_ script: Miniscript) -> Int {
        script.keys.count { keys[$0].isUncompressed }
    }
}
