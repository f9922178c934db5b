import Bitcoin
import BitcoinCrypto
import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("Anti-exfil")
struct AntiExfilTests {
    static let host = HostNonce(Bytes32(repeating: 0x5A))

    /// The same request with a commitment to a host nonce.
    private static func opened(_ request: TestRequest, _ host: HostNonce = host) -> TestRequest {
        var opened = request
        opened.antiExfil = 1
        opened.commitment = host.commitment.array
        opened.hostNonce = host.bytes.array
        return opened
    }

    private func holds(
        _ signatures: [Bytes64],
        _ openings: [Bytes33],
        _ scheme: SignatureScheme,
        _ host: HostNonce = host
    ) throws -> Bool {
        let curve = try Curve()
        guard signatures.count == openings.count else { return false }
        for (place, signature) in signatures.enumerated() {
            let opening = openings[place]
            let isHeld = curve.verify(signature, of: scheme, opening: opening, host: host)
            guard isHeld else { return false }
        }
        return true
    }

    @Test(
        "Each kind of wallet opens its nonces, and signs with them and what the host contributed",
        arguments: TestTemplate.keyKinds + TestTemplate.scriptKinds
    )
    func kinds(kind: OutputKind) throws {
        var dice = Dice(seed: 40 + UInt64(kind.rawValue))
        let isOneKey = TestTemplate.keyKinds.contains(kind)
        let wallet = isOneKey ? TestTemplate.oneKey(kind) : try TestTemplate.random(kind, &dice)
        let (signer, log) = try wallet.home().ready()
        let scheme: SignatureScheme = wallet.isTaproot ? .schnorr : .ecdsa
        let leaves: [Int?] =
            wallet.isTree ? wallet.ownLeaves + (wallet.isOwn(0) ? [nil] : []) : [nil]
        for leaf in leaves {
            let claims = (0..<3).map { _ in wallet.randomClaim(&dice) }
            var payment = try TemplatePayment(wallet, claims, leaf: leaf)
            let plain = try signer.pay(payment.request, log).signatures[0]
            payment.request = Self.opened(payment.request)
            let assessed = try signer.assess(payment.request)
            let signatures = try signer.pay(payment.request, log).signatures[0]
            #expect(try payment.check(signatures) == assessed.openings.count)
            #expect(try holds(signatures, assessed.openings, scheme))
            #expect(try !holds(plain, assessed.openings, scheme))
            #expect(try !holds(signatures, assessed.openings.reversed(), scheme))
        }
    }

    @Test("Openings are the same over retries and restarts, and are given only where asked for")
    func stable() throws {
        for wallet in [0, 1] {
            let home = try TestHome(.bothWallets)
            let (signer, log) = try home.ready()
            let plain = try TestRequest(signer, wallet: wallet)
            #expect(try signer.assess(plain).openings.isEmpty)
            let request = Self.opened(plain)
            let first = try signer.assess(request)
            #expect(first.openings.count == 2)
            #expect(try signer.assess(request, slot: 9).openings == first.openings)
            let signatures = try signer.pay(request, log).signatures
            #expect(try signer.assess(request).openings == first.openings)
            let index = try #require(log.leaves.firstIndex(of: first.leaf))
            _ = try signer.assess(request, slot: 3)
            let retry = log.retry(request, slot: 3, index: index)
            #expect(try Released(try signer.ask(.release, retry)).signatures == signatures)
            let later = try home.unlockWhileHeld()
            try later.resume(log)
            #expect(try later.assess(request).openings == first.openings)
            // A refused request opens nothing.
            var refused = request
            refused.network = 0
            #expect(try signer.assess(refused).openings.isEmpty)
        }
    }

    @Test("Another host nonce than the one committed to is refused, and changes nothing")
    func mismatch() throws {
        let (signer, log) = try TestHome(.bothWallets).ready()
        var request = Self.opened(try TestRequest(signer))
        let assessed = try signer.assess(request)
        let size = signer.record.logSize
        log.charge(assessed.leaf)
        for wrong in [Bytes32.zero, Bytes32(repeating: 0x5B), Self.host.commitment] {
            request.hostNonce = wrong.array
            let answer = try signer.ask(.release, try log.release([(request, 0)]))
            #expect(answer.name == .antiExfilNonceMismatch)
            #expect(signer.record.allowanceSpent == 0 && signer.record.logSize == size)
        }
        request.hostNonce = Self.host.bytes.array
        let released = try Released(try signer.ask(.release, try log.release([(request, 0)])))
        #expect(try holds(released.signatures[0], assessed.openings, .ecdsa))
        #expect(signer.record.allowanceSpent == 60_000)
    }

    @Test("One commitment has one nonce: another one is another request, with other openings")
    func distinct() throws {
        let (signer, log) = try TestHome(.bothWallets).ready()
        let plain = try TestRequest(signer)
        let other = HostNonce(Bytes32(repeating: 0x77))
        let (one, two) = (Self.opened(plain), Self.opened(plain, other))
        let (first, second) = (try signer.assess(one), try signer.assess(two, slot: 1))
        #expect(first.digest != second.digest)
        let points = Set(first.openings.map { $0.hex })
        #expect(points.isDisjoint(with: second.openings.map { $0.hex }))
        let released = try signer.pay(two, log)
        #expect(try holds(released.signatures[0], second.openings, .ecdsa, other))
        #expect(try !holds(released.signatures[0], first.openings, .ecdsa, other))
    }

    @Test("A release without the host nonce, or with one that was not announced, ends the session")
    func form() throws {
        for isOpened in [true, false] {
            let (signer, log) = try TestHome(.bothWallets).ready()
            let plain = try TestRequest(signer)
            var request = isOpened ? Self.opened(plain) : plain
            log.charge(try signer.assess(request).leaf)
            request.hostNonce = isOpened ? [] : Self.host.bytes.array
            let payload = try log.release([(request, 0)])
            #expect(throws: SignerStop.self) { try signer.ask(.release, payload) }
        }
    }

    @Test("The size counts a byte more for each ECDSA signature, whose R may be high")
    func size() throws {
        let (signer, _) = try TestHome(.bothWallets).ready()
        for (wallet, more) in [(0, 1), (1, 0)] {
            let plain = try TestRequest(signer, wallet: wallet, count: 4)
            func size(_ request: TestRequest) throws -> UInt32? {
                try DecisionLeaf(reading: try signer.assess(request).leaf.span).facts?.vsize
            }
            let before = try #require(try size(plain))
            // Four more bytes of witness are one virtual byte.
            #expect(try size(Self.opened(plain)) == before + UInt32(more))
        }
    }
}
