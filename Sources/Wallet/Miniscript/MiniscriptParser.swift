/// Reads a script expression. Keys are only found: what they are is read by their owner.
///
/// The shape is read before, so this is two loops over it: forwards, to learn which argument is a
/// script and which a key, and backwards, to make the nodes from the leaves up.
package struct MiniscriptParser {
    private enum Role {
        case none
        case script
        case key(Int)
    }

    private let tree: ExpressionTree
    private let subtree: Range<Int>
    private let context: Miniscript.Context
    private var roles: [Role]
    private var made: [Int]
    private var nodes: [Miniscript.Node] = []

    /// The places of the keys in the tree, in the order of the text.
    private(set) var keys: [Int] = []

    /// Reads the script at a node of a tree. Its keys get the numbers from `firstKey`, in order.
    package static func read(
        _ tree: ExpressionTree,
        at root: Int,
        context: Miniscript.Context,
        firstKey: Int
    ) throws(MiniscriptError) -> (script: Miniscript, keys: [Int]) {
        var parser = MiniscriptParser(tree, root, context)
        try parser.findRoles(firstKey: firstKey)
        for node in parser.subtree.reversed() {
            guard case .script = parser.roles[node - root] else { continue }
            parser.made[node - root] = try parser.make(node)
        }
        let script = try Miniscript(parser.nodes, context: context)
        guard script.type.has(.base) else { throw .notBase(script.type) }
        try script.checkLength()
        return (script, parser.keys)
    }

    private init(_ tree: ExpressionTree, _ root: Int, _ context: Miniscript.Context) {
        self.tree = tree
        subtree = root..<tree.nodes[root].subtreeEnd
        self.context = context
        roles = Array(repeating: .none, count: subtree.count)
        made = Array(repeating: 0, count: subtree.count)
    }

    // MARK: Roles

    private mutating func findRoles(firstKey: Int) throws(MiniscriptError) {
        let root = subtree.lowerBound
        roles[0] = .script
        for node in subtree {
            switch roles[node - root] {
            case .none: continue
            case .key:
                roles[node - root] = .key(firstKey + keys.count)
                keys.append(node)
            case .script:
                let children = tree.nodes[node].children
                let (_, name) = split(node)
                switch name {
                case "pk", "pk_k", "pkh", "pk_h":
                    for child in children { roles[child - root] = .key(0) }
                case "multi", "sortedmulti", "multi_a", "sortedmulti_a":
                    for child in children.dropFirst() { roles[child - root] = .key(0) }
                case "thresh":
                    for child in children.dropFirst() { roles[child - root] = .script }
                case "and_v", "and_b", "and_n", "or_b", "or_c", "or_d", "or_i", "andor":
                    for child in children { roles[child - root] = .script }
                case _: continue
                }
            }
        }
    }

    /// The letters before the colon, if there is one, and the word behind it.
    private func split(_ node: Int) -> (wrappers: String?, name: String) {
        let name = tree.name(node)
        guard let colon = name.firstIndex(of: ":") else { return (nil, name) }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }

    // MARK: Nodes

    private mutating func make(_ node: Int) throws(MiniscriptError) -> Int {
        let (wrappers, name) = split(node)
        guard tree.nodes[node].suffix.isEmpty, tree.nodes[node].bracket != .curly else {
            throw .unknownFragment(shortened(tree.text(node)))
        }
        var last = try fragment(name, node)
        guard let wrappers else { return last }
        guard !wrappers.isEmpty else { throw .unknownWrapper(":") }
        for letter in wrappers.reversed() {
            last = try wrap(letter, last, all: wrappers)
        }
        return last
    }

    private mutating func add(
        _ fragment: Miniscript.Fragment,
        _ children: [Int] = [],
        keys: [Int] = []
    ) -> Int {
        nodes.append(Miniscript.Node(fragment: fragment, keys: keys, children: children))
        return nodes.count - 1
    }

    private mutating func wrap(
        _ letter: Character,
        _ child: Int,
        all: String
    ) throws(MiniscriptError) -> Int {
        guard context != .legacy else {
            throw .notHere(fragment: "\(letter):", context: context)
        }
        switch letter {
        case "t": return add(.andV, [child, add(.one)])
        case "l": return add(.orI, [add(.zero), child])
        case "u": return add(.orI, [child, add(.zero)])
        case _:
            guard let wrapper = Miniscript.Wrapper(rawValue: letter) else {
                throw .unknownWrapper(shortened(all))
            }
            return add(.wrap(wrapper), [child])
        }
    }

    private mutating func fragment(_ name: String, _ node: Int) throws(MiniscriptError) -> Int {
        switch name {
        case "pk": return add(.wrap(.checkSignature), [try keyed(.key, name, node)])
        case "pkh": return add(.wrap(.checkSignature), [try keyed(.keyHash, name, node)])
        case "multi", "sortedmulti", "multi_a", "sortedmulti_a": return try multi(name, node)
        case _: break
        }
        guard context != .legacy else {
            throw .notHere(fragment: shortened(name), context: context)
        }
        switch name {
        case "0": return add(try bare(.zero, name, node))
        case "1": return add(try bare(.one, name, node))
        case "pk_k": return try keyed(.key, name, node)
        case "pk_h": return try keyed(.keyHash, name, node)
        case "older": return add(.older(try lock(name, node)))
        case "after": return add(.after(try lock(name, node)))
        case "and_v": return add(.andV, try scripts(2, name, node))
        case "and_b": return add(.andB, try scripts(2, name, node))
        case "and_n": return add(.andOr, try scripts(2, name, node) + [add(.zero)])
        case "or_b": return add(.orB, try scripts(2, name, node))
        case "or_c": return add(.orC, try scripts(2, name, node))
        case "or_d": return add(.orD, try scripts(2, name, node))
        case "or_i": return add(.orI, try scripts(2, name, node))
        case "andor": return add(.andOr, try scripts(3, name, node))
        case "thresh": return try threshold(node)
        case _:
            guard let kind = Miniscript.HashKind(rawValue: name) else {
                throw .unknownFragment(shortened(name))
            }
            return add(.hash(kind, try digest(kind, node)))
        }
    }

    // MARK: Arguments

    private func arguments(
        _ count: Int,
        _ name: String,
        _ node: Int
    ) throws(MiniscriptError) -> [Int] {
        let found = tree.nodes[node]
        guard found.bracket == .round, found.children.count == count else {
            throw .arguments(
                fragment: name,
                found: found.bracket == .round ? found.children.count : 0,
                expected: "\(count)"
            )
        }
        return found.children
    }

    private func bare(
        _ fragment: Miniscript.Fragment,
        _ name: String,
        _ node: Int
    ) throws(MiniscriptError) -> Miniscript.Fragment {
        guard tree.nodes[node].bracket == .none else {
            throw .arguments(
                fragment: name,
                found: tree.nodes[node].children.count,
                expected: "none"
            )
        }
        return fragment
    }

    /// The text of an argument that must be a plain word.
    private func word(_ node: Int) -> Substring {
        tree.nodes[node].bracket == .none ? tree.name(node)[...] : ""
    }

    private mutating func keyed(
        _ fragment: Miniscript.Fragment,
        _ name: String,
        _ node: Int
    ) throws(MiniscriptError) -> Int {
        let child = try arguments(1, name, node)[0]
        return add(fragment, keys: [keyNumber(child)])
    }

    private func keyNumber(_ node: Int) -> Int {
        guard case .key(let number) = roles[node - subtree.lowerBound] else {
            preconditionFailure("the arguments' roles were found before")
        }
        return number
    }

    private func lock(_ name: String, _ node: Int) throws(MiniscriptError) -> UInt32 {
        let text = word(try arguments(1, name, node)[0])
        guard let number = KeyPath.number(text) else { throw .number(shortened(String(text))) }
        guard number > 0 else { throw .zeroLock(name) }
        return number
    }

    private func digest(
        _ kind: Miniscript.HashKind,
        _ node: Int
    ) throws(MiniscriptError) -> [UInt8] {
        let text = word(try arguments(1, kind.rawValue, node)[0])
        guard let bytes = hexBytes(text), bytes.count == kind.byteCount else {
            throw .hash(shortened(String(text)), byteCount: kind.byteCount)
        }
        return bytes
    }

    private func scripts(
        _ count: Int,
        _ name: String,
        _ node: Int
    ) throws(MiniscriptError) -> [Int] {
        try arguments(count, name, node).map { made[$0 - subtree.lowerBound] }
    }

    /// The first argument of `thresh` and its like: a number from 1 to the count of the others.
    private func needed(_ name: String, _ node: Int) throws(MiniscriptError) -> (Int, [Int]) {
        let found = tree.nodes[node]
        guard found.bracket == .round, found.children.count >= 2 else {
            throw .arguments(
                fragment: name,
                found: found.bracket == .round ? found.children.count : 0,
                expected: "a number and at least one more"
            )
        }
        let text = word(found.children[0])
        guard let number = KeyPath.number(text) else { throw .number(shortened(String(text))) }
        let others = Array(found.children.dropFirst())
        guard (1...others.count).contains(Int(number)) else {
            throw .threshold(fragment: name, found: Int(number), of: others.count)
        }
        return (Int(number), others)
    }

    private mutating func threshold(_ node: Int) throws(MiniscriptError) -> Int {
        let (number, others) = try needed("thresh", node)
        guard others.count <= Miniscript.thresholdChildCountMax else {
            throw .childCount(found: others.count, most: Miniscript.thresholdChildCountMax)
        }
        return add(.threshold(number), others.map { made[$0 - subtree.lowerBound] })
    }

    private mutating func multi(_ name: String, _ node: Int) throws(MiniscriptError) -> Int {
        let isSorted = name.hasPrefix("sorted")
        let isForTapscript = name.hasSuffix("_a")
        // A sorted multisig is a whole script, not a fragment of others (BIP-383, 387).
        guard isForTapscript == (context == .tapscript), !isSorted || node == subtree.lowerBound
        else { throw .notHere(fragment: name, context: context) }
        let (number, others) = try needed(name, node)
        let most = context.multiKeyCountMax
        guard others.count <= most else {
            throw .keyCount(fragment: name, found: others.count, most: most)
        }
        return add(
            isForTapscript ? .multiA(number, sorted: isSorted) : .multi(number, sorted: isSorted),
            keys: others.map(keyNumber)
        )
    }
}

extension Miniscript.Context {
    /// The most keys of one multisig: what CHECKMULTISIG takes, and what the stack holds.
    package var multiKeyCountMax: Int {
        switch self {
        case .legacy, .segwit: 20
        case .tapscript: 999
        }
    }
}
