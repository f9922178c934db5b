private import CLinux
package import LocalSocket

/// A folder on a disk, by its descriptor; nothing outside it can be reached.
package final class DiskFolder: PublishFolder {
    private static let temporary: [UInt8] = Array("publishing".utf8)

    private let descriptor: Descriptor

    package init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Opens a folder in this one; nothing if there is none.
    package func folder(_ name: [UInt8]) throws(GateError) -> DiskFolder? {
        let number = open(name, LINUX_O_RDONLY | LINUX_O_DIRECTORY)
        if number == -LINUX_ENOENT { return nil }
        guard number >= 0 else { throw .file(.open, errno: -number) }
        return DiskFolder(Descriptor(adopting: number))
    }

    /// Makes a folder in this one, durably.
    package func makeFolder(_ name: [UInt8]) throws(GateError) {
        try make(name)
        try syncFolder()
    }

    /// Opens a file in this folder for reading and writing; nothing if there is none.
    package func file(_ name: [UInt8]) throws(GateError) -> DiskFile? {
        let number = open(name, LINUX_O_RDWR)
        if number == -LINUX_ENOENT { return nil }
        guard number >= 0 else { throw .file(.open, errno: -number) }
        return DiskFile(Descriptor(adopting: number))
    }

    /// Makes a new, empty file. Only `syncFolder` makes its name durable.
    package func makeFile(_ name: [UInt8]) throws(GateError) -> DiskFile {
        let number = open(name, LINUX_O_RDWR | LINUX_O_CREAT | LINUX_O_EXCL)
        guard number >= 0 else { throw .file(.open, errno: -number) }
        return DiskFile(Descriptor(adopting: number))
    }

    /// Returns when the names in this folder are on the disk.
    package func syncFolder() throws(GateError) {
        let result = linux_fsync(descriptor.number)
        guard result == 0 else { throw .file(.sync, errno: -result) }
    }

    package func read(_ path: [UInt8]) throws(GateError) -> [UInt8]? {
        let number = open(path, LINUX_O_RDONLY)
        if number == -LINUX_ENOENT { return nil }
        guard number >= 0 else { throw .file(.open, errno: -number) }
        let file = DiskFile(Descriptor(adopting: number))
        return try file.read(try file.size(), at: 0)
    }

    package func write(_ path: [UInt8], _ bytes: [UInt8], durably: Bool) throws(GateError) {
        let flags = LINUX_O_RDWR | LINUX_O_CREAT | LINUX_O_TRUNC
        let number = open(Self.temporary, flags)
        guard number >= 0 else { throw .file(.open, errno: -number) }
        let file = DiskFile(Descriptor(adopting: number))
        try file.write(bytes, at: 0)
        if durably { try file.sync() }
        var result = rename(Self.temporary, path)
        if result == -LINUX_ENOENT {
            try makeParents(of: path)
            result = rename(Self.temporary, path)
        }
        guard result == 0 else { throw .file(.rename, errno: -result) }
    }

    package func removeFolder(_ path: [UInt8], but kept: [UInt8]?) throws(GateError) {
        guard let folder = try folder(path) else { return }
        for name in try folder.names() where name != kept { try folder.remove(name, flags: 0) }
        if kept == nil { try remove(path, flags: LINUX_AT_REMOVEDIR) }
    }

    /// The names in this folder, `.` and `..` left out.
    private func names() throws(GateError) -> [[UInt8]] {
        var names: [[UInt8]] = []
        var records = [UInt8](repeating: 0, count: 32_768)
        while true {
            var room = records.mutableSpan
            // SAFETY: the calls write and read at most `buffer.count` bytes of memory borrowed
            // here; a name ends with a NUL inside it.
            let count = unsafe room.withUnsafeMutableBufferPointer { buffer -> Int in
                guard let start = buffer.baseAddress else { return 0 }
                let count = unsafe linux_directory_entries(
                    descriptor.number,
                    start,
                    buffer.count
                )
                var offset = 0
                // SAFETY: the kernel wrote `count` bytes of records, each with its name's NUL.
                while count > 0,
                    let name = unsafe linux_directory_name(start, count, &offset)
                {
                    let length = unsafe linux_text_length(name)
                    names.append((0..<length).map { UInt8(bitPattern: unsafe name[$0]) })
                }
                return count
            }
            guard count >= 0 else { throw .file(.read, errno: Int32(-count)) }
            if count == 0 { break }
        }
        return names.filter { $0 != [0x2E] && $0 != [0x2E, 0x2E] }
    }

    private func remove(_ path: [UInt8], flags: Int32) throws(GateError) {
        // SAFETY: the call reads the lent text up to its NUL.
        let result = unsafe withText(path) { text in
            unsafe linux_unlink(descriptor.number, text, flags)
        }
        guard result == 0 || result == -LINUX_ENOENT else { throw .file(.unlink, errno: -result) }
    }

    private func makeParents(of path: [UInt8]) throws(GateError) {
        for place in path.indices where path[place] == 0x2F {
            try make(Array(path[..<place]))
        }
    }

    private func make(_ path: [UInt8]) throws(GateError) {
        // SAFETY: the call reads the lent text up to its NUL.
        let result = unsafe withText(path) { text in
            unsafe linux_mkdir(descriptor.number, text, 0o755)
        }
        guard result == 0 || result == -LINUX_EEXIST else {
            throw .file(.makeDirectory, errno: -result)
        }
    }

    private func open(_ path: [UInt8], _ flags: Int32) -> Int32 {
        // SAFETY: the call reads the lent text up to its NUL.
        unsafe withText(path) { text in
            unsafe linux_open(
                descriptor.number,
                text,
                flags | LINUX_O_CLOEXEC | LINUX_O_NOFOLLOW,
                0o644
            )
        }
    }

    private func rename(_ from: [UInt8], _ to: [UInt8]) -> Int32 {
        // SAFETY: the call reads the lent texts up to their NULs.
        unsafe withText(from) { from in
            unsafe withText(to) { to in
                unsafe linux_rename(descriptor.number, from, descriptor.number, to, 0)
            }
        }
    }

    /// Lends a path as C wants it.
    private func withText(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        let text = (path + [0]).map { CChar(bitPattern: $0) }
        // SAFETY: the text ends with a NUL and lives as long as the call.
        return unsafe text.withUnsafeBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -LINUX_EINVAL }
            return unsafe body(start)
        }
    }
}
