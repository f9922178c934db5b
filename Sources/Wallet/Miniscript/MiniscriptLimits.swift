extension Miniscript {
    /// The opcodes that a spend runs or skips, as consensus counts them; nothing if there is none.
    package var opcodeCount: Int? {
        let costs = costs
        return then(costs.opcodes, costs.satisfyKeys)
    }

    /// The most items of a witness, the script itself not counted.
    package var witnessItemCountMax: Int? {
        costs.satisfyStack.map { $0.fall + 1 }
    }

    /// The most items that are on the stack at once.
    package var stackItemCountMax: Int? {
        costs.satisfyStack.map { $0.peak + 1 }
    }

    /// The most bytes of the items of a witness with their lengths, the script itself not counted.
    package var witnessByteCountMax: Int? { costs.satisfyBytes }

    /// What is over its limit.
    package var excesses: [Excess] {
        guard let items = witnessItemCountMax, let stack = stackItemCountMax,
            let opcodes = opcodeCount
        else { return [Excess(.satisfactions, found: 0, most: 0)] }
        var excesses: [Excess] = []
        if context == .tapscript {
            if stack > Limits.stackItemCountMax {
                excesses.append(Excess(.stackItems, found: stack, most: Limits.stackItemCountMax))
            }
            return excesses
        }
        if opcodes > Limits.opcodeCountMax {
            excesses.append(Excess(.opcodes, found: opcodes, most: Limits.opcodeCountMax))
        }
        if context == .segwit, items > Limits.witnessItemCountMax {
            excesses.append(Excess(.witnessItems, found: items, most: Limits.witnessItemCountMax))
        }
        return excesses
    }

    /// A limit of consensus or of relay that a script breaks.
    package struct Excess: Equatable, Sendable {
        package enum Kind: String, Sendable {
            case opcodes
            case witnessItems = "witness-items"
            case stackItems = "stack-items"
            /// There is no way to spend at all.
            case satisfactions
        }

        package let kind: Kind
        package let found: Int
        package let most: Int

        init(_ kind: Kind, found: Int, most: Int) {
            self.kind = kind
            self.found = found
            self.most = most
        }
    }

    package enum Limits {
        /// Consensus, outside of tapscript.
        package static let opcodeCountMax = 201
        /// Relay, in P2WSH.
        package static let witnessItemCountMax = 100
        /// Consensus, which a script of P2WSH within the limits above never reaches.
        package static let stackItemCountMax = 1_000
    }

    // MARK: Length

    /// The bytes of the script, for keys of 33 bytes outside of taproot.
    package var scriptByteCount: Int {
        var count = 0
        for node in nodes {
            count += Self.ownByteCount(node, types, context)
        }
        return count
    }

    private static func ownByteCount(
        _ node: Node,
        _ types: [MiniscriptType],
        _ context: Context
    ) -> Int {
        switch node.fragment {
        case .zero, .one, .andB, .orB: 1
        case .andV: 0
        case .key: context.keyByteCount
        case .keyHash: 24
        case .older(let number), .after(let number): 1 + pushByteCount(number)
        case .hash(let kind, _): 7 + kind.byteCount
        case .multi(let needed, _):
            1 + pushByteCount(UInt32(node.keys.count)) + pushByteCount(UInt32(needed))
                + 34 * node.keys.count
        case .multiA(let needed, _): 1 + pushByteCount(UInt32(needed)) + 34 * node.keys.count
        case .orC: 2
        case .orD, .orI, .andOr: 3
        case .threshold(let needed): node.children.count + pushByteCount(UInt32(needed))
        case .wrap(.swap), .wrap(.checkSignature), .wrap(.zeroNotEqual): 1
        case .wrap(.altStack): 2
        case .wrap(.duplicateIf): 3
        case .wrap(.nonZero): 4
        case .wrap(.verify): types[node.children[0]].has(.expensiveVerify) ? 1 : 0
        }
    }

    private static func pushByteCount(_ number: UInt32) -> Int {
        var bytes: [UInt8] = []
        bytes.append(pushNumber: number)
        return bytes.count
    }

    func checkLength() throws(MiniscriptError) {
        let (count, limit) = (scriptByteCount, context.scriptByteCountMax)
        guard count <= limit else { throw .scriptTooLong(count: count, limit: limit) }
    }
}

extension Miniscript.Context {
    /// The most bytes of a script: bare by consensus, in P2WSH by relay, and in a leaf what leaves
    /// room for the largest witness in the largest transaction that is relayed. P2SH has a limit of
    /// its own, on the script with its true keys.
    package var scriptByteCountMax: Int {
        switch self {
        case .legacy: 10_000
        case .segwit: 3_600
        case .tapscript: 329_482
        }
    }
}
