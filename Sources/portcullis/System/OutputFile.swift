private import CLinux
private import FoundationEssentials
import Front
import LocalSocket

/// A place for a result, opened before the work begins, so that nothing is signed for a place that
/// cannot be written. A file is replaced whole or not at all, and stays as it was when the work
/// fails; a device or pipe is written to.
struct OutputFile: ~Copyable {
    /// Whether something can lie beside it: it is a file, not a device or pipe.
    let isFile: Bool
    private let name: String
    /// The file that takes the name at the end, and the name.
    private let draft: (path: String, target: String)?
    private let descriptor: Descriptor

    init(_ path: String) throws(FrontError) {
        guard case .file(let mode) = try Self.kind(of: path) else {
            descriptor = try Self.open(path, LINUX_O_WRONLY, named: path)
            draft = nil
            name = path
            self.isFile = false
            return
        }
        let target = Self.target(of: path)
        let fresh = "\(target).new-\(linux_pid())"
        let flags = LINUX_O_WRONLY | LINUX_O_CREAT | LINUX_O_EXCL
        descriptor = try Self.open(fresh, flags, mode: mode, named: path)
        draft = (fresh, target)
        name = path
        self.isFile = true
    }

    deinit {
        // After `finish` there is nothing under this name.
        if let draft { Files.remove(draft.path) }
    }

    /// Writes all of it, and puts it in place.
    consuming func finish(_ bytes: [UInt8]) throws(FrontError) {
        do throws(SocketError) {
            try descriptor.writeAll(bytes.span)
            if draft != nil { try descriptor.syncData() }
        } catch {
            throw .failed("cannot write \(name): \(SystemWords.reason(error))")
        }
        guard let draft else { return }
        try Files.rename(draft.path, to: draft.target, replacing: true)
    }

    private enum Kind {
        /// With its mode, which stays; nothing where it is to be made, as the umask leaves it.
        case file(mode: UInt32?)
        case stream
    }

    /// Where following links leads. What lies in /dev and /proc is never replaced, whatever it
    /// leads to.
    private static func kind(of path: String) throws(FrontError) -> Kind {
        if path.hasPrefix("/dev/") || path.hasPrefix("/proc/") { return .stream }
        let found: Descriptor
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let number = unsafe path.withCString {
            unsafe linux_open(LINUX_AT_FDCWD, $0, LINUX_O_PATH | LINUX_O_CLOEXEC, 0)
        }
        if number == -LINUX_ENOENT { return .file(mode: nil) }
        try Files.check(number, "write", path)
        found = Descriptor(adopting: number)
        var facts = linux_file_facts()
        // SAFETY: the call fills the one record it is given.
        try Files.check(unsafe linux_facts(found.number, &facts), "write", path)
        let type = facts.mode & UInt32(LINUX_MODE_TYPE)
        guard type != UInt32(LINUX_MODE_DIRECTORY) else {
            throw .failed("cannot write \(path): it is a folder")
        }
        return type == UInt32(LINUX_MODE_FILE) ? .file(mode: facts.mode & 0o777) : .stream
    }

    /// The file that a link stands for, so that the link stays.
    private static func target(of path: String) -> String {
        var place = path
        for _ in 0..<40 {
            do {
                let next = try FileManager.default.destinationOfSymbolicLink(atPath: place)
                let folder = place.lastIndex(of: "/").map { place[...$0] } ?? ""
                place = next.hasPrefix("/") ? next : folder + next
            } catch {
                return place
            }
        }
        return place
    }

    private static func open(
        _ path: String,
        _ flags: Int32,
        mode: UInt32? = nil,
        named name: String
    ) throws(FrontError) -> Descriptor {
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let number = unsafe path.withCString {
            unsafe linux_open(LINUX_AT_FDCWD, $0, flags | LINUX_O_CLOEXEC, 0o644)
        }
        try Files.check(number, "write", name)
        let file = Descriptor(adopting: number)
        if let mode { try Files.check(linux_chmod(file.number, mode), "write", name) }
        return file
    }
}
