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

    init?(code: UInt8, index: UInt16) {
        switch code {
        case 0 where index == 0: self = .global
        case 1: self = .wallet(Int(index))
        case 2: self = .rule(Int(index))
        case 3: self = .list(Int(index))
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
