import Front
import LocalSocket
private import Wire

/// Questions to the gate about how things stand, none of which is waited for.
struct Probe: ~Copyable {
    private var connection: Descriptor?
    /// What to wait on; -1 for nothing.
    var connectionNumber: Int32 { Readiness.number(connection) }
    /// Whether a question is on its way.
    var isAsking: Bool { connection != nil }
    private(set) var result: GateStatusFacts?

    mutating func start(_ home: Home) throws(FrontError) {
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
}
