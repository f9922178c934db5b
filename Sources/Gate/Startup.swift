private import Bytes
import Wire

/// From the signer's greeting to serving: the log is opened and shown, the signer's events and the
/// gate's start go into it, and are shown in turn.
extension GateServer {
    /// Leaf hashes in one `resume` or `advance`: 4 MiB would hold some more.
    static let hashesMax: UInt64 = 100_000

    /// Takes the status that nobody asked for.
    func greet(_ payload: [UInt8]) throws(GateError) {
        guard phase == .waiting else {
            throw .signerFault(.unexpected(kind: MessageKind.statusReply.rawValue))
        }
        status = try SignerReplies.status(payload)
        guard status.phase == .unresumed else {
            throw .signerFault(.unexpected(kind: MessageKind.statusReply.rawValue))
        }
        guard status.bundleHash == configuration.bundleHash else { throw .bundleMismatch }
        updateAllowance()
        let (log, torn) = try Log.open(
            status,
            in: store,
            limits: configuration.limits,
            lists: configuration.lists
        )
        self.log = log
        clock.neverBefore(max(log.state.lastLogTime, status.lastTime))
        if let torn {
            var detail: [UInt8] = []
            detail.append(UInt64(torn.count), bytes: 8)
            detail.append(torn.sha256)
            notes.append((.tornTailCut, detail))
        }
        move(to: .resuming)
        sendResume(log)
    }

    /// `u32 logNumber | u64 size | u8 n | hash*n | checkpoint | u32 m | leafHash*m`.
    private func sendResume(_ log: Log) {
        let frontier = log.tree.frontier(at: status.logSize)
        awaitedSize = min(log.size, status.logSize + Self.hashesMax)
        var head: [UInt8] = []
        head.append(UInt64(log.number), bytes: 4)
        head.append(status.logSize, bytes: 8)
        head.append(UInt8(frontier.count))
        for hash in frontier { head.append(hash) }
        let seen = log.head ?? SignedHead(size: 0, root: .zero, signature: .zero)
        head.append(seen.size, bytes: 8)
        head.append(seen.root)
        head.append(seen.signature)
        head.append(awaitedSize - status.logSize, bytes: 4)
        let hashes = log.leafHashes(from: status.logSize, to: awaitedSize)
        isHeadAwaited = true
        signer.send(.resume, [head, hashes], expecting: .resume)
    }

    /// Takes the answer to `resume`: `checkpoint | u16 count | vec16 leaf*`.
    func resumed(_ payload: [UInt8]) throws(GateError) {
        let (head, events) = try SignerReplies.resumed(payload)
        try take(head)
        let log = opened
        let time = try stamp()
        var leaves = events
        let torn = notes.filter { $0.event == .tornTailCut }
        notes.removeAll { $0.event == .tornTailCut }
        for note in torn {
            leaves.append(try builder.note(note.event, detail: note.detail, time: time))
        }
        leaves.append(try builder.note(.start, time: time))
        for (place, leaf) in leaves.enumerated() {
            // Only a leaf of the signer's own can be wrong here.
            guard place >= events.count || leaf.first == LeafKind.event.rawValue else {
                throw .signerFault(.wrongLeaf)
            }
            try log.take(leaf)
        }
        try log.commit(leaves)
        lastHeartbeat = time.boottime
        move(to: .settling)
        try sendAdvance(time)
    }

    /// `u64 time | u32 m | leafHash*m`.
    func sendAdvance(_ time: LeafTime) throws(GateError) {
        let log = opened
        awaitedSize = min(log.size, signerSize + Self.hashesMax)
        var head: [UInt8] = []
        head.append(time.logTime, bytes: 8)
        head.append(awaitedSize - signerSize, bytes: 4)
        let hashes = log.leafHashes(from: signerSize, to: awaitedSize)
        isHeadAwaited = true
        signer.send(.advance, [head, hashes], expecting: .advance)
    }

    /// Takes the answer to `advance`: a checkpoint.
    func advanced(_ payload: [UInt8]) throws(GateError) {
        try take(try SignerReplies.head(payload))
    }

    /// Takes a head that the signer was to sign over all that it was shown.
    func take(_ head: SignedHead) throws(GateError) {
        try opened.take(head, expecting: awaitedSize)
        isHeadAwaited = false
        signerSize = head.size
        if head.size == opened.size { aheadSince = nil }
    }
}
