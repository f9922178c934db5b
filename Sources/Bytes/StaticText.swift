extension StaticString {
    /// The UTF-8 byte at a place below `utf8CodeUnitCount`.
    package func byte(at index: Int) -> UInt8 {
        precondition(hasPointerRepresentation, "a string literal, not a scalar literal")
        precondition(index >= 0 && index < utf8CodeUnitCount, "index out of range")
        // SAFETY: `utf8Start` points to immortal memory of `utf8CodeUnitCount` bytes (a pointer
        // representation was checked), and the index was checked against that count.
        return unsafe utf8Start[index]
    }
}

extension Span<UInt8> {
    /// Whether both hold the same bytes; takes longer the later they differ, so not for secrets.
    package func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] {
            return false
        }
        return true
    }

    /// Whether the bytes are the UTF-8 of `text`; not for secrets.
    package func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in indices where self[index] != text.byte(at: index) {
            return false
        }
        return true
    }

    /// Whether these bytes come strictly before the other's, a prefix before what it begins.
    package func precedes(_ other: Span<UInt8>) -> Bool {
        for index in 0..<Swift.min(count, other.count) where self[index] != other[index] {
            return self[index] < other[index]
        }
        return count < other.count
    }
}
