private import CLinux

/// How long the processes of the appliance wait for each other, all derived from one number: after
/// how long somebody who says nothing is given up (`--timeout`). A front that works says so again
/// and again, so that much work is never taken for silence.
package struct Patience: Equatable, Sendable {
    package static let usual = Patience(seconds: 30)
    /// What `--timeout` may be.
    package static let secondsRange: ClosedRange<UInt32> = 1...3_600

    package let seconds: UInt32

    package init(seconds: UInt32) {
        precondition(Self.secondsRange.contains(seconds), "checked where it was given")
        self.seconds = seconds
    }

    /// The other side must have said something.
    package var silenceMilliseconds: Int64 { Int64(seconds) * 1_000 }
    /// Whoever says again and again that it works must have come to an end.
    package var totalMilliseconds: Int64 { 20 * silenceMilliseconds }
    /// So often the front says that it works.
    var beatMilliseconds: Int64 { silenceMilliseconds / 6 }
    /// The gate must have answered a question that is no payment.
    var gateMilliseconds: Int64 { silenceMilliseconds }
    /// The gate must have answered a payment.
    var signMilliseconds: Int64 { 6 * silenceMilliseconds }
    /// The supervisor takes a front that says nothing for one that hangs, and ends it.
    package var hangMilliseconds: Int64 { 2 * silenceMilliseconds }
}

/// Time that passes while somebody is waited for.
struct Waiting {
    private let silenceMilliseconds: Int64
    private let end: Int64
    private var silentUntil: Int64

    init(_ patience: Patience) {
        silenceMilliseconds = patience.silenceMilliseconds
        let now = Self.now
        end = now + patience.totalMilliseconds
        silentUntil = now + patience.silenceMilliseconds
    }

    /// For an answer that must be whole by then.
    init(milliseconds: Int64) {
        silenceMilliseconds = milliseconds
        end = Self.now + milliseconds
        silentUntil = end
    }

    /// Milliseconds left; nothing when it was enough.
    var remaining: Int32? {
        let left = min(end, silentUntil) - Self.now
        return left > 0 ? Int32(clamping: left) : nil
    }

    /// The other side did something.
    mutating func heard() {
        silentUntil = Self.now + silenceMilliseconds
    }

    private static var now: Int64 {
        linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) / 1_000_000
    }
}

/// Who is waited for.
package enum Peer: Sendable {
    case front, gate, signer, supervisor

    private var refusal: OwnRefusal {
        switch self {
        case .front: .frontSilent
        case .gate: .gateSilent
        case .signer: .signerSilent
        case .supervisor: .supervisorSilent
        }
    }

    /// The failure that its silence is.
    package func silent(for milliseconds: Int64) -> FrontError {
        .silent(
            RefusalReport(
                refusal,
                message: "the \(self) gave no answer within \(max(1, milliseconds / 1_000)) s",
                remedy: remedy
            )
        )
    }

    private var remedy: String {
        switch self {
        case .front:
            "ask again, with a longer --timeout where the machine is slow: `portcullis up` ends a "
                + "front that hangs and starts it again; nothing is charged twice"
        case .gate:
            "see what `portcullis up` says; if the gate does not come back, stop that and start it "
                + "again: nothing is charged twice"
        case .signer:
            "another operator may be at it: try again; if it stays so, `portcullis lock` starts "
                + "the signer anew"
        case .supervisor:
            "see whether `portcullis up` was stopped (Ctrl-Z; `fg` continues it); else end it with "
                + "SIGTERM, or SIGKILL, and start it again"
        }
    }
}
