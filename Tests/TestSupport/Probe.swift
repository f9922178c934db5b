import CLinux
package import Foundation
import LocalSocket

/// Runs `confinement-probe`, the process that tests confine and attack. It lies beside the tests.
///
/// It is started without Foundation, which would hand it the descriptors of other tests as well.
package final class Probe {
    package let pid: Int32
    private let socket: Descriptor
    private var ended = false

    package struct NotStarted: Error { let errno: Int32 }

    /// Starts it with these words; the crash reporter is off, for it would make calls of its own.
    ///
    /// `user` is whom it becomes first; `extra` are descriptors for it behind the standard ones.
    package init(_ words: [String], user: UInt32? = nil, extra: [Int32] = []) throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appending(path: "confinement-probe").path
        let pair = try DescriptorPair.make()
        let arguments = unsafe ([path] + words).map { unsafe strdup($0) } + [nil]
        let environment = unsafe [strdup("SWIFT_BACKTRACE=enable=no"), nil]
        defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
        let descriptors = [pair.second.number, pair.second.number, 2] + extra
        var child = unsafe linux_child()
        unsafe child.path = UnsafePointer(arguments[0])
        unsafe child.descriptor_count = Int32(descriptors.count)
        unsafe child.change_identity = user == nil ? 0 : 1
        unsafe child.uid = user ?? 0
        unsafe child.gid = user ?? 0
        unsafe child.death_signal = user == nil ? 0 : LINUX_SIGTERM
        pid = unsafe arguments.withUnsafeBufferPointer { arguments in
            unsafe environment.withUnsafeBufferPointer { environment in
                unsafe descriptors.withUnsafeBufferPointer { descriptors in
                    unsafe child.arguments = arguments.baseAddress
                    unsafe child.environment = environment.baseAddress
                    unsafe child.descriptors = descriptors.baseAddress
                    return unsafe linux_spawn(&child)
                }
            }
        }
        guard pid > 0 else { throw NotStarted(errno: -pid) }
        socket = pair.keepFirst()
    }

    deinit {
        guard !ended else { return }
        _ = linux_kill(pid, LINUX_SIGKILL)
        var status: Int32 = 0
        // SAFETY: the call writes one number.
        _ = unsafe linux_wait(pid, 0, &status)
    }

    /// The next line it says; nil at the end.
    package func line() throws -> String? {
        var line: [UInt8] = []
        var byte: [UInt8] = [0]
        while true {
            var span = byte.mutableSpan
            let got = try socket.readSome(into: &span)
            if got == 0 || byte[0] == UInt8(ascii: "\n") { break }
            line.append(byte[0])
        }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Gives it all of `text` (at most what a socket holds), and returns all the lines it says.
    package func answers(to text: String = "") throws -> [String] {
        try socket.writeAll(Array(text.utf8).span)
        try socket.shutdownWriting()
        var lines: [String] = []
        while let line = try line() { lines.append(line) }
        return lines
    }

    /// Waits for its end; the exit status, or minus the signal.
    package func wait() -> Int32 {
        var status: Int32 = 0
        // SAFETY: the call writes one number.
        ended = unsafe linux_wait(pid, 0, &status) == pid
        return status
    }

    /// A field of its /proc/PID/status.
    package func status(_ field: String) throws -> String? {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix(field + ":") {
            return line.dropFirst(field.count + 1).trimmingCharacters(in: .whitespaces)
        }
        return nil
    }
}

/// A folder that is there for the length of a test.
package final class Scratch {
    package let url: URL
    package var path: String { url.path }

    package init(subfolders: [String] = []) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "portcullis-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for name in subfolders {
            let folder = url.appending(path: name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            print("left behind: \(url.path)")
        }
    }
}
