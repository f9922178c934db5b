/// Exactly `count` bytes, held in place: hashes, keys and signatures that are not secret.
///
/// It is copied like a number, so a secret must never be put into one.
package struct FixedBytes<let count: Int>: Sendable {
    @usableFromInline var storage: InlineArray<count, UInt8>

    /// `count` times the same byte.
    @inlinable package init(repeating byte: UInt8) {
        storage = InlineArray(repeating: byte)
    }

    /// A copy of exactly `count` bytes; any other length is a mistake of the caller's.
    @inlinable package init(copying bytes: Span<UInt8>) {
        precondition(bytes.count == count, "wrong length")
        storage = InlineArray(repeating: 0)
        for index in 0..<count {
            storage[index] = bytes[index]
        }
    }

    /// All bytes zero.
    @inlinable package static var zero: Self { Self(repeating: 0) }

    /// The number of bytes.
    @inlinable package var count: Int { count }

    /// The byte at a place below `count`.
    @inlinable package subscript(_ index: Int) -> UInt8 {
        get { storage[index] }
        set { storage[index] = newValue }
    }

    /// The bytes, borrowed.
    ///
    /// Always inlined: in an optimised Embedded build (Swift 6.3.1) the specialised getter is given
    /// a copy of `self` in its own frame, and the span it returns would point there.
    @_transparent @inlinable package var span: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { storage.span }
    }

    /// The bytes, borrowed for writing.
    @inlinable package var mutableSpan: MutableSpan<UInt8> {
        @_lifetime(&self) mutating get { storage.mutableSpan }
    }

    /// Whether these bytes come strictly before the other's in lexicographic order.
    @inlinable package func precedes(_ other: Self) -> Bool {
        for index in 0..<count where storage[index] != other.storage[index] {
            return storage[index] < other.storage[index]
        }
        return false
    }

    /// Whether every byte is zero, in time that depends on the length only.
    @inlinable package var isZero: Bool {
        var bits: UInt8 = 0
        for index in 0..<count {
            bits |= storage[index]
        }
        return bits == 0
    }
}

extension FixedBytes: Equatable {
    @inlinable package static func == (left: Self, right: Self) -> Bool {
        var difference: UInt8 = 0
        for index in 0..<count {
            difference |= left.storage[index] ^ right.storage[index]
        }
        return difference == 0
    }
}

/// The fingerprint of a key (BIP-32): the first bytes of its hash160.
package typealias Bytes4 = FixedBytes<4>

/// A hash160: RIPEMD-160 of SHA-256.
package typealias Bytes20 = FixedBytes<20>

/// A SHA-256 digest, a transaction id, an x-only public key.
package typealias Bytes32 = FixedBytes<32>

/// A compressed public key (SEC 1).
package typealias Bytes33 = FixedBytes<33>

/// A signature or a SHA-512 digest.
package typealias Bytes64 = FixedBytes<64>
