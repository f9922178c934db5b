private import Bitcoin
package import BitcoinCrypto
package import Policy

/// From a descriptor to the template that the signer fills (docs/protocol.md, section 4).
extension OutputDescriptor {
    /// The template of a wallet. What would be unsafe to sign for is for `findings` to say; what
    /// no template can say is refused here.
    package func template(
        own: OwnKeys,
        indexMax: UInt32,
        curve: borrowing Curve
    ) throws(TemplateError) -> WalletTemplate {
        let kind = try outputKind(own)
        var keys = TemplateKeys(self, own: own, isOfOneKey: kind.isOfOneKey)
        var leaves: [WalletTemplate.Leaf] = []
        switch form {
        case .bare(let script): _ = try keys.place(of: self.keys[script.keys[0]], curve: curve)
        case .witnessKeyHash(let key), .nestedWitnessKeyHash(let key), .taproot(let key, []):
            _ = try keys.place(of: self.keys[key], curve: curve)
        case .scriptHash, .witnessScriptHash, .nestedWitnessScriptHash:
            leaves = try templateLeaves(kind, [0], &keys, curve: curve)
        case .taproot(let key, let scripts):
            try keys.placeFirst(self.keys[key], curve: curve)
            leaves = try templateLeaves(kind, scripts.map(\.depth), &keys, curve: curve)
        case .raw, .address, .combo, .rawTaproot: preconditionFailure("refused above")
        }
        guard keys.keys.count <= WalletRecord.keyCountMax else {
            throw TemplateKeys.tooMany(keys.keys.count)
        }
        let template = WalletTemplate(
            kind: kind,
            indexMax: keys.keys.contains(where: \.takesIndex) ? indexMax : 0,
            keys: keys.keys,
            leaves: leaves
        )
        try Self.checkOwn(template)
        return template
    }

    /// What the scripts of the descriptor are for the signer.
    private func outputKind(_ own: OwnKeys) throws(TemplateError) -> OutputKind {
        if let form = unregistrableForm { throw .form(form) }
        switch form {
        case .bare: return .p2pkh
        case .witnessKeyHash: return .p2wpkh
        case .nestedWitnessKeyHash: return .p2shP2WPKH
        case .scriptHash: return .p2shScript
        case .witnessScriptHash: return .p2wshScript
        case .nestedWitnessScriptHash: return .p2shP2WSHScript
        case .taproot(let key, []):
            if own.path(of: keys[key]) != nil { return .p2tr }
            let isAggregate = keys[key].participants.contains { own.path(of: $0) != nil }
            throw isAggregate ? .cannotSign : .noOwnKey
        case .taproot: return .p2trTree
        case .raw, .address, .combo, .rawTaproot: preconditionFailure("refused above")
        }
    }

    private func templateLeaves(
        _ kind: OutputKind,
        _ depths: [Int],
        _ keys: inout TemplateKeys,
        curve: borrowing Curve
    ) throws(TemplateError) -> [WalletTemplate.Leaf] {
        guard depths.count <= WalletRecord.leafCountMax else {
            throw .tooMany(.scripts, found: depths.count, most: WalletRecord.leafCountMax)
        }
        let weights = spendWeight(lowR: true)?.scripts ?? []
        let texts = self.keys.map { $0.text(network: network) }
        var leaves: [WalletTemplate.Leaf] = []
        for (place, script) in scripts.enumerated() {
            let text = shortened(script.text(keys: texts))
            guard let weight = weights[place] else { throw .unspendable(text) }
            guard depths[place] <= LeafRecord.depthMax else {
                throw .tooMany(.depth, found: depths[place], most: LeafRecord.depthMax)
            }
            let blank = script.blank
            guard !blank.holes.isEmpty else { throw .finding(.pathWithoutSignature(text)) }
            let (found, most) = (blank.bytes.count, kind.scriptByteCountMax)
            guard found <= most else { throw .scriptLength(text, found: found, most: most) }
            guard blank.holes.count <= LeafRecord.holeCountMax else {
                let most = LeafRecord.holeCountMax
                throw .tooMany(.holes, found: blank.holes.count, most: most)
            }
            var holes: [TemplateHole] = []
            for hole in blank.holes {
                let key = try keys.place(of: self.keys[hole.key], curve: curve)
                let form = KeyForm(hole.form, script.context)
                holes.append(TemplateHole(offset: hole.offset, key: key, form: form))
            }
            leaves.append(
                WalletTemplate.Leaf(
                    depth: UInt8(depths[place]),
                    version: script.context == .tapscript ? LeafRecord.tapscriptVersion : 0,
                    satisfactionWeight: UInt32(weight - Self.emptyScript),
                    script: blank.bytes,
                    holes: holes,
                    groups: blank.sorted
                )
            )
        }
        return leaves
    }

    /// An own key must be there, and somewhere it must be able to sign.
    private static func checkOwn(_ template: WalletTemplate) throws(TemplateError) {
        let owns = template.keys.map(\.isOwn)
        guard owns.contains(true) else { throw .noOwnKey }
        if template.kind.isOfOneKey {
            guard case .own(_, .branches) = template.keys[0] else { throw .key(.noWildcard) }
        }
        let signs =
            template.kind.isOfOneKey || template.kind == .p2trTree && owns[0]
            || template.leaves.contains { $0.holes.contains { owns[$0.key] } }
        guard signs else { throw .cannotSign }
    }
}

extension OutputKind {
    /// The most bytes of a script.
    fileprivate var scriptByteCountMax: Int {
        switch self {
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH: 0
        case .p2shScript: 520
        case .p2wshScript, .p2shP2WSHScript: 3_600
        case .p2trTree: 10_000
        }
    }
}

extension KeyForm {
    fileprivate init(_ form: ScriptPiece.Form, _ context: Miniscript.Context) {
        switch (form, context) {
        case (.key, .tapscript): self = .xOnly
        case (.hash, .tapscript): self = .xOnlyHash
        case (.key, .legacy), (.key, .segwit): self = .compressed
        case (.hash, .legacy), (.hash, .segwit): self = .hash
        }
    }
}

extension WalletTemplate.Key {
    package var isOwn: Bool {
        switch self {
        case .own: true
        case .extended, .fixed, .aggregate: false
        }
    }

    package var takesIndex: Bool {
        switch self {
        case .own(_, let children), .extended(_, _, let children), .aggregate(_, let children):
            children != .itself
        case .fixed: false
        }
    }
}
