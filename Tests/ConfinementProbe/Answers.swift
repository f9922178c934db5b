import CLinux
import CProbe
import Confinement
import Foundation
import SecretMemory

func answerCalls(_ subject: Subject) {
    while let line = readLine() {
        let words = line.split(separator: " ").compactMap { Int64($0) }
        guard words.count == 7 else { fail("seven numbers, not \(line)") }
        let arguments = Array(words.dropFirst())
        let status = subject.inChild { unsafe probe_call(Int(words[0]), arguments) }
        say("\(status)")
    }
}

func answerInt80(_ subject: Subject) {
    let status = subject.inChild { probe_int80() }
    say("\(status)")
}

/// The signer that is ready can say nothing more on standard output: what it is confined to is
/// for others to read in /proc.
func answerReport(_ subject: Subject) {
    let report = subject.confine()
    if subject.name != .signerReady {
        let words = [
            UInt64(report.bits.rawValue), UInt64(report.landlockABI), report.boundingSet,
            report.noCodeGain ? 1 : 0,
        ]
        say(words.map { "\($0)" }.joined(separator: " "))
    }
    wait(on: subject.name == .signerReady ? Subject.gate : 0)
}

/// Each line is a name and 0 or a negative errno.
func answerLandlock(_ subject: Subject) {
    let before = "portcullis-\(linux_pid())"
    let outside = probe_fork()
    if outside == 0 {
        // Lives outside of the domain, for signals and ptrace, and ends with its parent.
        _ = linux_prctl(LINUX_PR_SET_PDEATHSIG, UInt(LINUX_SIGKILL), 0)
        while linux_parent_pid() != 1 { sleep(1) }
        linux_exit(0)
    }
    var results: [(String, Int32)] = []
    unsafe results.append(("listen-abstract", probe_abstract_listen(before)))
    do throws(ConfinementError) {
        let folder = subject.name == .signerSealed ? nil : Subject.folder
        _ = try Landlock.restrict(
            profile: subject.profileNumber,
            folder: folder,
            acceptsWeaker: false
        )
    } catch {
        fail("\(error)")
    }
    let inside = subject.home + (subject.name == .front ? "/public/" : "/log/")
    let reading = LINUX_O_RDONLY
    let making = LINUX_O_CREAT | LINUX_O_WRONLY
    results += unsafe [
        ("open-null", opened("/dev/null", reading)),
        ("open-home", opened(subject.home + "/state", reading)),
        ("make-home", opened(subject.home + "/new", making)),
        ("read-inside", opened(inside + "old", reading)),
        ("make-inside", opened(inside + "new", making)),
        ("truncate-inside", opened(inside + "old", LINUX_O_WRONLY | LINUX_O_TRUNC)),
        ("mkdir-inside", linux_mkdir(LINUX_AT_FDCWD, inside + "folder", 0o700)),
        ("rename-inside", move(inside + "new", inside + "folder/new")),
        ("rename-out", move(inside + "old", subject.home + "/old")),
        ("remove-inside", linux_unlink(LINUX_AT_FDCWD, inside + "folder/new", 0)),
        ("list-inside", opened(inside, LINUX_O_DIRECTORY)),
        ("execute", probe_execute("/bin/true")),
        ("connect-abstract", probe_abstract_connect(before)),
        ("connect-tcp", probe_tcp_connect()),
        ("bind-tcp", probe_tcp_bind()),
        ("signal", linux_kill(outside, 0)),
        ("attach", probe_attach(outside)),
        // Landlock does not see these two, and the filter must.
        ("stat", stated(subject.home + "/state")),
        ("open-path", opened("/dev/null", LINUX_O_PATH)),
    ]
    for (name, result) in results { say("\(name) \(min(0, result))") }
    _ = linux_kill(outside, LINUX_SIGKILL)
}

private func opened(_ path: String, _ flags: Int32) -> Int32 {
    // SAFETY: the path lives for the length of the call.
    let result = unsafe linux_open(LINUX_AT_FDCWD, path, flags, 0o600)
    if result >= 0 { _ = linux_close(result) }
    return result
}

private func move(_ old: String, _ new: String) -> Int32 {
    // SAFETY: both paths live for the length of the call.
    unsafe linux_rename(LINUX_AT_FDCWD, old, LINUX_AT_FDCWD, new, 0)
}

private func stated(_ path: String) -> Int32 {
    var facts = linux_file_facts()
    // SAFETY: the call fills the one record it is given.
    return unsafe linux_facts_at(LINUX_AT_FDCWD, path, &facts)
}

/// A line each: the arguments, descriptors, environment variables, umask, ids, parent's death
/// signal.
func answerSelf() {
    var environment = 0
    while unsafe environ[environment] != nil { environment += 1 }
    var signal: Int32 = 0
    // PR_GET_PDEATHSIG writes one number.
    _ = unsafe withUnsafeMutablePointer(to: &signal) { place in
        linux_prctl(2, UInt(bitPattern: place), 0)
    }
    let limit = 1_024 as Int32
    let open = (0..<limit).filter { fcntl($0, F_GETFD) >= 0 }
    let kept = open.filter { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 }
    let groups = getgroups(0, nil)
    say("arguments \(linux_argument_count())")
    say("descriptors \(open.map { "\($0)" }.joined(separator: ","))")
    say("close-on-exec \(kept.count)")
    say("environment \(environment)")
    say("umask \(umask(0))")
    say("ids \(getuid()) \(geteuid()) \(getgid()) \(getegid()) \(groups)")
    say("death-signal \(signal)")
    wait(on: 0)
}

/// One line that says pid and two addresses; then a second one when a fork has tried the page.
func answerMemory() {
    _ = linux_prctl(LINUX_PR_SET_DUMPABLE, 1, 0)  // the weakest case; a change of user cleared it
    do throws(SecretMemoryError) {
        var pool = try SecretPool(byteCount: 16)
        var secret = pool.take(16)
        var plain = try Arena(byteCount: 16)
        var span = secret.mutableBytes
        let hidden = plant(&span)
        var other = plain.mutableBytes
        let open = plant(&other)
        let forked = unsafe probe_child_reads(UnsafePointer(bitPattern: UInt(hidden)))
        let control = unsafe probe_child_reads(UnsafePointer(bitPattern: UInt(open)))
        say("\(linux_pid()) \(hidden) \(open) \(forked) \(control)")
        wait(on: 0)
    } catch {
        fail("\(error)")
    }
}

/// Fills the span with the canary, which is nowhere in the program's own data; its address.
private func plant(_ span: inout MutableSpan<UInt8>) -> UInt64 {
    for i in span.indices { span[i] = UInt8(i * 7 + 1) ^ 0x5A }
    return unsafe span.withUnsafeBufferPointer { UInt64(UInt(bitPattern: $0.baseAddress)) }
}

/// A line `MEM VM PTRACE`: 1 when the canary was read, else 0 or a negative errno.
func answerAttack(_ words: [String]) {
    let numbers = words.compactMap { UInt64($0) }
    guard numbers.count == 2 else { fail("a pid and an address") }
    let pid = Int32(numbers[0])
    let wanted = (0..<16).map { UInt8($0 * 7 + 1) ^ 0x5A }
    let attacks = unsafe [probe_read_mem, probe_read_vm, probe_read_ptrace]
    let found = unsafe attacks.map { attack -> Int32 in
        var bytes = [UInt8](repeating: 0, count: 16)
        let result = unsafe attack(pid, numbers[1], &bytes)
        return result == 0 && bytes == wanted ? 1 : result
    }
    say(found.map { "\($0)" }.joined(separator: " "))
}

func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    // SAFETY: the array lives for the length of the call.
    _ = unsafe linux_write(1, bytes, bytes.count)
}

/// Waits until the test ends this process.
private func wait(on number: Int32) -> Never {
    var byte: UInt8 = 0
    while true {
        // SAFETY: one byte, at the address of one.
        if unsafe linux_read(number, &byte, 1) <= 0 { linux_exit(0) }
    }
}
