import ArgumentParser
private import CLinux
import Front
import LocalSocket
private import Wire

/// The seed that a question is asked of while no signer serves with it.
struct OfflineSeedOptions: ParsableArguments {
    @Option(name: .long, help: "Read BIP-39 words from this descriptor; else the home's seed.")
    var mnemonicFd: Int32?

    @Option(name: .long, help: "Read the BIP-39 passphrase of the words from this descriptor.")
    var mnemonicPassphraseFd: Int32?

    @Option(name: .long, help: "Read the keystore's passphrase from this descriptor.")
    var passphraseFd: Int32?

    mutating func validate() throws {
        guard mnemonicFd != nil || mnemonicPassphraseFd == nil else {
            throw ValidationError("--mnemonic-passphrase-fd belongs to --mnemonic-fd")
        }
        guard mnemonicFd == nil || passphraseFd == nil else {
            throw ValidationError("--passphrase-fd is for the seed of a home, not for words")
        }
        let numbers = [mnemonicFd, mnemonicPassphraseFd, passphraseFd].compactMap { $0 }
        guard Set(numbers).count == numbers.count else {
            throw ValidationError(
                "--mnemonic-fd, --mnemonic-passphrase-fd and --passphrase-fd need a descriptor each"
            )
        }
    }

    /// What was named must be there before any work is done.
    func check() throws(FrontError) {
        try Secret.check(descriptor: mnemonicFd, what: "the mnemonic of --mnemonic-fd")
        try Secret.check(
            descriptor: mnemonicPassphraseFd,
            what: "the words' passphrase of --mnemonic-passphrase-fd"
        )
        try Secret.check(descriptor: passphraseFd, what: "the passphrase of --passphrase-fd")
    }

    /// Runs `portcullis-signer offline`, and gives what it writes. A child goes to `child`, which
    /// nobody here reads.
    func ask(
        _ question: [String],
        _ common: CommonOptions,
        child: consuming Descriptor? = nil
    ) throws(FrontError) -> [UInt8] {
        try check()
        let state = try Self.nothing()
        let listener = try Self.nothing()
        var keystore = try Self.nothing()
        var passphrase = try Self.nothing()
        var words = try Self.nothing()
        var wordsPassphrase = try Self.nothing()
        if let mnemonicFd {
            words = try MnemonicText.words.normalized(descriptor: mnemonicFd)
            if let mnemonicPassphraseFd {
                let text = MnemonicText.passphrase
                wordsPassphrase = try text.normalized(descriptor: mnemonicPassphraseFd)
            }
        } else {
            let home = try common.resolveHome()
            keystore = try Files.open(home.keystore, flags: LINUX_O_RDONLY)
            passphrase = try readPassphrase()
        }
        var out = try Self.nothing()
        if let child { out = child }
        let answer = try Pipe()
        var program = ChildProgram(
            try Environment.program("portcullis-signer"),
            ["offline", mnemonicFd == nil ? "keystore" : "mnemonic"] + question,
            descriptors: [
                -1, answer.writing.number, 2, keystore.number, state.number, listener.number,
                passphrase.number, words.number, wordsPassphrase.number, out.number,
            ]
        )
        program.locksMemory = true
        let pid = try program.start()
        let bytes = try answer.readToEnd(limit: 256)
        let status = try Processes.wait(pid)
        guard status == 0 else { throw Self.failure(status) }
        return bytes
    }

    private static func nothing() throws(FrontError) -> Descriptor {
        try Files.open("/dev/null", flags: LINUX_O_RDWR)
    }

    private func readPassphrase() throws(FrontError) -> Descriptor {
        if let passphraseFd {
            let what = "the passphrase of --passphrase-fd"
            return try Pipe.holding(try Secret.read(descriptor: passphraseFd, what: what))
        }
        return try Pipe.holding(try Secret.prompt("The passphrase of the keystore: "))
    }

    /// What the exit status of `portcullis-signer offline` means (`SignerStop`).
    private static func failure(_ status: Int32) -> FrontError {
        switch status {
        case 11: .failed("the keystore is damaged")
        case 19:
            .refused(RefusalWords.report(stage: "signer", RefusalDetail(.wrongPassphrase)))
        case _: KeyCeremony.failure(status)
        }
    }
}
