private import Bytes
package import Wire

/// What the gate does of itself: between what comes in, and on its way out.
extension GateServer {
    /// Gives the signer what has come in. To be called, and its frames to be written, before
    /// `turn`, which waits for the disk: the signer then works meanwhile.
    package func assess() throws(GateError) {
        if phase == .serving, jobs.isAssessmentDue { assessMore(try stamp()) }
    }

    /// Does what is due. To be called after everything that came in, and when time passed.
    package func turn() throws(GateError) {
        switch phase {
        case .waiting, .resuming, .stopped: return
        case .settling: try settle()
        case .serving:
            try work(try stamp())
        case .stopping:
            try work(try stamp())
            if jobs.isEmpty, !isHeadAwaited { try close() }
        case .closing:
            guard !isHeadAwaited else { return }
            guard signerSize == opened.size else { return try sendAdvance(try stamp()) }
            try publishAll()
            move(to: .stopped)
        }
    }

    /// One request is under way, and the signer has it: its answer is all that can come soon.
    package var isSignerAlone: Bool { jobs.count == 1 && signer.isAwaited }

    /// Milliseconds after which a turn is due, whatever comes in.
    package var turnMilliseconds: Int32 {
        if phase == .serving, !isHeadAwaited, !jobs.allowed.isEmpty || !jobs.refused.isEmpty {
            return 0
        }
        let isSoon = aheadSince != nil || log?.isPublishDue == true || phase == .stopping
        return isSoon ? 50 : 1_000
    }

    /// SIGTERM: takes nothing new, finishes what the signer has, and says so in the log.
    package func stop() {
        switch phase {
        case .serving:
            for client in jobs.abandonQueued() { refuse(client, .notServing) }
            move(to: .stopping)
        case .waiting, .resuming, .settling: move(to: .stopped)
        case .stopping, .closing, .stopped: return
        }
    }

    /// The signer hung up, or the time to stop is over: whoever waits is told, and the log gets
    /// what it is still owed.
    package func end(_ refusal: Refusal) throws(GateError) {
        for client in jobs.allWaiters + statusWaiters + signer.waitingClients {
            refuse(client, refusal)
        }
        if phase == .serving || phase == .stopping {
            try writeStop(try stamp())
        }
        if log != nil { try publishAll() }
        move(to: .stopped)
    }

    private func settle() throws(GateError) {
        guard !isHeadAwaited else { return }
        guard signerSize == opened.size else { return try sendAdvance(try stamp()) }
        try publish()
        move(to: .serving)
    }

    private func work(_ time: LeafTime) throws(GateError) {
        try commit(time)
        if !isHeadAwaited, let since = aheadSince,
            time.boottime - since >= Self.advanceDelay
                || opened.size - signerSize >= Self.aheadMax
        {
            try sendAdvance(time)
        }
        if opened.isPublishDue, time.boottime - lastPublish >= Self.publishInterval {
            try publish()
            lastPublish = time.boottime
        }
        try opened.extendIfLow()
    }

    /// The last leaves, and the last head.
    private func close() throws(GateError) {
        let time = try stamp()
        try writeStop(time)
        move(to: .closing)
        try sendAdvance(time)
    }

    private func writeStop(_ time: LeafTime) throws(GateError) {
        var leaves: [[UInt8]] = []
        for count in coalescer.flush(at: time.boottime, all: true) {
            leaves.append(try builder.coalesced(count, time: time))
        }
        notes.append((.stop, []))
        for note in notes {
            leaves.append(try builder.note(note.event, detail: note.detail, time: time))
        }
        notes = []
        for leaf in leaves { try opened.take(leaf) }
        try opened.commit(leaves)
    }

    private func publish() throws(GateError) {
        try opened.publish()
    }

    private func publishAll() throws(GateError) {
        while opened.isPublishDue { try publish() }
    }
}
