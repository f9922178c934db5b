import Bytes
import TestSupport
import Testing

@Suite("Writing")
struct ByteWriterTests {
    @Test("What is written is what a reader reads")
    func roundTrip() throws {
        let payload: [UInt8] = [5, 6, 7]
        let bytes = try written { writer throws(ByteError) in
            try writer.writeUInt8(0xA1)
            try writer.writeUInt16(0xB1B2)
            try writer.writeUInt32(0xC1C2_C3C4)
            try writer.writeUInt64(0xD1D2_D3D4_D5D6_D7D8)
            try writer.write(Bytes32(repeating: 3))
            try writer.write("tag")
            try writer.write(repeating: 0xEE, count: 2)
            try writer.writeVec8(payload.span)
            try writer.writeVec16(payload.span)
            try writer.writeVec32(payload.span)
        }
        let expected =
            "a1" + "b2b1" + "c4c3c2c1" + "d8d7d6d5d4d3d2d1" + String(repeating: "03", count: 32)
            + "746167" + "eeee" + "03050607" + "0300050607" + "03000000050607"
        #expect(bytes.hex == expected)
    }

    @Test("A write that fits exactly succeeds; one byte less of room throws and writes nothing")
    func room() throws {
        let payload: [UInt8] = [1, 2, 3]
        #expect(
            try written(capacity: 5) { writer throws(ByteError) in
                try writer.writeVec16(payload.span)
            } == [3, 0, 1, 2, 3]
        )
        var room: [UInt8] = [9, 9, 9, 9]
        var span = room.mutableSpan
        var writer = ByteWriter(&span)
        var refused: ByteError?
        do throws(ByteError) { try writer.writeVec16(payload.span) } catch { refused = error }
        #expect(refused == .full(needed: 5, left: 4))
        do throws(ByteError) { try writer.writeUInt64(1) } catch { refused = error }
        #expect(refused == .full(needed: 8, left: 4))
        do throws(ByteError) { try writer.writeCompactSize(0x1_0000) } catch { refused = error }
        #expect(refused == .full(needed: 5, left: 4))
        do throws(ByteError) { try writer.write("abcde") } catch { refused = error }
        #expect(refused == .full(needed: 5, left: 4))
        #expect(writer.count == 0)
        #expect(room == [9, 9, 9, 9])
    }

    @Test("A vector longer than its length field can say is refused")
    func vectorTooLong() throws {
        let most = [UInt8](repeating: 1, count: 255)
        let over = [UInt8](repeating: 1, count: 256)
        let fits = try written { writer throws(ByteError) in try writer.writeVec8(most.span) }
        #expect(fits.count == 256)
        let refused = failure { () throws(ByteError) in
            _ = try written { writer throws(ByteError) in try writer.writeVec8(over.span) }
        }
        #expect(refused == .tooLong(count: 256, limit: 255))
    }

    @Test("A number already written can be replaced")
    func patch() throws {
        let bytes = try written { writer throws(ByteError) in
            try writer.writeUInt16(0)
            try writer.writeUInt32(0)
            try writer.writeUInt64(0)
            try writer.writeUInt8(0)
            writer.patchUInt16(at: 0, 0x0102)
            writer.patchUInt32(at: 2, 0x0304_0506)
            writer.patchUInt64(at: 6, 0x0708_090A_0B0C_0D0E)
            writer.patchUInt8(at: 14, 0xFF)
        }
        #expect(bytes.hex == "0201060504030e0d0c0b0a090807ff")
    }

    @Test("A patch past what was written ends the process")
    func patchOutside() async {
        await #expect(processExitsWith: .failure) {
            _ = try written { writer throws(ByteError) in
                try writer.writeUInt8(0)
                writer.patchUInt16(at: 0, 1)
            }
        }
    }
}
