import BitcoinCrypto
import Bytes
import CLinux
import Gate
import LocalSocket
import Wire

/// Entries of the log made durable on the disk that FOLDER is on.
enum LogBench {
    private static let bundleHash = Bytes32(repeating: 0xB4)
    /// Pairs of a decision and its companion in one flush.
    private static let group = 512

    static func run(_ path: String, count: Int) throws {
        let log = try open(path)
        try oneByOne(log, path, count: count)
        try grouped(log, pairs: max(group, count * 25 / group * group))
    }

    private static func open(_ path: String) throws -> Log {
        var status = SignerStatus(phase: .unresumed)
        status.network = 4
        status.homeID = Bytes32(repeating: 0x48)
        status.bundleHash = bundleHash
        let seed = [UInt8](repeating: 5, count: 32)
        var secretKey = [UInt8](repeating: 0, count: Ed25519.secretKeyCount)
        var room = secretKey.mutableSpan
        status.auditPublicKey = Ed25519.makeKey(seed: seed.span, into: &room)
        let limits = [LimitCaps(windowSeconds: 60, amountMax: nil, countMax: nil)]
        let folder = DiskFolder(try descriptor(path, LINUX_O_RDONLY | LINUX_O_DIRECTORY))
        return try Log.open(status, in: DiskLogStore(folder), limits: limits).0
    }

    private static func descriptor(_ path: String, _ flags: Int32) throws -> Descriptor {
        let name = Array(path.utf8CString)
        // SAFETY: the text ends with a NUL and lives as long as the call.
        let number = unsafe name.withUnsafeBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe linux_open(LINUX_AT_FDCWD, start, flags | LINUX_O_CLOEXEC, 0o600)
        }
        guard number >= 0 else { fatalError("\(path): error \(-number)") }
        return Descriptor(adopting: number)
    }

    /// One entry, one flush; in turns with one bare write and flush of as many bytes.
    private static func oneByOne(_ log: Log, _ path: String, count: Int) throws {
        var (builder, clock) = (LeafBuilder(), try LogClock(try SystemClock()))
        let flags = LINUX_O_RDWR | LINUX_O_CREAT
        let bare = DiskFile(try descriptor(path + "/bare", flags))
        try bare.write([UInt8](repeating: 0, count: 512 * (count + 1)), at: 0)
        try bare.sync()
        let block = [UInt8](repeating: 7, count: 512)
        var (ours, disk): ([Double], [Double]) = ([], [])
        for number in 0..<count {
            ours.append(
                try microseconds {
                    let leaf = try builder.note(.heartbeat, time: try clock.stamp().time)
                    try log.take(leaf)
                    try log.commit([leaf])
                }
            )
            disk.append(
                try microseconds {
                    try bare.write(block, at: 512 * number)
                    try bare.sync()
                }
            )
        }
        print("log|one by one|\(rate(ours))|\(rate(disk))")
    }

    private static func rate(_ took: [Double]) -> Double {
        Double(took.count) / took.reduce(0, +) * 1e6
    }

    private static func grouped(_ log: Log, pairs: Int) throws {
        var (builder, clock) = (LeafBuilder(), try LogClock(try SystemClock()))
        let decisions = (0..<pairs).map(decision)
        let took = try microseconds {
            for first in stride(from: 0, to: pairs, by: group) {
                var leaves: [[UInt8]] = []
                for decision in decisions[first..<min(pairs, first + group)] {
                    let index = log.state.nextIndex
                    try log.take(decision)
                    let charge = try builder.charge(
                        decisionIndex: index,
                        outcome: .charged,
                        rule: 0,
                        requester: 1_000,
                        time: try clock.stamp().time
                    )
                    try log.take(charge)
                    leaves += [decision, charge]
                }
                try log.commit(leaves)
            }
        }
        print("log|in groups of \(2 * group)|\(Double(2 * pairs) / took * 1e6)")
    }

    /// A decision as the signer builds it: one input, one destination, one rule with a limit.
    private static func decision(_ number: Int) -> [UInt8] {
        var name = [UInt8](repeating: 0, count: 0)
        name.append(UInt64(number), bytes: 8)
        let digest = SHA256.hash(name.span)
        let head = DecisionHead(
            salt: Bytes16(repeating: 1),
            verdict: .allow,
            refusal: .none,
            digest: digest,
            bundleHash: bundleHash,
            network: 4
        )
        let facts = DecisionFacts(
            txid: digest,
            outflow: 10,
            fee: 1,
            vsize: 110,
            anchor: LeafOutpoint(txid: digest, vout: 0),
            inputCount: 1,
            inputsDigest: .zero,
            walletID: Bytes32(repeating: 9),
            ownOutputCount: 0,
            ownOutputAmount: 0
        )
        return .written(limit: 1_000) { writer throws(ByteError) in
            try head.write(to: &writer)
            try writer.writeUInt8(1)
            try facts.write(to: &writer)
            try writer.writeUInt16(1)
            try writer.writeUInt64(9)
            try writer.writeVec16([UInt8](repeating: 0x14, count: 22).span)
            try writer.writeUInt16(1)
            try writer.writeUInt16(0)
            try writer.writeUInt8(1)
            try LeafCharge(limit: 0, amount: 10).write(to: &writer)
            try writer.writeUInt8(0)
            try writer.write(Bytes32(repeating: 0x7A))
        }
    }
}
