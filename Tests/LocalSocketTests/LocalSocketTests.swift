import CLinux
import Foundation
import LocalSocket
import Testing

@Suite("Local sockets", .timeLimit(.minutes(1)))
struct LocalSocketTests {
    @Test("What one end writes the other reads, in any pieces, and the end is told")
    func pair() throws {
        let pair = try DescriptorPair.make()
        try pair.first.writeAll("hello, ")
        try pair.first.writeAll("gate")
        #expect(try exactly(5, from: pair.second) == Array("hello".utf8))
        #expect(try some(100, from: pair.second) == Array(", gate".utf8))
        try pair.first.shutdownWriting()
        #expect(try some(100, from: pair.second) == [])
    }

    @Test("An end of stream inside a message says how much came; at its start it says 0")
    func ended() throws {
        let pair = try DescriptorPair.make()
        try pair.first.writeAll("abc")
        try pair.first.shutdownWriting()
        #expect(throws: SocketError.ended(got: 3)) { try exactly(4, from: pair.second) }
        #expect(throws: SocketError.ended(got: 0)) { try exactly(1, from: pair.second) }
    }

    @Test("One call moves at most 65,536 bytes")
    func callLimit() throws {
        let path = temporaryPath()
        let file = try scratch(path, byteCount: 65_537)
        defer { remove(path) }
        #expect(try some(70_000, from: file).count == 65_536)
        #expect(try some(70_000, from: file).count == 1)
        let sink = try unsafe Descriptor.open("/dev/null", writing: true)
        #expect(try sink.writeSome([UInt8](repeating: 0, count: 65_537).span) == 65_536)
        #expect(try sink.writeSome([UInt8](repeating: 0, count: 65_536).span) == 65_536)
        #expect(try sink.writeSome([UInt8]().span) == 0)
    }

    @Test("Threads that listen at once leave the process's umask as it was")
    func umaskKept() async throws {
        let before = try Self.usualUmask()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask { Self.listenAgainAndAgain(500) }
            }
            for await isDone in group { #expect(isDone) }
        }
        #expect(try Self.usualUmask() == before)
    }

    /// At a path of its own each time: a child that another test is just starting may hold the last
    /// socket open for a moment, and then it is in use.
    private static func listenAgainAndAgain(_ count: Int) -> Bool {
        do {
            for _ in 0..<count {
                let path = temporaryPath()
                defer { remove(path) }
                _ = try Descriptor.listen(at: Array(path.utf8).span, mode: 0o600)
            }
            return true
        } catch {
            return false
        }
    }

    /// The umask seen most often: other tests listen, too, and change it for a moment.
    private static func usualUmask() throws -> String {
        var seen: [String: Int] = [:]
        for _ in 0..<200 {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("Umask:") }
            seen[String(try #require(line)), default: 0] += 1
        }
        return try #require(seen.max { $0.value < $1.value }).key
    }

    @Test("A nonblocking read with nothing there would block; so does a write without room")
    func nonblocking() throws {
        let pair = try DescriptorPair.make()
        try pair.second.setNonblocking(true)
        #expect(throws: SocketError.wouldBlock) { try some(1, from: pair.second) }
        let block = [UInt8](repeating: 0, count: 65_536)
        #expect(throws: SocketError.wouldBlock) {
            for _ in 0..<1_000 { _ = try pair.second.writeSome(block.span) }
        }
    }

    @Test("Writing to a closed peer is EPIPE once SIGPIPE is ignored")
    func brokenPipe() throws {
        #expect(linux_ignore_sigpipe() == 0)
        let pair = try DescriptorPair.make()
        let left = pair.keepFirst()
        let expected = SocketError.failed(.write, errno: LINUX_EPIPE)
        #expect(throws: expected) { try left.writeAll("x") }
    }

    @Test("A pair separates into two owners")
    func separate() throws {
        var other: Descriptor?
        let pair = try DescriptorPair.make()
        let first = pair.separate(other: &other)
        guard let second = consume other else {
            Issue.record("no second end")
            return
        }
        try first.writeAll("x")
        #expect(try exactly(1, from: second) == Array("x".utf8))
    }

    @Test("A dropped descriptor is closed once, a pinned one stays open")
    func closing() throws {
        let number = try openAndDrop(pinned: false)
        #expect(linux_nonblocking(number, 0) == -LINUX_EBADF)
        let pinned = try openAndDrop(pinned: true)
        #expect(linux_nonblocking(pinned, 0) == 0)
        #expect(linux_close(pinned) == 0)
    }

    @Test("Poll finds the readable one of two, and nothing when the time is up")
    func poll() throws {
        let one = try DescriptorPair.make()
        let two = try DescriptorPair.make()
        var entries = [PollEntry(one.first.number), PollEntry(two.first.number)]
        #expect(try wait(&entries, milliseconds: 0) == 0)
        try two.second.writeAll("x")
        #expect(try wait(&entries, milliseconds: 1_000) == 1)
        #expect(!entries[0].isReadable && entries[1].isReadable && !entries[1].isHungUp)
        try one.second.shutdownWriting()
        #expect(try wait(&entries, milliseconds: 1_000) == 2)
        var writable = [PollEntry(one.first.number, reading: false, writing: true)]
        #expect(try wait(&writable, milliseconds: 0) == 1)
        #expect(writable[0].isWritable)
    }
}

@Suite("Listening sockets", .timeLimit(.minutes(1)))
struct ListenerTests {
    @Test("A listener has the mode asked for, and tells who connected")
    func credentials() throws {
        let path = temporaryPath()
        defer { remove(path) }
        let listener = try Descriptor.listen(at: Array(path.utf8).span, mode: 0o660)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o660)
        let client = try Descriptor.connect(to: Array(path.utf8).span)
        let server = try listener.accept()
        let expected = PeerCredentials(uid: linux_uid(), gid: linux_gid(), pid: linux_pid())
        #expect(try server.peerCredentials() == expected)
        try client.writeAll("hi")
        #expect(try exactly(2, from: server) == Array("hi".utf8))
    }

    @Test("A stale socket is replaced; a live one, a file and a link are not")
    func replacing() throws {
        let path = temporaryPath()
        defer { remove(path) }
        try listenAndDrop(path)
        let live = try Descriptor.listen(at: Array(path.utf8).span, mode: 0o600)
        #expect(throws: SocketError.failed(.listen, errno: LINUX_EADDRINUSE)) {
            try listenAndDrop(path)
        }
        #expect(live.number >= 0)
        let file = temporaryPath()
        defer { remove(file) }
        #expect(FileManager.default.createFile(atPath: file, contents: Data("x".utf8)))
        #expect(throws: SocketError.failed(.listen, errno: LINUX_EEXIST)) {
            try listenAndDrop(file)
        }
    }

    @Test("A path of 107 bytes is the longest; NUL, empty and longer ones are refused")
    func paths() throws {
        let base = temporaryPath() + "-"
        let longest = base + String(repeating: "a", count: 107 - base.utf8.count)
        defer { remove(longest) }
        try listenAndDrop(longest)
        #expect(throws: SocketError.failed(.listen, errno: LINUX_ENAMETOOLONG)) {
            try listenAndDrop(longest + "a")
        }
        for bad in ["", "a\0b", "\0abstract"] {
            #expect(throws: SocketError.failed(.listen, errno: LINUX_EINVAL)) {
                try listenAndDrop(bad)
            }
        }
    }

    @Test("A nonblocking listener with nobody waiting would block")
    func nobody() throws {
        let path = temporaryPath()
        defer { remove(path) }
        let listener = try Descriptor.listen(at: Array(path.utf8).span, mode: 0o600)
        try listener.setNonblocking(true)
        #expect(throws: SocketError.wouldBlock) { _ = try listener.accept() }
    }
}

@Suite("Files behind descriptors", .timeLimit(.minutes(1)))
struct DescriptorFileTests {
    @Test("A page is written whole at its offset and read back")
    func pages() throws {
        let path = temporaryPath()
        let file = try scratch(path, byteCount: 8_192)
        defer { remove(path) }
        let page = [UInt8](repeating: 0xA5, count: 4_096)
        try file.writeWhole(page.span, at: 4_096)
        try file.syncData()
        #expect(try file.fileSize() == 8_192)
        var back = [UInt8](repeating: 0, count: 4_096)
        var span = back.mutableSpan
        try file.readExactly(into: &span, at: 4_096)
        #expect(back == page)
        #expect(throws: SocketError.ended(got: 4_095)) {
            var back = [UInt8](repeating: 0, count: 4_096)
            var span = back.mutableSpan
            try file.readExactly(into: &span, at: 4_097)
        }
    }

    @Test("Two owners of one file cannot both hold its lock")
    func locks() throws {
        let path = temporaryPath()
        let file = try scratch(path, byteCount: 1)
        defer { remove(path) }
        try file.lockExclusively()
        let second = try unsafe Descriptor.open(path, writing: true)
        #expect(throws: SocketError.wouldBlock) { try second.lockExclusively() }
    }

    @Test("A missing file and a symbolic link are not opened")
    func refused() throws {
        let path = temporaryPath()
        #expect(throws: SocketError.failed(.open, errno: LINUX_ENOENT)) {
            _ = try unsafe Descriptor.open(path, writing: false)
        }
        defer { remove(path) }
        try FileManager.default.createSymbolicLink(
            atPath: path,
            withDestinationPath: "/dev/null"
        )
        #expect(throws: SocketError.failed(.open, errno: LINUX_ELOOP)) {
            _ = try unsafe Descriptor.open(path, writing: false)
        }
    }
}

private func temporaryPath() -> String { "/tmp/portcullis-test-\(UUID().uuidString)" }

private func remove(_ path: String) {
    do {
        try FileManager.default.removeItem(atPath: path)
    } catch {
        Issue.record("could not remove \(path): \(error)")
    }
}

private func scratch(_ path: String, byteCount: Int) throws -> Descriptor {
    try Data(count: byteCount).write(to: URL(fileURLWithPath: path))
    return try unsafe Descriptor.open(path, writing: true)
}

private func some(_ count: Int, from descriptor: borrowing Descriptor) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    let got = try descriptor.readSome(into: &span)
    return [UInt8](bytes.prefix(got))
}

private func exactly(_ count: Int, from descriptor: borrowing Descriptor) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    try descriptor.readExactly(into: &span)
    return bytes
}

private func wait(_ entries: inout [PollEntry], milliseconds: Int32) throws -> Int {
    var span = entries.mutableSpan
    return try Poll.wait(&span, milliseconds: milliseconds)
}

private func listenAndDrop(_ path: String) throws {
    _ = try Descriptor.listen(at: Array(path.utf8).span, mode: 0o600)
}

private func openAndDrop(pinned: Bool) throws -> Int32 {
    var file = try unsafe Descriptor.open("/dev/null", writing: false)
    if pinned { file.pin() }
    return file.number
}
