import CLinux
import Foundation
import LocalSocket
import TestSupport
import Testing

@Suite("Children", .timeLimit(.minutes(1)))
struct ChildTests {
    static let isRoot = linux_uid() == 0

    @Test("A child has exactly the descriptors it was given, and one empty-handed environment")
    func descriptors() throws {
        let pair = try DescriptorPair.make()
        let probe = try Probe(["self"], extra: [-1, pair.first.number, -1])
        let found = try Self.facts(probe)
        #expect(found["arguments"] == "2")
        #expect(found["descriptors"] == "0,1,2,3,4,5")
        #expect(found["close-on-exec"] == "0", "they would not survive what the child starts")
        #expect(found["environment"] == "1", "the one that the tests give")
        #expect(found["umask"] == "63")
        #expect(found["death-signal"] == "0")
        for (place, target) in [(3, "/dev/null"), (5, "/dev/null")] {
            let link = "/proc/\(probe.pid)/fd/\(place)"
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
        }
    }

    @Test(
        "A child with a user of its own has its ids alone, no groups and no capability for ever",
        .enabled(if: isRoot, "not root")
    )
    func identity() throws {
        let probe = try Probe(["self"], user: 64_242)
        let found = try Self.facts(probe)
        #expect(found["ids"] == "64242 64242 64242 64242 0")
        #expect(found["death-signal"] == "\(LINUX_SIGTERM)")
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            #expect(try probe.status(set) == "0000000000000000", "\(set)")
        }
        #expect(try probe.status("SigBlk") == "0000000000000000")
    }

    @Test("A program that is not there, or too many descriptors, is an errno and leaves no child")
    func refused() {
        #expect(Self.spawn("/nonexistent", descriptors: [-1]) == -LINUX_ENOENT)
        #expect(Self.spawn("/etc/passwd", descriptors: [-1]) == -LINUX_EACCES)
        #expect(Self.spawn("/bin/true", descriptors: [999]) == -LINUX_EBADF)
        let most = Int(LINUX_CHILD_DESCRIPTORS_MAX)
        let many = [Int32](repeating: -1, count: most + 1)
        #expect(Self.spawn("/bin/true", descriptors: many) == -LINUX_EINVAL)
        let pid = Self.spawn("/bin/true", descriptors: [Int32](repeating: -1, count: most))
        #expect(pid > 0)
        var status: Int32 = -1
        // SAFETY: the call writes one number.
        #expect(unsafe linux_wait(pid, 0, &status) == pid)
        #expect(status == 0)
    }

    @Test("The end of a child is told as its exit status, or as minus its signal")
    func ends() throws {
        let probe = try Probe(["no-such-command"])
        #expect(probe.wait() == 2)
        let other = try Probe(["self"])
        #expect(linux_kill(other.pid, LINUX_SIGTERM) == 0)
        #expect(other.wait() == -LINUX_SIGTERM)
    }

    @Test("A signal asked for comes by its descriptor, and no other does")
    func signals() async {
        await #expect(processExitsWith: .success) {
            let mask = UInt64(1) << (LINUX_SIGHUP - 1) | UInt64(1) << (LINUX_SIGTERM - 1)
            let descriptor = linux_signal_descriptor(mask)
            #expect(descriptor >= 0)
            #expect(linux_next_signal(descriptor) == -LINUX_EAGAIN)
            // To the thread whose mask was set: the test runner has others.
            #expect(pthread_kill(pthread_self(), LINUX_SIGTERM) == 0)
            #expect(linux_next_signal(descriptor) == LINUX_SIGTERM)
            #expect(linux_next_signal(descriptor) == -LINUX_EAGAIN)
        }
    }

    private static func facts(_ probe: Probe) throws -> [String: String] {
        var found: [String: String] = [:]
        while found["death-signal"] == nil, let line = try probe.line() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            found[words[0]] = words.count > 1 ? words[1] : ""
        }
        return found
    }

    private static func spawn(_ path: String, descriptors: [Int32]) -> Int32 {
        // SAFETY: every pointer is borrowed for the call; the list of arguments ends with NULL.
        unsafe path.withCString { name in
            unsafe descriptors.withUnsafeBufferPointer { numbers in
                let list = unsafe [UnsafeMutablePointer(mutating: name), nil]
                return unsafe list.withUnsafeBufferPointer { arguments in
                    var child = unsafe linux_child()
                    unsafe child.path = name
                    unsafe child.arguments = arguments.baseAddress
                    unsafe child.descriptors = numbers.baseAddress
                    unsafe child.descriptor_count = Int32(numbers.count)
                    return unsafe linux_spawn(&child)
                }
            }
        }
    }
}
