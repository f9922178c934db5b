import BitcoinCrypto
import Bytes
import SecretMemory
import Transparency
import Wire

/// The log as far as the signer vouches for it.
struct LogHead: Sendable {
    let number: UInt32
    private let origin: LogOrigin
    private(set) var range = CompactRange()
    private(set) var root: Bytes32

    /// The head that a record remembers; its frontier comes with `resume`.
    init(number: UInt32, origin: LogOrigin, root: Bytes32) {
        self.number = number
        self.origin = origin
        self.root = root
    }

    /// Takes a frontier that gives the root which is remembered.
    mutating func resume(_ range: CompactRange) throws(RefusalDetail) {
        guard range.root == root else { throw RefusalDetail(.frontierMismatch) }
        self.range = range
    }

    /// Appends leaves by their hashes, 32 bytes each.
    mutating func append(_ leafHashes: Span<UInt8>) {
        for place in 0..<leafHashes.count / 32 {
            range.append(leafHash: Self.hash(place, leafHashes))
        }
        root = range.root
    }

    /// One hash of a list of them.
    static func hash(_ place: Int, _ hashes: Span<UInt8>) -> Bytes32 {
        Bytes32(copying: hashes.extracting(32 * place..<32 * place + 32))
    }

    /// Signs the checkpoint. The record that says the same must be durable before.
    func sign(_ secrets: borrowing HomeSecrets) -> SignedHead {
        let signature = Ed25519.sign(
            message: text(size: range.size, root: root).bytes,
            secretKey: secrets.auditKey.bytes
        )
        wipeStack()
        return SignedHead(size: range.size, root: root, signature: signature)
    }

    /// Whether a checkpoint was signed with the audit key of this log.
    func isSigned(_ head: SignedHead, _ auditPublicKey: Bytes32) -> Bool {
        guard head.size <= CompactRange.sizeMax else { return false }
        return Ed25519.verify(
            signature: head.signature,
            message: text(size: head.size, root: head.root).bytes,
            publicKey: auditPublicKey
        )
    }

    private func text(size: UInt64, root: Bytes32) -> CheckpointText {
        do throws(TransparencyError) {
            return try CheckpointText(origin: origin.bytes, size: size, root: root)
        } catch {
            preconditionFailure("our origin is short, and the size was checked")
        }
    }
}
