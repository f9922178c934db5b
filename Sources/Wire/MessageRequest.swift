package import Bytes
package import Policy

/// A resolved request of version 2, a message to be signed, as a view over the canonical bytes of
/// protocol.md, section 3.
///
/// It has been checked for form only. There is no transaction in it but the outpoints of a proof
/// of funds: the signer builds both virtual transactions of BIP-322 itself.
package struct MessageRequest: ~Escapable {
    package static let version: UInt8 = 2
    package static let textByteCountMax = 16_384
    package static let inputCountMax = 100

    /// The network's number (protocol.md, section 1), 0 to 4.
    package let network: UInt8
    package let format: MessageFormat
    package let walletID: Bytes32
    /// The address that signs; its wallet is `walletID`.
    package let claim: OwnerClaim
    /// As in `RequestInput`, of the address.
    package let selector: UInt8
    package let leafHash: Bytes32
    /// Of `to_sign`.
    package let transactionVersion: UInt32
    package let lockTime: UInt32
    package let sequence: UInt32
    package let text: Span<UInt8>
    /// The coins of a proof of funds, `inputCount` of them in the form of a payment's inputs.
    package let inputCount: Int
    package let inputBytes: Span<UInt8>

    /// Whether bytes begin as a message's request does.
    package static func isMessage(_ resolved: Span<UInt8>) -> Bool {
        resolved.count > 0 && resolved[0] == version
    }

    /// Reads all of `bytes`, which begin as `isMessage` says.
    @_lifetime(copy bytes)
    package init(checking bytes: Span<UInt8>) throws(RefusalDetail) {
        var reader = ByteReader(bytes)
        do throws(ByteError) {
            let head = try MessageHead(reading: &reader)
            (network, walletID, claim) = (head.network, head.walletID, head.claim)
            (selector, leafHash) = (head.selector, head.leafHash)
            transactionVersion = head.transactionVersion
            (lockTime, sequence) = (head.lockTime, head.sequence)
            text = try reader.readVec32(limit: bytes.count)
            inputCount = Int(try reader.readUInt16())
            let size = RequestInput.byteCount(selector: head.selector)
            inputBytes = try reader.readSpan(min(size * inputCount, reader.remaining))
            let isWhole = inputBytes.count == size * inputCount && reader.remaining == 0
            guard isWhole, let format = head.format else { throw ByteError.nonCanonical }
            self.format = format
        } catch {
            throw RefusalDetail(.malformedRequest, found: reader.position)
        }
        try check()
    }

    private func check() throws(RefusalDetail) {
        try require(network, atMost: 4, else: .wrongNetwork)
        try require(selector, atMost: 1, else: .unsupportedSelector)
        try require(text.count, atMost: Self.textByteCountMax, else: .messageForm, at: 4)
        // A count of none, or of anything where coins are not asked about, would be another form of
        // the same.
        let (least, most) = format == .proofOfFunds ? (1, Self.inputCountMax) : (0, 0)
        guard (least...most).contains(inputCount) else {
            throw RefusalDetail(.messageForm, index: 5, expected: most, found: inputCount)
        }
    }
}

/// The fields before the text.
private struct MessageHead {
    let network: UInt8
    let format: MessageFormat?
    let walletID: Bytes32
    let claim: OwnerClaim
    let selector: UInt8
    let leafHash: Bytes32
    let transactionVersion: UInt32
    let lockTime: UInt32
    let sequence: UInt32

    init(reading reader: inout ByteReader) throws(ByteError) {
        guard try reader.readUInt8() == MessageRequest.version else { throw .nonCanonical }
        network = try reader.readUInt8()
        // No commitment to a nonce: what follows one would be read as something else.
        guard try reader.readUInt8() == 0 else { throw .nonCanonical }
        format = MessageFormat(rawValue: try reader.readUInt8())
        walletID = try reader.readBytes32()
        claim = OwnerClaim(
            ofOnlyWallet: try reader.readUInt8(),
            index: try reader.readUInt32()
        )
        selector = try reader.readUInt8()
        leafHash = selector == 1 ? try reader.readBytes32() : .zero
        transactionVersion = try reader.readUInt32()
        lockTime = try reader.readUInt32()
        sequence = try reader.readUInt32()
    }
}

extension OwnerClaim {
    /// A claim where there is but one wallet.
    fileprivate init(ofOnlyWallet branch: UInt8, index: UInt32) {
        wallet = 0
        self.branch = branch
        self.index = index
    }
}
