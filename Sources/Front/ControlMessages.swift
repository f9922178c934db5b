/// What control.sock carries: one byte in, one JSON document out.
package enum ControlRequest: UInt8, Sendable {
    case status = 0x73
    case lock = 0x6C
}

/// What the supervisor knows of its processes.
package struct ControlReply: Codable, Equatable, Sendable {
    package struct Process: Codable, Equatable, Sendable {
        package var name: String
        /// Nothing while it is not running.
        package var pid: Int32?
        /// How often it was started again.
        package var restarts: Int

        package init(name: String, pid: Int32?, restarts: Int) {
            self.name = name
            self.pid = pid
            self.restarts = restarts
        }
    }

    package var processes: [Process]
    /// CLOCK_BOOTTIME when the supervisor started, nanoseconds.
    package var startedBoottime: Int64
    /// Why a process was started again last.
    package var lastFailure: String?

    package init(processes: [Process], startedBoottime: Int64, lastFailure: String?) {
        self.processes = processes
        self.startedBoottime = startedBoottime
        self.lastFailure = lastFailure
    }
}
