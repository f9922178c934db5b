extension OutputDescriptor {
    /// The text without a checksum, in its shortest spelling, with `h` for hardened steps.
    package var text: String { text(keys: keys.map { $0.text(network: network) }) }

    /// The text with its checksum.
    package var textWithChecksum: String {
        let text = text
        guard let checksum = DescriptorChecksum.make(text[...]) else {
            preconditionFailure("descriptors are written in their own characters")
        }
        return "\(text)#\(checksum)"
    }

    /// The text with the given texts for the keys.
    func text(keys: [String]) -> String {
        switch form {
        case .bare(let script): return script.text(keys: keys)
        case .scriptHash(let script): return "sh(\(script.text(keys: keys)))"
        case .witnessKeyHash(let key): return "wpkh(\(keys[key]))"
        case .nestedWitnessKeyHash(let key): return "sh(wpkh(\(keys[key])))"
        case .witnessScriptHash(let script): return "wsh(\(script.text(keys: keys)))"
        case .nestedWitnessScriptHash(let script): return "sh(wsh(\(script.text(keys: keys))))"
        case .taproot(let key, let leaves):
            guard !leaves.isEmpty else { return "tr(\(keys[key]))" }
            let tree = Self.tree(leaves.map { ($0.depth, $0.script.text(keys: keys)) })
            return "tr(\(keys[key]),\(tree))"
        case .rawTaproot(let key): return "rawtr(\(keys[key]))"
        case .combo(let key): return "combo(\(keys[key]))"
        case .raw(let script): return "raw(\(hexText(script)))"
        case .address(let script):
            guard let address = AddressText.write(script, network: network) else {
                preconditionFailure("the script came from an address")
            }
            return "addr(\(address))"
        }
    }

    /// The braces around leaves, whose depths make a full tree.
    private static func tree(_ leaves: [(depth: Int, text: String)]) -> String {
        var text = ""
        // For each open brace, whether its first half is written.
        var open: [Bool] = []
        for (place, leaf) in leaves.enumerated() {
            if place > 0 { text += "," }
            while open.count < leaf.depth {
                text += "{"
                open.append(false)
            }
            text += leaf.text
            while let isSecond = open.popLast() {
                guard isSecond else {
                    open.append(true)
                    break
                }
                text += "}"
            }
        }
        return text
    }
}
