private import Bitcoin
import BitcoinCrypto
private import Bytes

extension KeyExpressionParser {
    /// The private key that a text is, in WIF or as an extended key; nothing if it is something
    /// else. Where private keys are refused, one is an error before anything of it is kept.
    func secret(
        _ text: Substring,
        curve: borrowing Curve
    ) throws(DescriptorError) -> PrivateKey? {
        let characters = Array(text.utf8)
        var payload = [UInt8](repeating: 0, count: 128)
        do throws(CryptoError) {
            var room = payload.mutableSpan
            let count = try Base58Check.decode(characters.span, into: &room)
            payload.removeLast(payload.count - count)
        } catch {
            return nil
        }
        let isExtended = payload.count == ExtendedKeyFormat.count && payload[45] == 0
        let isWIF = payload.count == 33 || payload.count == 34 && payload[33] == 1
        guard isExtended || isWIF else { return nil }
        guard privateKeys == .accepted else { throw .privateKey }
        return isExtended
            ? try extendedSecret(payload, text, curve: curve) : try wif(payload, text, curve: curve)
    }

    private func extendedSecret(
        _ payload: [UInt8],
        _ text: Substring,
        curve: borrowing Curve
    ) throws(DescriptorError) -> PrivateKey {
        var node = [UInt8](repeating: 0, count: HD.nodeCount)
        do throws(CryptoError) {
            let version = try ExtendedKeyVersion(of: payload.span)
            guard version.isTest == (network != .main) else { throw .wrongPrefix }
            var room = node.mutableSpan
            _ = try ExtendedKeyFormat.readPrivate(payload.span, into: &room, curve: curve)
        } catch {
            if error == .wrongPrefix { throw .otherNetwork }
            throw .notAKey(shortened(String(text)))
        }
        let code = Array(node[32...])
        return PrivateKey(
            text: String(text),
            secret: Array(node[..<32]),
            chainCode: Bytes32(copying: code.span),
            isCompressed: true
        )
    }

    private func wif(
        _ payload: [UInt8],
        _ text: Substring,
        curve: borrowing Curve
    ) throws(DescriptorError) -> PrivateKey {
        let secret = Array(payload[1..<33])
        guard payload[0] == (network == .main ? 0x80 : 0xef) else { throw .otherNetwork }
        guard curve.isSecret(secret.span) else { throw .notAKey(shortened(String(text))) }
        return PrivateKey(
            text: String(text),
            secret: secret,
            chainCode: nil,
            isCompressed: payload.count == 34
        )
    }
}
