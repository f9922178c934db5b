private import Bytes
private import Transparency

/// Writes what anyone may read of the log (C2SP tlog-tiles): tiles of hashes, bundles of entries.
///
/// Everything is derived from the journal and never read back for a decision. A full tile that
/// already has the right bytes is left alone, so that a restart mostly reads.
package struct TilePublisher {
    /// Hashes in a full tile, entries in a full bundle.
    private static let width: UInt64 = 256

    private let folder: any PublishFolder
    /// All full tiles of the first so many leaves are in place: a multiple of 256.
    private var fullTo: UInt64 = 0
    /// The size whose tiles, partial ones included, are all in place.
    package private(set) var publishedSize: UInt64 = 0
    private var hasRemovedStale = false

    package init(_ folder: any PublishFolder) {
        self.folder = folder
    }

    /// Goes on towards a tree of `size` leaves and says whether all its tiles are in place now.
    /// At most `blocksMax` blocks of 256 leaves are done in one call.
    package mutating func publish(
        _ size: UInt64,
        of tree: Tree,
        blocksMax: Int,
        _ leaf: (UInt64) throws(GateError) -> [UInt8]
    ) throws(GateError) -> Bool {
        var blocks = 0
        while fullTo + Self.width <= size {
            guard blocks < blocksMax else { return false }
            try publishBlock(fullTo / Self.width, of: tree, leaf)
            fullTo += Self.width
            blocks += 1
        }
        let count = Int(size - fullTo)
        if count > 0 {
            try put(
                Self.entriesPath(fullTo / Self.width, width: count),
                try Self.entries(fullTo..<size, leaf)
            )
        }
        for level in 0..<UInt8(8) {
            let width = TilePath.partialWidth(level: level, size: size)
            guard width > 0 else { continue }
            let index = size >> (8 * UInt64(level) + 8)
            try put(
                Self.path(level, index, width: width),
                Self.hashes(level, index * Self.width, width, of: tree)
            )
        }
        publishedSize = size
        return true
    }

    /// Removes the partial tiles beside those that are published: nothing of them was flushed, so
    /// a power cut in an earlier run may have left any of them empty or torn. To be called once,
    /// and not before the checkpoint of `publishedSize` is in place: the one before it needs them.
    package mutating func removeStalePartials() throws(GateError) {
        guard !hasRemovedStale else { return }
        let (size, width) = (publishedSize, Int(publishedSize % Self.width))
        try removePartials(Self.entriesPath(size / Self.width), but: width)
        for level in 0..<UInt8(8) {
            let index = size >> (8 * UInt64(level) + 8)
            let width = TilePath.partialWidth(level: level, size: size)
            try removePartials(Self.path(level, index), but: width)
        }
        hasRemovedStale = true
    }

    /// Removes the partial forms of a tile but the one of `width`; 0: all of them.
    private func removePartials(_ tile: [UInt8], but width: Int) throws(GateError) {
        let kept = width > 0 ? Array(String(width).utf8) : nil
        try folder.removeFolder(tile + Array(".p".utf8), but: kept)
    }

    /// A full bundle, the full tile over it, and the tiles above that it completes.
    private func publishBlock(
        _ block: UInt64,
        of tree: Tree,
        _ leaf: (UInt64) throws(GateError) -> [UInt8]
    ) throws(GateError) {
        let first = block * Self.width
        try put(Self.entriesPath(block), try Self.entries(first..<first + Self.width, leaf))
        try removePartials(Self.entriesPath(block), but: 0)
        var level: UInt8 = 0
        var index = block
        while true {
            let hashes = Self.hashes(level, index * Self.width, Int(Self.width), of: tree)
            try put(Self.path(level, index), hashes)
            try removePartials(Self.path(level, index), but: 0)
            guard (index + 1).isMultiple(of: Self.width) else { return }
            index /= Self.width
            level += 1
        }
    }

    private func put(_ path: [UInt8], _ bytes: [UInt8]) throws(GateError) {
        guard try folder.read(path) != bytes else { return }
        try folder.write(path, bytes, durably: false)
    }

    /// `u16 length (big-endian) | entry`, one after the other.
    private static func entries(
        _ range: Range<UInt64>,
        _ leaf: (UInt64) throws(GateError) -> [UInt8]
    ) throws(GateError) -> [UInt8] {
        var bytes: [UInt8] = []
        for index in range {
            let entry = try leaf(index)
            bytes.append(UInt8(entry.count >> 8))
            bytes.append(UInt8(entry.count & 0xFF))
            bytes += entry
        }
        return bytes
    }

    private static func hashes(
        _ level: UInt8,
        _ start: UInt64,
        _ count: Int,
        of tree: Tree
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 * count)
        for place in 0..<UInt64(count) {
            bytes.append(tree.node(level: 8 * Int(level), index: start + place))
        }
        return bytes
    }

    private static func path(_ level: UInt8, _ index: UInt64, width: Int = 256) -> [UInt8] {
        .written(limit: TilePath.byteCountMax) { writer throws(ByteError) in
            try TilePath.write(level: level, index: index, width: width, to: &writer)
        }
    }

    private static func entriesPath(_ index: UInt64, width: Int = 256) -> [UInt8] {
        .written(limit: TilePath.byteCountMax) { writer throws(ByteError) in
            try TilePath.writeEntries(index: index, width: width, to: &writer)
        }
    }
}
