import ArgumentParser
import Front
import Wallet

/// `portcullis message`
struct MessageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message",
        abstract: "Sign a message with an address of ours, and verify one.",
        discussion: """
            A signed message shows that whoever holds an address agrees to a text; it moves \
            nothing. A rule of the policy with effect = "allow-messages" must permit the text, and \
            the log shows it like any payment.

            Examples:
              portcullis message sign "login at noon" --wallet segwit --index 3 --home box
              portcullis message verify bc1q… smpAkcw… "login at noon"

            Exit status: 0 done, 2 usage, 3 refused by policy or a check, 1 anything else.
            """,
        subcommands: [MessageSignCommand.self, MessageVerify.self, MessageCombine.self]
    )
}

/// The text of a message: an argument, a file, or standard input, taken byte for byte.
struct MessageTextOptions: ParsableArguments {
    @Argument(help: "The text, byte for byte; or - for standard input.")
    var text: String?

    @Option(name: .long, help: "A file with the text, byte for byte.")
    var file: String?

    /// Nothing where neither was given.
    func read() throws(FrontError) -> String? {
        guard text == nil || file == nil else { throw .usage("TEXT and --file: name one") }
        if let text, text != "-" { return text }
        guard let path = file ?? text else { return nil }
        let bytes = try Files.read(path, limit: 1 << 20)
        let read = String(decoding: bytes, as: UTF8.self)
        guard Array(read.utf8) == bytes else { throw .usage("the text is not UTF-8") }
        return read
    }
}

/// `portcullis message verify`
struct MessageVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a signed message, without an appliance.",
        discussion: """
            SIGNATURE is one of BIP-322 (smp…, ful…, pof…, or a witness without a prefix) or of \
            the legacy format (BIP-137, 65 bytes in base64). Addresses of one key are verified, \
            and multisig in P2WSH. Scripts are not run: of other addresses, and of script paths, \
            it is said that nothing can be said (exit 1). Of a proof of funds the signatures are \
            verified; whether its coins exist and are unspent, only the chain can tell.

            Example:
              portcullis message verify bc1q… smpAkcw… "login at noon"

            Exit status: 0 the signature is good, 3 it is not, 2 usage, 1 anything else.
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The address that is said to have signed.")
    var address: String

    @Argument(help: "The signature, or @FILE for one in a file.")
    var signature: String

    @OptionGroup var message: MessageTextOptions

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            guard let text = try message.read() else { throw .usage("TEXT or --file is missing") }
            let script = try Messages.script(ofAddress: address)
            let given = try Self.given(signature)
            guard let read = MessageSignature(given) else {
                throw Self.refused("it is no signature of a message")
            }
            switch try Messages.verdict(on: read, Array(text.utf8), script) {
            case .invalid(let why): throw Self.refused(why)
            case .inconclusive(let why):
                throw .failed("nothing can be said of this signature: \(why)")
            case .valid(let lockTime, let sequence):
                let document = VerifiedMessage(
                    address: address,
                    format: read.name,
                    lockTime: lockTime,
                    sequence: sequence,
                    coins: Messages.coins(of: read)
                )
                try common.output.finish(document, words: document.words)
            }
        }
    }

    private static func given(_ argument: String) throws(FrontError) -> String {
        guard argument.hasPrefix("@") else { return argument }
        let limit = MessageSignature.textByteCountMax
        let bytes = try Files.read(String(argument.dropFirst()), limit: limit)
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private static func refused(_ why: String) -> FrontError {
        .refused(
            RefusalReport(
                .signatureInvalid,
                message: "the signature is not good for this address and text: \(why)",
                remedy: "ask for the exact text, and for the address it was signed with"
            )
        )
    }
}

/// The document of `message verify`.
struct VerifiedMessage: Encodable {
    var valid = true
    var address: String
    var format: String
    var lockTime: UInt32
    var sequence: UInt32
    /// Of a proof of funds.
    var coins: [Messages.Coin]

    var words: [String] {
        var words = ["Good: \(address) signed this text (\(format))."]
        if lockTime != 0 || sequence != 0 {
            words.append("  valid from lock time \(lockTime) on, at an age of sequence \(sequence)")
        }
        for coin in coins {
            words.append("  shows coin \(coin.txid):\(coin.vout), said to hold \(coin.amount) sat")
        }
        if !coins.isEmpty {
            words.append("  whether these coins exist and are unspent, ask the chain")
        }
        return words
    }
}

/// `portcullis message combine`
struct MessageCombine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "combine",
        abstract: "Make a signature of the PSBTs that several signers signed.",
        discussion: """
            Each FILE is the PSBT of one message (BIP-322), signed by us or by a cosigner. They \
            are combined and finalized with what the home knows of its wallets. No signer is \
            asked.

            Example:
              portcullis message combine ours.psbt theirs.psbt --home box

            Exit status: 0 done, 2 usage, 3 refused (signatures are missing or wrong), 1 anything \
            else.
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The signed PSBTs.")
    var files: [String]

    @Flag(name: .long, help: "The whole transaction, even where the witness alone would do.")
    var full = false

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            let facts = try common.resolveHome().readFacts()
            var parts: [[UInt8]] = []
            for file in files { parts.append(try PSBTFile.read(file).bytes) }
            let signature = try Messages.combine(parts, facts: facts, full: full)
            try common.output.finish(
                ["signature": signature.text, "format": signature.name],
                words: [signature.text]
            )
        }
    }
}
