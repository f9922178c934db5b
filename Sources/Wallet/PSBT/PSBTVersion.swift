/// The versions of PSBT that there are: 0 (BIP-174) and 2 (BIP-370).
package enum PSBTVersion: UInt32, Sendable, CustomStringConvertible {
    case v0 = 0
    case v2 = 2

    package var description: String { "version \(rawValue)" }
}

extension PSBTMap {
    /// The version that a global map says it is of; without a word about it, it is 0.
    func version() throws(PSBTError) -> PSBTVersion {
        guard let value = value(PSBTFieldType.version) else { return .v0 }
        guard let number = UInt32(littleEndian: value) else {
            let name = PSBTFieldName(.global, PSBTFieldType.version)
            throw PSBTError(.global, .valueLength(name, expected: "4", found: value.count))
        }
        guard let version = PSBTVersion(rawValue: number) else {
            throw PSBTError(.global, .unsupportedVersion(number))
        }
        return version
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// The number in exactly as many bytes as it has, least significant first.
    init?(littleEndian bytes: [UInt8]) {
        guard bytes.count == Self.bitWidth / 8 else { return nil }
        self = bytes.reversed().reduce(0) { $0 << 8 | Self($1) }
    }
}
