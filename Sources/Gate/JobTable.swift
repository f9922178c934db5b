import Bytes
import Wire

/// What makes two requests in flight one: who asks, for what, and every byte.
struct JobKey: Hashable {
    let requester: UInt32
    let role: ClientRole
    let hash: HashKey
    let purpose: JobPurpose
}

/// What a client wants of a request.
enum JobPurpose: Hashable {
    case sign
    /// The points of the nonces that its signatures will start from.
    case open
    /// Signatures that hold this host nonce.
    case signOpened([UInt8])
}

/// A request in flight.
struct Job {
    let requester: UInt32
    let key: JobKey
    /// The signer's work to check it (`WalletRecord.addressWork`).
    let work: Int
    /// The SigningRequest; once assessed, only its resolved part is kept.
    var request: [UInt8]
    /// Everyone who asked the same meanwhile.
    var waiters: [ClientID]
    /// The signer's place for it, while it is assessed or allowed.
    var slot: UInt16?
    var assessed: AssessedRequest?
}

/// How much is in the release that is being put together.
struct ReleaseLoad {
    /// Bytes of requests and leaves, and signatures: frames of 8 MiB hold them with all the rest.
    private static let bytesMax = 3 << 20
    /// Half a second of signing: so long at most a small request waits for large ones.
    private static let signaturesMax = 4_096
    /// Half a second of deriving again.
    private static let workMax = 150_000

    private(set) var count = 0
    private var bytes = 0
    private var signatures = 0
    private var work = 0

    /// Whether one more fits; the first always does.
    func takes(_ job: Job) -> Bool {
        count == 0
            || (count < ReleaseLimits.entryCountMax
                && bytes + Self.bytes(of: job) <= Self.bytesMax
                && signatures + Self.signatures(of: job) <= Self.signaturesMax
                && work + job.work <= Self.workMax)
    }

    mutating func add(_ job: Job) {
        count += 1
        bytes += Self.bytes(of: job)
        signatures += Self.signatures(of: job)
        work += job.work
    }

    private static func bytes(of job: Job) -> Int {
        job.request.count + (job.assessed?.leaf.count ?? 0)
    }

    private static func signatures(of job: Job) -> Int {
        job.assessed?.signatureCounts.upperBound ?? 0
    }
}

/// What the signer said of a request, checked against the request.
struct AssessedRequest {
    let leaf: [UInt8]
    let decision: Decision
    /// The outpoints that an allowed request spends; none of a refused one.
    let inputs: [LeafOutpoint]
    /// How many signatures the signer may answer: one for each input, but more where a script holds
    /// several of our keys.
    let signatureCounts: ClosedRange<Int>
    /// The nonces' points, as a client that asked for them is told; else nothing.
    let openings: [UInt8]

    /// More are made for no request (protocol.md, section 3).
    static let signatureCountMax = 16_384

    static func refused(_ leaf: [UInt8], _ decision: Decision) -> AssessedRequest {
        AssessedRequest(
            leaf: leaf,
            decision: decision,
            inputs: [],
            signatureCounts: 0...0,
            openings: []
        )
    }
}

/// The requests in flight, in the order in which they came, and the signer's slots.
struct JobTable {
    /// Requests that the signer has for assessment at one time: enough to keep it busy.
    static let assessingMax = 64
    /// Bytes of requests that the signer has for assessment at one time, but for a first one: a
    /// bound on how long the next requester waits for its turn.
    static let assessingBytesMax = 1 << 20
    /// The same of the signer's work: a third of a second.
    static let assessingWorkMax = 100_000
    /// What may wait to be charged before the signer is given more to assess.
    static let allowedMax = 256
    static let allowedInputsMax = 8_192
    /// Bytes of requests that are held.
    static let bytesMax = 256 << 20
    static let jobsMax = 4_096

    private struct Owner: Hashable {
        let requester: UInt32
        let role: ClientRole
    }

    private var jobs: [Int: Job] = [:]
    private var byKey: [JobKey: Int] = [:]
    private var nextID = 0
    /// Bytes of requests: of all, of each role, and of each uid of a role.
    private var heldBytes = 0
    private var heldOfRoles: [ClientRole: Int] = [:]
    private var heldOfOwners: [Owner: Int] = [:]
    private var freeSlots = (0..<UInt16(AssessHead.slotCount)).reversed().map { $0 }
    private var assessing = 0
    private var assessingBytes = 0
    private var assessingWork = 0
    /// To be assessed and to be charged, by turns; to be refused.
    private var queued = FairQueue<Int>()
    private(set) var allowed = FairQueue<Int>()
    private var allowedInputs = 0
    var refused = Fifo<Int>()
    /// To be released by themselves, since a release with others was refused.
    private var alone = Fifo<Int>()
    /// The release that is being put together holds one of those.
    private var isAloneOpen = false

    var isEmpty: Bool { jobs.isEmpty }
    var count: Int { jobs.count }
    var isAssessmentDue: Bool { !queued.isEmpty }

    subscript(id: Int) -> Job {
        guard let job = jobs[id] else { preconditionFailure("a job in flight") }
        return job
    }

    /// Adds a request, or a client to the same request in flight. False: there is no room.
    mutating func add(
        _ key: JobKey,
        _ request: [UInt8],
        work: Int,
        for client: ClientID
    ) -> Bool {
        if let id = byKey[key] {
            jobs[id]?.waiters.append(client)
            return true
        }
        guard jobs.count < Self.jobsMax, hasRoom(request.count, key) else { return false }
        let id = nextID
        nextID += 1
        jobs[id] = Job(
            requester: key.requester,
            key: key,
            work: work,
            request: request,
            waiters: [client]
        )
        byKey[key] = id
        hold(request.count, key)
        queued.append(id, of: key.requester)
        return true
    }

    private func hasRoom(_ count: Int, _ key: JobKey) -> Bool {
        let (role, owner) = (key.role, Owner(requester: key.requester, role: key.role))
        return heldBytes + count <= Self.bytesMax
            && heldOfRoles[role, default: 0] + count <= role.bytesMax
            && heldOfOwners[owner, default: 0] + count <= role.bytesOfOneMax
    }

    /// Counts bytes that are held from now on, or, less than none, not any more.
    private mutating func hold(_ count: Int, _ key: JobKey) {
        let owner = Owner(requester: key.requester, role: key.role)
        heldBytes += count
        heldOfRoles[key.role, default: 0] += count
        let held = heldOfOwners[owner, default: 0] + count
        heldOfOwners[owner] = held == 0 ? nil : held
    }

    /// The next request to be assessed, with a slot for it; nothing while the signer has enough.
    mutating func nextToAssess() -> Int? {
        while allowed.count < Self.allowedMax, allowedInputs < Self.allowedInputsMax,
            assessing < Self.assessingMax, let slot = freeSlots.last, let id = queued.first
        {
            // Whoever asked may have gone meanwhile.
            guard let job = jobs[id] else {
                queued.removeFirst()
                continue
            }
            let bytes = job.request.count
            guard
                assessing == 0
                    || (assessingBytes + bytes <= Self.assessingBytesMax
                        && assessingWork + job.work <= Self.assessingWorkMax)
            else { return nil }
            queued.removeFirst(cost: job.work)
            freeSlots.removeLast()
            jobs[id]?.slot = slot
            assessing += 1
            assessingBytes += bytes
            assessingWork += job.work
            return id
        }
        return nil
    }

    /// The signer has answered for a job: only what a release needs of the request is kept.
    mutating func assessed(_ id: Int, _ assessed: AssessedRequest?, resolved: [UInt8]) {
        guard var job = jobs[id] else { preconditionFailure("what the signer has stays") }
        assessing -= 1
        assessingBytes -= job.request.count
        assessingWork -= job.work
        hold(resolved.count - job.request.count, job.key)
        job.request = resolved
        job.assessed = assessed
        jobs[id] = job
    }

    /// The signer allowed a job: it is to be charged.
    mutating func allow(_ id: Int) {
        allowed.append(id, of: self[id].requester)
        allowedInputs += self[id].assessed?.inputs.count ?? 0
    }

    /// Sends a job into a release of its own.
    mutating func sendAlone(_ id: Int) {
        alone.append(id)
    }

    /// The next allowed request for a release that has these entries already, if it still fits.
    mutating func nextAllowed(for load: ReleaseLoad) -> Int? {
        if let id = alone.first {
            guard load.count == 0 else { return nil }
            alone.removeFirst()
            isAloneOpen = true
            return id
        }
        if load.count == 0 { isAloneOpen = false }
        guard !isAloneOpen, let id = allowed.first, load.takes(self[id]) else { return nil }
        allowed.removeFirst()
        allowedInputs -= self[id].assessed?.inputs.count ?? 0
        return id
    }

    /// A job is done: its slot is free, and those who wait for it are told by the caller.
    mutating func finish(_ id: Int) -> [ClientID] {
        guard let job = jobs.removeValue(forKey: id) else { return [] }
        byKey[job.key] = nil
        hold(-job.request.count, job.key)
        if let slot = job.slot { freeSlots.append(slot) }
        return job.waiters
    }

    /// A client has gone; what nobody waits for and the signer has not seen is dropped.
    mutating func leave(_ client: ClientID) {
        for (id, job) in jobs where job.waiters.contains(client) {
            jobs[id]?.waiters.removeAll { $0 == client }
            if job.waiters.count == 1, job.slot == nil { _ = finish(id) }
        }
    }

    /// Ends every job that the signer does not have; gives those who waited for them.
    mutating func abandonQueued() -> [ClientID] {
        var waiters: [ClientID] = []
        while let id = queued.first {
            queued.removeFirst()
            waiters += finish(id)
        }
        return waiters
    }

    /// Everyone who waits for anything.
    var allWaiters: [ClientID] { jobs.values.flatMap(\.waiters) }
}

/// A queue that lets go of its first without moving the rest each time.
struct Fifo<Element> {
    private var elements: [Element] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func removeFirst() {
        head += 1
        if head > 64, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
    }
}
