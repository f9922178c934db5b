private import Bytes
private import Transparency
package import Wire

/// The log as the gate holds it: the journal, the tree over it, what follows from its leaves, and
/// what was published of it.
package final class Log {
    /// Blocks of 256 leaves that are published in one go, so that requests do not wait for long.
    private static let publishBlocksMax = 32

    package let notes: CheckpointNotes
    package let number: UInt32
    package private(set) var tree = Tree()
    package private(set) var state: LogState
    /// The last head that the signer signed and the gate has.
    package private(set) var head: SignedHead?
    /// The last head whose signature was verified.
    private var verified: SignedHead?
    private var journal: Journal
    private let folder: any PublishFolder
    private var publisher: TilePublisher
    /// The size whose checkpoint is in place.
    private var publishedSize: UInt64 = 0
    /// The batch that was read last.
    private var read: Batch?

    /// Opens the log that the signer names, or begins it where the signer remembers none.
    package static func open(
        _ status: SignerStatus,
        in store: any LogStore,
        limits: [LimitCaps],
        lists: DestinationLists = .none
    ) throws(GateError) -> (Log, TornTail?) {
        guard let notes = CheckpointNotes(status) else {
            throw .signerFault(.malformed(kind: MessageKind.statusReply.rawValue))
        }
        let next = status.logNumber + 1
        guard try !store.exists(next) else { throw .laterLog(number: next) }
        let state = LogState(limits: limits, lists: lists, bundleHash: status.bundleHash)
        let origin = BatchFormat.origin(notes.origin.bytes)
        guard let files = try store.open(status.logNumber) else {
            guard status.logSize == 0 else { throw .journalMissing(signerSize: status.logSize) }
            let files = try store.create(status.logNumber)
            let journal = try Journal.begin(
                in: files.journal,
                origin: origin,
                ahead: files.ahead
            )
            return (Log(notes, status, state, Tree(), journal, files, nil), nil)
        }
        let head = try published(files.folder, notes)
        var (tree, replayed) = (Tree(), state)
        let (journal, torn) = try Journal.open(
            files.journal,
            origin: origin,
            acknowledged: max(status.logSize, head?.size ?? 0),
            ahead: files.ahead
        ) { batch throws(GateError) in
            for leaf in batch.leaves {
                try replayed.take(leaf.span, as: GateError.badLeaf)
                tree.append(leafHash: Merkle.leafHash(leaf.span))
            }
            // A batch is one flush, and a decision and its companion are never apart.
            guard replayed.isSettled else {
                throw .badLeaf(index: replayed.nextIndex, .decisionWithoutCharge)
            }
        }
        let log = Log(notes, status, replayed, tree, journal, files, head)
        try log.check(status, head)
        return (log, torn)
    }

    private init(
        _ notes: CheckpointNotes,
        _ status: SignerStatus,
        _ state: LogState,
        _ tree: Tree,
        _ journal: Journal,
        _ files: LogFiles,
        _ head: SignedHead?
    ) {
        self.notes = notes
        number = status.logNumber
        self.state = state
        self.tree = tree
        self.journal = journal
        folder = files.folder
        publisher = TilePublisher(files.folder)
        self.head = head
        publishedSize = head?.size ?? 0
    }

    /// The number of leaves, all durable.
    package var size: UInt64 { journal.nextIndex }

    /// The leaf hashes from `start` to the end, one after the other.
    package func leafHashes(from start: UInt64, to end: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 * Int(end - start))
        for index in start..<end { bytes.append(tree.leafHash(at: index)) }
        return bytes
    }

    /// The bytes of a durable leaf.
    package func leaf(at index: UInt64) throws(GateError) -> [UInt8] {
        if let read, index >= read.firstIndex, index - read.firstIndex < read.leaves.count {
            return read.leaves[Int(index - read.firstIndex)]
        }
        let batch = try journal.batch(holding: index)
        read = batch
        return batch.leaves[Int(index - batch.firstIndex)]
    }

    /// Chooses a rule for a request (`LogState.choose`).
    package func choose(
        _ decision: Decision,
        group: LeafOutpoint,
        at time: LeafTime
    ) throws(LimitExceeded) -> UInt16 {
        try state.choose(decision, group: group, at: time)
    }

    /// What is in use of every limit.
    package func usage(at reading: ClockReading) -> [LimitUsage] {
        state.usage(at: reading)
    }

    /// Lets a leaf take effect that `commit` will make durable before anyone hears of it.
    package func take(_ leaf: [UInt8]) throws(GateError) {
        guard !journal.isPoisoned else { throw .poisoned }
        try state.take(leaf.span, as: GateError.badLeaf)
    }

    /// Makes leaves durable that were taken: one write, one flush.
    package func commit(_ leaves: [[UInt8]]) throws(GateError) {
        guard !journal.isPoisoned else { throw .poisoned }
        precondition(state.isSettled && state.nextIndex == size + UInt64(leaves.count))
        try journal.append(leaves)
        for leaf in leaves { tree.append(leafHash: Merkle.leafHash(leaf.span)) }
    }

    /// Takes a head that the signer signed.
    package func take(_ head: SignedHead, expecting size: UInt64) throws(GateError) {
        try verify(head, expecting: size)
        self.head = head
    }

    /// Whether a head is of this tree and the signature is good; what was found good last is not
    /// computed again.
    package func verify(_ head: SignedHead, expecting size: UInt64) throws(GateError) {
        guard head.size == size else {
            throw .signerFault(.wrongHeadSize(found: head.size, expected: size))
        }
        guard head.root == tree.root(at: size) else {
            throw .signerFault(.wrongRoot(size: size))
        }
        if head == verified { return }
        guard notes.isSigned(head) else { throw .signerFault(.wrongHeadSignature(size: size)) }
        verified = head
    }

    /// Fills the journal's file ahead, if it is time for it.
    package func extendIfLow() throws(GateError) {
        if journal.isLow { try journal.extendAhead() }
    }

    /// Whether the last head is not published yet.
    package var isPublishDue: Bool { head.map { $0.size > publisher.publishedSize } ?? false }

    /// Publishes some of what is due; what is left is due still.
    package func publish() throws(GateError) {
        guard let head else { return }
        let isDone = try publisher.publish(
            head.size,
            of: tree,
            blocksMax: Self.publishBlocksMax
        ) { index throws(GateError) in
            try leaf(at: index)
        }
        guard isDone else { return }
        if head.size != publishedSize {
            try folder.write(CheckpointNotes.path, notes.note(head), durably: true)
        }
        publishedSize = head.size
        try publisher.removeStalePartials()
    }

    /// The published head, which must be whole if it is there.
    private static func published(
        _ folder: any PublishFolder,
        _ notes: CheckpointNotes
    ) throws(GateError) -> SignedHead? {
        guard let note = try folder.read(CheckpointNotes.path) else { return nil }
        guard let head = notes.head(of: note) else { throw .checkpointDamaged }
        return head
    }

    /// The journal's tree must be the one that the signer and the checkpoint know.
    private func check(_ status: SignerStatus, _ head: SignedHead?) throws(GateError) {
        if status.logSize > 0, tree.root(at: status.logSize) != status.root {
            throw .otherTree(size: status.logSize)
        }
        if let head, tree.root(at: head.size) != head.root { throw .otherTree(size: head.size) }
    }
}

extension LogState {
    /// `take`, with the leaf's index in the error.
    mutating func take(
        _ leaf: Span<UInt8>,
        as failure: (UInt64, LeafFault) -> GateError
    ) throws(GateError) {
        let index = nextIndex
        do throws(LeafFault) {
            try take(leaf)
        } catch {
            throw failure(index, error)
        }
    }
}
