/// A log's files, opened.
package struct LogFiles {
    package let journal: any JournalFile
    package let folder: any PublishFolder
    /// How many zeros the journal keeps ahead of its end.
    package let ahead: Int

    package init(
        journal: any JournalFile,
        folder: any PublishFolder,
        ahead: Int = Journal.aheadCount
    ) {
        self.journal = journal
        self.folder = folder
        self.ahead = ahead
    }
}

/// Where logs are kept, by number.
package protocol LogStore: AnyObject {
    /// Whether there is anything of a log, its journal or not.
    func exists(_ number: UInt32) throws(GateError) -> Bool
    /// The files of a log, for this process alone; nothing if there is no journal.
    func open(_ number: UInt32) throws(GateError) -> LogFiles?
    /// Makes an empty journal.
    func create(_ number: UInt32) throws(GateError) -> LogFiles
}

/// The gate's data folder: `log-<n>/journal` and what is published beside it.
package final class DiskLogStore: LogStore {
    private static let journal: [UInt8] = Array("journal".utf8)

    private let home: DiskFolder

    package init(_ home: DiskFolder) {
        self.home = home
    }

    package func exists(_ number: UInt32) throws(GateError) -> Bool {
        try home.folder(Self.name(number)) != nil
    }

    package func open(_ number: UInt32) throws(GateError) -> LogFiles? {
        guard let folder = try home.folder(Self.name(number)),
            let file = try folder.file(Self.journal)
        else { return nil }
        try file.lock()
        return LogFiles(journal: file, folder: folder)
    }

    package func create(_ number: UInt32) throws(GateError) -> LogFiles {
        try home.makeFolder(Self.name(number))
        guard let folder = try home.folder(Self.name(number)) else {
            throw .file(.makeDirectory, errno: 0)
        }
        let file = try folder.makeFile(Self.journal)
        try file.lock()
        try folder.syncFolder()
        return LogFiles(journal: file, folder: folder)
    }

    private static func name(_ number: UInt32) -> [UInt8] {
        Array("log-\(number)".utf8)
    }
}
