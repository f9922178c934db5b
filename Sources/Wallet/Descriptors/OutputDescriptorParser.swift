package import Bitcoin
package import BitcoinCrypto

extension OutputDescriptor {
    /// The most keys of a multisig that stands alone, and the deepest tree, which is consensus.
    package static let bareKeyCountMax = 3
    package static let redeemScriptByteCountMax = 520
    package static let treeDepthMax = 128

    /// Reads a descriptor. A checksum may be there and must be right then.
    package init(
        _ text: String,
        _ keyParser: KeyExpressionParser,
        curve: borrowing Curve
    ) throws(DescriptorError) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= ExpressionTree.textByteCountMax else {
            throw .tooLong(count: text.utf8.count, limit: ExpressionTree.textByteCountMax)
        }
        var parser = DescriptorReading(
            tree: try ExpressionTree(try DescriptorChecksum.strip(text)),
            keyParser: keyParser
        )
        let form = try parser.top(curve: curve)
        try self.init(network: keyParser.network, form: form, keys: parser.keys)
    }

    /// Reads a descriptor of a network, without private keys.
    package init(
        _ text: String,
        network: Network,
        curve: borrowing Curve
    ) throws(DescriptorError) {
        try self.init(text, KeyExpressionParser(network: network), curve: curve)
    }
}

/// One reading of a descriptor: the keys found so far.
private struct DescriptorReading {
    let tree: ExpressionTree
    let keyParser: KeyExpressionParser
    var keys: [KeyExpression] = []

    mutating func top(curve: borrowing Curve) throws(DescriptorError) -> OutputDescriptor.Form {
        switch tree.name(0) {
        case "sh": return try scriptHash(curve: curve)
        case "wsh": return .witnessScriptHash(try witnessScript(0, curve: curve))
        case "wpkh": return .witnessKeyHash(try onlyKey(of: 0, .compressed, curve: curve))
        case "tr": return try taproot(curve: curve)
        case "rawtr": return .rawTaproot(try onlyKey(of: 0, .taproot, curve: curve))
        case "combo": return .combo(try onlyKey(of: 0, .legacy, curve: curve))
        case "raw":
            let text = tree.text(try tree.onlyArgument(0))
            guard let bytes = hexBytes(text[...]) else { throw .notHex(shortened(text)) }
            return .raw(bytes)
        case "addr":
            let text = tree.text(try tree.onlyArgument(0))
            do throws(BitcoinError) {
                return .address(try AddressText.read(text, network: keyParser.network))
            } catch {
                throw .address(shortened(text))
            }
        case "pk", "pkh", "multi", "sortedmulti":
            let script = try script(0, .legacy, .legacy, curve: curve)
            let count = script.keys.count
            guard count <= OutputDescriptor.bareKeyCountMax else {
                throw .bareKeyCount(count, most: OutputDescriptor.bareKeyCountMax)
            }
            return .bare(script)
        case let name: throw .unknownFunction(shortened(name))
        }
    }

    private mutating func scriptHash(
        curve: borrowing Curve
    ) throws(DescriptorError) -> OutputDescriptor.Form {
        let inner = try tree.onlyArgument(0)
        switch tree.name(inner) {
        case "wpkh": return .nestedWitnessKeyHash(try onlyKey(of: inner, .compressed, curve: curve))
        case "wsh": return .nestedWitnessScriptHash(try witnessScript(inner, curve: curve))
        case "pk", "pkh", "multi", "sortedmulti":
            let script = try script(inner, .legacy, .legacy, curve: curve)
            let longKeyCount = keys.count { $0.isUncompressed }
            let count = script.scriptByteCount + 32 * longKeyCount
            guard count <= OutputDescriptor.redeemScriptByteCountMax else {
                throw .redeemScriptTooLong(
                    count: count,
                    limit: OutputDescriptor.redeemScriptByteCountMax
                )
            }
            return .scriptHash(script)
        case let name: throw .notHere(function: shortened(name))
        }
    }

    private mutating func witnessScript(
        _ node: Int,
        curve: borrowing Curve
    ) throws(DescriptorError) -> Miniscript {
        let inner = try tree.onlyArgument(node)
        return try script(inner, .segwit, .compressed, curve: curve)
    }

    private mutating func taproot(
        curve: borrowing Curve
    ) throws(DescriptorError) -> OutputDescriptor.Form {
        let arguments = try tree.arguments(0)
        guard arguments.count <= 2 else {
            throw .argumentCount(function: "tr", found: arguments.count, expected: 2)
        }
        let internalKey = try key(arguments[0], .taproot, curve: curve)
        guard arguments.count == 2 else { return .taproot(internalKey: internalKey, []) }
        var leaves: [OutputDescriptor.Leaf] = []
        var waiting = [(node: arguments[1], depth: 0)]
        while let (node, depth) = waiting.popLast() {
            guard depth <= OutputDescriptor.treeDepthMax else {
                throw .treeTooDeep(limit: OutputDescriptor.treeDepthMax)
            }
            let found = tree.nodes[node]
            guard found.bracket == .curly else {
                let script = try script(node, .tapscript, .taproot, curve: curve)
                leaves.append(OutputDescriptor.Leaf(depth: depth, script: script))
                continue
            }
            guard found.name.isEmpty, found.suffix.isEmpty, found.children.count == 2 else {
                throw .branchOfTree(shortened(tree.text(node)))
            }
            waiting.append((found.children[1], depth + 1))
            waiting.append((found.children[0], depth + 1))
        }
        return .taproot(internalKey: internalKey, leaves)
    }

    // MARK: Parts

    private mutating func script(
        _ node: Int,
        _ context: Miniscript.Context,
        _ rule: KeyRule,
        curve: borrowing Curve
    ) throws(DescriptorError) -> Miniscript {
        let script: Miniscript
        let places: [Int]
        do throws(MiniscriptError) {
            (script, places) = try MiniscriptParser.read(
                tree,
                at: node,
                context: context,
                firstKey: keys.count
            )
        } catch {
            throw .script(error)
        }
        for place in places { _ = try key(place, rule, curve: curve) }
        return script
    }

    private mutating func onlyKey(
        of node: Int,
        _ rule: KeyRule,
        curve: borrowing Curve
    ) throws(DescriptorError) -> Int {
        try key(try tree.onlyArgument(node), rule, curve: curve)
    }

    private mutating func key(
        _ node: Int,
        _ rule: KeyRule,
        curve: borrowing Curve
    ) throws(DescriptorError) -> Int {
        let text = tree.text(node)
        guard !text.isEmpty else { throw .notAKey("") }
        keys.append(try keyParser.read(text[...], rule, curve: curve))
        return keys.count - 1
    }
}

extension KeyExpression {
    /// Whether its keys have 65 bytes.
    var isUncompressed: Bool {
        switch source {
        case .fixed(let key): key.bytes.count == 65
        case .secret(let key): !key.isCompressed
        case .extended, .own, .aggregate: false
        }
    }
}
