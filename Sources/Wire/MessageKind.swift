/// What a frame carries, and the most bytes it may have (protocol.md, section 2).
package enum MessageKind: UInt8, Equatable, Sendable {
    case status = 0x01
    case resume = 0x02
    case assess = 0x03
    case release = 0x04
    case advance = 0x05
    case address = 0x06
    case xpub = 0x07

    case unlock = 0x11
    case refill = 0x13
    case recover = 0x14

    case sign = 0x21
    case gateStatus = 0x22
    case gateAddress = 0x23
    case gateXpub = 0x24
    case open = 0x25
    case signOpened = 0x26

    case statusReply = 0x81
    case resumed = 0x82
    case assessed = 0x83
    case released = 0x84
    case advanced = 0x85
    case addressReply = 0x86
    case xpubReply = 0x87
    case unlocked = 0x91
    case refillHeld = 0x93
    case recoverHeld = 0x94
    case signed = 0xA1
    case gateStatusReply = 0xA2
    case gateAddressReply = 0xA3
    case gateXpubReply = 0xA4
    case opened = 0xA5
    case gateRefused = 0xAF
    case refused = 0xFF

    /// The most that a frame's length field may say for this kind, in bytes, the kind's own byte
    /// included.
    package var lengthMax: Int {
        switch self {
        case .status, .gateStatus: 1
        case .address, .xpub, .gateAddress, .gateXpub, .refused: 64
        case .unlock: 2 << 10
        case .refill, .recover: 16 << 10
        case .resume, .advance: 4 << 20
        case .release: 8 << 20
        case .assess, .sign, .open, .signOpened: 64 << 20
        case .gateRefused: 4 << 10
        case .statusReply, .addressReply, .xpubReply, .unlocked, .refillHeld, .recoverHeld,
            .advanced, .gateAddressReply, .gateXpubReply:
            1 << 10
        case .resumed, .assessed, .gateStatusReply, .opened: 1 << 20
        case .released, .signed: 8 << 20
        }
    }
}
