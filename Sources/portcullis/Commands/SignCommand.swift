import ArgumentParser
import BitcoinCrypto
import Bytes
import Front

/// `portcullis sign`
struct SignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a PSBT that the policy permits.",
        discussion: """
            FILE is a PSBT of version 0 or 2, binary, base64 or hexadecimal; `-` is standard \
            input. The signer recomputes amounts, change and fee, the policy decides, the \
            decision is written to the log, and only then are there signatures.

            The signed PSBT goes to OUT, or to standard output. The receipt, which anybody can \
            verify offline (`portcullis audit receipt`), goes beside it: OUT.receipt, or \
            FILE.receipt. Before anything is written, the receipt is verified with \
            public/log.vkey and the result held against FILE. A signed PSBT is binary where FILE \
            was or OUT is named *.psbt, else base64; on standard output always base64. With \
            --finalize the result is the final transaction in hexadecimal, ready to be broadcast.

            Every input must be ours, or one alone that asks for ANYONECANPAY: it is then signed \
            for itself, and the others' wait for whoever they belong to.

            With --anti-exfil the command line contributes 32 random bytes to every nonce, after \
            the signer has fixed its own part, and checks in the result that each signature \
            holds them: no signer can then tell secrets by its nonces. If it fails on the way, \
            try again with the --again that it names.

            With --replaces OLD the payment replaces one that was signed here before, and is \
            charged to the allowance only what it takes more. It spends the same coins in their \
            order and may add others; no output is new, no destination gets more, ours may get \
            less or be left out, the fee is higher. OLD is the PSBT as it was given then; where \
            it replaced others itself, name these before it, the original first. Without \
            --replaces the same is an ordinary payment, and charged in full.

            With --direct the request is made here and goes to the gate's clients.sock, so that \
            rules for requesters see the user who runs this; who comes through the front is the \
            front to them. It needs to be a member of that socket's group.

            The same request again gives the same signatures and charges nothing. A refusal says \
            which rule or check, which input or output, what was expected and what was found, and \
            what to do; exit 3.

            Examples:
              portcullis sign payment.psbt -o signed.psbt --home box
              portcullis sign - --finalize --receipt payment.receipt --home box < payment.psbt
              portcullis sign bumped.psbt --replaces payment.psbt -o signed.psbt --home box

            Exit status: 0 signed, 2 usage, 3 refused by policy or a check, 4 waiting for \
            approval, 1 anything else. On any but 0 no result is written.
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The PSBT, or - for standard input.")
    var file: String

    @Option(name: [.short, .customLong("out")], help: "Where the result goes.")
    var out: String?

    @Option(name: .long, help: "Where the receipt goes.")
    var receipt: String?

    @Flag(name: .long, help: "Give the final transaction instead of the signed PSBT.")
    var finalize = false

    @Flag(
        name: .customLong("anti-exfil"),
        help: "Contribute to every nonce, and check that each signature holds it."
    )
    var isAntiExfil = false

    @Option(help: "What an earlier try with --anti-exfil named: the nonces must be the same.")
    var again: String?

    @OptionGroup var replacing: ReplaceOptions
    @OptionGroup var asking: AskingOptions

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let home = try common.resolveHome()
            let host = try contribution()
            let known = try home.readFacts()
            let given = try PSBTFile.read(file)
            let payment = try replacing.payment(given.bytes, at: file)
            let replaced = try payment.replacedDigest(of: known)
            // Both places are opened now: what cannot be kept is not asked for.
            let outFile = out == "-" ? nil : out
            var result: OutputFile?
            if let outFile { result = try OutputFile(outFile) }
            let receiptFile = try receiptPlace(outFile, isFile: result?.isFile ?? false)
            var proof: OutputFile?
            if let receiptFile { proof = try Self.open(receiptFile) }

            let (answer, openings) = try ask(home, payment, host)
            guard case .signed(let facts) = answer.document else {
                throw .failed("the front answered something else than was asked")
            }
            let checked = try Receipt(text: facts.receipt)
            try checked.verify(key: home.logKey(checked.logNumber))
            let signed = answer.attachment
            try Answer.check(
                facts,
                signed,
                checked,
                against: given.bytes,
                replacing: replaced,
                finalize: finalize
            )
            if let host {
                try AntiExfil.check(
                    facts,
                    signed,
                    openings: openings,
                    host: host.nonce,
                    against: given.bytes,
                    of: known
                )
            }
            // The receipt first: a signature must not get out of here without it.
            if let proof = proof.take() { try proof.finish([UInt8](facts.receipt.utf8)) }
            if let result = result.take(), let outFile {
                let isBinary =
                    !facts.finalized && (outFile.hasSuffix(".psbt") || given.isBinary)
                try result.finish(isBinary ? signed : Self.text(of: signed, facts) + [0x0A])
            }
            try report(facts, signed, host, openings, receiptFile: receiptFile, out: outFile)
        }
    }

    /// What this side contributes to every nonce: drawn here, or that of an earlier try.
    private func contribution() throws(FrontError) -> HostContribution? {
        guard let again else { return isAntiExfil ? HostContribution(HostNonce.random()) : nil }
        guard isAntiExfil, let earlier = HostContribution(again: again) else {
            throw .usage("--again takes 128 hexadecimal digits, beside --anti-exfil")
        }
        return earlier
    }

    /// Asks for signatures; with a contribution to the nonces, first for the points that these
    /// start from. Only then does the front learn what is contributed.
    private func ask(
        _ home: Home,
        _ payment: PaymentToSign,
        _ host: HostContribution?
    ) throws(FrontError) -> (Framed<FrontReply>, openings: [String]) {
        let (psbt, replaces) = (payment.attachment, payment.replaces)
        guard let host else {
            let question = FrontRequest.sign(finalize: finalize, replaces: replaces)
            let request = Framed(question, attachment: psbt)
            return (try asking.ask(request, of: home, common.patience), [])
        }
        let commitment = host.nonce.commitment.hexDigits
        let first = FrontRequest.open(commitment: commitment, replaces: replaces)
        let opening = Framed(first, attachment: psbt)
        let opened = try asking.ask(opening, of: home, common.patience)
        guard case .opened(let openings) = opened.document else {
            throw .failed("the front answered something else than was asked")
        }
        // Whoever knows the contribution could choose an opening by it.
        guard host.isFirst || host.openingsHash == HostContribution.hash(openings) else {
            throw AntiExfil.changedOpenings
        }
        let nonce = host.nonce.bytes.hexDigits
        let question = FrontRequest.signOpened(
            finalize: finalize,
            hostNonce: nonce,
            replaces: replaces
        )
        do throws(FrontError) {
            let request = Framed(question, attachment: psbt)
            return (try asking.ask(request, of: home, common.patience), openings)
        } catch .failed(let message) {
            let token = host.again(after: openings)
            throw .failed("\(message). Try again with --again \(token), and with nothing else")
        }
    }

    /// The receipt lies beside the result, or beside the PSBT where the result is no file.
    private func receiptPlace(_ out: String?, isFile: Bool) throws(FrontError) -> String? {
        if let receipt {
            guard receipt != out else { throw .usage("--receipt and --out name the same file") }
            return receipt
        }
        if let out, isFile { return out + ".receipt" }
        return file == "-" ? nil : file + ".receipt"
    }

    private static func open(_ receiptFile: String) throws(FrontError) -> OutputFile {
        do throws(FrontError) {
            return try OutputFile(receiptFile)
        } catch {
            throw .failed("\(error.message). Name a place for the receipt with --receipt FILE")
        }
    }

    private func report(
        _ facts: SignedFacts,
        _ signed: [UInt8],
        _ host: HostContribution?,
        _ openings: [String],
        receiptFile: String?,
        out: String?
    ) throws(FrontError) {
        let receipt = try Receipt(text: facts.receipt)
        var facts = facts
        // The final id differs from that in the log where an input of ours has a scriptSig.
        if facts.finalized, let txid = Answer.transactionID(signed) { facts.txid = txid }
        var words = [
            "Signed \(facts.txid), fee \(AmountText.words(facts.fee)).",
            "  log entry \(receipt.index) of \(receipt.size)"
                + (facts.seenBefore ? "; signed before, so nothing was charged again" : ""),
        ]
        let leaf = try LeafFacts(reading: receipt.leaf)
        if let outflow = leaf.replacedOutflow {
            words.append("  replaces a payment with which \(AmountText.words(outflow)) left")
        }
        if host != nil { words.append("  every nonce holds what this side contributed") }
        if let receiptFile {
            words.append("  receipt in \(receiptFile)")
        } else if !common.json {
            words.append("  no receipt was kept: --receipt FILE names a place for it")
        }
        if let out { words.append("  result in \(out)") }
        guard common.json else {
            common.output.say(words)
            if out == nil { try Output.result(Self.text(of: signed, facts) + [0x0A]) }
            return
        }
        let text = String(decoding: Self.text(of: signed, facts), as: UTF8.self)
        var document = SignDocument(facts, text, receipt, receiptFile: receiptFile, out: out)
        document.replaces = leaf.replaces
        document.replacedOutflow = leaf.replacedOutflow
        if let host {
            document.antiExfil = "verified"
            document.hostNonce = host.nonce.bytes.hexDigits
            document.openings = openings
            document.again = host.again(after: openings)
        }
        try common.output.finish(document, words: words)
    }

    /// The result as text: base64 of the PSBT, or the transaction in hexadecimal.
    private static func text(of signed: [UInt8], _ facts: SignedFacts) -> [UInt8] {
        facts.finalized ? Array(signed.hexDigits.utf8) : PSBTText.encode(signed)
    }
}

/// A PSBT as it was given: in binary, or as base64 text.
struct PSBTFile {
    /// The binary form.
    let bytes: [UInt8]
    let isBinary: Bool

    /// The most bytes of a PSBT.
    static let byteCountMax = 64 << 20

    static func read(_ path: String) throws(FrontError) -> PSBTFile {
        let content = try Files.read(path, limit: 2 * byteCountMax)
        if content.starts(with: [0x70, 0x73, 0x62, 0x74, 0xFF]) {
            return PSBTFile(bytes: content, isBinary: true)
        }
        // "psbt" in hexadecimal digits.
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        if content.lazy.filter({ !blanks.contains($0) }).starts(with: "70736274".utf8) {
            let digits = content.filter { !blanks.contains($0) }
            if let bytes = [UInt8](hexDigits: String(decoding: digits, as: UTF8.self)) {
                return PSBTFile(bytes: bytes, isBinary: false)
            }
        }
        guard let bytes = PSBTText.decode(content), bytes.starts(with: "psb".utf8) else {
            throw .refused(
                RefusalReport(
                    .malformedPSBT,
                    message: "\(path == "-" ? "standard input" : path) is not a PSBT, neither in "
                        + "binary nor in base64",
                    remedy: "export the payment from the wallet as a PSBT (BIP-174)"
                )
            )
        }
        return PSBTFile(bytes: bytes, isBinary: false)
    }
}

/// The document of `sign`, the same with and without -o.
struct SignDocument: Encodable {
    var psbt: String?
    var transaction: String?
    var finalized: Bool
    var txid: String
    var fee: UInt64
    var seenBefore: Bool
    var receipt: String
    var receiptFile: String?
    var out: String?
    var index: UInt64
    var logSize: UInt64
    /// The digest of the request that was replaced, and satoshi that left with it.
    var replaces: String?
    var replacedOutflow: UInt64?
    /// `verified`: each signature holds the host nonce. Missing without --anti-exfil.
    var antiExfil: String?
    var hostNonce: String?
    /// Where the nonces started from, in the order of the signatures.
    var openings: [String]?
    /// For `--again`.
    var again: String?

    init(
        _ facts: SignedFacts,
        _ text: String,
        _ receipt: Receipt,
        receiptFile: String?,
        out: String?
    ) {
        psbt = facts.finalized ? nil : text
        transaction = facts.finalized ? text : nil
        finalized = facts.finalized
        txid = facts.txid
        fee = facts.fee
        seenBefore = facts.seenBefore
        self.receipt = facts.receipt
        self.receiptFile = receiptFile
        self.out = out
        index = receipt.index
        logSize = receipt.size
    }
}
