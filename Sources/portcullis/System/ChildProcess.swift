private import CLinux
import Front
import LocalSocket

/// A program to start: what it is, what it may hold, and as whom it runs.
struct ChildProgram {
    /// The numbers that become 0, 1, 2 … of the child; -1 is /dev/null. Nothing else stays open.
    var descriptors: [Int32]
    let path: String
    /// Behind the program's own name.
    var arguments: [String] = []
    /// Empty, unless a helper program needs something.
    var environment: [String] = []
    var user: UInt32?
    /// Dies with us unless it is a short-lived helper that we wait for.
    var diesWithParent = true
    /// Whether anyone may read the files that it makes, as far as their own modes allow.
    var sharesFiles = false
    /// Whether it keeps its memory from swap, and so is given all the right to that we have.
    var locksMemory = false

    init(_ path: String, _ arguments: [String], descriptors: [Int32]) {
        self.path = path
        self.arguments = arguments
        self.descriptors = descriptors
    }

    /// Starts it and gives its process id.
    func start() throws(FrontError) -> Int32 {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var argumentBytes = Self.terminated([name] + arguments)
        var environmentBytes = Self.terminated(environment)
        let numbers = descriptors
        // SAFETY: every pointer is borrowed for the call; both lists end with NULL
        // and their texts with NUL; the call copies what the child needs.
        let pid = unsafe argumentBytes.withPointers { argumentList in
            unsafe environmentBytes.withPointers { environmentList in
                unsafe numbers.withUnsafeBufferPointer { numbers in
                    unsafe path.withCString { path in
                        var child = unsafe linux_child()
                        unsafe child.path = path
                        unsafe child.arguments = argumentList
                        unsafe child.environment = environmentList
                        unsafe child.descriptors = numbers.baseAddress
                        // SAFETY: plain numbers; the record lives on this frame.
                        unsafe child.descriptor_count = Int32(numbers.count)
                        unsafe child.change_identity = user == nil ? 0 : 1
                        unsafe child.uid = user ?? 0
                        unsafe child.gid = user ?? 0
                        unsafe child.death_signal = diesWithParent ? LINUX_SIGKILL : 0
                        unsafe child.shares_files = sharesFiles ? 1 : 0
                        unsafe child.locks_memory = locksMemory ? 1 : 0
                        return unsafe linux_spawn(&child)
                    }
                }
            }
        }
        try Files.check(pid, "start", path)
        return pid
    }

    private static func terminated(_ texts: [String]) -> TextList {
        TextList(texts)
    }
}

/// Texts as C wants a list of them.
private struct TextList {
    private var bytes: [CChar] = []
    private var starts: [Int] = []

    init(_ texts: [String]) {
        for text in texts {
            starts.append(bytes.count)
            bytes += text.utf8.map { CChar(bitPattern: $0) }
            bytes.append(0)
        }
        // An empty array would have no address.
        bytes.append(0)
    }

    mutating func withPointers<Result>(
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        let starts = starts
        // SAFETY: every start is inside the buffer, which is borrowed for the call.
        return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            var pointers: [UnsafeMutablePointer<CChar>?] = unsafe starts.map {
                start in unsafe buffer.baseAddress.map { unsafe $0 + start }
            }
            unsafe pointers.append(nil)
            return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
        }
    }
}

/// Processes that were started.
enum Processes {
    /// Waits for a child to end; its exit status, or minus the signal that ended it.
    static func wait(_ pid: Int32) throws(FrontError) -> Int32 {
        while true {
            if let status = try ended(pid, flags: 0) { return status }
        }
    }

    /// How a child ended, or nothing while it runs.
    static func poll(_ pid: Int32) throws(FrontError) -> Int32? {
        try ended(pid, flags: LINUX_WNOHANG)
    }

    /// Waits `milliseconds` for a child to end by itself, then ends it; how it ended.
    static func end(_ pid: Int32, within milliseconds: Int64) throws(FrontError) -> Int32 {
        let deadline = now + milliseconds
        while now < deadline {
            if let status = try poll(pid) { return status }
            pause(milliseconds: 5)
        }
        kill(pid)
        return try wait(pid)
    }

    /// Milliseconds, for measuring how long something takes.
    static var now: Int64 { linux_clock_nanoseconds(LINUX_CLOCK_MONOTONIC) / 1_000_000 }

    /// Lets a moment pass.
    static func pause(milliseconds: Int32) {
        _ = linux_poll(nil, 0, milliseconds)
    }

    private static func ended(_ pid: Int32, flags: Int32) throws(FrontError) -> Int32? {
        var status: Int32 = 0
        // SAFETY: the call writes one number.
        let result = unsafe linux_wait(pid, flags, &status)
        if result == pid { return status }
        if result == 0 || result == -LINUX_EINTR { return nil }
        throw .failed("process \(pid) cannot be waited for: error \(-result)")
    }

    /// Ends a child at once.
    static func kill(_ pid: Int32) { _ = linux_kill(pid, LINUX_SIGKILL) }

    /// Asks a child to end.
    static func terminate(_ pid: Int32) { _ = linux_kill(pid, LINUX_SIGTERM) }

    static var ownIdentifier: Int32 { linux_pid() }
    static var isRoot: Bool { linux_uid() == 0 }
    static var user: UInt32 { linux_uid() }

    /// How an exit status reads.
    static func words(_ status: Int32) -> String {
        status < 0 ? "ended by signal \(-status)" : "exit status \(status)"
    }
}
