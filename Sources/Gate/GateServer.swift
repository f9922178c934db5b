package import Bytes
package import Wire

/// A connection of a client; numbers are never used twice.
package typealias ClientID = UInt64

/// What the gate is told when it is started.
package struct GateConfiguration: Sendable {
    package let bundleHash: Bytes32
    package let limits: [LimitCaps]
    /// Who stands in which list, where each destination of one has a limit for itself.
    package let lists: DestinationLists
    /// By wallet, where one input may take more than one of our signatures.
    package let signaturesPerInputMax: [HashKey: Int]
    /// By wallet, the signer's work for one address (`WalletRecord.addressWork`).
    package let addressWork: [HashKey: Int]

    package init(
        bundleHash: Bytes32,
        limits: [LimitCaps],
        lists: DestinationLists = .none,
        signaturesPerInputMax: [HashKey: Int] = [:],
        addressWork: [HashKey: Int] = [:]
    ) {
        self.bundleHash = bundleHash
        self.limits = limits
        self.lists = lists
        self.signaturesPerInputMax = signaturesPerInputMax
        self.addressWork = addressWork
    }
}

/// Where the gate stands.
package enum GatePhase: Equatable, Sendable {
    /// The signer is sealed, or has not said a word.
    case waiting
    /// The signer was shown the log.
    case resuming
    /// The signer's events and the gate's start are in the log, and are being shown.
    case settling
    case serving
    /// Nothing new is taken; what the signer has is waited for.
    case stopping
    /// The last head is being asked for.
    case closing
    case stopped
}

/// A frame for a client.
package struct ClientReply: Equatable, Sendable {
    package let client: ClientID
    package let kind: MessageKind
    package let payload: [UInt8]
}

/// The gate's mind: what comes in goes through it, what is to go out it leaves in `signer` and
/// `replies`. It waits for nothing but the disk, and knows no descriptor.
///
/// Any error that it throws is the end: the process stops, and tells nobody anything more.
package final class GateServer {
    /// The most leaves that the log may be ahead of what the signer signed.
    static let aheadMax: UInt64 = 65_536
    /// Nanoseconds between heartbeats, and the longest that a leaf waits for a checkpoint.
    static let heartbeatInterval: UInt64 = 60_000_000_000
    static let advanceDelay: UInt64 = 1_000_000_000
    /// Nanoseconds between two publications.
    static let publishInterval: UInt64 = 200_000_000

    package let configuration: GateConfiguration
    let store: any LogStore
    package private(set) var phase = GatePhase.waiting

    /// Frames to the signer, and its replies in order.
    package var signer = SignerChannel()
    /// What clients are to be sent.
    package var replies: [ClientReply] = []

    let source: any ClockSource
    var clock: LogClock
    var builder = LeafBuilder()
    var coalescer = Coalescer()
    let startedBoottime: UInt64

    /// There once the signer has greeted.
    var log: Log?
    /// The signer's own word, as of its last reply.
    var status = SignerStatus(phase: .sealed)
    /// The size that the signer has appended to its tree.
    var signerSize: UInt64 = 0
    /// Satoshi that the signer will still release.
    var allowanceLeft: UInt64 = 0
    /// Clients that wait for the signer's status.
    var statusWaiters: [ClientID] = []

    var jobs = JobTable()
    /// The entries of the release that the signer has; none: it has none.
    var releasing: [ReleaseInFlight] = []
    /// Their receipts, once the signer's checkpoint is there.
    var receipts: [[UInt8]] = []
    /// A resume, release or advance is with the signer.
    var isHeadAwaited = false
    /// The size that its reply must be of.
    var awaitedSize: UInt64 = 0

    /// Notes that go into the next batch, with their details.
    var notes: [(event: NoteEvent, detail: [UInt8])] = []
    /// CLOCK_BOOTTIME of the last heartbeat, of the oldest leaf without a checkpoint, and of the
    /// last publication.
    var lastHeartbeat: UInt64 = 0
    var aheadSince: UInt64?
    var lastPublish: UInt64 = 0

    package init(
        _ configuration: GateConfiguration,
        store: any LogStore,
        clock source: any ClockSource
    ) throws(GateError) {
        self.configuration = configuration
        self.store = store
        self.source = source
        clock = try LogClock(source)
        startedBoottime = try source.read().boottime
    }

    func move(to next: GatePhase) {
        phase = next
    }

    /// The log, which there is from the greeting on.
    var opened: Log {
        guard let log else { preconditionFailure("the signer has greeted") }
        return log
    }

    /// The time for leaves made now. A step of the wall clock is noted in the next batch.
    func stamp() throws(GateError) -> LeafTime {
        let (time, step) = try clock.stamp()
        if let step {
            var detail: [UInt8] = []
            detail.append(UInt64(bitPattern: step.nanoseconds), bytes: 8)
            notes.append((.clockStep, detail))
        }
        return time
    }

    func reply(_ client: ClientID, _ kind: MessageKind, _ payload: [UInt8]) {
        replies.append(ClientReply(client: client, kind: kind, payload: payload))
    }
}
