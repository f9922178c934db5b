import Bytes
import TestSupport
import Testing

@Suite("Reading")
struct ByteReaderTests {
    private let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]

    @Test("Integers are little-endian and follow one another")
    func integers() throws {
        var reader = ByteReader(bytes.span)
        #expect(try reader.readUInt8() == 1)
        #expect(try reader.readUInt16() == 0x0302)
        #expect(try reader.readUInt32() == 0x0706_0504)
        #expect(try reader.readUInt64() == 0x0F0E_0D0C_0B0A_0908)
        #expect(reader.position == 15)
        #expect(reader.remaining == 1)
    }

    @Test("A read of one byte too many throws and moves nothing", arguments: 0...16)
    func truncation(count: Int) throws {
        var reader = ByteReader(bytes.span)
        _ = try reader.readSpan(count)
        #expect(reader.position == count)
        var failure: ByteError?
        do throws(ByteError) { _ = try reader.readSpan(17 - count) } catch { failure = error }
        #expect(failure == .truncated(needed: 17 - count, left: 16 - count))
        #expect(reader.position == count)
    }

    @Test("A negative length is refused like one too long")
    func negativeLength() {
        var reader = ByteReader(bytes.span)
        var failure: ByteError?
        do throws(ByteError) { _ = try reader.readSpan(-1) } catch { failure = error }
        #expect(failure == .truncated(needed: -1, left: 16))
    }

    @Test("Left-over bytes are an error that counts them; none is no error")
    func finish() throws {
        var reader = ByteReader(bytes.span)
        #expect(failure { () throws(ByteError) in try reader.finish() } == .trailing(count: 16))
        _ = try reader.readSpan(16)
        try reader.finish()
    }

    @Test("Fixed-size values are copied whole")
    func fixed() throws {
        let source = [UInt8](repeating: 7, count: 20 + 32 + 33 + 64)
        var reader = ByteReader(source.span)
        #expect(try reader.readBytes20() == Bytes20(repeating: 7))
        #expect(try reader.readBytes32() == Bytes32(repeating: 7))
        #expect(try reader.readBytes33() == Bytes33(repeating: 7))
        #expect(try reader.readBytes64() == Bytes64(repeating: 7))
        try reader.finish()
    }

    @Test("A vector at its limit is read; one over it, or cut short, is refused")
    func vectors() throws {
        let source: [UInt8] = [2, 9, 8, 2, 0, 9, 8, 2, 0, 0, 0, 9, 8]
        var reader = ByteReader(source.span)
        let first = try reader.readVec8(limit: 2).array
        let second = try reader.readVec16(limit: 2).array
        let third = try reader.readVec32(limit: 2).array
        #expect([first, second, third] == [[9, 8], [9, 8], [9, 8]])
        try reader.finish()

        var strict = ByteReader(source.span)
        var refused: ByteError?
        do throws(ByteError) { _ = try strict.readVec8(limit: 1) } catch { refused = error }
        #expect(refused == .tooLong(count: 2, limit: 1))
        #expect(strict.position == 0)

        let short: [UInt8] = [3, 0, 0, 0, 1, 2]
        var cut = ByteReader(short.span)
        do throws(ByteError) { _ = try cut.readVec32(limit: 99) } catch { refused = error }
        #expect(refused == .truncated(needed: 3, left: 2))
        #expect(cut.position == 0)
    }

    @Test(
        "A compact size is read in its shortest form only",
        arguments: [
            ("00", 0), ("fc", 0xFC), ("fdfd00", 0xFD), ("fdffff", 0xFFFF),
            ("fe00000100", 0x1_0000), ("feffffffff", 0xFFFF_FFFF),
            ("ff0000000001000000", 0x1_0000_0000), ("ffffffffffffffffff", UInt64.max),
        ]
    )
    func compactSize(text: String, value: UInt64) throws {
        let source = [UInt8](hex: text)
        var reader = ByteReader(source.span)
        #expect(try reader.readCompactSize() == value)
        try reader.finish()
        let again = try written { writer throws(ByteError) in try writer.writeCompactSize(value) }
        #expect(again == source)
        #expect(CompactSize.width(of: value) == source.count)
    }

    @Test(
        "A longer form of a compact size, or a cut one, is refused and moves nothing",
        arguments: [
            ("fdfc00", ByteError.nonCanonical), ("feffff0000", .nonCanonical),
            ("ffffffffff00000000", .nonCanonical), ("", .truncated(needed: 1, left: 0)),
            ("fdff", .truncated(needed: 3, left: 2)), ("fe000000", .truncated(needed: 5, left: 4)),
            ("ff00000000000000", .truncated(needed: 9, left: 8)),
        ]
    )
    func compactSizeRefused(text: String, expected: ByteError) {
        let source = [UInt8](hex: text)
        var reader = ByteReader(source.span)
        var refused: ByteError?
        do throws(ByteError) { _ = try reader.readCompactSize() } catch { refused = error }
        #expect(refused == expected)
        #expect(reader.position == 0)
    }
}

/// The error that `body` throws, or nil.
func failure(_ body: () throws(ByteError) -> Void) -> ByteError? {
    do throws(ByteError) {
        try body()
        return nil
    } catch {
        return error
    }
}
