import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Signer
import TestSupport
import Testing
import Wire

/// One thing wrong with a good message, and the name of its refusal.
struct MessageLie: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Nothing where it is no lie: the other side of a bound.
    let name: Refusal?
    let wallet: Int
    let change: @Sendable (inout TestMessage) -> Void

    init(
        _ words: String,
        _ name: Refusal?,
        wallet: Int = 0,
        _ change: @escaping @Sendable (inout TestMessage) -> Void
    ) {
        (testDescription, self.name, self.wallet, self.change) = (words, name, wallet, change)
    }

    static let coin = TestRequest.Input(
        txid: [UInt8](repeating: 7, count: 32),
        vout: 0,
        amount: 5_000,
        index: 4,
        sighash: 1
    )

    static func coins(_ count: Int) -> [TestRequest.Input] {
        (0..<count).map {
            var coin = coin
            coin.vout = UInt32($0)
            return coin
        }
    }

    /// What bytes of text are refused.
    private static func text(_ words: String, _ bytes: [UInt8]) -> MessageLie {
        MessageLie(words, .messageText) { $0.text = Array("pay ".utf8) + bytes }
    }

    static let all: [MessageLie] = [
        .init("another network", .wrongNetwork) { $0.network = 0 },
        .init("a network that there is not", .wrongNetwork) { $0.network = 5 },
        .init("anti-exfil", .malformedRequest) { $0.antiExfil = 1 },
        .init("format 0", .malformedRequest) { $0.format = 0 },
        .init("format 4", .malformedRequest) { $0.format = 4 },
        .init("another wallet", .unknownWallet) { $0.walletID[0] ^= 1 },
        .init("the last index", nil) { $0.index = 1_000_000 },
        .init("an index too high", .indexOutOfRange) { $0.index = 1_000_001 },
        .init("the last branch", nil) { $0.branch = 1 },
        .init("a branch that there is not", .branchOutOfRange) { $0.branch = 2 },
        .init("selector 2", .unsupportedSelector) { $0.selector = 2 },
        .init("a leaf where there is no tree", .unsupportedSelector) {
            $0.leafHash = [UInt8](repeating: 1, count: 32)
        },
        .init("version 1", .messageForm) { $0.transactionVersion = 1 },
        .init("version 2", nil) { $0.transactionVersion = 2 },
        .init("version 3", .messageForm) { $0.transactionVersion = 3 },
        .init("a lock time of a key", .messageForm) { $0.lockTime = 1 },
        .init("a sequence of a key", .messageForm) { $0.sequence = 1 },
        .init("legacy", nil) { $0.format = 3 },
        .init("legacy, version 2", .messageForm) {
            ($0.format, $0.transactionVersion) = (3, 2)
        },
        .init("legacy, a lock time", .messageForm) { ($0.format, $0.lockTime) = (3, 1) },
        .init("legacy, a sequence", .messageForm) { ($0.format, $0.sequence) = (3, 1) },
        .init("legacy of taproot", .messageFormat, wallet: 1) { $0.format = 3 },
        .init("legacy with a coin", .messageForm) { ($0.format, $0.inputs) = (3, [coin]) },
        .init("a coin without proof of funds", .messageForm) { $0.inputs = [coin] },
        .init("a proof of nothing", .messageForm) { $0.format = 2 },
        .init("100 coins", nil) { ($0.format, $0.inputs) = (2, coins(100)) },
        .init("101 coins", .messageForm) { ($0.format, $0.inputs) = (2, coins(101)) },
        .init("more coins than there are", .malformedRequest) {
            ($0.format, $0.inputs, $0.inputCount) = (2, [coin], 2)
        },
        .init("fewer coins than there are", .malformedRequest) {
            ($0.format, $0.inputs, $0.inputCount) = (2, coins(2), 1)
        },
        .init("a byte too many", .malformedRequest) { $0.trailing = [0] },
        .init("a parent", .unusedParent) {
            $0.parents = [TestRequest.parent(salt: [1], outputs: [(1, TestRequest.foreignScript)])]
        },
        .init("a coin of another wallet", .unknownWallet) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].wallet = 1
        },
        .init("a coin with an index too high", .indexOutOfRange) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].index = 1_000_001
        },
        .init("a coin of nothing", .zeroValue) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].amount = 0
        },
        .init("a coin of more than there is", .amountOutOfRange) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].amount = 21_000_000 * 100_000_000 + 1
        },
        .init("a coin twice", .duplicateInput) { ($0.format, $0.inputs) = (2, [coin, coin]) },
        .init("a coin signed with NONE", .sighashNotPermitted) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].sighash = 2
        },
        .init("a coin signed with SINGLE", .sighashNotPermitted) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].sighash = 3
        },
        .init("a coin signed with ALL|ANYONECANPAY", .sighashNotPermitted) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].sighash = 0x81
        },
        .init("a coin signed with DEFAULT", .sighashNotPermitted) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].sighash = 0
        },
        .init("a coin with another selector", .malformedRequest) {
            ($0.format, $0.inputs) = (2, [coin])
            $0.inputs[0].selector = 1
            $0.inputs[0].leafHash = [UInt8](repeating: 1, count: 32)
        },
        .init("lines and tabs", nil) { $0.text = Array("a\n\tb\n".utf8) },
        .init("no text", nil) { $0.text = [] },
        .text("a zero byte", [0]), .text("a carriage return", [13]), .text("an escape", [27]),
        .text("a delete", [127]), .text("a C1 control", [0xC2, 0x85]),
        .text("an overlong slash", [0xC0, 0xAF]), .text("half a character", [0xC3]),
        .text("a surrogate", [0xED, 0xA0, 0x80]),
        .text("beyond Unicode", [0xF4, 0x90, 0x80, 0x80]),
        .text("a lone continuation", [0x80]), .text("a direction", Array("\u{202E}".utf8)),
        .text("an isolate", Array("\u{2067}".utf8)), .text("no width", Array("\u{200B}".utf8)),
        .text("a tag", Array("\u{E0041}".utf8)), .text("a byte order mark", Array("\u{FEFF}".utf8)),
        .text("a line separator", Array("\u{2028}".utf8)),
    ]
}

@Suite("What a front may not have signed as a message")
struct MessageRefusalTests {
    @Test("Lies about a message are refused by name, and what is within the bounds is signed")
    func lies() throws {
        let (signer, _) = try TestMessage.home().ready()
        for lie in MessageLie.all {
            var message = TestMessage(TestRequest.walletIDs[lie.wallet])
            #expect(try signer.assess(message.request).verdict == .allow)
            lie.change(&message)
            let answer = try signer.assess(message.request, slot: 1)
            #expect(answer.name == lie.name, "\(lie.testDescription)")
            #expect(
                answer.verdict == (lie.name == nil ? .allow : .refuse),
                "\(lie.testDescription)"
            )
            let leaf = try DecisionLeaf(reading: answer.leaf.span)
            #expect(leaf.head.refusal == answer.refusal)
            #expect((leaf.message == nil) == (lie.name != nil))
        }
    }

    @Test("A request cut short anywhere is refused, and ends no session")
    func cut() throws {
        let (signer, _) = try TestMessage.home().ready()
        var message = TestMessage()
        (message.format, message.inputs) = (2, [MessageLie.coin])
        let whole = message.resolved
        for count in 1..<whole.count {
            var request = message.request
            request.raw = Array(whole.prefix(count))
            #expect(try signer.assess(request).name == .malformedRequest, "\(count)")
        }
        #expect(try signer.assess(message.request).verdict == .allow)
    }

    @Test("Without a rule about messages none is signed; no payment is by such a rule")
    func rules() throws {
        let (signer, _) = try TestHome(.bothWallets).ready()
        #expect(try signer.assess(TestMessage().request).refusal.code == 207)
        var bundle = SampleBundle()
        bundle.rules = [TestMessage.anything]
        let (other, _) = try TestHome(bundle).ready()
        #expect(try other.assess(try TestRequest(other)).refusal.code == 200)
        #expect(try other.assess(TestMessage().request).verdict == .allow)
        bundle.rules = [.messages("login", "log in as *")]
        let (third, _) = try TestHome(bundle).ready()
        let answer = try third.assess(TestMessage().request)
        #expect(answer.refusal.code == 208)
        let leaf = try DecisionLeaf(reading: answer.leaf.span)
        #expect(leaf.message?.text.array == TestMessage().text)
        #expect(leaf.rules.left == 0 && leaf.charges.left == 0)
    }

    @Test("A proof of funds speaks for no coin outside of the rule, and for 100 within it")
    func coins() throws {
        var bundle = SampleBundle()
        bundle.rules = [.messages("proof", "**", formats: 2, branches: 1, indexes: 0...7)]
        let (signer, log) = try TestHome(bundle).ready()
        var message = TestMessage()
        (message.format, message.inputs) = (2, MessageLie.coins(100))
        for place in message.inputs.indices { message.inputs[place].index = UInt32(place % 8) }
        _ = try signer.sign(message, log, rule: 0)
        for (place, branch, index) in [(99, 1, 3), (0, 0, 8), (50, 0, 20)] as [(Int, UInt8, UInt32)]
        {
            var bad = message
            (bad.inputs[place].branch, bad.inputs[place].index) = (branch, index)
            let answer = try signer.assess(bad.request, slot: 1)
            #expect(answer.verdict == .refuse && answer.refusal.code == 208)
            #expect(answer.refusal.expected == (branch == 1 ? 5 : 6))
            #expect(answer.refusal.found == UInt64(branch == 1 ? 1 : index))
        }
    }

    @Test("The two virtual transactions of a message cannot be had as a payment")
    func asPayment() throws {
        let (signer, _) = try TestMessage.home().ready()
        for wallet in [0, 1] {
            var message = TestMessage(TestRequest.walletIDs[wallet])
            message.transactionVersion = 2
            let script = try signer.script(wallet)
            var payment = message.toSign(script, isTaproot: wallet == 1)
            payment.outputs[0].script = [0x6A]
            payment.parents = wallet == 0 ? [message.toSpend(script)] : []
            #expect(try signer.assess(payment).name == .zeroValue)
            payment.inputs[0].amount = 1
            // The amount is in what is signed; outside of taproot the parent shows that it is none.
            let expected: Refusal? = wallet == 0 ? .coinbaseInput : nil
            #expect(try signer.assess(payment).name == expected)
            payment.transactionVersion = 0
            #expect(try signer.assess(payment).name == .transactionVersion)
        }
    }

    @Test("The charge must name a rule about messages that matches, new and again")
    func wrongRule() throws {
        let (signer, log) = try TestMessage.home().ready()
        let message = TestMessage()
        log.charge(try signer.assess(message.request).leaf, rule: 0)
        let answer = try signer.ask(.release, try log.release([(message.request, 0)]))
        #expect(answer.name == .chargeLeafMismatch)
        log.forget()
        let payment = try TestRequest(signer)
        log.charge(try signer.assess(payment).leaf, rule: 1)
        let other = try signer.ask(.release, try log.release([(payment, 0)]))
        #expect(other.name == .chargeLeafMismatch)
        log.forget()
        // In the log, but charged to the wrong rule: no retry signs it.
        let leaf = try signer.assess(message.request).leaf
        let index = log.leaves.count
        log.charge(leaf, rule: 0)
        try signer.ask(.advance, log.advancePayload()).expect(.advanced)
        log.commit()
        let retry = try signer.ask(.release, log.retry(message.request, slot: 0, index: index))
        #expect(retry.name == .chargeLeafMismatch)
        #expect(try signer.sign(message, log).signatures[0].count == 1)
    }

    @Test("Another text than was assessed is not signed, nor a message in a payment's place")
    func swapped() throws {
        let (signer, log) = try TestMessage.home().ready()
        let message = TestMessage()
        log.charge(try signer.assess(message.request).leaf, rule: 1)
        var other = message
        other.text[0] ^= 1
        let answer = try signer.ask(.release, try log.release([(other.request, 0)]))
        #expect(answer.name == .slotMismatch)
        let payment = try TestRequest(signer)
        let swapped = try signer.ask(.release, try log.release([(payment, 0)]))
        #expect(swapped.name == .slotMismatch)
        let good = try Released(try signer.ask(.release, try log.release([(message.request, 0)])))
        #expect(good.signatures[0].count == 1)
    }
}
