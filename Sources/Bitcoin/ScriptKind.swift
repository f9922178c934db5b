/// What an output script is, as far as a policy may reason about it.
package enum ScriptKind: Equatable, Sendable {
    case p2pkh
    case p2sh
    case p2wpkh
    case p2wsh
    case p2tr
    /// OP_RETURN followed by nothing but complete plain pushes; nobody can ever spend it.
    case opReturn
    /// Anything else, witness versions without a meaning included.
    case unknown

    /// Classifies a scriptPubKey by its bytes alone.
    package init(of script: Span<UInt8>) {
        switch script.count {
        case 25 where ScriptKind.isKeyHash(script): self = .p2pkh
        case 23 where script[0] == 0xa9 && script[1] == 0x14 && script[22] == 0x87: self = .p2sh
        case 22 where script[0] == 0x00 && script[1] == 0x14: self = .p2wpkh
        case 34 where script[0] == 0x00 && script[1] == 0x20: self = .p2wsh
        case 34 where script[0] == 0x51 && script[1] == 0x20: self = .p2tr
        case let count where count > 0 && script[0] == 0x6a && ScriptKind.isPushes(script, from: 1):
            self = .opReturn
        case _: self = .unknown
        }
    }

    private static func isKeyHash(_ script: Span<UInt8>) -> Bool {
        script[0] == 0x76 && script[1] == 0xa9 && script[2] == 0x14
            && script[23] == 0x88 && script[24] == 0xac
    }

    /// Whether the script is nothing but complete pushes from `start` on: OP_0, direct pushes,
    /// OP_PUSHDATA1 to 4, OP_1NEGATE and OP_1 to OP_16. OP_RESERVED is no push.
    private static func isPushes(_ script: Span<UInt8>, from start: Int) -> Bool {
        var place = start
        while place < script.count {
            let opcode = script[place]
            place += 1
            var pushed = 0
            switch opcode {
            case 0x00...0x4b: pushed = Int(opcode)
            case 0x4c...0x4e:
                let width = 1 << Int(opcode - 0x4c)
                guard script.count - place >= width else { return false }
                for index in 0..<width {
                    pushed |= Int(script[place + index]) << (8 * index)
                }
                place += width
            case 0x4f, 0x51...0x60: pushed = 0
            case _: return false
            }
            guard script.count - place >= pushed else { return false }
            place += pushed
        }
        return true
    }
}
