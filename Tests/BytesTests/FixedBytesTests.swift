import Bytes
import TestSupport
import Testing

@Suite("Fixed-size bytes")
struct FixedBytesTests {
    @Test("Two values are equal if and only if every byte is")
    func equality() {
        let zero = Bytes32.zero
        #expect(zero == Bytes32(repeating: 0))
        #expect(zero.isZero)
        for index in 0..<32 {
            var other = zero
            other[index] = 1
            #expect(other != zero)
            #expect(!other.isZero)
            #expect(zero.precedes(other))
            #expect(!other.precedes(zero))
        }
        #expect(!zero.precedes(zero))
    }

    @Test("Order is that of the first byte that differs")
    func order() {
        let low = Bytes20(hex: "01ff" + String(repeating: "00", count: 18))
        let high = Bytes20(hex: "0200" + String(repeating: "00", count: 18))
        #expect(low.precedes(high))
        #expect(!high.precedes(low))
    }

    @Test("A copy of another length ends the process")
    func wrongLength() async {
        await #expect(processExitsWith: .failure) {
            let bytes = [UInt8](repeating: 0, count: 31)
            _ = Bytes32(copying: bytes.span)
        }
    }

    @Test("A value takes exactly its bytes")
    func size() {
        #expect(MemoryLayout<Bytes20>.size == 20)
        #expect(MemoryLayout<Bytes33>.stride == 33)
        #expect(MemoryLayout<Bytes64>.size == 64)
    }

    @Test("Spans compare by content, with texts too, and a prefix comes first")
    func spans() {
        let name = [UInt8](text: "abc")
        let longer = [UInt8](text: "abcd")
        let first = name.span
        let second = longer.span
        let prefix = second.extracting(0..<3)
        let results = [
            first.equals("abc"), first.equals(prefix), first.precedes(second),
            !first.equals("abd"), !first.equals("ab"), !first.equals(second),
            !second.precedes(first), !first.precedes(first),
        ]
        #expect(results == [Bool](repeating: true, count: 8))
        let one = [UInt8](text: "a")
        let isEqual = one.span.equals("a")
        #expect(isEqual)
    }
}
