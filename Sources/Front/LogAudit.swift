import Bytes
import Transparency

/// The whole of one published log, checked: every leaf, the tree, every tile, and the signature of
/// the checkpoint.
package struct LogAudit: Codable, Equatable, Sendable {
    package var number: UInt32
    package var origin: String
    /// The leaves under the published checkpoint.
    package var size: UInt64
    package var root: String
    package var decisions: UInt64 = 0
    package var charges: UInt64 = 0
    package var coalesced: UInt64 = 0
    package var notes: UInt64 = 0
    package var events: UInt64 = 0
    /// Refills and recoveries among the events.
    package var adminEvents: UInt64 = 0
    /// Whether the admins' signatures in them were verified, which takes the policy's bundle.
    package var adminsChecked: Bool
    /// Entries of the gate's journal that were compared; nothing where it was not read.
    package var journal: UInt64?

    /// Checks a log against its verifier key; `visit` sees each entry as it passes, in words and in
    /// bytes. Without `admins` it takes the signer's word that admins signed for refills and
    /// recoveries.
    package init(
        folder: LogFolder,
        number: UInt32,
        key: String,
        admins: AdminAudit? = nil,
        readsJournal: Bool = false,
        visit: (UInt64, LeafFacts, [UInt8]) -> Void = { _, _, _ in }
    ) throws(FrontError) {
        self.number = number
        adminsChecked = admins != nil
        guard let note = try folder.checkpoint() else {
            throw Self.invalid("log \(number) has no checkpoint yet: unlock once")
        }
        let keyBytes = [UInt8](key.utf8)
        let rootFound: Bytes32
        do {
            let verifier = try VerifierKey(text: keyBytes.span)
            let signed = try SignedNote(note.span)
            try signed.verify(verifier)
            let checkpoint = try Checkpoint(text: signed.text)
            guard checkpoint.origin.equals(verifier.name) else {
                throw TransparencyError.wrongOrigin
            }
            origin = String(decoding: [UInt8](copying: checkpoint.origin), as: UTF8.self)
            size = checkpoint.size
            rootFound = checkpoint.root
            root = rootFound.hexDigits
        } catch {
            let words = Self.words(error)
            throw Self.invalid("the checkpoint of log \(number) is not good: \(words)")
        }
        let hashes = try readLeaves(folder, admins, visit: visit)
        var range = CompactRange()
        for hash in hashes { range.append(leafHash: hash) }
        guard range.root == rootFound else {
            throw Self.invalid("the entries of log \(number) do not give the root that was signed")
        }
        do throws(FrontError) {
            try TileCheck(folder: folder, size: size).check(hashes)
            if readsJournal {
                let audit = JournalAudit(path: folder.path + "/journal", origin: origin)
                journal = try audit.check(hashes)
            }
        } catch {
            throw Self.invalid(error.message)
        }
    }

    /// Reads every entry up to the checkpoint's size; the leaf hashes.
    private mutating func readLeaves(
        _ folder: LogFolder,
        _ admins: AdminAudit?,
        visit: (UInt64, LeafFacts, [UInt8]) -> Void
    ) throws(FrontError) -> [Bytes32] {
        var hashes: [Bytes32] = []
        var order = LeafOrder()
        var bundle: UInt64 = 0
        while bundle * 256 < size {
            let width = Int(min(256, size - bundle * 256))
            do throws(FrontError) {
                let leaves = try folder.entries(bundle: bundle, width: width)
                try folder.checkPartialEntries(bundle: bundle, leaves: leaves)
                for leaf in leaves {
                    let facts = try LeafFacts(reading: leaf)
                    try order.check(facts, at: UInt64(hashes.count))
                    tally(facts)
                    if facts.kind == "event" { _ = try admins?.check(leaf) }
                    visit(UInt64(hashes.count), facts, leaf)
                    hashes.append(Merkle.leafHash(leaf.span))
                }
            } catch {
                throw Self.invalid("entry \(hashes.count) of log \(number): \(error.message)")
            }
            bundle += 1
        }
        do throws(FrontError) {
            try order.finish()
        } catch {
            throw Self.invalid("log \(number): \(error.message)")
        }
        return hashes
    }

    private mutating func tally(_ facts: LeafFacts) {
        switch facts.kind {
        case "decision": decisions += 1
        case "charge": charges += 1
        case "coalesced": coalesced += 1
        case "note": notes += 1
        default:
            events += 1
            if facts.event != "unlock" { adminEvents += 1 }
        }
    }

    /// What is wrong with a checkpoint, in words.
    private static func words(_ error: any Error) -> String {
        guard let error = error as? TransparencyError else { return "\(error)" }
        return switch error {
        case .badSignature: "its signature is wrong"
        case .unsigned: "the log's key did not sign it"
        case .malformedNote, .malformedCheckpoint: "it is not in the form of a checkpoint"
        case .malformedKey, .wrongKeyID: "the key in public/log.vkey is not one"
        case .wrongOrigin: "it is of another log"
        case .rangeLength, .sizeTooLarge, .indexOutOfRange, .emptyTree, .sizesReversed,
            .proofLength, .rootMismatch, .malformedProof, .unknownNetwork, .tooLong, .noRoom:
            "\(error)"
        }
    }

    private static func invalid(_ words: String) -> FrontError {
        .refused(
            RefusalReport(
                .logInvalid,
                message: words,
                remedy:
                    "keep the log as evidence and compare it with a copy; see docs/operations.md"
            )
        )
    }
}

/// What must be true of the order of entries: each decision is followed at once by its charge, a
/// charge stands nowhere else, and log time never goes back. Where a decision says who asked and
/// when, its charge names the same, and no earlier time.
struct LeafOrder {
    private var openDecision: UInt64?
    private var asked: (requester: UInt32?, time: UInt64)?
    private var lastTime: UInt64 = 0

    mutating func check(_ leaf: LeafFacts, at index: UInt64) throws(FrontError) {
        if let decision = openDecision {
            guard leaf.kind == "charge", leaf.decisionIndex == decision else {
                throw .failed("a decision without its charge right behind it")
            }
            if let asked {
                guard leaf.requester == asked.requester, let time = leaf.logTime, time >= asked.time
                else { throw .failed("a charge for somebody else, or before it was asked for") }
            }
            openDecision = nil
        } else if leaf.kind == "charge" {
            throw .failed("a charge that follows no decision")
        }
        if leaf.kind == "decision" {
            openDecision = index
            asked = leaf.askedAt.map { (leaf.requester, $0) }
        }
        if let time = leaf.logTime {
            guard time >= lastTime else { throw .failed("the log's time went back") }
            lastTime = time
        }
    }

    func finish() throws(FrontError) {
        guard openDecision == nil else {
            throw .failed("the last decision has no charge behind it")
        }
    }
}

/// Every tile that a tree of that size has, held against the hashes of the leaves.
struct TileCheck {
    let folder: LogFolder
    let size: UInt64

    func check(_ leafHashes: [Bytes32]) throws(FrontError) {
        var hashes = leafHashes
        var level: UInt8 = 0
        while !hashes.isEmpty {
            for start in stride(from: 0, to: hashes.count, by: TilePath.widthFull) {
                let width = min(TilePath.widthFull, hashes.count - start)
                let index = UInt64(start / TilePath.widthFull)
                let tile = try folder.tile(level: level, index: index, width: width)
                try folder.checkPartialTiles(level: level, index: index, tile: tile)
                for place in 0..<width {
                    let found = tile[place * 32..<place * 32 + 32]
                    guard [UInt8](found) == [UInt8](copying: hashes[start + place].span) else {
                        throw .failed("tile \(level)/\(index) is wrong at hash \(place)")
                    }
                }
            }
            hashes = Self.next(hashes)
            level += 1
        }
    }

    /// The hashes of the level above: the roots of full tiles.
    private static func next(_ hashes: [Bytes32]) -> [Bytes32] {
        var above: [Bytes32] = []
        for tile in 0..<hashes.count / TilePath.widthFull {
            var row = [Bytes32](hashes[tile * 256..<tile * 256 + 256])
            while row.count > 1 {
                row = (0..<row.count / 2).map { Merkle.nodeHash(row[2 * $0], row[2 * $0 + 1]) }
            }
            above.append(row[0])
        }
        return above
    }
}
