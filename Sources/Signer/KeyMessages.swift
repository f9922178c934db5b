import BitcoinCrypto
import Bytes
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
            let derived = try derive(claim, wallet)
            reply.set(.addressReply) { writer throws(ByteError) in
                try writer.writeVec16(derived.script)
            }
        } catch {
            reply.set(error)
        }
    }

    /// Answers `xpub`: `walletID[32]`.
    mutating func setXpub(_ payload: Span<UInt8>, _ reply: inout ReplyBuffer) throws(SignerStop) {
        guard payload.count == 32 else { throw .malformed(.xpub) }
        guard let wallet = home.wallets.wallet(id: Bytes32(copying: payload)) else {
            return reply.set(RefusalDetail(.unknownWallet))
        }
        let account = FixedBytes<78>(copying: home.wallets.account(wallet.place))
        reply.set(.xpubReply) { writer throws(ByteError) in try writer.write(account) }
    }

    private mutating func derive(
        _ claim: OwnerClaim,
        _ wallet: OwnWallet
    ) throws(RefusalDetail) -> DerivedKey {
        do throws(CryptoError) {
            return try home.wallets.keys.derive(claim, wallet, home.curve)
        } catch {
            throw RefusalDetail(.indexOutOfRange, found: UInt64(claim.index))
        }
    }
}
