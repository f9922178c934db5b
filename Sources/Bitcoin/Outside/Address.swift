private import BitcoinCrypto
package import Bytes

/// Addresses: the text form of an output script on one network (Base58Check; BIP-173 and BIP-350).
///
/// Testnet, testnet4 and signet share all prefixes, and regtest shares those of Base58.
package enum Address {
    /// The most characters of an address.
    package static let textByteCountMax = 90
    /// The most bytes of a script that has an address: a witness program of 40 bytes.
    package static let scriptByteCountMax = 42

    /// Writes the address of a script; throws `noAddressForm` if it has none.
    package static func write(
        script: Span<UInt8>,
        network: Network,
        to writer: inout ByteWriter
    ) throws(BitcoinError) {
        switch ScriptKind(of: script) {
        case .p2pkh:
            let hash = script.extracting(3..<23)
            try writeBase58(version: network.keyHashVersion, hash, to: &writer)
        case .p2sh:
            let hash = script.extracting(2..<22)
            try writeBase58(version: network.scriptHashVersion, hash, to: &writer)
        case .p2wpkh, .p2wsh, .p2tr, .opReturn, .unknown:
            guard let version = witnessVersion(script) else { throw .noAddressForm }
            let prefix = network.prefixBytes
            let prefixCount = network.humanReadablePart.utf8CodeUnitCount
            do throws(CryptoError) {
                try SegwitAddress.encode(
                    prefix: prefix.span.extracting(0..<prefixCount),
                    version: version,
                    program: script.extracting(2..<script.count),
                    into: &writer
                )
            } catch {
                throw .noAddressForm
            }
        }
    }

    /// Writes the script that an address of this network stands for.
    package static func readScript(
        _ text: Span<UInt8>,
        network: Network,
        to writer: inout ByteWriter
    ) throws(BitcoinError) {
        guard text.count <= textByteCountMax else { throw .notAnAddress }
        if network.isPrefix(of: text) {
            return try readSegwit(text, network: network, to: &writer)
        }
        if Network.main.isPrefix(of: text) || Network.test.isPrefix(of: text)
            || Network.regtest.isPrefix(of: text)
        {
            throw .addressOfOtherNetwork
        }
        try readBase58(text, network: network, to: &writer)
    }

    /// The version of a witness program, if the script is one (BIP-141).
    private static func witnessVersion(_ script: Span<UInt8>) -> UInt8? {
        guard script.count >= 4, script.count <= scriptByteCountMax,
            Int(script[1]) == script.count - 2
        else { return nil }
        switch script[0] {
        case 0x00: return script.count == 22 || script.count == 34 ? 0 : nil
        case 0x51...0x60: return script[0] - 0x50
        case _: return nil
        }
    }

    private static func writeBase58(
        version: UInt8,
        _ hash: Span<UInt8>,
        to writer: inout ByteWriter
    ) throws(BitcoinError) {
        var payload = FixedBytes<21>(repeating: version)
        for index in 0..<20 {
            payload[1 + index] = hash[index]
        }
        var text = FixedBytes<40>.zero
        var count = 0
        do throws(CryptoError) {
            var room = text.mutableSpan
            count = try Base58Check.encode(payload.span, into: &room)
        } catch {
            throw .noAddressForm
        }
        try put(text.span.extracting(0..<count), to: &writer)
    }

    private static func put(
        _ bytes: Span<UInt8>,
        to writer: inout ByteWriter
    ) throws(BitcoinError) {
        do throws(ByteError) {
            try writer.write(bytes)
        } catch {
            throw .bytes(error)
        }
    }

    private static func readBase58(
        _ text: Span<UInt8>,
        network: Network,
        to writer: inout ByteWriter
    ) throws(BitcoinError) {
        var payload = FixedBytes<80>.zero
        var payloadCount = 0
        do throws(CryptoError) {
            var room = payload.mutableSpan
            payloadCount = try Base58Check.decode(text, into: &room)
        } catch {
            throw .notAnAddress
        }
        guard payloadCount == 21 else { throw .notAnAddress }
        switch payload[0] {
        case network.keyHashVersion:
            var script = FixedBytes<25>(repeating: 0x14)
            (script[0], script[1], script[23], script[24]) = (0x76, 0xa9, 0x88, 0xac)
            for index in 0..<20 {
                script[3 + index] = payload[1 + index]
            }
            try put(script.span, to: &writer)
        case network.scriptHashVersion:
            var script = FixedBytes<23>(repeating: 0x14)
            (script[0], script[22]) = (0xa9, 0x87)
            for index in 0..<20 {
                script[2 + index] = payload[1 + index]
            }
            try put(script.span, to: &writer)
        case 0x00, 0x05, 0x6f, 0xc4: throw .addressOfOtherNetwork
        case _: throw .notAnAddress
        }
    }

    private static func readSegwit(
        _ text: Span<UInt8>,
        network: Network,
        to writer: inout ByteWriter
    ) throws(BitcoinError) {
        var program = FixedBytes<40>.zero
        var version: UInt8 = 0
        var count = 0
        do throws(CryptoError) {
            var room = program.mutableSpan
            var programWriter = ByteWriter(&room)
            let prefix = network.prefixBytes
            let prefixCount = network.humanReadablePart.utf8CodeUnitCount
            version = try SegwitAddress.decode(
                text,
                prefix: prefix.span.extracting(0..<prefixCount),
                into: &programWriter
            )
            count = programWriter.count
        } catch {
            throw .notAnAddress
        }
        do throws(ByteError) {
            try writer.writeUInt8(version == 0 ? 0 : 0x50 + version)
            try writer.writeUInt8(UInt8(count))
            try writer.write(program.span.extracting(0..<count))
        } catch {
            throw .bytes(error)
        }
    }
}

extension Network {
    /// The human-readable part in four bytes; the last ones may be unused.
    fileprivate var prefixBytes: FixedBytes<4> {
        var bytes = FixedBytes<4>.zero
        for index in 0..<humanReadablePart.utf8CodeUnitCount {
            bytes[index] = humanReadablePart.byte(at: index)
        }
        return bytes
    }

    /// Whether the text begins like a segwit address of this network, in either case.
    fileprivate func isPrefix(of text: Span<UInt8>) -> Bool {
        let count = humanReadablePart.utf8CodeUnitCount
        guard text.count > count, text[count] == 0x31 else { return false }
        for index in 0..<count where text[index] | 0x20 != humanReadablePart.byte(at: index) {
            return false
        }
        return true
    }
}
