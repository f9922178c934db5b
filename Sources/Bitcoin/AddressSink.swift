private import BitcoinCrypto
package import Bytes

/// The text of output scripts, byte by byte: an address where the script has one (Base58Check,
/// BIP-173 and BIP-350).
extension TextSink where Self: ~Copyable {
    /// Writes the address of a script, or nothing and says so if it has none.
    package mutating func put(addressOf script: Span<UInt8>, _ network: Network) -> Bool {
        switch ScriptKind(of: script) {
        case .p2pkh: put(base58: network.keyHashVersion, script.extracting(3..<23))
        case .p2sh: put(base58: network.scriptHashVersion, script.extracting(2..<22))
        case .p2wpkh, .p2wsh, .p2tr, .opReturn, .unknown:
            guard let version = Self.witnessVersion(script) else { return false }
            put(segwit: version, script.extracting(2...), network)
        }
        return true
    }

    /// The version of a witness program, if the script is one (BIP-141).
    private static func witnessVersion(_ script: Span<UInt8>) -> UInt8? {
        guard (4...42).contains(script.count), Int(script[1]) == script.count - 2 else {
            return nil
        }
        switch script[0] {
        case 0x00: return script.count == 22 || script.count == 34 ? 0 : nil
        case 0x51...0x60: return script[0] - 0x50
        case _: return nil
        }
    }

    /// A version, a hash of 20 bytes and four of checksum.
    private mutating func put(base58 version: UInt8, _ hash: Span<UInt8>) {
        let alphabet: StaticString = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
        var number = FixedBytes<25>(repeating: version)
        for index in 0..<20 { number[1 + index] = hash[index] }
        let digest = SHA256.doubleHash(number.span.extracting(0..<21))
        for index in 0..<4 { number[21 + index] = digest[index] }
        var first = 0
        while first < 25, number[first] == 0 {
            put(alphabet.byte(at: 0))
            first += 1
        }
        // Digits come last to first: 25 bytes have 35 at most.
        var text = FixedBytes<35>.zero
        var start = 35
        while first < 25 {
            var rest = 0
            for index in first..<25 {
                rest = rest << 8 | Int(number[index])
                number[index] = UInt8(rest / 58)
                rest %= 58
            }
            start -= 1
            text[start] = alphabet.byte(at: rest)
            while first < 25, number[first] == 0 { first += 1 }
        }
        for index in start..<35 { put(text[index]) }
    }

    private mutating func put(segwit version: UInt8, _ program: Span<UInt8>, _ network: Network) {
        let prefix = network.humanReadablePart
        put(prefix)
        put("1")
        var sum = Bech32Sum()
        for index in 0..<prefix.utf8CodeUnitCount { sum.add(prefix.byte(at: index) >> 5) }
        sum.add(0)
        for index in 0..<prefix.utf8CodeUnitCount { sum.add(prefix.byte(at: index) & 31) }
        put(bech32: version, &sum)
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for index in program.indices {
            bits = bits << 8 | UInt32(program[index])
            count += 8
            while count >= 5 {
                count -= 5
                put(bech32: UInt8(truncatingIfNeeded: bits >> count) & 31, &sum)
            }
        }
        if count > 0 { put(bech32: UInt8(truncatingIfNeeded: bits << (5 - count)) & 31, &sum) }
        for _ in 0..<6 { sum.add(0) }
        let checksum = sum.remainder ^ (version == 0 ? 1 : 0x2bc8_30a3)
        for place in 0..<6 {
            put(bech32: UInt8(truncatingIfNeeded: checksum >> UInt32(25 - 5 * place)) & 31, &sum)
        }
    }

    /// A character of five bits, which the checksum reads as well.
    private mutating func put(bech32 value: UInt8, _ sum: inout Bech32Sum) {
        let alphabet: StaticString = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
        sum.add(value)
        put(alphabet.byte(at: Int(value)))
    }
}

/// The checksum of BIP-173 as far as it has read.
private struct Bech32Sum {
    private(set) var remainder: UInt32 = 1

    mutating func add(_ value: UInt8) {
        let top = remainder >> 25
        remainder = (remainder & 0x1ff_ffff) << 5 ^ UInt32(value)
        if top & 1 != 0 { remainder ^= 0x3b6a_57b2 }
        if top & 2 != 0 { remainder ^= 0x2650_8e6d }
        if top & 4 != 0 { remainder ^= 0x1ea1_19fa }
        if top & 8 != 0 { remainder ^= 0x3d42_33dd }
        if top & 16 != 0 { remainder ^= 0x2a14_62b3 }
    }
}
