import BitcoinCrypto
import Bytes
import Foundation
import Signer
import TestSupport
import Testing
import Wire

/// Not a test of a limit: it prints how signing stands against the curve operations alone. Run it
/// in release mode, with PORTCULLIS_SPEED set.
@Suite(
    "Speed",
    .enabled(
        if: ProcessInfo.processInfo.environment["PORTCULLIS_SPEED"] != nil,
        "PORTCULLIS_SPEED is not set"
    )
)
struct SpeedTests {
    @Test("1,000 wpkh inputs at distinct indexes, assessed and released")
    func thousandInputs() throws {
        let (signer, log) = try TestHome().ready()
        var request = try TestRequest(signer, count: 1)
        request.outputs = [.init(amount: 900_000, script: TestRequest.foreignScript)]
        var best = Double.infinity
        for round in 0..<UInt32(5) {
            // Each round has indexes of its own, so that nothing is remembered of another.
            let first = 100_000 * (round + 1)
            let parent = TestRequest.parent(
                salt: [UInt8(round)],
                outputs: try (0..<UInt32(1_000)).map {
                    (1_000, try Self.script(first + $0))
                }
            )
            request.parents = [parent]
            let txid = SHA256Double.hash(parent)
            request.inputs = (0..<UInt32(1_000)).map {
                .init(txid: txid, vout: $0, amount: 1_000, index: first + $0, sighash: 1)
            }
            let started = ContinuousClock.now
            _ = try signer.pay(request, log)
            best = min(best, Self.seconds(since: started))
        }
        let bare = try Self.bare()
        print("speed: 1,000 inputs \(best) s, bare \(bare) s, ratio \(best / bare)")
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        let (whole, rest) = (ContinuousClock.now - start).components
        return Double(whole) + Double(rest) / 1e18
    }

    /// The account's receive branch, derived here.
    private static func branch(_ curve: borrowing Curve) throws -> [UInt8] {
        var seed = [UInt8](repeating: 0, count: 64)
        var seedSpan = seed.mutableSpan
        let words = Array(TestHome.mnemonic.utf8)
        let nothing: [UInt8] = []
        try Mnemonic.seed(sentence: words.span, passphrase: nothing.span, into: &seedSpan)
        var node = [UInt8](repeating: 0, count: 64)
        var scratch = node
        var nodeSpan = node.mutableSpan
        var scratchSpan = scratch.mutableSpan
        try HD.master(seed: seedSpan.span, into: &nodeSpan, curve: curve)
        for step in [0x8000_0054, 0x8000_0001, 0x8000_0000, 0] as [UInt32] {
            try HD.descend(&nodeSpan, index: step, scratch: &scratchSpan, curve: curve)
        }
        return node
    }

    private static func script(_ index: UInt32) throws -> [UInt8] {
        let curve = try Curve()
        let node = try branch(curve)
        var child = [UInt8](repeating: 0, count: 64)
        var span = child.mutableSpan
        try HD.deriveChild(
            of: node.span,
            parentPublicKey: nil,
            index: index,
            into: &span,
            curve: curve
        )
        let key = try curve.publicKey(ofSecret: span.span.extracting(0..<32))
        return [0x00, 0x14] + hash160(key.span).span.array
    }

    /// Derive the key, sign with a low R, verify: what no signer of 1,000 inputs can do without.
    private static func bare() throws -> Double {
        let curve = try Curve()
        let node = try branch(curve)
        let parentKey = try curve.publicKey(ofSecret: node.span.extracting(0..<32))
        var best = Double.infinity
        for _ in 0..<5 {
            let started = ContinuousClock.now
            for index in 0..<UInt32(1_000) {
                var child = [UInt8](repeating: 0, count: 64)
                var span = child.mutableSpan
                try HD.deriveChild(
                    of: node.span,
                    parentPublicKey: parentKey,
                    index: index,
                    into: &span,
                    curve: curve
                )
                var digest = Bytes32(repeating: 1)
                digest[0] = UInt8(index & 0xFF)
                digest[1] = UInt8(index >> 8)
                _ = try curve.signECDSA(digest: digest, secret: span.span.extracting(0..<32))
            }
            best = min(best, seconds(since: started))
        }
        return best
    }
}
