import BitcoinCrypto
import Bytes
import TestSupport
import Testing

@Suite("Sign to contract")
struct SignToContractTests {
    /// Key, message and openings of libsecp256k1-zkp's tests of ecdsa_s2c: for a host nonce, and
    /// for the same bytes as a commitment.
    static let zkp: [(data: String, opening: String, committed: String)] = [
        (
            "1bf6fb42f41eb876c4d7aa0d67242b00baab99dc2084493e4e63277fa1f77f22",
            "03f030def3188c0f56fcea87435b307643f45dafe22cbc82fd56034fae97417d3a",
            "02df63755d1f3292bffed82986b106497c93b1f8bdc0454b6b0b0a4779c0ef7188"
        ),
        (
            "35199a8fbf84ad6ef69a184c1b19285befbe06e60b6264e6d373893f6855e24a",
            "03901717ce7c7484a2ce1b7dc7403b14e0354971393ec092a7f3e0c8e4e2d2639d",
            "02c04ac7f771e8ebdbf315ff5e58b7fe9516102103500066172c4fac5b20f9e0ea"
        ),
    ]

    private static let secret = [UInt8](repeating: 0x55, count: 32)
    private static let digest = Bytes32(repeating: 0x88)

    private func opening(
        _ scheme: SignatureScheme,
        _ commitment: Bytes32,
        secret: [UInt8] = secret,
        digest: Bytes32 = digest
    ) throws -> Bytes33 {
        var room = secret + [UInt8](repeating: 9, count: 32)
        var span = room.mutableSpan
        let curve = try Curve()
        let found = try curve.openNonce(
            scheme,
            digest: digest,
            commitment: commitment,
            room: &span
        )
        #expect(room == secret + [UInt8](repeating: 0, count: 32), "the nonce is wiped")
        return found
    }

    private func sign(
        _ scheme: SignatureScheme,
        _ host: HostNonce,
        secret: [UInt8] = secret,
        digest: Bytes32 = digest
    ) throws -> Bytes64 {
        let curve = try Curve()
        let key = try curve.publicKey(ofSecret: secret.span)
        var room = secret + [UInt8](repeating: 9, count: 32)
        var span = room.mutableSpan
        let found = try curve.sign(scheme, digest: digest, key: key, host: host, room: &span)
        #expect(room == secret + [UInt8](repeating: 0, count: 32), "the nonce is wiped")
        return found
    }

    private func isValid(_ signature: Bytes64, _ scheme: SignatureScheme) throws -> Bool {
        let curve = try Curve()
        let key = try curve.publicKey(ofSecret: Self.secret.span)
        let digest = Self.digest
        return scheme == .ecdsa
            ? curve.verifyECDSA(signature: signature, digest: digest, publicKey: key.span)
            : curve.verifySchnorr(signature: signature, digest: digest, publicKey: key.xOnly)
    }

    @Test("The openings of libsecp256k1-zkp are met, of a host nonce and of a commitment")
    func vectors() throws {
        for one in Self.zkp {
            let bytes = [UInt8](hex: one.data)
            let data = Bytes32(copying: bytes.span)
            #expect(try opening(.ecdsa, HostNonce(data).commitment).hex == one.opening)
            #expect(try opening(.ecdsa, data).hex == one.committed)
        }
    }

    @Test(
        "A signature holds the host nonce, and no other",
        arguments: [SignatureScheme.ecdsa, .schnorr]
    )
    func holds(scheme: SignatureScheme) throws {
        var dice = Dice(seed: 5)
        let curve = try Curve()
        for _ in 0..<20 {
            let bytes = (0..<32).map { _ in UInt8(dice.below(256)) }
            let host = HostNonce(Bytes32(copying: bytes.span))
            let point = try opening(scheme, host.commitment)
            let signature = try sign(scheme, host)
            #expect(try isValid(signature, scheme))
            #expect(try sign(scheme, host) == signature)
            func holds(_ signature: Bytes64, _ point: Bytes33, _ host: HostNonce) -> Bool {
                curve.verify(signature, of: scheme, opening: point, host: host)
            }
            let other = HostNonce(host.commitment)
            let otherPoint = try opening(scheme, other.commitment)
            let verdicts = [
                holds(signature, point, host), holds(signature, point, other),
                holds(signature, otherPoint, host),
            ]
            #expect(verdicts == [true, false, false])
            let otherScheme: SignatureScheme = scheme == .ecdsa ? .schnorr : .ecdsa
            let isOther = curve.verify(signature, of: otherScheme, opening: point, host: host)
            #expect(!isOther)
            for place in 0..<32 {
                var spoiled = signature
                spoiled[place] ^= 1 << UInt8(dice.below(8))
                let isHeld = holds(spoiled, point, host)
                #expect(!isHeld)
            }
            // The half that is not the nonce says nothing of it.
            var half = signature
            half[40] ^= 1
            let isHalfHeld = holds(half, point, host)
            #expect(isHalfHeld)
            #expect(try !isValid(half, scheme))
        }
    }

    @Test("Ordinary signatures, and points that are none, do not pass for it")
    func twisted() throws {
        let curve = try Curve()
        let host = HostNonce(Bytes32(repeating: 7))
        let key = try curve.publicKey(ofSecret: Self.secret.span)
        let plain = try curve.signECDSA(
            digest: Self.digest,
            secret: Self.secret.span,
            publicKey: key
        )
        let point = try opening(.ecdsa, host.commitment)
        let isPlainHeld = curve.verify(plain, of: .ecdsa, opening: point, host: host)
        #expect(!isPlainHeld)
        let schnorr = try curve.signTapscript(
            digest: Self.digest,
            secret: Self.secret.span,
            publicKey: key
        )
        let other = try opening(.schnorr, host.commitment)
        let isSchnorrHeld = curve.verify(schnorr, of: .schnorr, opening: other, host: host)
        #expect(!isSchnorrHeld)
        for first in [UInt8(0), 1, 4, 5] {
            var none = point
            none[0] = first
            let signature = try sign(.ecdsa, host)
            let isHeld = curve.verify(signature, of: .ecdsa, opening: none, host: host)
            #expect(!isHeld)
        }
    }

    @Test("No two of scheme, digest, key and commitment start from one nonce")
    func distinct() throws {
        var seen: Set<String> = []
        var count = 0
        for scheme in [SignatureScheme.ecdsa, .schnorr] {
            for digest in [Bytes32(repeating: 1), Bytes32(repeating: 2)] {
                for secret in [UInt8(3), 4].map({ [UInt8](repeating: $0, count: 32) }) {
                    for commitment in [Bytes32.zero, Bytes32(repeating: 6)] {
                        let found = try opening(scheme, commitment, secret: secret, digest: digest)
                        seen.insert(found.hex)
                        count += 1
                    }
                }
            }
        }
        #expect(seen.count == count && count == 16)
    }

    @Test("A key that is not the secret's signs nothing")
    func foreignKey() throws {
        let curve = try Curve()
        let other = [UInt8](repeating: 0x56, count: 32)
        let key = try curve.publicKey(ofSecret: other.span)
        for scheme in [SignatureScheme.ecdsa, .schnorr] {
            var room = Self.secret + [UInt8](repeating: 0, count: 32)
            var span = room.mutableSpan
            do throws(CryptoError) {
                _ = try curve.sign(
                    scheme,
                    digest: Self.digest,
                    key: key,
                    host: HostNonce(.zero),
                    room: &span
                )
                Issue.record("signed")
            } catch {
                #expect(error == .signingFailed)
            }
        }
    }
}
