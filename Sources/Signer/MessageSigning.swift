import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// Messages on their way through assess and release.
extension OpenSigner {
    /// Verifies a message and asks the policy.
    mutating func decideMessage(
        _ resolved: Span<UInt8>,
        _ digest: Bytes32,
        _ inquiry: Inquiry,
        _ toSign: inout MessageTransaction
    ) throws(Fault) -> Decision {
        let message: MessageRequest
        do throws(RefusalDetail) {
            message = try MessageRequest(checking: resolved)
        } catch {
            throw .refused(error)
        }
        let verified = try Fault.refusing(verify(message, &toSign))
        // Nothing can move, so there is nothing that a parent would prove.
        let count = try Fault.stopping(gate.takeNumber(byteCount: 2))
        guard let count else { throw .refused(RefusalDetail(.malformedRequest)) }
        try Fault.refusing(require(count == 0, else: .unusedParent))
        try Fault.refusing(require(gate.left, equals: 0, else: .trailingBytes))
        return Decision.evaluate(message, verified, digest: digest, inquiry, home, &leaf)
    }

    private mutating func verify(
        _ message: borrowing MessageRequest,
        _ toSign: inout MessageTransaction
    ) throws(RefusalDetail) -> VerifiedMessage {
        let wallet = try MessageCheck.wallet(of: message, network: record.network, home.wallets)
        try MessageCheck.form(message, wallet)
        let address = try load(message, wallet, &toSign)
        let request = try ResolvedRequest(checking: toSign.bytes)
        try MessageCheck.inputs(request, wallet, home.wallets.keys)
        try order.load(request)
        let totals = try RequestTotals(request)
        let bundleRecord = home.policy.bundle.wallet(at: wallet.place)
        try RequestCheck.work(request, bundleRecord)
        try scripts.load(request, totals, wallet, bundleRecord, &home.wallets, home.curve)
        var coins = SHA256()
        for place in 1..<request.inputCount {
            VerifiedRequest.add(request.input(at: place), to: &coins)
        }
        let isLegacy = message.format == .legacy
        return VerifiedMessage(
            wallet: wallet,
            address: address,
            anchor: isLegacy
                ? SignedMessage.legacyDigest(message.text) : request.input(at: 0).txid,
            inputsDigest: coins.finalize(),
            inputAmount: totals.inputTotal
        )
    }

    /// Lays out `to_sign` for the address that a message's claim leads to.
    private mutating func load(
        _ message: borrowing MessageRequest,
        _ wallet: OwnWallet,
        _ toSign: inout MessageTransaction
    ) throws(RefusalDetail) -> AddressScript {
        let bundleRecord = home.policy.bundle.wallet(at: wallet.place)
        do throws(CryptoError) {
            let address = try home.wallets.script(message.claim, wallet, bundleRecord, home.curve)
            let toSpend = SignedMessage.toSpend(message.text, script: address.script)
            toSign.load(message, spending: toSpend, wallet)
            return address
        } catch {
            // One index in 2^127 has no key.
            throw RefusalDetail(error == .invalidPublicKey ? .ambiguousAddress : .foreignInput)
        }
    }

    /// Signs a message that was assessed and logged: writes `signature[64]*n` into `room`, and
    /// gives n.
    @_lifetime(room: copy room)
    mutating func signMessage(
        _ resolved: Span<UInt8>,
        _ toSign: inout MessageTransaction,
        into room: inout MutableSpan<UInt8>
    ) throws(SignerStop) -> Int {
        do throws(RefusalDetail) {
            let message = try MessageRequest(checking: resolved)
            let verified = try verify(message, &toSign)
            let request = try ResolvedRequest(checking: toSign.bytes)
            guard message.format != .legacy else {
                try signLegacy(verified, request, into: &room)
                return 1
            }
            let transaction = VerifiedRequest(
                request,
                verified.wallet,
                try RequestTotals(request),
                scripts
            )
            do throws(CryptoError) {
                try RequestSigner.make(.sign, request, transaction, scripts, &home, into: &room)
            } catch {
                throw RefusalDetail(.nothingToSign)
            }
            return scripts.signatureCount
        } catch {
            // It was read and verified before: memory is not to be trusted.
            throw .curve(.signingFailed)
        }
    }

    /// Signs in the legacy format, by the one key of an address.
    @_lifetime(room: copy room)
    private mutating func signLegacy(
        _ verified: VerifiedMessage,
        _ request: borrowing ResolvedRequest,
        into room: inout MutableSpan<UInt8>
    ) throws(RefusalDetail) {
        let input = request.input(at: 0)
        let bundleRecord = home.policy.bundle.wallet(at: verified.wallet.place)
        do throws(CryptoError) {
            try home.wallets.keys.derive(input.claim, verified.wallet, bundleRecord, home.curve)
            let signer = KeySigner(verified.wallet, input, place: 0, home.wallets.keys)
            guard let signer else { preconditionFailure("a wallet of one key is ours") }
            let signature = try signer.sign(verified.anchor, nil, &home.secrets, home.curve)
            room.store(signature.span, at: 0)
        } catch {
            throw RefusalDetail(.nothingToSign)
        }
    }
}
