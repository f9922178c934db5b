/// The outer shape of a descriptor: names, brackets and commas, and nothing of what they mean.
///
/// The nodes stand in the order of the text, a parent before its children, so that every later pass
/// is a loop over them, forwards or backwards, and no depth of nesting uses up the stack.
package struct ExpressionTree: Sendable {
    package enum Bracket: Sendable {
        case none
        case round
        case curly
    }

    package struct Node: Sendable {
        var bracket = Bracket.none
        /// All of it, with what stands behind the closing bracket.
        var text: Range<Int>
        /// What stands before the opening bracket, or everything where there is none.
        var name: Range<Int>
        /// What stands behind the closing bracket.
        var suffix: Range<Int>
        var children: [Int] = []
        /// The nodes from this one to here are this one and all below it.
        var subtreeEnd = 0
    }

    /// More than any descriptor of use, and little enough to read at once.
    package static let textByteCountMax = 262_144

    /// The deepest nesting, as other implementations have it.
    package static let depthMax = 402

    package let bytes: [UInt8]
    package private(set) var nodes: [Node] = []

    package init(_ text: Substring) throws(DescriptorError) {
        bytes = Array(text.utf8)
        guard bytes.count <= Self.textByteCountMax else {
            throw .tooLong(count: bytes.count, limit: Self.textByteCountMax)
        }
        var open: [Int] = []
        var current = begin(at: 0, below: nil)
        for (place, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "{"):
                guard nodes[current].bracket == .none else { throw .bracket(at: place) }
                guard open.count < Self.depthMax else { throw .tooDeep(limit: Self.depthMax) }
                nodes[current].bracket = byte == UInt8(ascii: "(") ? .round : .curly
                nodes[current].name = nodes[current].text.lowerBound..<place
                open.append(current)
                current = begin(at: place + 1, below: current)
            case UInt8(ascii: ","):
                guard let parent = open.last else { throw .bracket(at: place) }
                end(current, at: place)
                current = begin(at: place + 1, below: parent)
            case UInt8(ascii: ")"), UInt8(ascii: "}"):
                let bracket = byte == UInt8(ascii: ")") ? Bracket.round : .curly
                guard let parent = open.popLast(), nodes[parent].bracket == bracket else {
                    throw .bracket(at: place)
                }
                end(current, at: place)
                current = parent
                nodes[current].suffix = place + 1..<place + 1
            case _: continue
            }
        }
        guard open.isEmpty else { throw .bracket(at: bytes.count) }
        end(current, at: bytes.count)
    }

    private mutating func begin(at place: Int, below parent: Int?) -> Int {
        let here = place..<place
        if let parent { nodes[parent].children.append(nodes.count) }
        nodes.append(Node(text: here, name: here, suffix: here))
        return nodes.count - 1
    }

    private mutating func end(_ node: Int, at place: Int) {
        nodes[node].text = nodes[node].text.lowerBound..<place
        nodes[node].subtreeEnd = nodes.count
        if nodes[node].bracket == .none {
            nodes[node].name = nodes[node].text
            nodes[node].suffix = place..<place
        } else {
            nodes[node].suffix = nodes[node].suffix.lowerBound..<place
        }
    }

    // MARK: Reading

    package func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// The whole text of a node.
    package func text(_ node: Int) -> String { string(nodes[node].text) }

    /// The name of a function, or the text of an argument.
    package func name(_ node: Int) -> String { string(nodes[node].name) }

    /// The arguments of a function whose text ends with its closing bracket.
    package func arguments(_ node: Int) throws(DescriptorError) -> [Int] {
        guard nodes[node].bracket == .round, nodes[node].suffix.isEmpty else {
            throw .notAFunction(shortened(text(node)))
        }
        return nodes[node].children
    }

    /// The only argument of a function.
    package func onlyArgument(_ node: Int) throws(DescriptorError) -> Int {
        let found = try arguments(node)
        guard found.count == 1 else {
            throw .argumentCount(function: shortened(name(node)), found: found.count, expected: 1)
        }
        return found[0]
    }
}
