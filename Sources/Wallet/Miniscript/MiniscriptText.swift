extension Miniscript {
    /// The text in its shortest spelling, with the given texts for the keys.
    package func text(keys: [String]) -> String {
        var texts: [(wrappers: String, body: String)] = []
        texts.reserveCapacity(nodes.count)
        for node in nodes {
            let children = node.children.map { texts[$0] }
            if let wrapped = wrapping(node, children) {
                texts.append(wrapped)
                continue
            }
            var arguments = node.keys.map { keys[$0] }
            arguments += children.map {
                $0.wrappers.isEmpty ? $0.body : "\($0.wrappers):\($0.body)"
            }
            texts.append(("", Self.function(node.fragment, arguments)))
        }
        let (wrappers, body) = texts[texts.count - 1]
        return wrappers.isEmpty ? body : "\(wrappers):\(body)"
    }

    /// The text of a wrapper or of what is spelled like one.
    private func wrapping(
        _ node: Node,
        _ children: [(wrappers: String, body: String)]
    ) -> (wrappers: String, body: String)? {
        switch node.fragment {
        case .wrap(.checkSignature) where nodes[node.children[0]].fragment == .key:
            ("", "pk" + children[0].body.dropFirst(4))
        case .wrap(.checkSignature) where nodes[node.children[0]].fragment == .keyHash:
            ("", "pkh" + children[0].body.dropFirst(4))
        case .wrap(let wrapper):
            ("\(wrapper.rawValue)\(children[0].wrappers)", children[0].body)
        case .andV where nodes[node.children[1]].fragment == .one:
            ("t\(children[0].wrappers)", children[0].body)
        case .orI where nodes[node.children[0]].fragment == .zero:
            ("l\(children[1].wrappers)", children[1].body)
        case .orI where nodes[node.children[1]].fragment == .zero:
            ("u\(children[0].wrappers)", children[0].body)
        case _: nil
        }
    }

    private static func function(_ fragment: Fragment, _ arguments: [String]) -> String {
        switch fragment {
        case .zero, .one: fragment.name
        case .older(let number), .after(let number): "\(fragment.name)(\(number))"
        case .hash(let kind, let digest): "\(kind.rawValue)(\(hexText(digest)))"
        case .threshold(let number), .multi(let number, _), .multiA(let number, _):
            "\(fragment.name)(\(number),\(arguments.joined(separator: ",")))"
        case .andOr where arguments[2] == "0":
            "and_n(\(arguments[0]),\(arguments[1]))"
        case .key, .keyHash, .wrap, .andV, .andB, .orB, .orC, .orD, .orI, .andOr:
            "\(fragment.name)(\(arguments.joined(separator: ",")))"
        }
    }
}
