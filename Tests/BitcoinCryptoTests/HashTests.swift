import BitcoinCrypto
import Bytes
import TestSupport
import Testing

/// Known answers of FIPS 180-4 (its examples and the empty message), the paper of RIPEMD-160 and
/// RFC 4231.
@Suite("Hashes")
struct HashTests {
    static let million = String(repeating: "a", count: 1_000_000)
    static let alphabets = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    static let twoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

    @Test(
        "SHA-256 gives the published digests",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (twoBlocks, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
            (million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ]
    )
    func sha256(message: String, digest: String) {
        let bytes = [UInt8](text: message)
        #expect(SHA256.hash(bytes.span).hex == digest)
        #expect(SHA256.doubleHash(bytes.span).hex == SHA256.hash([UInt8](hex: digest).span).hex)
    }

    @Test(
        "SHA-512 gives the published digests",
        arguments: [
            (
                "",
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                    + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
            ),
            (
                "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ]
    )
    func sha512(message: String, digest: String) {
        #expect(SHA512.hash([UInt8](text: message).span).hex == digest)
    }

    @Test(
        "RIPEMD-160 gives the published digests",
        arguments: [
            ("", "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
            ("a", "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe"),
            ("abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
            ("message digest", "5d0689ef49d2fae572b881b123a85ffa21595f36"),
            ("abcdefghijklmnopqrstuvwxyz", "f71c27109c692c1b56bbdceb5b9d2865b3708dbc"),
            (twoBlocks, "12a053384a9c0c88e405a06c27dcf49ada62eb2b"),
            (alphabets, "b0e20b6e3116640286ed3a87a5713079b21f5189"),
            (
                String(repeating: "1234567890", count: 8),
                "9b752e45573d4b39f4dbd3323cab82bf63326bfb"
            ),
            (million, "52783243c1697bdbe16d37f97f68f08325dc1528"),
        ]
    )
    func ripemd160(message: String, digest: String) {
        #expect(RIPEMD160.hash([UInt8](text: message).span).hex == digest)
    }

    @Test("A message fed in any two pieces has the digest of the whole", arguments: 0...130)
    func pieces(cut: Int) {
        let bytes = [UInt8]((0..<130).map { UInt8($0) })
        var hasher = SHA256()
        hasher.update(bytes.span.extracting(0..<cut))
        hasher.update(bytes.span.extracting(cut...))
        #expect(hasher.finalize() == SHA256.hash(bytes.span))
    }

    @Test("A hasher is as new after its digest, and a copy goes its own way")
    func reuse() {
        var hasher = SHA256()
        hasher.update("ab")
        var copy = hasher
        hasher.update("c")
        let digest = hasher.finalize()
        #expect(digest == SHA256.hash([UInt8](text: "abc").span))
        hasher.update("abc")
        #expect(hasher.finalize() == digest)
        copy.update("d")
        #expect(copy.finalize() == SHA256.hash([UInt8](text: "abd").span))
    }

    @Test("A tagged hash is the hash of the tag's hash twice and the message")
    func tagged() {
        let message = [UInt8](text: "message")
        let tag = SHA256.hash([UInt8](text: "portcullis/test/1").span).array
        let expected = SHA256.hash((tag + tag + message).span)
        #expect(TaggedHash.hash(tag: "portcullis/test/1", message.span) == expected)
        var prepared = TaggedHash("portcullis/test/1")
        prepared.update(message.span)
        #expect(prepared.finalize() == expected)
    }

    @Test("hash160 is RIPEMD-160 of SHA-256: the key of BIP-173's examples")
    func shortHash() {
        let key = [UInt8](
            hex: "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        )
        #expect(hash160(key.span).hex == "751e76e8199196d454941c45d1b3a323f1433bd6")
    }

    @Test("Equality in constant time is equality")
    func constantTime() {
        let bytes: [UInt8] = [1, 2, 3]
        let other: [UInt8] = [1, 2, 4]
        let empty: [UInt8] = []
        let results = [
            constantTimeEqual(bytes.span, bytes.span),
            constantTimeEqual(empty.span, empty.span),
            !constantTimeEqual(bytes.span, other.span),
            !constantTimeEqual(bytes.span, bytes.span.extracting(0..<2)),
        ]
        #expect(results == [true, true, true, true])
    }

    @Test("Wiped bytes are zero")
    func wiping() {
        var bytes = [UInt8](repeating: 7, count: 100)
        var span = bytes.mutableSpan
        wipe(&span)
        #expect(bytes == [UInt8](repeating: 0, count: 100))
    }
}
