private import FoundationEssentials

/// What the kernel says of a running process: the confinement that is in force, not the one that
/// was meant.
package struct ProcessFacts: Codable, Equatable, Sendable {
    package var name: String
    package var pid: Int32?
    package var restarts: Int
    package var uid: UInt32?
    package var gid: UInt32?
    /// 2: a filter is in force.
    package var seccomp: Int?
    /// How many filters are stacked.
    package var seccompFilters: Int?
    package var noNewPrivs: Int?
    /// Hexadecimal, as the kernel prints it.
    package var capEff: String?
    package var capBnd: String?
    package var threads: Int?
    /// Memory that is never swapped, in KiB; secret pages count.
    package var lockedKiB: Int?
    /// Soft limits, as the kernel prints them.
    package var coreLimit: String?
    package var openFilesLimit: String?
    package var processesLimit: String?
    package var fileSizeLimit: String?

    /// Reads /proc/PID/status and /proc/PID/limits.
    package init(_ process: ControlReply.Process) {
        name = process.name
        pid = process.pid
        restarts = process.restarts
        guard let pid = process.pid else { return }
        read(
            status: Self.text("/proc/\(pid)/status"),
            limits: Self.text("/proc/\(pid)/limits")
        )
    }

    /// The same from texts of those two files.
    package init(name: String, status: String, limits: String) {
        self.name = name
        restarts = 0
        read(status: status, limits: limits)
    }

    private mutating func read(status: String, limits: String) {
        for line in status.split(separator: "\n") {
            let parts = line.split(maxSplits: 1) { $0 == ":" }
            guard parts.count == 2 else { continue }
            let values = parts[1].split { $0 == "\t" || $0 == " " }.map(String.init)
            guard let value = values.first else { continue }
            switch parts[0] {
            case "Uid": uid = values.count > 1 ? UInt32(values[1]) : nil
            case "Gid": gid = values.count > 1 ? UInt32(values[1]) : nil
            case "Seccomp": seccomp = Int(value)
            case "Seccomp_filters": seccompFilters = Int(value)
            case "NoNewPrivs": noNewPrivs = Int(value)
            case "CapEff": capEff = value
            case "CapBnd": capBnd = value
            case "Threads": threads = Int(value)
            case "VmLck": lockedKiB = Int(value)
            default: continue
            }
        }
        coreLimit = Self.limit("Max core file size", in: limits)
        openFilesLimit = Self.limit("Max open files", in: limits)
        processesLimit = Self.limit("Max processes", in: limits)
        fileSizeLimit = Self.limit("Max file size", in: limits)
    }

    private static func limit(_ name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return line.dropFirst(name.count).split(separator: " ").first.map(String.init)
        }
        return nil
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension ProcessFacts {
    /// The confinement in words.
    package var words: String {
        guard let pid else { return "\(name): not running" }
        var parts = ["pid \(pid)"]
        if let uid { parts.append("user \(uid)") }
        parts.append(
            seccomp == 2
                ? "system call filter on (\(seccompFilters ?? 1) stacked)"
                : "NO SYSTEM CALL FILTER"
        )
        parts.append(noNewPrivs == 1 ? "no new privileges" : "NEW PRIVILEGES POSSIBLE")
        let bare = capEff.map { $0.allSatisfy { $0 == "0" } } ?? false
        parts.append(bare ? "no capabilities" : "CAPABILITIES \(capEff ?? "unknown")")
        if let threads { parts.append("\(threads) thread\(threads == 1 ? "" : "s")") }
        if let lockedKiB, lockedKiB > 0 { parts.append("\(lockedKiB) KiB locked") }
        if let coreLimit { parts.append("core \(coreLimit)") }
        if let openFilesLimit { parts.append("files \(openFilesLimit)") }
        return "\(name): " + parts.joined(separator: ", ")
    }
}
