import Bytes
import SecretMemory

/// Fields of a whole arena, so that no access to it outlives one call.
extension Arena {
    func number(at place: Int, byteCount: Int) -> UInt64 {
        bytes.number(at: place, byteCount: byteCount)
    }

    mutating func store(_ value: UInt64, at place: Int, byteCount: Int) {
        var room = mutableBytes
        room.store(value, at: place, byteCount: byteCount)
    }

    mutating func store(_ source: Span<UInt8>, at place: Int) {
        var room = mutableBytes
        room.store(source, at: place)
    }
}
