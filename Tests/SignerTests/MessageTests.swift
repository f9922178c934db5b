import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Signer
import TestSupport
import Testing
import Wire

@Suite("Messages are signed as BIP-322 and the legacy format have it")
struct MessageTests {
    /// A wallet's payment whose transaction is `to_sign`.
    private static func payment(
        _ wallet: TestTemplate,
        _ message: TestMessage,
        leaf: Int? = nil
    ) throws -> TemplatePayment {
        let claims =
            [(message.branch, message.index)] + message.inputs.map { ($0.branch, $0.index) }
        var payment = try TemplatePayment(wallet, claims, leaf: leaf)
        let script = try wallet.script(message.branch, message.index)
        payment.request = message.toSign(script, isTaproot: wallet.isTaproot)
        return payment
    }

    /// Signs a message, with one coin and without, and holds every signature against its key.
    private static func check(
        _ signer: TestSigner,
        _ log: TestLog,
        _ wallet: TestTemplate,
        _ claim: (UInt8, UInt32),
        leaf: Int? = nil
    ) throws -> Int {
        var message = TestMessage(wallet.id, "log in\nas \(claim)")
        (message.branch, message.index) = claim
        if let leaf { message.leafHash = wallet.leafHash(leaf, try wallet.keys(claim.0, claim.1)) }
        if !wallet.kind.isOfOneKey {
            (message.transactionVersion, message.lockTime, message.sequence) = (2, 1_700_000_000, 5)
        }
        let released = try signer.sign(message, log)
        var count = try payment(wallet, message, leaf: leaf).check(released.signatures[0])
        message.format = 2
        message.inputs = [
            TestRequest.Input(
                txid: [UInt8](repeating: 7, count: 32),
                vout: 3,
                amount: 5_000,
                branch: claim.0,
                index: claim.1,
                sighash: wallet.isTaproot ? UInt8(claim.1 % 2) : 1,
                selector: leaf == nil ? 0 : 1,
                leafHash: message.leafHash
            )
        ]
        let proven = try signer.sign(message, log)
        count += try payment(wallet, message, leaf: leaf).check(proven.signatures[0])
        // The control: a signature of another text does not pass as one of this.
        message.text[0] ^= 1
        let other = try payment(wallet, message, leaf: leaf)
        #expect(try !other.verdicts(proven.signatures[0]).contains(true))
        return count
    }

    @Test("Every kind of one key", arguments: TestTemplate.keyKinds)
    func oneKey(kind: OutputKind) throws {
        let wallet = TestTemplate.oneKey(kind)
        let (signer, log) = try TestMessage.home([wallet]).ready()
        #expect(try Self.check(signer, log, wallet, (0, 0)) == 3)
        #expect(try Self.check(signer, log, wallet, (1, 999)) == 3)
        #expect(signer.record.allowanceSpent == 0)
    }

    @Test("Random wallets of scripts and trees", arguments: TestTemplate.scriptKinds, 0..<3)
    func random(kind: OutputKind, seed: Int) throws {
        var dice = Dice(seed: UInt64(seed) * 8 + UInt64(kind.rawValue))
        var wallets: [TestTemplate] = []
        for _ in 0..<4 { wallets.append(try TestTemplate.random(kind, &dice)) }
        let (signer, log) = try TestMessage.home(wallets).ready()
        var signatures = 0
        for wallet in wallets {
            let claim = wallet.randomClaim(&dice)
            if !wallet.isTree || wallet.isOwn(0) {
                signatures += try Self.check(signer, log, wallet, claim)
            }
            for leaf in wallet.ownLeaves.prefix(2) where wallet.isTree {
                signatures += try Self.check(signer, log, wallet, claim, leaf: leaf)
            }
        }
        #expect(signatures > 10, "\(signatures)")
    }

    @Test("The legacy format signs the prefixed text", arguments: TestTemplate.keyKinds)
    func legacy(kind: OutputKind) throws {
        let wallet = TestTemplate.oneKey(kind)
        let (signer, log) = try TestMessage.home([wallet]).ready()
        var message = TestMessage(wallet.id, "log in")
        (message.format, message.index) = (3, 7)
        guard kind != .p2tr else {
            let answer = try signer.assess(message.request)
            #expect(answer.name == .messageFormat)
            return
        }
        let signature = try signer.sign(message, log).signatures[0]
        #expect(signature.count == 1)
        let bytes = [0x18] + Array("Bitcoin Signed Message:\n".utf8) + [6] + message.text
        let (digest, key) = (SHA256.doubleHash(bytes.span), try wallet.keys(0, 7)[0])
        let curve = try Curve()
        let isGood = curve.verifyECDSA(
            signature: signature[0],
            digest: digest,
            publicKey: key.span
        )
        #expect(isGood)
        let other = try wallet.keys(0, 8)[0]
        let isOther = curve.verifyECDSA(
            signature: signature[0],
            digest: digest,
            publicKey: other.span
        )
        #expect(!isOther)
    }

    @Test("Scripts and trees have no legacy format", arguments: TestTemplate.scriptKinds)
    func noLegacy(kind: OutputKind) throws {
        var dice = Dice(seed: UInt64(kind.rawValue))
        let wallet = try TestTemplate.random(kind, &dice)
        let (signer, _) = try TestMessage.home([wallet]).ready()
        var message = TestMessage(wallet.id)
        message.format = 3
        #expect(try signer.assess(message.request).name == .messageFormat)
    }

    @Test("A message again gives the same signature, no charge and no place in the ring")
    func again() throws {
        let home = try TestMessage.home()
        let (signer, log) = try home.ready()
        for format in [1, 3] as [UInt8] {
            var message = TestMessage()
            message.format = format
            let ring = signer.record.ringCount
            let first = try signer.sign(message, log)
            #expect(try signer.sign(message, log, slot: 7).signatures == first.signatures)
            let leaf = try signer.assess(message.request, slot: 8).leaf
            let index = try #require(log.leaves.firstIndex(of: leaf))
            let retry = log.retry(message.request, slot: 8, index: index)
            let third = try Released(try signer.ask(.release, retry))
            #expect(third.signatures == first.signatures)
            #expect(signer.record.ringCount == ring)
            #expect(signer.record.allowanceSpent == 0)
        }
    }

    @Test("A spent allowance stops payments, and no message")
    func allowance() throws {
        var bundle = SampleBundle.bothWallets
        bundle.allowance = 0
        bundle.rules.append(TestMessage.anything)
        let (signer, log) = try TestHome(bundle).ready()
        let signed = try signer.sign(TestMessage(), log)
        #expect(signed.signatures[0].count == 1)
        let request = try TestRequest(signer)
        log.charge(try signer.assess(request).leaf)
        let refused = try signer.ask(.release, try log.release([(request, 0)]))
        #expect(refused.name == .allowanceExceeded)
    }

    @Test("What the leaf says of a message")
    func leaf() throws {
        let (signer, _) = try TestMessage.home().ready()
        var message = TestMessage()
        (message.format, message.branch, message.index) = (2, 1, 5)
        let txid = [UInt8](repeating: 7, count: 32)
        message.inputs = [
            .init(txid: txid, vout: 3, amount: 5_000, index: 4, sighash: 1),
            .init(txid: txid, vout: 2, amount: 6_000, index: 9, sighash: 1),
        ]
        let script = try signer.script(branch: 1, index: 5)
        let spent = message.toSpend(script)
        let coins =
            txid + little(UInt32(3)) + little(UInt64(5_000))
            + txid + little(UInt32(2)) + little(UInt64(6_000))
        let facts =
            [2] + message.walletID + [1] + little(UInt32(5)) + vector16(script)
            + SHA256.doubleHash(spent.span).array + little(UInt32(0)) + little(UInt16(2))
            + SHA256.hash(coins.span).array + little(UInt64(11_000)) + vector32(message.text)
        let rules = little(UInt16(1)) + little(UInt16(1)) + [0, 0] as [UInt8]
        let answer = try signer.assess(message.request)
        #expect(Array(answer.leaf.dropLast(32).suffix(1 + facts.count + 6)) == [9] + facts + rules)
        let digest = TaggedHash.hash(tag: "portcullis/request/1", message.resolved.span)
        #expect(answer.digest == digest)
        // In the legacy format the anchor is the digest that is signed.
        var legacy = TestMessage()
        legacy.format = 3
        let text = [0x18] + Array("Bitcoin Signed Message:\n".utf8) + [6] + legacy.text
        let leaf = try signer.assess(legacy.request).leaf
        let read = try DecisionLeaf(reading: leaf.span)
        #expect(read.message?.anchor == SHA256.doubleHash(text.span))
        #expect(read.message?.inputCount == 0)
        #expect(read.facts == nil)
    }

    @Test("A message of 16,384 bytes is signed; one byte more is refused")
    func longest() throws {
        let (signer, log) = try TestMessage.home().ready()
        var message = TestMessage(TestRequest.walletIDs[0], String(repeating: "é", count: 8_192))
        #expect(try signer.sign(message, log).signatures[0].count == 1)
        message.text.append(0x61)
        #expect(try signer.assess(message.request).name == .messageForm)
    }
}
