private import CLinux
private import FoundationEssentials
import Front
import LocalSocket

/// The file system as the command line needs it: new things only, exact modes and owners.
enum Files {
    /// Makes a folder; what is there already is an error.
    static func makeFolder(_ path: String, mode: UInt32) throws(FrontError) {
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let made = unsafe path.withCString { unsafe linux_mkdir(LINUX_AT_FDCWD, $0, mode) }
        try check(made, "make the folder", path)
        let folder = try open(path, flags: LINUX_O_RDONLY | LINUX_O_DIRECTORY)
        // The umask may have taken bits away.
        try check(linux_chmod(folder.number, mode), "set the mode of", path)
    }

    /// Makes the folders on the way to a path that are not there yet.
    static func makeFolders(above path: String) throws(FrontError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        let folder = String(path[..<slash])
        guard !exists(folder) else { return }
        try makeFolders(above: folder)
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let made = unsafe folder.withCString { unsafe linux_mkdir(LINUX_AT_FDCWD, $0, 0o755) }
        try check(made, "make the folder", folder)
    }

    /// Whether a path is a folder, not a link to one, with nothing in it.
    static func isEmptyFolder(_ path: String) throws(FrontError) -> Bool {
        var facts = linux_file_facts()
        // SAFETY: the text is NUL-terminated and borrowed; the call fills the record.
        let found = unsafe path.withCString {
            unsafe linux_facts_at(LINUX_AT_FDCWD, $0, &facts)
        }
        guard found == 0, facts.mode & UInt32(LINUX_MODE_TYPE) == UInt32(LINUX_MODE_DIRECTORY)
        else { return false }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).isEmpty
        } catch {
            throw .failed("cannot read the folder \(path)")
        }
    }

    /// Opens a path, close-on-exec, following no link at its end.
    static func open(
        _ path: String,
        flags: Int32,
        mode: UInt32 = 0
    ) throws(FrontError) -> Descriptor {
        let all = flags | LINUX_O_CLOEXEC | LINUX_O_NOFOLLOW
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let number = unsafe path.withCString { unsafe linux_open(LINUX_AT_FDCWD, $0, all, mode) }
        try check(number, "open", path)
        return Descriptor(adopting: number)
    }

    /// Makes a file that was not there, open for reading and writing.
    static func create(_ path: String, mode: UInt32) throws(FrontError) -> Descriptor {
        let file = try open(path, flags: LINUX_O_RDWR | LINUX_O_CREAT | LINUX_O_EXCL, mode: mode)
        try check(linux_chmod(file.number, mode), "set the mode of", path)
        return file
    }

    /// Makes a file with that content, durable.
    static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FrontError) {
        let file = try create(path, mode: mode)
        do throws(SocketError) {
            try file.writeAll(bytes.span)
            try file.syncData()
        } catch {
            throw .failed("cannot write \(path): \(SystemWords.reason(error))")
        }
    }

    /// Puts that content in the place of a file, whole or not at all.
    static func replace(_ path: String, with bytes: [UInt8], mode: UInt32) throws(FrontError) {
        let fresh = "\(path).new-\(linux_pid())"
        try write(bytes, to: fresh, mode: mode)
        try rename(fresh, to: path, replacing: true)
    }

    /// Renames; with `replacing` false, what is at `new` is left alone and it is an error.
    static func rename(_ old: String, to new: String, replacing: Bool) throws(FrontError) {
        let flags: UInt32 = replacing ? 0 : UInt32(LINUX_RENAME_NOREPLACE)
        // SAFETY: both texts are NUL-terminated and borrowed for the call.
        let result = unsafe old.withCString { from in
            unsafe new.withCString { to in
                unsafe linux_rename(LINUX_AT_FDCWD, from, LINUX_AT_FDCWD, to, flags)
            }
        }
        try check(result, "rename \(old) to", new)
    }

    /// Makes what others wrote into a file durable, its length and mode too.
    static func syncFile(_ path: String) throws(FrontError) {
        let file = try open(path, flags: LINUX_O_RDONLY)
        try check(linux_fsync(file.number), "make durable", path)
    }

    /// Makes a new name durable in the folder above it, which may be a link: people put `/var` or
    /// `/srv` elsewhere.
    static func syncFolder(above path: String) throws(FrontError) {
        guard let slash = path.lastIndex(of: "/") else { return }
        try syncFolder(String(path[...slash]) + ".")
    }

    /// Makes a rename or a new name in a folder durable.
    static func syncFolder(_ path: String) throws(FrontError) {
        let folder = try open(path, flags: LINUX_O_RDONLY | LINUX_O_DIRECTORY)
        try check(linux_fsync(folder.number), "make durable", path)
    }

    /// Gives a path to a user; never what a link points at.
    static func giveAway(_ path: String, uid: UInt32, gid: UInt32) throws(FrontError) {
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let result = unsafe path.withCString {
            unsafe linux_chown_at(LINUX_AT_FDCWD, $0, uid, gid)
        }
        try check(result, "change the owner of", path)
    }

    /// Removes a file; when it is not there, nothing happens.
    static func remove(_ path: String) {
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        _ = unsafe path.withCString { unsafe linux_unlink(LINUX_AT_FDCWD, $0, 0) }
    }

    /// Removes an empty folder; when it is not there, nothing happens.
    static func removeFolder(_ path: String) {
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        _ = unsafe path.withCString {
            unsafe linux_unlink(LINUX_AT_FDCWD, $0, LINUX_AT_REMOVEDIR)
        }
    }

    /// Removes a folder with all that is in it: a draft that came to nothing.
    static func removeTree(_ path: String) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            return
        }
    }

    /// Whether a device or file can be opened for reading and writing.
    static func canOpen(_ path: String) -> Bool {
        do {
            _ = try open(path, flags: LINUX_O_RDWR)
            return true
        } catch {
            return false
        }
    }

    /// Whether anything is there.
    static func exists(_ path: String) -> Bool {
        var facts = linux_file_facts()
        // SAFETY: the text is NUL-terminated and borrowed; the call fills the record.
        return unsafe path.withCString {
            unsafe linux_facts_at(LINUX_AT_FDCWD, $0, &facts) == 0
        }
    }

    /// Reads a whole file, or what comes from standard input for `-`.
    static func read(_ path: String, limit: Int) throws(FrontError) -> [UInt8] {
        if path == "-" {
            var standardInput = Descriptor(adopting: 0)
            standardInput.pin()
            return try read(standardInput, limit: limit, name: "standard input")
        }
        // A link is followed here: the file was named by the person who asks.
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let number = unsafe path.withCString {
            unsafe linux_open(LINUX_AT_FDCWD, $0, LINUX_O_RDONLY | LINUX_O_CLOEXEC, 0)
        }
        try check(number, "read", path)
        return try read(Descriptor(adopting: number), limit: limit, name: path)
    }

    /// Reads to the end.
    static func read(
        _ file: borrowing Descriptor,
        limit: Int,
        name: String
    ) throws(FrontError) -> [UInt8] {
        // One more than is allowed, so that a file of exactly that length is seen to end.
        let size = Int(clamping: linux_size(file.number))
        var arriving = ArrivingBytes(limit + 1, expected: min(size, limit) + 1)
        do throws(SocketError) {
            while try arriving.receive(from: file) {
                guard !arriving.isWhole else { break }
            }
        } catch {
            throw .failed("cannot read \(name): \(SystemWords.reason(error))")
        }
        guard !arriving.isWhole else { throw .failed("\(name) is over \(limit) bytes") }
        return arriving.take()
    }

    /// Turns a negative errno into words.
    static func check(_ result: Int32, _ doing: String, _ path: String) throws(FrontError) {
        guard result < 0 else { return }
        throw .failed("cannot \(doing) \(path): \(SystemWords.reason(-result))")
    }
}
