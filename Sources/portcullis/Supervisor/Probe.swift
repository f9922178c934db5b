private import CLinux
import Front
import LocalSocket
private import Wire

/// Questions to the gate about how things stand, none of which is waited for.
struct Probe: ~Copyable {
    /// Milliseconds between two questions.
    static let interval: Int64 = 20

    private var connection: Descriptor?
    /// As far as it came.
    private var reply: [UInt8] = []
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
        do throws(SocketError) {
            let socket = try UnixSocket.connectAtOnce(home.gateSocket)
            do throws(FrontError) {
                try Frame.write(.gateStatus, [], to: socket)
                reply = []
                connection = consume socket
            } catch {
                // The gate is just being started again; the next question will reach it.
                connection = nil
            }
        } catch {
            // So many ask it that there is no room for one more; or it is gone.
            return
        }
    }

    /// Reads what is there, once: a gate that says only a part must not keep us from stopping it.
    mutating func read() {
        guard let socket = connection.take() else { return }
        do throws(SocketError) {
            var piece = [UInt8](repeating: 0, count: Descriptor.callBytesMax)
            var room = piece.mutableSpan
            let count = try socket.readSome(into: &room)
            guard count > 0 else { return result = nil }
            reply += piece[..<count]
        } catch {
            return result = nil
        }
        do throws(FrontError) {
            guard let payload = try Frame.payload(.gateStatusReply, of: reply) else {
                return connection = consume socket
            }
            result = try GateStatusFacts(reading: payload)
        } catch {
            result = nil
        }
    }

    private static var now: Int64 {
        linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) / 1_000_000
    }
}
