extension Miniscript {
    /// The costs of the whole, with the largest signatures that there are.
    package var costs: MiniscriptCosts { costs(context.itemSizes) }

    /// The costs of the whole, with items of these sizes.
    package func costs(_ sizes: ItemSizes) -> MiniscriptCosts {
        var costs: [MiniscriptCosts] = []
        costs.reserveCapacity(nodes.count)
        for node in nodes {
            let children = node.children.map { costs[$0] }
            costs.append(Self.costs(of: node, children, node.children.map { types[$0] }, sizes))
        }
        return costs[costs.count - 1]
    }

    private typealias Stack = MiniscriptCosts.StackUse

    private static func costs(
        of node: Node,
        _ children: [MiniscriptCosts],
        _ types: [MiniscriptType],
        _ sizes: ItemSizes
    ) -> MiniscriptCosts {
        var costs =
            switch node.fragment {
            case .zero, .one, .key, .keyHash, .older, .after, .hash: leaf(node.fragment, sizes)
            case .multi, .multiA: multi(node, sizes)
            case .wrap(let wrapper): wrap(wrapper, children[0])
            case .andV, .andB: and(node.fragment, children[0], children[1])
            case .orB: orBoth(children[0], children[1])
            case .orC, .orD: orElse(node.fragment, children[0], children[1])
            case .orI: orIf(children[0], children[1])
            case .andOr: andOr(children[0], children[1], children[2])
            case .threshold(let needed): threshold(needed, children)
            }
        costs.opcodes = ownOpcodes(node, types) + children.reduce(0) { $0 + $1.opcodes }
        return costs
    }

    /// The opcodes that a node adds to those of its children.
    private static func ownOpcodes(_ node: Node, _ types: [MiniscriptType]) -> Int {
        switch node.fragment {
        case .zero, .one, .key, .andV: 0
        case .older, .after, .andB, .orB, .multi: 1
        case .orC: 2
        case .keyHash, .orD, .orI, .andOr: 3
        case .hash: 4
        case .multiA: node.keys.count + 1
        case .threshold: node.children.count
        case .wrap(.swap), .wrap(.checkSignature), .wrap(.zeroNotEqual): 1
        case .wrap(.altStack): 2
        case .wrap(.duplicateIf): 3
        case .wrap(.nonZero): 4
        case .wrap(.verify): types[0].has(.expensiveVerify) ? 1 : 0
        }
    }

    private static func leaf(_ fragment: Fragment, _ sizes: ItemSizes) -> MiniscriptCosts {
        var costs = MiniscriptCosts()
        switch fragment {
        case .zero:
            (costs.dissatisfyKeys, costs.dissatisfyStack, costs.dissatisfyBytes) = (0, .push, 0)
        case .one, .older, .after:
            (costs.satisfyKeys, costs.satisfyStack, costs.satisfyBytes) = (0, .push, 0)
        case .hash:
            // SIZE 32 EQUALVERIFY, the hash in place, a push and EQUAL.
            let use = then(.push, .push, .takeTwo, .push, .take)
            (costs.satisfyKeys, costs.satisfyStack, costs.satisfyBytes) = (0, use, 33)
        case _:
            // DUP, the hash in place, a push and EQUALVERIFY; or the key alone.
            let isHash = fragment == .keyHash
            let use = isHash ? then(.push, .push, .takeTwo) : .push
            let keyBytes = isHash ? sizes.key : 0
            (costs.satisfyKeys, costs.dissatisfyKeys) = (0, 0)
            (costs.satisfyStack, costs.dissatisfyStack) = (use, use)
            costs.satisfyBytes = sizes.signature + keyBytes
            costs.dissatisfyBytes = 1 + keyBytes
        }
        return costs
    }

    private static func multi(_ node: Node, _ sizes: ItemSizes) -> MiniscriptCosts {
        var costs = MiniscriptCosts()
        let count = node.keys.count
        switch node.fragment {
        case .multi(let needed, _):
            // From a zero and the signatures to one item, with all keys and both numbers on top.
            let use = Stack(fall: needed, peak: needed + count + 2)
            (costs.satisfyKeys, costs.dissatisfyKeys) = (count, count)
            (costs.satisfyStack, costs.dissatisfyStack) = (use, use)
            costs.satisfyBytes = 1 + needed * sizes.signature
            costs.dissatisfyBytes = 1 + needed
        case .multiA(let needed, _):
            // From a signature or nothing for each key to one item, with one key on top.
            let use = Stack(fall: count - 1, peak: count)
            (costs.satisfyKeys, costs.dissatisfyKeys) = (0, 0)
            (costs.satisfyStack, costs.dissatisfyStack) = (use, use)
            costs.satisfyBytes = needed * sizes.signature + count - needed
            costs.dissatisfyBytes = count
        case _: preconditionFailure("no multisig")
        }
        return costs
    }

    private static func wrap(_ wrapper: Wrapper, _ x: MiniscriptCosts) -> MiniscriptCosts {
        var costs = x
        switch wrapper {
        case .altStack, .swap, .zeroNotEqual: break
        case .checkSignature:
            costs.satisfyStack = then(x.satisfyStack, .take)
            costs.dissatisfyStack = then(x.dissatisfyStack, .take)
        case .verify:
            costs.satisfyStack = then(x.satisfyStack, .take)
            (costs.dissatisfyKeys, costs.dissatisfyStack, costs.dissatisfyBytes) = (nil, nil, nil)
        case .duplicateIf:
            costs.satisfyStack = then(.push, .take, x.satisfyStack)
            costs.satisfyBytes = then(2, x.satisfyBytes)
            costs.dissatisfyKeys = 0
            (costs.dissatisfyStack, costs.dissatisfyBytes) = (then(.push, .take), 1)
        case .nonZero:
            costs.satisfyStack = then(.push, .take, x.satisfyStack)
            costs.dissatisfyKeys = 0
            (costs.dissatisfyStack, costs.dissatisfyBytes) = (then(.push, .take), 1)
        }
        return costs
    }

    private static func and(
        _ fragment: Fragment,
        _ x: MiniscriptCosts,
        _ y: MiniscriptCosts
    ) -> MiniscriptCosts {
        var costs = MiniscriptCosts()
        costs.satisfyKeys = then(x.satisfyKeys, y.satisfyKeys)
        costs.satisfyStack = then(x.satisfyStack, y.satisfyStack)
        costs.satisfyBytes = then(x.satisfyBytes, y.satisfyBytes)
        guard fragment == .andB else { return costs }
        costs.satisfyStack = then(costs.satisfyStack, .take)
        costs.dissatisfyKeys = then(x.dissatisfyKeys, y.dissatisfyKeys)
        costs.dissatisfyStack = then(x.dissatisfyStack, y.dissatisfyStack, .take)
        costs.dissatisfyBytes = then(x.dissatisfyBytes, y.dissatisfyBytes)
        return costs
    }

    private static func orBoth(_ x: MiniscriptCosts, _ z: MiniscriptCosts) -> MiniscriptCosts {
        var costs = MiniscriptCosts()
        costs.satisfyKeys = either(
            then(x.satisfyKeys, z.dissatisfyKeys),
            then(x.dissatisfyKeys, z.satisfyKeys)
        )
        costs.satisfyStack = then(
            either(
                then(x.satisfyStack, z.dissatisfyStack),
                then(x.dissatisfyStack, z.satisfyStack)
            ),
            .take
        )
        costs.satisfyBytes = either(
            then(x.satisfyBytes, z.dissatisfyBytes),
            then(x.dissatisfyBytes, z.satisfyBytes)
        )
        costs.dissatisfyKeys = then(x.dissatisfyKeys, z.dissatisfyKeys)
        costs.dissatisfyStack = then(x.dissatisfyStack, z.dissatisfyStack, .take)
        costs.dissatisfyBytes = then(x.dissatisfyBytes, z.dissatisfyBytes)
        return costs
    }

    private static func orElse(
        _ fragment: Fragment,
        _ x: MiniscriptCosts,
        _ z: MiniscriptCosts
    ) -> MiniscriptCosts {
        let keeps = fragment == .orD
        var costs = MiniscriptCosts()
        costs.satisfyKeys = either(x.satisfyKeys, then(x.dissatisfyKeys, z.satisfyKeys))
        costs.satisfyStack = either(
            then(x.satisfyStack, keeps ? .push : .nothing, .take),
            then(x.dissatisfyStack, .take, z.satisfyStack)
        )
        costs.satisfyBytes = either(x.satisfyBytes, then(x.dissatisfyBytes, z.satisfyBytes))
        guard keeps else { return costs }
        costs.dissatisfyKeys = then(x.dissatisfyKeys, z.dissatisfyKeys)
        costs.dissatisfyStack = then(x.dissatisfyStack, .take, z.dissatisfyStack)
        costs.dissatisfyBytes = then(x.dissatisfyBytes, z.dissatisfyBytes)
        return costs
    }

    private static func orIf(_ x: MiniscriptCosts, _ z: MiniscriptCosts) -> MiniscriptCosts {
        var costs = MiniscriptCosts()
        costs.satisfyKeys = either(x.satisfyKeys, z.satisfyKeys)
        costs.satisfyStack = then(.take, either(x.satisfyStack, z.satisfyStack))
        costs.satisfyBytes = either(then(2, x.satisfyBytes), then(1, z.satisfyBytes))
        costs.dissatisfyKeys = either(x.dissatisfyKeys, z.dissatisfyKeys)
        costs.dissatisfyStack = then(.take, either(x.dissatisfyStack, z.dissatisfyStack))
        costs.dissatisfyBytes = either(then(2, x.dissatisfyBytes), then(1, z.dissatisfyBytes))
        return costs
    }

    private static func andOr(
        _ x: MiniscriptCosts,
        _ y: MiniscriptCosts,
        _ z: MiniscriptCosts
    ) -> MiniscriptCosts {
        var costs = MiniscriptCosts()
        costs.satisfyKeys = either(
            then(x.satisfyKeys, y.satisfyKeys),
            then(x.dissatisfyKeys, z.satisfyKeys)
        )
        costs.satisfyStack = either(
            then(x.satisfyStack, .take, y.satisfyStack),
            then(x.dissatisfyStack, .take, z.satisfyStack)
        )
        costs.satisfyBytes = either(
            then(x.satisfyBytes, y.satisfyBytes),
            then(x.dissatisfyBytes, z.satisfyBytes)
        )
        costs.dissatisfyKeys = then(x.dissatisfyKeys, z.dissatisfyKeys)
        costs.dissatisfyStack = then(x.dissatisfyStack, .take, z.dissatisfyStack)
        costs.dissatisfyBytes = then(x.dissatisfyBytes, z.dissatisfyBytes)
        return costs
    }

    /// For each count of satisfied children up to `needed`, the worst costs; child by child.
    private static func threshold(_ needed: Int, _ children: [MiniscriptCosts]) -> MiniscriptCosts {
        var keys: [Int?] = [0] + Array(repeating: nil, count: needed)
        var bytes = keys
        var stacks: [Stack?] = [.nothing] + Array(repeating: nil, count: needed)
        for (place, child) in children.enumerated() {
            let add = place == 0 ? Stack.nothing : .take
            for count in (0...needed).reversed() {
                keys[count] = then(keys[count], child.dissatisfyKeys)
                bytes[count] = then(bytes[count], child.dissatisfyBytes)
                stacks[count] = then(stacks[count], child.dissatisfyStack, add)
                guard count > 0 else { continue }
                keys[count] = either(keys[count], then(keys[count - 1], child.satisfyKeys))
                bytes[count] = either(bytes[count], then(bytes[count - 1], child.satisfyBytes))
                stacks[count] = either(
                    stacks[count],
                    then(stacks[count - 1], child.satisfyStack, add)
                )
            }
        }
        return MiniscriptCosts(
            satisfyKeys: keys[needed],
            dissatisfyKeys: keys[0],
            satisfyStack: then(stacks[needed], .push, .take),
            dissatisfyStack: then(stacks[0], .push, .take),
            satisfyBytes: bytes[needed],
            dissatisfyBytes: bytes[0]
        )
    }
}

extension Miniscript {
    /// Bytes of items of a witness, their lengths included.
    package struct ItemSizes: Equatable, Sendable {
        /// Of the largest signature, its hash type included.
        package let signature: Int
        package let key: Int

        package init(signature: Int, key: Int) {
            self.signature = signature
            self.key = key
        }
    }
}

extension Miniscript.Context {
    /// With ECDSA signatures of any R.
    var itemSizes: Miniscript.ItemSizes {
        Miniscript.ItemSizes(signature: self == .tapscript ? 66 : 73, key: keyByteCount)
    }

    /// With ECDSA signatures as ours are: low R and low S take 71 bytes at most.
    var lowSizes: Miniscript.ItemSizes {
        Miniscript.ItemSizes(signature: self == .tapscript ? 66 : 72, key: keyByteCount)
    }

    /// The bytes of a key as an item of a witness.
    var keyByteCount: Int { self == .tapscript ? 33 : 34 }
}
