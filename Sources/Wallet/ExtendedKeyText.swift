package import Bitcoin
package import BitcoinCrypto
private import Bytes

/// Extended public keys as text: `xpub…` on main, `tpub…` elsewhere (BIP-32).
package enum ExtendedKeyText {
    package static func read(
        _ text: Substring,
        network: Network,
        curve: borrowing Curve
    ) throws(DescriptorError) -> ExtendedPublicKey {
        let characters = Array(text.utf8)
        var payload = [UInt8](repeating: 0, count: ExtendedKeyFormat.count + 4)
        do throws(CryptoError) {
            var room = payload.mutableSpan
            let count = try Base58Check.decode(characters.span, into: &room)
            let bytes = payload.span.extracting(0..<count)
            let version = try ExtendedKeyVersion(of: bytes)
            if version.isPrivate { throw CryptoError.invalidSecretKey }
            guard version.isTest == (network != .main) else { throw CryptoError.wrongPrefix }
            return try ExtendedKeyFormat.readPublic(bytes, curve: curve)
        } catch {
            if error == .invalidSecretKey { throw .privateKey }
            if error == .wrongPrefix { throw .otherNetwork }
            throw .notAnExtendedKey(String(text))
        }
    }

    package static func write(_ key: ExtendedPublicKey, network: Network) -> String {
        write(key, version: network.extendedPublicKeyVersion)
    }

    /// With other version bytes, by which Electrum tells what the key is for (SLIP-132).
    package static func write(_ key: ExtendedPublicKey, version: UInt32) -> String {
        var payload = [UInt8](repeating: 0, count: ExtendedKeyFormat.count)
        var room = payload.mutableSpan
        ExtendedKeyFormat.write(key, version: version, into: &room)
        var text = [UInt8](repeating: 0, count: Base58.textCountMax(ExtendedKeyFormat.count + 4))
        var textRoom = text.mutableSpan
        do throws(CryptoError) {
            let count = try Base58Check.encode(payload.span, into: &textRoom)
            return String(decoding: text[..<count], as: UTF8.self)
        } catch {
            preconditionFailure("the room was measured")
        }
    }
}
