private import BitcoinCrypto
package import Bytes

extension OutputDescriptor {
    /// All that speaks against registering it as a wallet; nothing if it is sound. Own keys are
    /// those written `self/…` and those whose origin, or whose own fingerprint, is the signer's.
    package func findings(ownFingerprint: Bytes4?) -> [DescriptorFinding] {
        if let form = unregistrableForm { return [.form(form)] }
        var findings = keyFindings
        findings += KeyUses(self).findings
        let owns = keys.map { $0.ownCount(ownFingerprint) }
        if ownFingerprint != nil || keys.contains(where: \.isSelf) {
            if owns.allSatisfy({ $0 == 0 }) { findings.append(.noOwnKey) }
            if case .taproot(let key, _) = form, owns[key] > 1 {
                findings.append(.ownKeyTwice(keys[key].text(network: network)))
            }
        }
        let texts = keys.map { $0.text(network: network) }
        for script in scripts {
            let text = shortened(script.text(keys: texts))
            if script.ownSignatureCountMax(owns) > 1 { findings.append(.ownKeyTwice(text)) }
            findings += script.findings(text)
        }
        return findings
    }

    /// The word of a form that cannot be a wallet.
    var unregistrableForm: String? {
        switch form {
        case .raw: "raw"
        case .address: "addr"
        case .combo: "combo"
        // BIP-386 advises against it: whether the key hides scripts nobody can tell.
        case .rawTaproot: "rawtr"
        case .bare(let script):
            // Only pkh has an address.
            script.nodes[0].fragment == .keyHash ? nil : "a script without sh or wsh"
        case .scriptHash, .witnessKeyHash, .nestedWitnessKeyHash, .witnessScriptHash,
            .nestedWitnessScriptHash, .taproot:
            nil
        }
    }

    private var keyFindings: [DescriptorFinding] {
        var findings: [DescriptorFinding] = []
        for key in keys.flatMap(\.participants) {
            let text = { key.text(network: network) }
            switch key.source {
            case .secret: findings.append(.privateKey)
            case .fixed(let fixed) where fixed.bytes.count == 65:
                findings.append(.uncompressedKey(text()))
            case .extended(let extended):
                if key.wildcard == .hardened || key.steps.contains(where: \.isHardened) {
                    findings.append(.hardenedStep(text()))
                }
                if let origin = key.origin, origin.path.count != Int(extended.depth) {
                    findings.append(
                        .originDepth(text(), origin: origin.path.count, key: Int(extended.depth))
                    )
                }
            case .fixed, .own, .aggregate: continue
            }
        }
        return findings
    }

    /// What is known of the internal key of a taproot output.
    package enum InternalKey: String, Sendable {
        case spendable
        /// The point of BIP-341 whose logarithm nobody knows.
        case unspendablePoint = "unspendable-point"
        /// An extended key over that point, so that outputs look like any other.
        case unspendableExtended = "unspendable-extended"
    }

    package var internalKey: InternalKey? {
        guard case .taproot(let key, _) = form else { return nil }
        let point = [2] + Self.unspendablePoint
        switch keys[key].source {
        case .fixed(let fixed): return fixed.bytes == point ? .unspendablePoint : .spendable
        case .extended(let extended):
            return extended.key.array == point ? .unspendableExtended : .spendable
        case .own, .secret, .aggregate: return .spendable
        }
    }

    /// H of BIP-341: SHA-256 of the generator.
    package static let unspendablePoint: [UInt8] = [
        0x50, 0x92, 0x9b, 0x74, 0xc1, 0xa0, 0x49, 0x54, 0xb7, 0x8b, 0x4b, 0x60, 0x35, 0xe9, 0x7a,
        0x5e, 0x07, 0x8a, 0x5a, 0x0f, 0x28, 0xec, 0x96, 0xd5, 0x47, 0xbf, 0xee, 0x9a, 0xce, 0x80,
        0x3a, 0xc0,
    ]
}

extension KeyExpression {
    var isSelf: Bool {
        participants.contains { participant in
            if case .own = participant.source { true } else { false }
        }
    }

    /// How many of its participants are the signer's own.
    func ownCount(_ fingerprint: Bytes4?) -> Int {
        participants.count { $0.isOwn(fingerprint) }
    }

    private func isOwn(_ fingerprint: Bytes4?) -> Bool {
        switch source {
        case .own: true
        case .extended(let key):
            fingerprint != nil && (origin?.fingerprint ?? key.fingerprint) == fingerprint
        case .fixed: fingerprint != nil && origin?.fingerprint == fingerprint
        case .secret, .aggregate: false
        }
    }
}

extension Miniscript {
    fileprivate func findings(_ text: String) -> [DescriptorFinding] {
        var findings: [DescriptorFinding] = []
        if !type.has(.safe) { findings.append(.pathWithoutSignature(text)) }
        if !type.has(.nonMalleable) { findings.append(.malleable(text)) }
        if !type.has(.noTimelockMix) { findings.append(.timelockMix(text)) }
        for node in nodes {
            if case .older(let number) = node.fragment, !RelativeLock(number).isMeaningful {
                findings.append(.meaninglessOlder(number))
            }
        }
        return findings + excesses.map { .overLimit(text, $0) }
    }

    /// The most signatures of own keys that one path needs.
    func ownSignatureCountMax(_ owns: [Int]) -> Int {
        var counts: [Int] = []
        counts.reserveCapacity(nodes.count)
        for node in nodes {
            let children = node.children.map { counts[$0] }
            let keys = node.keys.map { owns[$0] }
            let count =
                switch node.fragment {
                case .zero, .one, .older, .after, .hash: 0
                case .key, .keyHash: keys[0]
                case .wrap: children[0]
                case .andV, .andB: children[0] + children[1]
                case .orB, .orC, .orD, .orI: max(children[0], children[1])
                case .andOr: max(children[0] + children[1], children[2])
                case .threshold(let needed):
                    children.sorted(by: >).prefix(needed).reduce(0, +)
                case .multi(let needed, _), .multiA(let needed, _):
                    keys.sorted(by: >).prefix(needed).reduce(0, +)
                }
            counts.append(count)
        }
        return counts[counts.count - 1]
    }
}
