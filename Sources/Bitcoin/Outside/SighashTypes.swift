/// Types by name, for those who choose one.
extension SighashType {
    package static let none = SighashType(rawValue: 0x02)
    package static let single = SighashType(rawValue: 0x03)

    /// As PSBT tools spell it; nothing for a number that no signature has a byte for.
    package var name: StaticString? {
        switch rawValue {
        case 0x00: "DEFAULT"
        case 0x01: "ALL"
        case 0x02: "NONE"
        case 0x03: "SINGLE"
        case 0x81: "ALL|ANYONECANPAY"
        case 0x82: "NONE|ANYONECANPAY"
        case 0x83: "SINGLE|ANYONECANPAY"
        case _: nil
        }
    }
}
