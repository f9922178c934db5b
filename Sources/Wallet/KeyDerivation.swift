package import Bytes

/// The way from a master key to one of its keys, as PSBTs and descriptors give it.
package struct KeyDerivation: Equatable, Sendable {
    /// The first four bytes of the hash160 of the master's public key.
    package let fingerprint: Bytes4
    /// BIP-32 numbers; bit 31 means hardened.
    package let path: [UInt32]

    package init(fingerprint: Bytes4, path: [UInt32]) {
        self.fingerprint = fingerprint
        self.path = path
    }

    /// The form of a PSBT: the fingerprint, then each step in four bytes, least significant first.
    /// The bytes were checked to be a multiple of four, at least four.
    init(psbt bytes: ArraySlice<UInt8>) {
        precondition(bytes.count >= 4 && bytes.count.isMultiple(of: 4), "checked when it was read")
        fingerprint = Bytes4(first: bytes)
        path = stride(from: bytes.startIndex + 4, to: bytes.endIndex, by: 4).map { start in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
        }
    }

    /// The form of a PSBT.
    package var psbtBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(fixed: fingerprint)
        for step in path {
            bytes.append(number: step)
        }
        return bytes
    }
}

extension FixedBytes {
    /// The first bytes of a slice, of which there are enough.
    init(first bytes: ArraySlice<UInt8>) {
        let exact = Array(bytes.prefix(Self.zero.count))
        self.init(copying: exact.span)
    }
}
