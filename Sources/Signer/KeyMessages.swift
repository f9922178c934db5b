import BitcoinCrypto
import Bytes
import Policy
import Wire

/// `address` and `xpub`: what the signer says of its public keys.
extension OpenSigner {
    /// Answers `address`: `walletID[32] | u8 branch | u32 index`.
    mutating func setAddress(
        _ payload: Span<UInt8>,
        _ reply: inout ReplyBuffer
    ) throws(SignerStop) {
        var reader = ByteReader(payload)
        let id: Bytes32
        let claim: OwnerClaim
        do throws(ByteError) {
            id = try reader.readBytes32()
            claim = OwnerClaim(
                wallet: 0,
                branch: try reader.readUInt8(),
                index: try reader.readUInt32()
            )
            try reader.finish()
        } catch {
            throw .malformed(.address)
        }
        do throws(RefusalDetail) {
            guard let wallet = home.wallets.wallet(id: id) else {
                throw RefusalDetail(.unknownWallet)
            }
            try RequestCheck.claim(claim, 0, wallet)
            let address = try derive(claim, wallet)
            reply.set(.addressReply) { writer throws(ByteError) in
                try writer.writeVec16(address.script)
            }
        } catch {
            reply.set(error)
        }
    }

    /// Answers `xpub`: `walletID[32] | u8 key`, the place of one of our own.
    mutating func setXpub(_ payload: Span<UInt8>, _ reply: inout ReplyBuffer) throws(SignerStop) {
        guard payload.count == 33 else { throw .malformed(.xpub) }
        let id = Bytes32(copying: payload.extracting(0..<32))
        guard let wallet = home.wallets.wallet(id: id),
            let span = home.wallets.account(wallet, key: Int(payload[32]))
        else { return reply.set(RefusalDetail(.unknownWallet)) }
        let account = FixedBytes<78>(copying: span)
        reply.set(.xpubReply) { writer throws(ByteError) in try writer.write(account) }
    }

    private mutating func derive(
        _ claim: OwnerClaim,
        _ wallet: OwnWallet
    ) throws(RefusalDetail) -> AddressScript {
        let record = home.policy.bundle.wallet(at: wallet.place)
        do throws(CryptoError) {
            return try home.wallets.script(claim, wallet, record, home.curve)
        } catch {
            let isAmbiguous = error == .invalidPublicKey
            let refusal = isAmbiguous ? Refusal.ambiguousAddress : .indexOutOfRange
            throw RefusalDetail(refusal, found: UInt64(claim.index))
        }
    }
}
