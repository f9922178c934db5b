/// Reads a file mostly front to back, a large piece at a time.
struct FileWindow {
    /// What one read asks for, at least.
    private static let pieceCount = 1 << 20

    private let file: any JournalFile
    let size: Int
    private var piece: [UInt8] = []
    private var pieceStart = 0

    init(_ file: any JournalFile) throws(GateError) {
        self.file = file
        size = try file.size()
    }

    /// At most `count` bytes from `offset`: fewer only at the end of the file.
    mutating func bytes(_ count: Int, at offset: Int) throws(GateError) -> ArraySlice<UInt8> {
        let wanted = min(count, max(0, size - offset))
        if offset < pieceStart || offset + wanted > pieceStart + piece.count {
            piece = try file.read(min(max(wanted, Self.pieceCount), size - offset), at: offset)
            pieceStart = offset
        }
        return piece[(offset - pieceStart)..<(offset - pieceStart + wanted)]
    }
}
