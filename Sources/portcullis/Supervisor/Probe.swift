private import CLinux
import Front
import LocalSocket
private import Wire

/// Questions to the gate about how things stand, none of which is waited for.
struct Probe: ~Copyable {
    /// Milliseconds between two questions.
    static let interval: Int64 = 20

    private var connection: Descriptor?
    private var nextAt: Int64 = 0
    private(set) var result: GateStatusFacts?

    /// What to wait on; -1 for nothing.
    var connectionNumber: Int32 { Readiness.number(connection) }

    /// Milliseconds until the next question may be asked; nothing while one is on its way.
    var remaining: Int32? {
        connection == nil ? Int32(clamping: max(0, nextAt - Self.now)) : nil
    }

    /// Asks, when it is time.
    mutating func startIfDue(_ home: Home) throws(FrontError) {
        guard connection == nil, Self.now >= nextAt else { return }
        nextAt = Self.now + Self.interval
        let socket = try UnixSocket.connect(home.gateSocket, what: "the gate")
        do throws(FrontError) {
            try Frame.write(.gateStatus, [], to: socket)
            connection = consume socket
        } catch {
            // The gate is just being started again; the next question will reach it.
            connection = nil
        }
    }

    mutating func read() {
        guard let socket = connection.take() else { return }
        do throws(FrontError) {
            let (kind, payload) = try Frame.read(from: socket)
            result = kind == .gateStatusReply ? try GateStatusFacts(reading: payload) : nil
        } catch {
            result = nil
        }
    }

    private static var now: Int64 {
        linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) / 1_000_000
    }
}
