import ArgumentParser
import Front
import Wallet

/// `portcullis message sign`
struct MessageSignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a message that the policy permits.",
        discussion: """
            The signature comes as BIP-322 has it: the witness alone (smp…) where that is enough, \
            else the whole virtual transaction (ful…), with coins a proof of funds (pof…). \
            --format legacy gives the old format of pkh, wpkh and sh(wpkh) addresses.

            Where cosigners have to sign as well, or with --psbt, the result is a PSBT for them; \
            `portcullis message combine` makes the signature of all of them. --from continues a \
            PSBT that somebody else made; it has text, address and coins in it.

            A COIN of a proof is TXID:VOUT:SATOSHI:BRANCH:INDEX, of the same wallet. What it holds \
            is taken as said: a lie makes a signature that nobody takes. Wallets outside of segwit \
            need --from with the previous transactions.

            The signature goes to standard output, or to OUT; the receipt to --receipt FILE, or \
            beside OUT.

            Examples:
              portcullis message sign "login at noon" --wallet segwit --index 3 --home box
              portcullis message sign --file text --address bcrt1q… --format full --home box
              portcullis message sign --from theirs.psbt -o ours.psbt --home box

            Exit status: 0 signed, 2 usage, 3 refused by policy or a check, 1 anything else.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var message: MessageTextOptions
    @OptionGroup var asking: AskingOptions

    @Option(name: .long, help: "The wallet's name in the policy.")
    var wallet: String?

    @Option(name: .long, help: "The place on the branch.")
    var index: UInt32?

    @Flag(name: .long, help: "The change branch instead of the receive branch.")
    var change = false

    @Option(name: .long, help: "An address of ours, among the first 1,000 of a branch.")
    var address: String?

    @Option(name: .long, help: "Which form it gets: simple where it may be, full, or legacy.")
    var format = "simple"

    @Option(name: .long, help: "A coin to prove, as TXID:VOUT:SATOSHI:BRANCH:INDEX.")
    var coin: [String] = []

    @Option(name: .long, help: "The version of to_sign: 0, or 2 for relative locks.")
    var transactionVersion: UInt32 = 0

    @Option(name: .long, help: "The lock time of to_sign, for scripts that ask for one.")
    var lockTime: UInt32 = 0

    @Option(name: .long, help: "The sequence of to_sign, for scripts that ask for one.")
    var sequence: UInt32 = 0

    @Option(name: .long, help: "A PSBT of a message to sign.")
    var from: String?

    @Flag(name: .long, help: "Give the signed PSBT.")
    var psbt = false

    @Option(name: [.short, .customLong("out")], help: "Where the result goes.")
    var out: String?

    @Option(name: .long, help: "Where the receipt goes.")
    var receipt: String?

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            guard from != nil || address != nil || (wallet != nil && index != nil) else {
                throw .usage(Self.whichAddress)
            }
            let home = try common.resolveHome()
            let keys = try WalletKeys(home.readFacts())
            let (question, attachment, expected) = try question(keys)
            let outFile = out == "-" ? nil : out
            var result: OutputFile?
            if let outFile { result = try OutputFile(outFile) }
            let receiptFile = receipt ?? outFile.map { $0 + ".receipt" }
            guard receiptFile == nil || receiptFile != outFile else {
                throw .usage("--receipt and --out name the same file")
            }
            var proof: OutputFile?
            if let receiptFile { proof = try OutputFile(receiptFile) }

            let request = Framed(FrontRequest.message(question), attachment: attachment)
            let answer = try asking.ask(request, of: home, common.patience)
            guard case .message(let facts) = answer.document else {
                throw .failed("the front answered something else than was asked")
            }
            let checked = try Receipt(text: facts.receipt)
            try checked.verify(key: home.logKey(checked.logNumber))
            try Answer.check(facts, answer.attachment, checked, expected)
            // The receipt first: a signature must not get out of here without it.
            if let proof = proof.take() { try proof.finish([UInt8](facts.receipt.utf8)) }
            let encoded = PSBTText.encode(answer.attachment)
            if let result = result.take(), let outFile {
                let isBinary = facts.signature == nil && outFile.hasSuffix(".psbt")
                let text = facts.signature.map { Array($0.utf8) } ?? encoded
                try result.finish(isBinary ? answer.attachment : text + [0x0A])
            }
            let document = MessageDocument(
                facts,
                psbt: facts.signature == nil ? String(decoding: encoded, as: UTF8.self) : nil,
                checked,
                receiptFile: receiptFile,
                out: outFile
            )
            guard common.json else {
                common.output.say(document.words)
                let text = document.signature ?? document.psbt ?? ""
                if outFile == nil { try Output.result(text + "\n") }
                return
            }
            try common.output.finish(document, words: document.words)
        }
    }

    /// What is asked of the front, what goes with it, and what must come back.
    private func question(
        _ keys: WalletKeys
    ) throws(FrontError) -> (MessageQuestion, [UInt8], MessageExpectation) {
        guard ["simple", "full", "legacy"].contains(format) else {
            throw .usage("--format: \(format); expected simple, full or legacy")
        }
        if let from {
            guard try message.read() == nil, wallet == nil, address == nil, coin.isEmpty,
                format != "legacy"
            else { throw .usage("--from: the PSBT says which text, address and coins") }
            let bytes = try PSBTFile.read(from).bytes
            let place = Ownership(wallet: "", branch: 0, index: 0)
            var question = MessageQuestion(place: place, text: "")
            (question.full, question.onlyPSBT) = (format == "full", psbt)
            return (question, bytes, try MessageExpectation(bytes))
        }
        guard let text = try message.read() else { throw .usage("TEXT or --file is missing") }
        let found = try place(keys)
        var question = MessageQuestion(place: found.place, text: text)
        question.legacy = format == "legacy"
        (question.full, question.onlyPSBT) = (format == "full", psbt)
        question.transactionVersion = transactionVersion
        (question.lockTime, question.sequence) = (lockTime, sequence)
        for text in coin { question.coins.append(try Self.coin(text)) }
        guard !question.legacy || (question.coins.isEmpty && !psbt) else {
            throw .usage("--format legacy: it has no coins and no PSBT")
        }
        return (question, [], MessageExpectation(question, script: found.script))
    }

    private static let whichAddress =
        "name the address: --wallet NAME --index N, or --address ADDRESS"

    /// The address that signs.
    private func place(
        _ keys: WalletKeys
    ) throws(FrontError) -> (place: Ownership, script: [UInt8]) {
        if let address {
            guard wallet == nil, index == nil, !change else {
                throw .usage("--address, or --wallet and --index: name one")
            }
            return try keys.place(ofAddress: address)
        }
        guard let wallet, let index else {
            throw .usage(Self.whichAddress)
        }
        guard keys.wallets.contains(where: { $0.name == wallet }) else {
            let names = keys.wallets.map(\.name).joined(separator: ", ")
            throw .usage("--wallet: no wallet is named \(wallet). There are: \(names)")
        }
        let place = Ownership(wallet: wallet, branch: change ? 1 : 0, index: index)
        let facts = try keys.address(place)
        guard let script = [UInt8](hexDigits: facts.script) else {
            throw .failed("an address without a script")
        }
        return (place, script)
    }

    private static func coin(_ text: String) throws(FrontError) -> MessageQuestion.Coin {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].count == 64, let vout = UInt32(parts[1]),
            let amount = UInt64(parts[2]), let branch = UInt8(parts[3]),
            let index = UInt32(parts[4])
        else {
            throw .usage("--coin: \(text); expected TXID:VOUT:SATOSHI:BRANCH:INDEX")
        }
        return MessageQuestion.Coin(
            txid: String(parts[0]),
            vout: vout,
            amount: amount,
            branch: branch,
            index: index
        )
    }
}

/// The document of `message sign`.
struct MessageDocument: Encodable {
    var signature: String?
    var psbt: String?
    var format: String
    var missing: String?
    var seenBefore: Bool
    var receipt: String
    var receiptFile: String?
    var out: String?
    var index: UInt64
    var logSize: UInt64

    init(
        _ facts: MessageSignedFacts,
        psbt: String?,
        _ receipt: Receipt,
        receiptFile: String?,
        out: String?
    ) {
        signature = facts.signature
        self.psbt = psbt
        format = facts.format
        missing = facts.missing
        seenBefore = facts.seenBefore
        self.receipt = facts.receipt
        self.receiptFile = receiptFile
        self.out = out
        index = receipt.index
        logSize = receipt.size
    }

    var words: [String] {
        var words = [
            signature == nil ? "Signed for us; others have to sign." : "Signed (\(format)).",
            "  log entry \(index) of \(logSize)"
                + (seenBefore ? "; signed before, so nothing was charged again" : ""),
        ]
        if let missing { words.append("  missing: \(missing)") }
        words.append(receiptFile.map { "  receipt in \($0)" } ?? "  no receipt was kept")
        if let out { words.append("  result in \(out)") }
        return words
    }
}
