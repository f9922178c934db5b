import Bytes
import Wire

/// An entry of the release that the signer has.
struct ReleaseInFlight {
    let job: Int
    /// Where its decision stands.
    let index: UInt64
    /// Its companion, if it was charged just now; nothing for a retry.
    let charge: [UInt8]?
    /// How many signatures there may be.
    let signatureCount: ClosedRange<Int>
}

/// The signer's part of a batch: it is shown the leaves, and signs.
extension GateServer {
    /// `u32 m | leafHash*m | u16 count | entry*`, of everything that the signer has not seen.
    func release(_ entries: [ReleaseInFlight]) throws(GateError) {
        let log = opened
        awaitedSize = log.size
        var head: [UInt8] = []
        head.append(log.size - signerSize, bytes: 4)
        head += log.leafHashes(from: signerSize, to: log.size)
        head.append(UInt64(entries.count), bytes: 2)
        var parts = [head]
        for entry in entries {
            parts.append(try self.head(of: entry, log))
            parts.append(jobs[entry.job].request)
            if case .signOpened(let nonce) = jobs[entry.job].key.purpose { parts.append(nonce) }
        }
        releasing = entries
        isHeadAwaited = true
        signer.send(.release, parts, expecting: .release)
        // What a retry costs of the allowance only the signer knows.
        if entries.contains(where: { $0.charge == nil }) {
            signer.send(.status, [], expecting: .status)
        }
    }

    /// An entry up to the bytes of its request.
    private func head(of entry: ReleaseInFlight, _ log: Log) throws(GateError) -> [UInt8] {
        guard let slot = jobs[entry.job].slot else { preconditionFailure("its slot is held") }
        var bytes: [UInt8] = []
        bytes.append(UInt64(slot), bytes: 2)
        if let charge = entry.charge {
            bytes.append(1)
            bytes.append(entry.index - signerSize, bytes: 4)
            bytes.append(UInt64(charge.count), bytes: 2)
            bytes += charge
        } else {
            bytes.append(2)
            bytes.append(entry.index, bytes: 8)
            // The decision, and right after it the charge.
            for index in entry.index...entry.index + 1 {
                let leaf = try log.leaf(at: index)
                let proof = log.tree.inclusionProof(index: index, size: awaitedSize)
                bytes.append(UInt64(leaf.count), bytes: 2)
                bytes += leaf
                bytes.append(UInt8(proof.count))
                for hash in proof { bytes.append(hash) }
            }
        }
        bytes.append(UInt64(jobs[entry.job].request.count), bytes: 4)
        return bytes
    }

    /// Verifies the checkpoint and makes the receipts while the signer signs the inputs.
    func prepareReceipts(_ front: [UInt8]) throws(GateError) {
        guard receipts.isEmpty, let head = try SignerReplies.front(front) else { return }
        try opened.verify(head, expecting: awaitedSize)
        try makeReceipts(head)
    }

    private func makeReceipts(_ head: SignedHead) throws(GateError) {
        let note = opened.notes.note(head)
        for entry in releasing { receipts.append(try receipt(of: entry, head, note)) }
    }

    /// Takes signatures, and answers everyone who waits for them with a receipt.
    func released(_ payload: [UInt8]) throws(GateError) {
        let (head, signatures) = try SignerReplies.released(payload)
        try take(head)
        if receipts.isEmpty { try makeReceipts(head) }
        let (entries, receipts) = (releasing, receipts)
        releasing = []
        self.receipts = []
        guard signatures.count == entries.count else { throw .signerFault(.wrongSignatureCount) }
        for (place, entry) in entries.enumerated() {
            let (signatures, receipt) = (signatures[place], receipts[place])
            let signatureCount = signatures.count / 64
            guard entry.signatureCount.contains(signatureCount) else {
                throw .signerFault(.wrongSignatureCount)
            }
            var reply: [UInt8] = [entry.charge == nil ? 1 : 0]
            reply.reserveCapacity(16 + signatures.count + receipt.count)
            reply.append(UInt64(signatureCount), bytes: 2)
            reply += signatures
            reply.append(UInt64(receipt.count), bytes: 4)
            reply += receipt
            for client in jobs.finish(entry.job) { self.reply(client, .signed, reply) }
        }
    }

    /// A release was refused as a whole and changed nothing. Each entry is tried by itself, as a
    /// retry of what was charged; one that is refused by itself is refused.
    func releaseRefused(_ detail: RefusalDetail) {
        let entries = releasing
        releasing = []
        isHeadAwaited = false
        if entries.count > 1 {
            for entry in entries { jobs.sendAlone(entry.job) }
        } else {
            for entry in entries { refuse(entry.job, .signer, detail) }
        }
        signer.send(.status, [], expecting: .status)
    }

    /// What the signer will still release, beyond what it has been asked for.
    func updateAllowance() {
        let (left, isOver) = status.allowanceTotal
            .subtractingReportingOverflow(status.allowanceSpent)
        allowanceLeft = isOver ? 0 : left
        for entry in releasing where entry.charge != nil {
            let outflow = jobs[entry.job].assessed?.decision.facts?.outflow ?? 0
            allowanceLeft -= min(allowanceLeft, outflow)
        }
    }

    /// The tlog-proof of a decision, with the key and the leaf beside it.
    private func receipt(
        of entry: ReleaseInFlight,
        _ head: SignedHead,
        _ note: [UInt8]
    ) throws(GateError) -> [UInt8] {
        let log = opened
        let leaf: [UInt8]
        if entry.charge != nil, let assessed = jobs[entry.job].assessed {
            leaf = assessed.leaf
        } else {
            leaf = try log.leaf(at: entry.index)
        }
        return Receipt.bytes(
            auditKey: log.notes.auditKey,
            leaf: leaf,
            index: entry.index,
            proof: log.tree.inclusionProof(index: entry.index, size: head.size),
            note: note
        )
    }
}
