/// What a spender has: signatures, preimages and the transaction's own locks.
package struct SpendingMaterial: Sendable {
    package struct HashLock: Hashable, Sendable {
        package let kind: Miniscript.HashKind
        package let digest: [UInt8]

        package init(_ kind: Miniscript.HashKind, _ digest: [UInt8]) {
            self.kind = kind
            self.digest = digest
        }
    }

    /// For every key of the owner's list, 33 or 65 bytes.
    package var publicKeys: [[UInt8]]
    /// By the number of the key, with the hash type byte as it stands in a witness.
    package var signatures: [Int: [UInt8]] = [:]
    package var preimages: [HashLock: [UInt8]] = [:]
    package var version: UInt32 = 2
    package var lockTime: UInt32 = 0
    package var sequence: UInt32 = 0xffff_ffff

    package init(publicKeys: [[UInt8]]) {
        self.publicKeys = publicKeys
    }
}

/// Why no witness can be made.
package enum SatisfactionError: Error, Equatable, Sendable {
    /// Signatures, preimages or time are missing for every path.
    case incomplete
    /// Every witness that can be made could be changed by others.
    case malleable
}

extension Miniscript {
    /// The cheapest witness that nobody else can change, without the script itself.
    package func witness(
        _ material: SpendingMaterial
    ) throws(SatisfactionError) -> [[UInt8]] {
        var ways: [Ways] = []
        ways.reserveCapacity(nodes.count)
        for node in nodes {
            ways.append(self.ways(node, node.children.map { ways[$0] }, material))
        }
        guard let best = ways[ways.count - 1].satisfied else { throw .incomplete }
        guard !best.summary.isMalleable else { throw .malleable }
        return best.items
    }

    /// The best ways to satisfy and to dissatisfy a node.
    struct Ways: Sendable {
        var satisfied: WitnessStack?
        var dissatisfied: WitnessStack?
    }

    private func ways(_ node: Node, _ children: [Ways], _ material: SpendingMaterial) -> Ways {
        switch node.fragment {
        case .zero: return Ways(dissatisfied: .nothing)
        case .one: return Ways(satisfied: .nothing)
        case .key: return Ways(satisfied: signature(node.keys[0], material), dissatisfied: .zero)
        case .keyHash:
            let key = WitnessStack(item: context.keyBytes(material.publicKeys[node.keys[0]]))
            return Ways(
                satisfied: below(signature(node.keys[0], material), key),
                dissatisfied: below(.zero, key)
            )
        case .older(let number):
            let isMet = RelativeLock(number).isMet(
                sequence: material.sequence,
                version: material.version
            )
            return Ways(satisfied: isMet ? .nothing : nil)
        case .after(let number):
            let isMet = AbsoluteLock(number).isMet(
                lockTime: material.lockTime,
                sequence: material.sequence
            )
            return Ways(satisfied: isMet ? .nothing : nil)
        case .hash(let kind, let digest):
            let preimage = material.preimages[SpendingMaterial.HashLock(kind, digest)]
            return Ways(
                satisfied: preimage.map(WitnessStack.init(item:)),
                // Any other 32 bytes would do as well.
                dissatisfied: WitnessStack(item: Array(repeating: 0, count: 32)).malleable
            )
        case .multi, .multiA: return multi(node, material)
        case .wrap(let wrapper): return Self.wrap(wrapper, children[0])
        case .andV, .andB, .orB, .orC, .orD, .orI, .andOr:
            return Self.combine(node.fragment, children)
        case .threshold(let needed): return Self.threshold(needed, children)
        }
    }

    private func signature(_ key: Int, _ material: SpendingMaterial) -> WitnessStack? {
        material.signatures[key].map(WitnessStack.signature)
    }

    private func multi(_ node: Node, _ material: SpendingMaterial) -> Ways {
        var keys = node.keys
        if node.fragment.isSorted {
            let bytes = material.publicKeys.map(context.keyBytes)
            keys.sort { bytes[$0].lexicographicallyPrecedes(bytes[$1]) }
        }
        let needed: Int
        let isTapscript = context == .tapscript
        switch node.fragment {
        case .multi(let number, _), .multiA(let number, _): needed = number
        case _: preconditionFailure("no multisig")
        }
        let zero = WitnessStack.zero
        let zeroCount = isTapscript ? keys.count : needed + 1
        let nothing = (1..<zeroCount).reduce(zero) { stack, _ in below(stack, zero) ?? stack }
        let signed = keys.indices.compactMap { place in
            material.signatures[keys[place]].map { (place: place, bytes: $0) }
        }
        guard signed.count >= needed else { return Ways(dissatisfied: nothing) }
        let cheapest = signed.sorted { ($0.bytes.count, $0.place) < ($1.bytes.count, $1.place) }
        let chosen = Dictionary(
            uniqueKeysWithValues: cheapest.prefix(needed).map { ($0.place, $0.bytes) }
        )
        // CHECKMULTISIG takes one item too many, which must be empty, and the signatures in the
        // order of the keys; CHECKSIGADD an item for each key, that of the first on top.
        var stack: WitnessStack? = isTapscript ? .nothing : .zero
        for place in isTapscript ? keys.indices.reversed() : Array(keys.indices) {
            if let bytes = chosen[place] {
                stack = below(stack, .signature(bytes))
            } else if isTapscript {
                stack = below(stack, zero)
            }
        }
        return Ways(satisfied: stack, dissatisfied: nothing)
    }

    private static func wrap(_ wrapper: Wrapper, _ x: Ways) -> Ways {
        switch wrapper {
        case .altStack, .swap, .checkSignature, .zeroNotEqual: return x
        case .verify: return Ways(satisfied: x.satisfied)
        case .duplicateIf:
            return Ways(satisfied: below(x.satisfied, .one), dissatisfied: .zero)
        case .nonZero:
            // If the inner part can be dissatisfied by anybody, that is a second way.
            let isOpen = x.dissatisfied.map { !$0.summary.hasSignature } ?? false
            return Ways(
                satisfied: x.satisfied,
                dissatisfied: isOpen ? WitnessStack.zero.malleable : .zero
            )
        }
    }

    private static func combine(_ fragment: Fragment, _ children: [Ways]) -> Ways {
        let (x, y) = (children[0], children[1])
        switch fragment {
        case .andV:
            return Ways(
                satisfied: below(y.satisfied, x.satisfied),
                dissatisfied: below(y.dissatisfied, x.satisfied)
            )
        case .andB:
            let half = better(
                below(y.satisfied, x.dissatisfied)?.malleable,
                below(y.dissatisfied, x.satisfied)?.malleable
            )
            return Ways(
                satisfied: below(y.satisfied, x.satisfied),
                dissatisfied: better(below(y.dissatisfied, x.dissatisfied), half)
            )
        case .orB:
            let one = better(
                below(y.dissatisfied, x.satisfied),
                below(y.satisfied, x.dissatisfied)
            )
            // With both satisfied, either can be taken away.
            return Ways(
                satisfied: better(one, below(y.satisfied, x.satisfied)?.malleable),
                dissatisfied: below(y.dissatisfied, x.dissatisfied)
            )
        case .orC:
            return Ways(satisfied: better(x.satisfied, below(y.satisfied, x.dissatisfied)))
        case .orD:
            return Ways(
                satisfied: better(x.satisfied, below(y.satisfied, x.dissatisfied)),
                dissatisfied: below(y.dissatisfied, x.dissatisfied)
            )
        case .orI:
            return Ways(
                satisfied: better(below(x.satisfied, .one), below(y.satisfied, .zero)),
                dissatisfied: better(below(x.dissatisfied, .one), below(y.dissatisfied, .zero))
            )
        case _:
            let z = children[2]
            return Ways(
                satisfied: better(
                    below(y.satisfied, x.satisfied),
                    below(z.satisfied, x.dissatisfied)
                ),
                dissatisfied: better(
                    below(y.dissatisfied, x.satisfied),
                    below(z.dissatisfied, x.dissatisfied)
                )
            )
        }
    }
}
