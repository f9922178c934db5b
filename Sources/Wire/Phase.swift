/// Where the signer stands, and so what it may be asked (protocol.md, section 2).
package enum Phase: UInt8, Equatable, Sendable {
    case sealed = 0
    case unresumed = 1
    case ready = 2
    case closed = 3

    /// Whether the gate may send `kind` now. A kind that is not permitted closes the session.
    package func admitsFromGate(_ kind: MessageKind) -> Bool {
        switch (self, kind) {
        case (.sealed, .status),
            (.unresumed, .status), (.unresumed, .resume), (.unresumed, .address),
            (.unresumed, .xpub),
            (.ready, .status), (.ready, .assess), (.ready, .release), (.ready, .advance),
            (.ready, .address), (.ready, .xpub):
            true
        case (.sealed, _), (.unresumed, _), (.ready, _), (.closed, _): false
        }
    }

    /// Whether the operator may send `kind` now: only before the signer locks down.
    package func admitsFromOperator(_ kind: MessageKind) -> Bool {
        switch (self, kind) {
        case (.sealed, .unlock), (.sealed, .refill), (.sealed, .recover): true
        case (.sealed, _), (.unresumed, _), (.ready, _), (.closed, _): false
        }
    }
}
