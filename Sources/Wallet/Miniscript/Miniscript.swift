/// A script of the language miniscript (BIP-379), or one of the few forms of BIP-381 and 383.
///
/// The nodes stand in a list, children before their parent and the root last. So every
/// computation is one loop, and no depth of nesting uses up the stack. Keys are places in a list
/// of the owner's.
package struct Miniscript: Equatable, Sendable {
    /// Where a script stands, which decides on its keys, its limits and some of its meaning.
    package enum Context: Sendable {
        /// Bare or in P2SH: not miniscript, only pk, pkh, multi and sortedmulti.
        case legacy
        /// In P2WSH.
        case segwit
        /// In a leaf of a taproot output.
        case tapscript
    }

    package enum HashKind: String, Sendable, CaseIterable {
        case sha256
        case hash256
        case ripemd160
        case hash160

        package var byteCount: Int {
            switch self {
            case .sha256, .hash256: 32
            case .ripemd160, .hash160: 20
            }
        }
    }

    /// A wrapper by its letter.
    package enum Wrapper: Character, Sendable {
        case altStack = "a"
        case swap = "s"
        case checkSignature = "c"
        case duplicateIf = "d"
        case verify = "v"
        case nonZero = "j"
        case zeroNotEqual = "n"
    }

    package enum Fragment: Equatable, Sendable {
        case zero
        case one
        /// `pk_k`.
        case key
        /// `pk_h`.
        case keyHash
        case older(UInt32)
        case after(UInt32)
        case hash(HashKind, [UInt8])
        case wrap(Wrapper)
        case andV
        case andB
        case orB
        case orC
        case orD
        case orI
        case andOr
        case threshold(Int)
        /// `multi` and `sortedmulti`.
        case multi(Int, sorted: Bool)
        /// `multi_a` and `sortedmulti_a`.
        case multiA(Int, sorted: Bool)
    }

    package struct Node: Equatable, Sendable {
        package let fragment: Fragment
        package let keys: [Int]
        package let children: [Int]
    }

    /// The most subexpressions of `thresh`: with more, no witness fits on the stack.
    package static let thresholdChildCountMax = 1_000

    /// The deepest nesting of fragments and wrappers.
    package static let heightMax = ExpressionTree.depthMax

    package let context: Context
    package let nodes: [Node]
    /// The type of each node.
    package let types: [MiniscriptType]

    /// Takes nodes, each behind its children, and finds their types.
    package init(_ unordered: [Node], context: Context) throws(MiniscriptError) {
        precondition(!unordered.isEmpty, "a script has a node")
        let nodes = Self.ordered(unordered)
        var types: [MiniscriptType] = []
        var heights: [Int] = []
        types.reserveCapacity(nodes.count)
        for node in nodes {
            let height = 1 + (node.children.map { heights[$0] }.max() ?? 0)
            guard height <= Self.heightMax else { throw .tooDeep(limit: Self.heightMax) }
            heights.append(height)
            let children = node.children.map { types[$0] }
            let type = MiniscriptType(of: node.fragment, children, context: context)
            guard type.hasBase else { throw .mistyped(node.fragment.name, children) }
            types.append(type)
        }
        self.context = context
        self.nodes = nodes
        self.types = types
    }

    /// The nodes in the order of the text, so that equal scripts are equal lists.
    private static func ordered(_ nodes: [Node]) -> [Node] {
        var order: [Int] = []
        var waiting = [nodes.count - 1]
        while let place = waiting.popLast() {
            order.append(place)
            waiting += nodes[place].children
        }
        // A parent, then its children from the last to the first: backwards that is the order.
        order.reverse()
        var places = [Int](repeating: 0, count: nodes.count)
        for (new, old) in order.enumerated() { places[old] = new }
        return order.map { old in
            Node(
                fragment: nodes[old].fragment,
                keys: nodes[old].keys,
                children: nodes[old].children.map { places[$0] }
            )
        }
    }

    package var root: Node { nodes[nodes.count - 1] }

    /// The type of the whole.
    package var type: MiniscriptType { types[types.count - 1] }

    /// Every key in the order of the nodes; one that stands twice comes twice.
    package var keys: [Int] { nodes.flatMap(\.keys) }
}

extension Miniscript.Fragment {
    /// The word of the language.
    package var name: String {
        switch self {
        case .zero: "0"
        case .one: "1"
        case .key: "pk_k"
        case .keyHash: "pk_h"
        case .older: "older"
        case .after: "after"
        case .hash(let kind, _): kind.rawValue
        case .wrap(let wrapper): "\(wrapper.rawValue):"
        case .andV: "and_v"
        case .andB: "and_b"
        case .orB: "or_b"
        case .orC: "or_c"
        case .orD: "or_d"
        case .orI: "or_i"
        case .andOr: "andor"
        case .threshold: "thresh"
        case .multi(_, let sorted): sorted ? "sortedmulti" : "multi"
        case .multiA(_, let sorted): sorted ? "sortedmulti_a" : "multi_a"
        }
    }
}
