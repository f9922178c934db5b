/// What a limit counts.
package enum LimitScope: Equatable, Sendable {
    /// Everything the policy lets out.
    case global
    /// What leaves one wallet (its index).
    case wallet(Int)
    /// What one allow rule lets out (its index).
    case rule(Int)
    /// What is paid to the destinations of one list (its index).
    case list(Int)
    /// What is paid to each destination of one list (its index), each for itself.
    case each(Int)
    /// The fees of all payments, of one wallet's, or of what one allow rule lets out.
    case fees
    case feesOfWallet(Int)
    case feesOfRule(Int)

    init?(code: UInt8, index: UInt16) {
        switch code {
        case 0 where index == 0: self = .global
        case 1: self = .wallet(Int(index))
        case 2: self = .rule(Int(index))
        case 3: self = .list(Int(index))
        case 4: self = .each(Int(index))
        case 16 where index == 0: self = .fees
        case 17: self = .feesOfWallet(Int(index))
        case 18: self = .feesOfRule(Int(index))
        default: return nil
        }
    }
}

extension LimitRecord {
    /// What the limit counts.
    package var scope: LimitScope {
        guard let scope = LimitScope(code: UInt8(scopeKey >> 16), index: scopeIndex) else {
            preconditionFailure("unchecked limit")
        }
        return scope
    }
}
