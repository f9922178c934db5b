import Bytes
import CLinux
import Foundation
import Gate
import LocalSocket
import Testing
import Wire

/// Numbers of the log on a real disk, printed when asked for: PORTCULLIS_BENCH=1, release build.
@Suite(
    "The log's speed",
    .enabled(
        if: ProcessInfo.processInfo.environment["PORTCULLIS_BENCH"] != nil,
        "PORTCULLIS_BENCH is not set"
    )
)
struct LogThroughputTests {
    private static func home() throws -> (DiskFolder, URL) {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "portcullis-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let path = Array(url.path.utf8CString)
        let flags = LINUX_O_RDONLY | LINUX_O_DIRECTORY
        // SAFETY: the text ends with a NUL and lives as long as the call.
        let number = unsafe path.withUnsafeBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe linux_open(LINUX_AT_FDCWD, start, flags, 0)
        }
        try #require(number >= 0)
        return (DiskFolder(Descriptor(adopting: number)), url)
    }

    @Test("Entries made durable in groups, and one by one, by the second; and read again")
    func entries() throws {
        let (folder, url) = try Self.home()
        let store = DiskLogStore(folder)
        for (group, total) in [(512, 100_000), (1, 1_000)] {
            let took = try Self.write(total, group: group, to: store)
            print("grouped by \(2 * group): \(Self.rate(2 * total, took)) entries/s")
        }
        // The lock of the first two is let go with them.
        var size = 0
        let took = try ContinuousClock().measure { size = Int(try Self.open(store).size) }
        print("replay: \(Self.rate(size, took)) entries/s")
        try FileManager.default.removeItem(at: url)
    }

    private static func rate(_ count: Int, _ took: Duration) -> Int {
        Int(Double(count) / (took / .seconds(1)))
    }

    private static func open(_ store: DiskLogStore) throws -> Log {
        let signer = FakeSigner(bundleHash: GateBench.bundleHash)
        let limits = [LimitCaps(windowSeconds: 60, amountMax: nil, countMax: nil)]
        return try Log.open(signer.status, in: store, limits: limits).0
    }

    /// Writes pairs of a decision and its companion, `group` pairs a flush.
    private static func write(
        _ total: Int,
        group: Int,
        to store: DiskLogStore
    ) throws -> Duration {
        let log = try open(store)
        var (builder, clock) = (LeafBuilder(), try LogClock(ManualClock()))
        let made = (0..<total).map { number in
            ResolvedSample(spending: [Int(log.size) + number], amount: 10).leaf(
                .none,
                bundleHash: GateBench.bundleHash,
                charges: [LeafCharge(limit: 0, amount: 10)]
            )
        }
        return try ContinuousClock().measure {
            for first in stride(from: 0, to: total, by: group) {
                var leaves: [[UInt8]] = []
                for decision in made[first..<min(total, first + group)] {
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
    }
}
