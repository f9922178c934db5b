import Gate

/// A folder in memory.
final class MemoryFolder: PublishFolder {
    var files: [String: [UInt8]] = [:]
    private(set) var writes = 0
    /// So many writes succeed, then the disk is full.
    var writesLeft = Int.max

    func read(_ path: [UInt8]) throws(GateError) -> [UInt8]? {
        files[String(decoding: path, as: UTF8.self)]
    }

    func write(_ path: [UInt8], _ bytes: [UInt8], durably: Bool) throws(GateError) {
        guard writesLeft > 0 else { throw .file(.write, errno: 28) }
        writesLeft -= 1
        files[String(decoding: path, as: UTF8.self)] = bytes
        writes += 1
    }

    func removeFolder(_ path: [UInt8], but kept: [UInt8]?) throws(GateError) {
        let prefix = String(decoding: path, as: UTF8.self) + "/"
        let spared = kept.map { prefix + String(decoding: $0, as: UTF8.self) }
        for name in files.keys where name.hasPrefix(prefix) && name != spared { files[name] = nil }
    }
}

/// Logs in memory, which outlive the servers that a test runs over them.
final class MemoryStore: LogStore {
    var journals: [UInt32: MemoryFile] = [:]
    var folders: [UInt32: MemoryFolder] = [:]
    /// Zeros ahead in a journal: few, for the many that are made here.
    let ahead: Int

    init(ahead: Int = 16_384) {
        self.ahead = ahead
    }

    func exists(_ number: UInt32) throws(GateError) -> Bool { folders[number] != nil }

    func open(_ number: UInt32) throws(GateError) -> LogFiles? {
        guard let journal = journals[number], let folder = folders[number] else { return nil }
        return LogFiles(journal: journal, folder: folder, ahead: ahead)
    }

    func create(_ number: UInt32) throws(GateError) -> LogFiles {
        let (journal, folder) = (MemoryFile(), MemoryFolder())
        journals[number] = journal
        folders[number] = folder
        return LogFiles(journal: journal, folder: folder, ahead: ahead)
    }
}
