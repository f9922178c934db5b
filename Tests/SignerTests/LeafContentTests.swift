import BitcoinCrypto
import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("What stands in a decision leaf")
struct LeafContentTests {
    /// `kind | version | salt | verdict | refusal | digest | bundleHash | network | 0 | tag`.
    private static let bareByteCount = 2 + 16 + 1 + 22 + 32 + 32 + 1 + 1 + 32
    private static let bitsPlace = 2 + 16 + 1 + 22 + 32 + 32 + 1

    /// Every byte of a leaf without facts, but for salt and tag.
    private func expectBare(
        _ answer: Assessed,
        _ refusal: Refusal,
        digest: [UInt8],
        _ home: TestHome,
        _ comment: Comment
    ) {
        #expect(answer.name == refusal, comment)
        let leaf = answer.leaf
        guard leaf.count == Self.bareByteCount else {
            Issue.record("\(comment): \(leaf.count) bytes")
            return
        }
        let bundle = home.bundle.bytes
        let hash = TaggedHash.hash(tag: "portcullis/bundle/1", bundle.span).span.array
        var detail = little(answer.refusal.code) + little(answer.refusal.index)
        detail += little(answer.refusal.expected) + little(answer.refusal.found)
        #expect(Array(leaf[0..<2]) == [2, 1], comment)
        let middle = [LeafVerdict.refuse.rawValue] + detail + digest + hash + [4, 0]
        #expect(Array(leaf[18..<leaf.count - 32]) == middle, comment)
        #expect(answer.digest.span.array == digest, comment)
    }

    private static func digest(_ request: TestRequest) -> [UInt8] {
        let resolved = request.resolved
        return TaggedHash.hash(tag: "portcullis/request/1", resolved.span).span.array
    }

    @Test("Where the resolved part cannot be read the digest is zero, and there are no facts")
    func unreadable() throws {
        let home = try TestHome()
        let (signer, _) = try home.ready()
        let request = try TestRequest(signer)
        let encoded = request.encoded
        let head = Array(request.assessPayload().dropLast(encoded.count))
        let zero = [UInt8](repeating: 0, count: 32)
        let tooLong = little(UInt32(1 << 20 + 1)) + [UInt8](repeating: 0, count: 1 << 20 + 1)
        let oneShort = little(UInt32(request.resolved.count)) + request.resolved.dropLast()
        let cases: [(String, [UInt8], Refusal)] = [
            ("nothing at all", [], .malformedRequest),
            ("half a length", Array(encoded.prefix(3)), .malformedRequest),
            ("a byte too few", oneShort, .malformedRequest),
            ("over 1 MiB", tooLong, .requestTooLarge),
        ]
        for (words, bytes, refusal) in cases {
            let frame = try signer.ask(.assess, head + bytes)
            expectBare(try Assessed(frame.payload), refusal, digest: zero, home, "\(words)")
        }
    }

    @Test("Where it can be read the digest is its own, whatever is wrong with it")
    func readable() throws {
        let home = try TestHome()
        let (signer, _) = try home.ready()
        let good = try TestRequest(signer)
        var version = good
        version.version = 3
        var parent = good
        parent.parents.removeLast()
        var trailing = good
        trailing.trailing = [0]
        let cases: [(TestRequest, Refusal)] = [
            (version, .unsupportedVersion), (parent, .missingParent), (trailing, .trailingBytes),
        ]
        for (request, refusal) in cases {
            let answer = try signer.assess(request)
            expectBare(answer, refusal, digest: Self.digest(request), home, "\(refusal)")
        }
        let early = try signer.assess(good, time: 999)
        expectBare(early, .timeWentBack, digest: Self.digest(good), home, "early")
        // Facts that no leaf has room for are left out as a whole.
        var large = good
        let output = TestRequest.Output(amount: 1, script: TestRequest.foreignScript)
        large.outputs = [TestRequest.Output](repeating: output, count: 1_900)
        let answer = try signer.assess(large)
        expectBare(answer, .leafTooLarge, digest: Self.digest(large), home, "large")
    }

    @Test("A refusal by the policy has the facts, no rule and no charge, whatever limits there are")
    func byPolicy() throws {
        var bundle = SampleBundle.bothWallets
        bundle.rules[0].outflow = 59_999
        bundle.limits = [.init("all"), .init("segwit", scope: 1), .init("rule", scope: 2)]
        let (signer, _) = try TestHome(bundle).ready()
        let request = try TestRequest(signer)
        let refused = try signer.assess(request)
        #expect(refused.refusal.code == 201)
        #expect(refused.leaf[Self.bitsPlace] == 3)
        #expect(Array(refused.leaf.dropLast(32).suffix(3)) == [0, 0, 0])
        #expect(refused.digest.span.array == Self.digest(request))
        let destinations = try DecisionLeaf(reading: refused.leaf.span).destinations.left
        #expect(destinations == 1)
        // The control: one satoshi less, and rule and charges are there.
        bundle.rules[0].outflow = 60_000
        let (other, _) = try TestHome(bundle).ready()
        let allowed = try other.assess(request).leaf
        let leaf = try DecisionLeaf(reading: allowed.span)
        let (rules, charges) = (leaf.rules.left, leaf.charges.left)
        #expect(rules == 1 && charges == 2)
        #expect(allowed.count == refused.leaf.count + (2 + 1 + 10) + 2 * 10)
    }

    @Test("Bit 2 says that every amount was checked against its parent")
    func amountsChecked() throws {
        let (signer, _) = try TestHome(.bothWallets).ready()
        #expect(try signer.assess(try TestRequest(signer)).leaf[Self.bitsPlace] == 3)
        var taproot = try TestRequest(signer, wallet: 1)
        #expect(try signer.assess(taproot).leaf[Self.bitsPlace] == 3)
        taproot.parents.removeLast()
        #expect(try signer.assess(taproot).leaf[Self.bitsPlace] == 1)
        taproot.parents.removeLast()
        let none = try signer.assess(taproot)
        #expect(none.verdict == .allow && none.leaf[Self.bitsPlace] == 1)
        // What one request was given does not vouch for the next.
        let (again, _) = try TestHome(.bothWallets).ready()
        #expect(try again.assess(taproot).leaf[Self.bitsPlace] == 1)
    }
}
