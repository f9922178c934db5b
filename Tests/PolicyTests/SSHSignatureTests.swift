import BitcoinCrypto
import Policy
import TestSupport
import Testing

@Suite("Signatures of ssh-keygen", .enabled(if: SSHKeygen.present, SSHKeygen.reason))
struct SSHSignatureTests {
    static let message = Array("portcullis refill\nallowance 5 sat\n".utf8)

    init() throws {
        try BitcoinCrypto.initialize()
    }

    private func fault(
        _ blob: [UInt8],
        message: [UInt8] = Self.message,
        key: [UInt8]
    ) -> SSHSignatureError? {
        do throws(SSHSignatureError) {
            try SSHSignature.verify(
                blob: blob.span,
                message: message.span,
                namespace: "portcullis-admin",
                key: key.span
            )
            return nil
        } catch {
            return error
        }
    }

    @Test("A good signature counts, with either hash", arguments: ["sha512", "sha256"])
    func good(hash: String) throws {
        let tool = try SSHKeygen()
        let key = try tool.makeKey("alice")
        for message in [Self.message, [], [UInt8](repeating: 0xFF, count: 100_000)] {
            let blob = try tool.sign(
                message,
                key: "alice",
                namespace: "portcullis-admin",
                hash: hash
            )
            #expect(fault(blob, message: message, key: key) == nil)
            let named = try SSHSignature.publicKey(in: blob.span).array
            #expect(named == key)
        }
    }

    @Test("Another namespace, message or key is refused by name")
    func wrong() throws {
        let tool = try SSHKeygen()
        let key = try tool.makeKey("alice")
        let other = try tool.makeKey("bob")
        let blob = try tool.sign(Self.message, key: "alice", namespace: "portcullis-admin")
        #expect(fault(blob, key: key) == nil)
        #expect(fault(blob, key: other) == .wrongKey)
        #expect(fault(blob, key: Array(key.dropLast())) == .wrongKey)
        #expect(fault(blob, message: Self.message + [10], key: key) == .wrongSignature)
        #expect(fault(blob, message: [], key: key) == .wrongSignature)
        for namespace in ["file", "portcullis-admi", "portcullis-admins", "Portcullis-admin"] {
            let foreign = try tool.sign(Self.message, key: "alice", namespace: namespace)
            #expect(fault(foreign, key: key) == .wrongNamespace)
        }
    }

    @Test("Keys of other kinds do not count")
    func kinds() throws {
        let tool = try SSHKeygen()
        let ecdsa = try tool.makeKey("carol", type: "ecdsa")
        let blob = try tool.sign(Self.message, key: "carol", namespace: "portcullis-admin")
        #expect(fault(blob, key: ecdsa) == .keyNotEd25519)
        let isEd25519 = SSHPublicKey.isEd25519(ecdsa.span)
        #expect(!isEd25519)
    }

    @Test("A blob cut anywhere or with a byte more is refused")
    func lengths() throws {
        let tool = try SSHKeygen()
        let key = try tool.makeKey("alice")
        let blob = try tool.sign(Self.message, key: "alice", namespace: "portcullis-admin")
        for count in 0..<blob.count {
            #expect(fault(Array(blob.prefix(count)), key: key) != nil, "\(count) bytes")
        }
        #expect(fault([], key: key) == .truncated(needed: 6, left: 0))
        #expect(fault(blob + [0], key: key) == .trailing(count: 1))
    }

    @Test("Every bit of a blob matters")
    func mutations() throws {
        let tool = try SSHKeygen()
        let key = try tool.makeKey("alice")
        let blob = try tool.sign(Self.message, key: "alice", namespace: "portcullis-admin")
        for index in blob.indices {
            for bit in 0..<8 {
                var bytes = blob
                bytes[index] ^= 1 << UInt8(bit)
                #expect(fault(bytes, key: key) != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test("Magic, version, reserved, hash and kind of signature are each refused by name")
    func fields() throws {
        let tool = try SSHKeygen()
        let key = try tool.makeKey("alice")
        let blob = try tool.sign(Self.message, key: "alice", namespace: "portcullis-admin")
        func spoiled(_ change: (inout [UInt8]) -> Void) -> SSHSignatureError? {
            var bytes = blob
            change(&bytes)
            return fault(bytes, key: key)
        }
        // 6 magic, 4 version, 4 + 51 key, 4 + 16 namespace, 4 reserved, 4 + 6 hash, 4 + 83.
        #expect(blob.count == 186)
        #expect(spoiled { $0[0] = 0 } == .wrongMagic)
        #expect(spoiled { $0[9] = 2 } == .unknownVersion(2))
        #expect(spoiled { $0[17] = 0 } == .keyNotEd25519)
        #expect(
            spoiled {
                $0.insert(0, at: 89); $0[88] = 1
            } == .reservedNotEmpty(count: 1)
        )
        #expect(spoiled { $0[98] = 0x33 } == .unknownHash)
        #expect(spoiled { $0[107] = 0 } == .signatureNotEd25519)
        #expect(spoiled { $0[185] ^= 0x80 } == .wrongSignature)
    }
}
