package import Bitcoin

extension SighashPermission {
    /// The types in the order of their bits.
    package static let types = [0x02, 0x03, 0x81, 0x82, 0x83].map { SighashType(rawValue: $0) }

    /// The names of the types in a mask, as PSBT tools spell them.
    package static func names(_ mask: UInt8) -> [String] {
        types.filter { $0.permission & mask != 0 }.compactMap { type in
            type.name.map { "\($0)" }
        }
    }
}
