import Bytes
import Wire

/// A `release` that was read once for its form: `u32 m | leafHash[32]*m | u16 count | entry*`.
struct ReleaseFrame: ~Escapable {
    /// The new leaves, 32 bytes each.
    let leafHashes: Span<UInt8>
    /// 1 to 64.
    let entryCount: Int
    private let entryBytes: Span<UInt8>

    @_lifetime(copy bytes)
    init(reading bytes: Span<UInt8>) throws(Fault) {
        var reader = ByteReader(bytes)
        do throws(ByteError) {
            leafHashes = try reader.readLeafHashes()
            entryCount = Int(try reader.readUInt16())
            guard (1...ReleaseLimits.entryCountMax).contains(entryCount) else {
                throw ByteError.tooLong(count: entryCount, limit: ReleaseLimits.entryCountMax)
            }
            entryBytes = bytes.extracting(reader.position...)
            for _ in 0..<entryCount {
                _ = try ReleaseEntry(reading: &reader)
            }
            try reader.finish()
        } catch {
            throw .stop(.malformed(.release))
        }
    }

    /// A walk over the entries in their order.
    var entries: ReleaseEntries {
        @_lifetime(copy self) get { ReleaseEntries(entryBytes, count: entryCount) }
    }
}

/// The entries of a release, front to back.
struct ReleaseEntries: ~Escapable {
    private var reader: ByteReader
    private var left: Int

    @_lifetime(copy bytes)
    fileprivate init(_ bytes: Span<UInt8>, count: Int) {
        reader = ByteReader(bytes)
        left = count
    }

    /// The next entry, or nothing at the end.
    @_lifetime(copy self)
    mutating func next() -> ReleaseEntry? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return try ReleaseEntry(reading: &reader)
        } catch {
            preconditionFailure("entries were read once by the frame's initializer")
        }
    }
}
