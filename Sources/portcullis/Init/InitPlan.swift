private import CLinux
import Front
import LocalSocket

/// Where the seed of a new home comes from.
struct SeedSource {
    /// The descriptor with words to restore; nothing for a new seed.
    let words: Int32?
    let passphrase: Int32?
    let newWordCount: Int
    /// Where the words of a new seed go; nothing for the terminal.
    let wordsOut: Int32?

    /// What the signer is told.
    var argument: String { words == nil ? "new\(newWordCount)" : "restore" }
}

/// What a new home became.
struct InitResult {
    let facts: HomeFacts
    let madeAdminKey: Bool
}

/// Everything that `init` was asked for. It is carried out in a folder beside the home, which takes
/// the home's name at the very end: a home is there as a whole or not at all.
struct InitPlan {
    let home: Home
    let network: NetworkName
    let policyFile: String
    let seed: SeedSource
    let passphrase: Int32?
    let passes: UInt32
    let memoryMib: UInt32
    let users: HomeFacts.Users?

    func carryOut(_ output: Output) throws(FrontError) -> InitResult {
        try checkPlace()
        try checkSources()
        try Files.makeFolders(above: home.path)
        let draft = Home(path: "\(home.path).new-\(Processes.ownIdentifier)")
        try makeFolders(draft)
        do throws(FrontError) {
            let made = try fill(draft, output)
            try giveAway(draft)
            try syncFolders(draft)
            // An empty folder of that name gives way; anything else is left alone.
            let isEmpty = try Files.isEmptyFolder(home.path)
            try Files.rename(draft.path, to: home.path, replacing: isEmpty)
            try Files.syncFolder(above: home.path)
            return made
        } catch {
            Files.removeTree(draft.path)
            throw error
        }
    }

    private func checkPlace() throws(FrontError) {
        var isFree = !Files.exists(home.path)
        if !isFree { isFree = try Files.isEmptyFolder(home.path) }
        guard isFree else {
            throw .refused(
                RefusalReport(
                    .homeExists,
                    message: "\(home.path) exists already, and a home is never overwritten",
                    remedy: "name another folder, or move the old one away yourself"
                )
            )
        }
        let longest = home.operatorSocket.utf8.count
        guard longest <= UnixSocket.pathCountMax else {
            throw .usage(
                "the path of --home is too long: a socket in it would have \(longest) bytes, and "
                    + "none may have more than \(UnixSocket.pathCountMax)"
            )
        }
    }

    /// What was named must be there before any work is done, and somebody to ask for the rest.
    private func checkSources() throws(FrontError) {
        try Secret.check(descriptor: passphrase, what: "the passphrase of --passphrase-fd")
        try Secret.check(descriptor: seed.words, what: "the mnemonic of --mnemonic-fd")
        try Secret.check(
            descriptor: seed.passphrase,
            what: "the words' passphrase of --mnemonic-passphrase-fd"
        )
        if let words = seed.wordsOut {
            do throws(FrontError) {
                try Secret.check(descriptor: words, what: "")
            } catch {
                throw .usage("descriptor \(words) of --words-out-fd is not open")
            }
        }
        if passphrase == nil { try Secret.checkTerminal() }
        if showsNoWords, !network.isThrowAway {
            throw .usage("nobody would see the new words: use a terminal or --words-out-fd N")
        }
    }

    /// Whether the words of a new seed have nowhere to go.
    private var showsNoWords: Bool {
        seed.words == nil && seed.wordsOut == nil && !Files.canOpen("/dev/tty")
    }

    /// Every new name in the home is durable before the home gets its own.
    private func syncFolders(_ draft: Home) throws(FrontError) {
        for folder in [
            draft.publicFolder, draft.signerFolder, draft.gateFolder, draft.runFolder,
            draft.adminFolder, draft.path,
        ] {
            try Files.syncFolder(folder)
        }
    }

    private func makeFolders(_ draft: Home) throws(FrontError) {
        try Files.makeFolder(draft.path, mode: 0o755)
        try Files.makeFolder(draft.publicFolder, mode: 0o755)
        try Files.makeFolder(draft.signerFolder, mode: 0o700)
        try Files.makeFolder(draft.gateFolder, mode: 0o755)
        try Files.makeFolder(draft.runFolder, mode: 0o755)
        try Files.makeFolder(draft.adminFolder, mode: 0o700)
    }

    private func fill(_ draft: Home, _ output: Output) throws(FrontError) -> InitResult {
        let policy = try PolicySource(path: policyFile, network: network)
        let madeAdminKey = try policy.compile(
            into: draft,
            front: users?.front ?? Processes.user,
            output
        )
        let bundle = try BundleFacts(reading: try Files.read(draft.bundle, limit: 64 << 20))
        output.say("Making the keys; Argon2id takes a moment.")
        if showsNoWords {
            output.say(
                "Nobody sees the words of this seed, so it can never be restored: there is no "
                    + "terminal, and no --words-out-fd."
            )
        }
        let (record, isAmbiguous) = try KeyCeremony(plan: self).run(draft)
        let facts = try record.facts(bundle, users: users)
        // The signer's word counts, also where nobody else sees why.
        if isAmbiguous { throw Self.ambiguous }
        try Files.write(try facts.json(), to: draft.facts, mode: 0o644)
        try Files.write([UInt8]((facts.auditKey + "\n").utf8), to: draft.logKeys, mode: 0o644)
        return InitResult(facts: facts, madeAdminKey: madeAdminKey)
    }

    private static var ambiguous: FrontError {
        .refused(
            RefusalReport(
                .policyInvalid,
                message: "two wallets share addresses, or one key stands for two cosigners",
                remedy: "give every wallet and every cosigner keys of their own"
            )
        )
    }

    /// Each process owns what it writes, and nothing else.
    private func giveAway(_ draft: Home) throws(FrontError) {
        guard let users else { return }
        for path in [draft.signerFolder, draft.keystore, draft.state] {
            try Files.giveAway(path, uid: users.signer, gid: users.signer)
        }
        try Files.giveAway(draft.gateFolder, uid: users.gate, gid: users.gate)
    }
}

/// `portcullis-signer init`: the one moment at which keys are made. They are in that process only.
struct KeyCeremony {
    let plan: InitPlan

    /// What the signer says of the new home, and whether it found wallets that are not apart, and
    /// so will not open it.
    func run(_ draft: Home) throws(FrontError) -> (InitRecord, isAmbiguous: Bool) {
        let keystore = try Files.create(draft.keystore, mode: 0o600)
        let state = try Files.create(draft.state, mode: 0o600)
        let bundle = try Files.open(draft.bundle, flags: LINUX_O_RDONLY)
        let mnemonic = try normalized(.words, plan.seed.words)
        let mnemonicPassphrase = try normalized(.passphrase, plan.seed.passphrase)
        let passphrase = try readPassphrase()
        let words = try wordsOut()
        let record = try Pipe()
        let memoryKiB = plan.memoryMib << 10
        var program = ChildProgram(
            try Environment.program("portcullis-signer"),
            ["init", plan.seed.argument, String(plan.passes), String(memoryKiB)],
            descriptors: [
                -1, record.writing.number, 2, keystore.number, state.number, bundle.number,
                passphrase.number, mnemonic.number, mnemonicPassphrase.number, words.number,
            ]
        )
        program.locksMemory = true
        let pid = try program.start()
        let bytes = try record.readToEnd(limit: InitRecord.byteCountMax)
        let status = try Processes.wait(pid)
        let isAmbiguous = status == 18
        guard status == 0 || isAmbiguous else { throw Self.failure(status) }
        for file in [draft.keystore, draft.state] { try Files.syncFile(file) }
        return (try InitRecord(reading: bytes), isAmbiguous)
    }

    /// What the exit status of `portcullis-signer init` means (`SignerStop`).
    static func failure(_ status: Int32) -> FrontError {
        switch status {
        case 12, 17: .failed("no memory of the kind that keys need: `portcullis doctor` says more")
        case 13:
            MnemonicText.noWords(
                "those are no BIP-39 words: there must be 12, 15, 18, 21 or 24 of the English "
                    + "list, and the last one carries a checksum"
            )
        case 25:
            .failed(
                "the policy asks for what signer and gate do not enforce yet: "
                    + "`portcullis policy check` names it"
            )
        case 30: .failed("this kernel lacks what the signer insists on: `portcullis doctor`")
        default: .failed("no keys were made: the signer ended with status \(status)")
        }
    }

    /// A text that BIP-39 hashes, in its normal form; an empty one where none was named.
    private func normalized(
        _ text: MnemonicText,
        _ number: Int32?
    ) throws(FrontError) -> Descriptor {
        guard let number else { return try Files.open("/dev/null", flags: LINUX_O_RDONLY) }
        return try text.normalized(descriptor: number)
    }

    /// The signer reads the passphrase from a pipe of its own, whatever it was read from here.
    private func readPassphrase() throws(FrontError) -> Descriptor {
        if let number = plan.passphrase {
            return try Pipe.holding(
                try Secret.read(descriptor: number, what: "the passphrase of --passphrase-fd")
            )
        }
        return try Pipe.holding(try Secret.promptTwice("A passphrase for the new keystore: "))
    }

    /// The words go straight from the signer to the terminal, or where they were asked for.
    private func wordsOut() throws(FrontError) -> Descriptor {
        if let number = plan.seed.wordsOut {
            var named = Descriptor(adopting: number)
            named.pin()
            return named
        }
        if plan.seed.words == nil {
            if Files.canOpen("/dev/tty") { return try Files.open("/dev/tty", flags: LINUX_O_RDWR) }
        }
        return try Files.open("/dev/null", flags: LINUX_O_RDWR)
    }
}
