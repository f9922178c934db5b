private import Bitcoin
private import BitcoinCrypto
private import Bytes

/// The checks of one field.
struct PSBTFieldRule {
    let field: PSBTField
    let name: PSBTFieldName
    let place: PSBTPlace

    init(_ field: PSBTField, _ name: PSBTFieldName, _ place: PSBTPlace) {
        self.field = field
        self.name = name
        self.place = place
    }

    func keyAlone() throws(PSBTError) {
        guard field.keyData.isEmpty else {
            throw keyLength("none: this key is its type alone")
        }
    }

    func key(_ counts: Int...) throws(PSBTError) {
        guard counts.contains(field.keyData.count) else {
            throw keyLength(counts.map(String.init).joined(separator: " or "))
        }
    }

    func value(_ counts: Int...) throws(PSBTError) {
        guard counts.contains(field.value.count) else {
            throw valueLength(counts.map(String.init).joined(separator: " or "))
        }
    }

    /// A compressed or an uncompressed public key, by length and first byte (SEC 1).
    func publicKey() throws(PSBTError) {
        switch field.keyData.count {
        case 33 where field.keyData[0] == 2 || field.keyData[0] == 3: return
        case 65 where field.keyData[0] == 4: return
        case 33, 65:
            throw PSBTError(place, .value(name, expected: "a key that begins with 02, 03 or 04"))
        case _: throw keyLength("33 or 65")
        }
    }

    /// The strict DER form of an ECDSA signature (BIP-66), then one byte for the sighash type.
    func ecdsaSignature() throws(PSBTError) {
        guard (9...73).contains(field.value.count) else { throw valueLength("9 to 73") }
        guard SignatureForm.isStrictDER(field.value.dropLast()) else {
            throw PSBTError(place, .value(name, expected: "a DER signature and a sighash byte"))
        }
    }

    /// A Schnorr signature of 64 bytes, or of 65 with a sighash type that BIP-341 defines; a byte
    /// for the default type would be a second spelling.
    func schnorrSignature() throws(PSBTError) {
        try value(64, 65)
        guard field.value.count == 65 else { return }
        let type = SighashType(rawValue: UInt32(field.value[64]))
        guard type.isTaproot, type != .default else {
            let expected = "a sighash byte 01, 02, 03, 81, 82 or 83, or none"
            throw PSBTError(place, .value(name, expected: expected))
        }
    }

    /// A number in its shortest form and nothing after it.
    func compactSize() throws(PSBTError) {
        do throws(ByteError) {
            var reader = ByteReader(field.value.span)
            _ = try reader.readCompactSize()
            try reader.finish()
        } catch {
            throw PSBTError(place, .value(name, expected: "a compact size and nothing more"))
        }
    }

    /// A time from 500,000,000 on, or a height from 1 to below that (BIP-370).
    func requiredLockTime() throws(PSBTError) {
        try value(4)
        let isTime = field.type == PSBTFieldType.requiredTime
        let number = UInt32(littleEndian: field.value) ?? 0
        guard isTime ? number >= 500_000_000 : (1..<500_000_000).contains(number) else {
            let expected = isTime ? "500000000 or more" : "1 to 499999999"
            throw PSBTError(place, .value(name, expected: "a number of \(expected)"))
        }
    }

    func amount() throws(PSBTError) {
        try value(8)
        do throws(BitcoinError) {
            _ = try Amount(satoshis: UInt64(littleEndian: field.value) ?? .max)
        } catch {
            throw PSBTError(place, .value(name, expected: "at most 21 million bitcoin"))
        }
    }

    /// A fingerprint and any number of steps of 4 bytes, from `start` on.
    func derivation(from start: Int) throws(PSBTError) {
        let count = field.value.count - start
        guard count >= 4, count.isMultiple(of: 4) else {
            throw valueLength("\(start) and a positive multiple of 4")
        }
    }

    /// A count of leaf hashes, the hashes, then a derivation (BIP-371).
    func tapDerivation() throws(PSBTError) {
        try key(32)
        let start: Int
        do throws(ByteError) {
            var reader = ByteReader(field.value.span)
            let count = try reader.readCount(itemByteCountMin: 32)
            start = reader.position + 32 * count
        } catch {
            throw PSBTError(place, .bytes(error))
        }
        try derivation(from: start)
    }

    /// A control block holds a key of 32 bytes after its first byte, then up to 128 hashes.
    func controlBlock() throws(PSBTError) {
        let count = field.keyData.count
        guard count >= 33, count <= 33 + 32 * 128, (count - 33).isMultiple(of: 32) else {
            throw keyLength("33 and a multiple of 32, at most 4129")
        }
        guard !field.value.isEmpty else { throw valueLength("1 or more") }
    }

    func musigParticipants() throws(PSBTError) {
        try key(33)
        guard !field.value.isEmpty, field.value.count.isMultiple(of: 33) else {
            throw valueLength("a positive multiple of 33")
        }
        try compressedKeys(in: field.keyData, count: 1)
        try compressedKeys(in: field.value, count: field.value.count / 33)
    }

    /// Keys of 33 bytes, one after the other, by their first bytes.
    func compressedKeys(in bytes: [UInt8], count: Int) throws(PSBTError) {
        for index in 0..<count where bytes[33 * index] != 2 && bytes[33 * index] != 3 {
            throw PSBTError(place, .value(name, expected: "keys that begin with 02 or 03"))
        }
    }

    /// The value hashes to the key.
    func preimage() throws(PSBTError) {
        let hash: [UInt8]
        switch field.type {
        case 0x0a:
            try key(20)
            hash = RIPEMD160.hash(field.value.span).array
        case 0x0b:
            try key(32)
            hash = SHA256.hash(field.value.span).array
        case 0x0c:
            try key(20)
            hash = hash160(field.value.span).array
        case _:
            try key(32)
            hash = SHA256.doubleHash(field.value.span).array
        }
        guard hash == field.keyData else {
            throw PSBTError(place, .value(name, expected: "a preimage of the hash in its key"))
        }
    }

    /// Leaves in depth-first order that make a whole binary tree, at most 128 deep (BIP-371).
    func tapTree() throws(PSBTError) {
        var open: [UInt8] = []
        do throws(ByteError) {
            var reader = ByteReader(field.value.span)
            while reader.remaining > 0 {
                var depth = try reader.readUInt8()
                guard depth <= 128, try reader.readUInt8() & 1 == 0 else {
                    throw ByteError.nonCanonical
                }
                _ = try reader.readRange()
                // Two neighbours of one depth are one branch, a step higher.
                while open.last == depth {
                    guard depth > 0 else { throw ByteError.nonCanonical }
                    open.removeLast()
                    depth -= 1
                }
                open.append(depth)
                guard open.count <= 129 else { throw ByteError.nonCanonical }
            }
        } catch {
            throw PSBTError(place, .value(name, expected: "a whole binary tree of leaves"))
        }
        guard open == [0] else {
            throw PSBTError(place, .value(name, expected: "a whole binary tree of leaves"))
        }
    }

    private func keyLength(_ expected: String) -> PSBTError {
        PSBTError(place, .keyLength(name, expected: expected, found: field.keyData.count))
    }

    private func valueLength(_ expected: String) -> PSBTError {
        PSBTError(place, .valueLength(name, expected: expected, found: field.value.count))
    }
}
