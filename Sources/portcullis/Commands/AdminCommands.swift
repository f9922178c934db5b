import ArgumentParser
import Bitcoin
import Front
import Wire

/// `portcullis refill`
struct RefillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refill",
        abstract: "Set a new total of the signer's allowance.",
        discussion: """
            The allowance is what the signer will ever release; it is what a stolen gate can sign \
            at most, and no restart refills it. A new total takes the signatures of the policy's \
            admins over a text that names this home, the state of its log and the total.

            With a key at hand (--admin-key, or the one that init made) this command does it all: \
            locks, writes the text, signs it, gives it to the sealed signer and unlocks. Without a \
            key, or with too few, it prints the text and ends with exit 4; each admin signs it:
              ssh-keygen -Y sign -n portcullis-admin -f KEY refill.txt
            and the command is run again with --signature FILE for each. The appliance stays \
            locked in between, because the text names the state of the log. Signatures of another \
            text, and keys that are seen to be no admin's, lock nothing.

            Example:
              portcullis refill --home box --amount 750000000

            Exit status: 0 in effect, 2 usage, 3 refused, 4 signatures are wanted, 1 anything else.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var admin: AdminOptions

    @Option(name: .long, help: "The new total in satoshi, counted from the beginning.")
    var amount: UInt64

    mutating func validate() throws {
        guard amount <= Amount.satoshisMax else {
            throw ValidationError("--amount is in satoshi, and there are at most 21 million BTC")
        }
    }

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            try admin.carryOut(.refill(newTotal: amount), common)
        }
    }
}

/// `portcullis recover`
struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Begin a new log after the old one was lost.",
        discussion: """
            When the log has lost entries that the signer vouched for, nothing is signed any more: \
            put the whole log back if you can. If it is gone for good, this begins the next log. \
            Its first entry names the size and root that were lost, and every limit of the policy \
            starts fully used. It takes the signatures of the policy's admins, exactly as \
            `portcullis refill` does.

            Example:
              portcullis recover --home box --admin-key ~/.ssh/id_ed25519

            Exit status: 0 in effect, 2 usage, 3 refused, 4 signatures are wanted, 1 anything else.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var admin: AdminOptions

    mutating func run() throws {
        try common.run { () throws(FrontError) in
            try admin.carryOut(.recover, common)
        }
    }
}

/// What `refill` and `recover` share.
struct AdminOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "An OpenSSH private key of an admin.",
            discussion: "Default: admin/admin in the home, where init made one.",
            valueName: "file"
        )
    )
    var adminKey: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("A signature made by ssh-keygen elsewhere.", valueName: "file")
    )
    var signature: [String] = []

    @Option(name: .long, help: "Read the keystore's passphrase from this descriptor.")
    var passphraseFd: Int32?

    /// Locks, collects signatures, hands the statement to the sealed signer, unlocks.
    func carryOut(
        _ effect: AdminStatement.Effect,
        _ common: CommonOptions
    ) throws(FrontError) {
        let output = common.output
        let home = try common.resolveHome()
        _ = try home.readFacts()
        let appliance = Appliance(home, common.patience)
        let admins = try home.admins()
        try checkSources(home, admins)
        try Self.check(effect, home)
        let given = try readSignatures()
        if try appliance.status().signerPhase != "sealed" {
            if !given.isEmpty {
                // What was signed for another state of the log could not take effect.
                _ = try admins?.isDecided(Self.statement(effect, home), by: given)
            }
            output.say("Locking the signer, so that the state of the log stays what is signed.")
            try appliance.lock()
        }
        let statement = try Self.statement(effect, home)
        output.say(
            ["The statement:", ""] + statement.text.split(separator: "\n").map { "  \($0)" }
        )
        let signatures = try given + sign(statement, hasOthers: !given.isEmpty, home, output)
        do throws(FrontError) {
            guard try admins?.isDecided(statement, by: signatures) ?? !signatures.isEmpty else {
                throw Self.unsigned(statement)
            }
            output.say("\nGiving it to the signer with \(signatures.count) signature(s).")
            try hold(statement, signatures, OperatorClient(appliance))
            try unlock(appliance, output)
        } catch {
            if case .waiting = error { throw error }
            output.say(error.whatIsHeld)
            throw error
        }
        let after = try appliance.status()
        let left = after.allowanceTotal - min(after.allowanceSpent, after.allowanceTotal)
        try output.finish(
            AdminDocument(
                text: statement.text,
                held: true,
                unlocked: true,
                logNumber: after.logNumber,
                allowanceTotal: after.allowanceTotal
            ),
            words: [
                "Done. Allowance left \(AmountText.words(left)), log \(after.logNumber)."
            ]
        )
    }

    /// What was named must be there, and of use, before anything is locked.
    private func checkSources(_ home: Home, _ admins: AdminAudit?) throws(FrontError) {
        for path in adminKey {
            guard Files.exists(path) else {
                throw .usage("--admin-key: there is no file at \(path)")
            }
            guard let admins, Files.exists(path + ".pub") else { continue }
            let line = try Files.read(path + ".pub", limit: 1 << 16)
            guard try admins.isAdmin(line) else {
                throw .usage("--admin-key: \(path).pub is not the key of an admin of the policy")
            }
        }
        for path in signature where !Files.exists(path) {
            throw .usage("--signature: there is no file at \(path)")
        }
        try Secret.check(descriptor: passphraseFd, what: "the passphrase of --passphrase-fd")
        let isSigned = !adminKey.isEmpty || !signature.isEmpty || Files.exists(home.adminKey)
        if isSigned, passphraseFd == nil { try Secret.checkTerminal() }
    }

    /// A total below what was spent is refused before anything is locked.
    private static func check(
        _ effect: AdminStatement.Effect,
        _ home: Home
    ) throws(FrontError) {
        guard case .refill(let newTotal) = effect else { return }
        let state = try StateFacts(reading: try Files.read(home.state, limit: 1 << 20))
        guard newTotal < state.allowanceSpent else { return }
        throw .refused(
            RefusalReport(
                .allowanceBelowSpent,
                expected: state.allowanceSpent,
                found: newTotal,
                message: "the new total is below what was released already: it counts from the "
                    + "beginning, and is not what is added",
                remedy: "give a total over \(AmountText.words(state.allowanceSpent))"
            )
        )
    }

    /// Gives the statement to the sealed signer. The connection ends here: the signer listens to
    /// one operator at a time, and the unlock brings its own.
    private func hold(
        _ statement: AdminStatement,
        _ signatures: [[UInt8]],
        _ operators: OperatorClient
    ) throws(FrontError) {
        let (kind, reply) = statement.effect.kinds
        let payload = try statement.payload(signatures: signatures)
        let socket = try operators.send(kind, payload)
        _ = try operators.receive(reply, from: socket)
    }

    private func unlock(_ appliance: Appliance, _ output: Output) throws(FrontError) {
        output.say("Unlocking, which makes it take effect.")
        if let passphraseFd {
            let secret = try Secret.read(
                descriptor: passphraseFd,
                what: "the passphrase of --passphrase-fd"
            )
            try appliance.unlock(secret)
        } else {
            try appliance.unlock(try Secret.prompt("Passphrase of the keystore: "))
        }
    }

    /// The statement about the state that the signer's record is in.
    private static func statement(
        _ effect: AdminStatement.Effect,
        _ home: Home
    ) throws(FrontError) -> AdminStatement {
        let state = try StateFacts(reading: try Files.read(home.state, limit: 1 << 20))
        return AdminStatement(effect, state)
    }

    private func readSignatures() throws(FrontError) -> [[UInt8]] {
        var signatures: [[UInt8]] = []
        for file in signature {
            let bytes = try Files.read(file, limit: 1 << 20)
            signatures.append(try AdminStatement.signature(armored: bytes))
        }
        return signatures
    }

    private func sign(
        _ statement: AdminStatement,
        hasOthers: Bool,
        _ home: Home,
        _ output: Output
    ) throws(FrontError) -> [[UInt8]] {
        var signatures: [[UInt8]] = []
        var keys = adminKey
        if keys.isEmpty, !hasOthers, Files.exists(home.adminKey) { keys = [home.adminKey] }
        for key in keys {
            output.say("Signing it with \(key).")
            signatures.append(try SSHKeygen.sign(statement.text, key: key))
        }
        return signatures
    }

    private static func unsigned(_ statement: AdminStatement) -> FrontError {
        .waiting(
            RefusalReport(
                .signatureNeeded,
                message: "the statement has to be signed by admins of the policy",
                remedy:
                    "save it to a file, exactly as it is, and sign it with `ssh-keygen -Y sign -n "
                    + "\(AdminStatement.namespace) -f KEY FILE`, then run this again with "
                    + "--signature FILE.sig",
                text: statement.text
            )
        )
    }
}

extension AdminStatement.Effect {
    /// The message that carries it, and the reply to that.
    var kinds: (request: MessageKind, reply: MessageKind) {
        switch self {
        case .refill: (.refill, .refillHeld)
        case .recover: (.recover, .recoverHeld)
        }
    }
}

struct AdminDocument: Encodable {
    /// What was signed.
    var text: String
    var held: Bool
    var unlocked: Bool
    var logNumber: UInt32
    var allowanceTotal: UInt64
}

extension FrontError {
    /// What became of the statement when it came to nothing: a wrong passphrase does not cost the
    /// admins' signatures, anything else drops it.
    fileprivate var whatIsHeld: String {
        if case .refused(let report) = self, report.name == "\(Refusal.wrongPassphrase.name)" {
            return "The signer stays locked and holds the statement: `portcullis unlock` makes it "
                + "take effect, `portcullis lock` drops it."
        }
        return "Nothing changed, but the signer stays locked until `portcullis unlock`."
    }
}
