import ArgumentParser
import FoundationEssentials
import Front

/// `portcullis audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check the log, list it, verify a receipt.",
        discussion: """
            The log is a C2SP transparency log on plain files: other people's tools read it too.

            Examples:
              portcullis audit verify --home box
              portcullis audit receipt signed.psbt.receipt

            Exit status: 0 all is good, 2 usage, 3 something is not, 1 it cannot be read.
            """,
        subcommands: [Verify.self, Show.self, VerifyReceipt.self]
    )

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Check the whole log.",
            discussion: """
                Reads every published entry, rebuilds the tree, compares every tile, and verifies \
                the signature of the checkpoint with the log's public key. Every decision must be \
                followed by its charge, and time must never go back. Every refill and recovery \
                must carry the signatures of enough admins of public/bundle.bin; without that \
                file they are not checked, and it says so. The gate's own journal must say the \
                same. Needs no running appliance and no secret. One wrong byte anywhere is refused \
                with exit 3.

                Example:
                  portcullis audit verify --home box

                Exit status: 0 the log is good, 2 usage, 3 it is not, 1 it cannot be read.
                """
        )

        @OptionGroup var common: CommonOptions

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let home = try common.resolveHome()
                let admins = try home.admins()
                var audits: [LogAudit] = []
                for log in try home.logs() {
                    let audit = try log.folder.check(isServed: home.isServed) {
                        () throws(FrontError) in
                        try LogAudit(
                            folder: log.folder,
                            number: log.number,
                            key: log.key,
                            admins: admins,
                            readsJournal: true
                        )
                    }
                    audits.append(audit)
                }
                try common.output.finish(
                    AuditDocument(ok: true, logs: audits),
                    words: audits.flatMap(\.lines)
                )
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "List the entries of the log.",
            discussion: """
                Checks the log as `audit verify` does, and lists what stands in it: decisions, \
                charges, notes of the gate, events of the signer. One line each, or with --json \
                every field.

                Example:
                  portcullis audit show --home box --json | jq '.entries[-1]'

                Exit status: 0 listed, 2 usage, 3 the log is not good, 1 it cannot be read.
                """
        )

        @OptionGroup var common: CommonOptions

        @Option(name: .long, help: "Only this log; without it, all.")
        var log: UInt32?

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let home = try common.resolveHome()
                let admins = try home.admins()
                var names = LeafNames(admins?.policy)
                var entries: [EntryDocument] = []
                let logs = try home.logs()
                if let number = self.log, !logs.contains(where: { $0.number == number }) {
                    throw .usage("--log: there is no log \(number); the last is \(logs.count - 1)")
                }
                for log in logs where self.log == nil || self.log == log.number {
                    entries += try log.folder.check(isServed: home.isServed) {
                        () throws(FrontError) in
                        var found: [EntryDocument] = []
                        _ = try LogAudit(
                            folder: log.folder,
                            number: log.number,
                            key: log.key,
                            admins: admins
                        ) { index, facts, _ in
                            let leaf = names.named(facts)
                            found.append(EntryDocument(log: log.number, index: index, leaf: leaf))
                        }
                        return found
                    }
                }
                try common.output.finish(
                    ["entries": entries],
                    words: entries.map { "\($0.log)/\($0.index)  \($0.leaf.words)" }
                )
            }
        }
    }

    struct VerifyReceipt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "receipt",
            abstract: "Verify a receipt offline.",
            discussion: """
                A receipt holds a log entry, the proof that it is in the log, and the signed \
                checkpoint. Nothing else is needed: no home, no network, no appliance. Without \
                --vkey the signature is checked with the key that the receipt itself names, which \
                shows that it is whole but not whose it is; give the log's key (public/log.vkey) \
                to know that.

                Example:
                  portcullis audit receipt a.receipt --vkey "$(head -n 1 box/public/log.vkey)"

                Exit status: 0 the receipt is good, 2 usage, 3 it is not, 1 it cannot be read.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The receipt, or - for standard input.")
        var file: String

        @Option(name: .long, help: "The log's verifier key, name+id+base64.")
        var vkey: String?

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let bytes = try Files.read(file, limit: Receipt.byteCountMax)
                let receipt = try Receipt(bytes)
                try receipt.verify(key: vkey ?? receipt.ownKey)
                let leaf = try LeafFacts(reading: receipt.leaf)
                if vkey == nil {
                    common.output.say(
                        "Checked with the key that the receipt names; --vkey says whose it must be."
                    )
                }
                try common.output.finish(
                    ReceiptDocument(receipt, leaf: leaf, keyGiven: vkey != nil),
                    words: [
                        "The receipt is good: entry \(receipt.index) of \(receipt.origin)",
                        "  in a tree of \(receipt.size), root \(receipt.root)",
                        "  \(leaf.words)",
                        "  key \(vkey ?? receipt.ownKey)",
                    ]
                )
            }
        }
    }
}

struct AuditDocument: Encodable {
    var ok: Bool
    var logs: [LogAudit]
}

extension LogAudit {
    var lines: [String] {
        [
            "Log \(number) is good: \(size) entries, root \(root)",
            "  \(origin)",
            "  \(decisions) decisions with their charges, \(events) events of the signer, "
                + "\(notes) notes of the gate, \(coalesced) counts of refusals",
            "  \(adminEvents) refills and recoveries, " + adminWords,
            journal.map { "  the gate's journal says the same" + later(in: $0) }
                ?? "  the gate's journal was not read: this user may not",
        ]
    }

    /// The gate publishes a moment later, and of a log that was lost no more.
    private func later(in journal: UInt64) -> String {
        journal > size ? ", and \(journal - size) later entries that are not published" : ""
    }

    private var adminWords: String {
        adminsChecked
            ? "each signed by enough admins of public/bundle.bin"
            : "NOT held against the admins' keys: public/bundle.bin is missing"
    }
}

/// An entry with its place; the fields of the leaf stand beside it.
struct EntryDocument: Encodable {
    var log: UInt32
    var index: UInt64
    var leaf: LeafFacts

    enum Keys: String, CodingKey {
        case log, index
    }

    func encode(to encoder: any Encoder) throws {
        try leaf.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(log, forKey: .log)
        try container.encode(index, forKey: .index)
    }
}

struct ReceiptDocument: Encodable {
    var ok = true
    var origin: String
    var index: UInt64
    var size: UInt64
    var root: String
    var key: String
    /// Whether the key came from outside the receipt.
    var keyGiven: Bool
    var leaf: LeafFacts

    init(_ receipt: Receipt, leaf: LeafFacts, keyGiven: Bool) {
        origin = receipt.origin
        index = receipt.index
        size = receipt.size
        root = receipt.root
        key = receipt.ownKey
        self.keyGiven = keyGiven
        self.leaf = leaf
    }
}

extension Home {
    /// Whether `up` seems to run here: after a crash its socket may have stayed.
    var isServed: Bool { Files.exists(controlSocket) }

    /// A log of this home with the key that verifies it.
    struct Log {
        var number: UInt32
        var folder: LogFolder
        var key: String
    }

    /// The admins whose signatures refills and recoveries must carry; nothing where the policy's
    /// bundle is not beside the log.
    func admins() throws(FrontError) -> AdminAudit? {
        guard FileManager.default.fileExists(atPath: bundle) else { return nil }
        return try AdminAudit(
            bundle: try Files.read(bundle, limit: 64 << 20),
            policyHash: try readFacts().policyHash
        )
    }

    /// Every log with its key from public/log.vkey, where line n is the key of log n.
    func logs() throws(FrontError) -> [Log] {
        _ = try readFacts()
        var logs: [Log] = []
        for number in try LogFolder.numbers(in: self) {
            logs.append(
                Log(
                    number: number,
                    folder: LogFolder(path: logFolder(number)),
                    key: try logKey(number)
                )
            )
        }
        guard !logs.isEmpty else { throw .failed("there is no log in \(gateFolder)") }
        return logs
    }
}
