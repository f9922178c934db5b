package import Bytes
private import CSodium

/// HMAC-SHA-256 (RFC 2104) with a key of any length. The state, which the key determines, lives
/// and is wiped inside one C call.
package enum HMACSHA256 {
    /// The code of a domain's name followed by `message`.
    package static func authenticate(
        key: Span<UInt8>,
        domain: StaticString,
        message: Span<UInt8>
    ) -> Bytes32 {
        precondition(domain.hasPointerRepresentation, "a string literal, not a scalar literal")
        let (keyCount, count) = (key.count, message.count)
        // SAFETY: the counts are those of what the pointers point to; the name is immortal.
        return unsafe Bytes32.filled { code in
            unsafe lend(key, message) { key, message in
                let (name, nameCount) = unsafe (domain.utf8Start, domain.utf8CodeUnitCount)
                unsafe pc_hmac_sha256(code, key, keyCount, name, nameCount, message, count)
            }
        }
    }
}

/// HMAC-SHA-512 (RFC 2104), whose result can be a secret and so goes into the caller's memory.
package enum HMACSHA512 {
    /// Writes the code of `message` into the 64 bytes of `code`.
    package static func authenticate(
        key: Span<UInt8>,
        message: Span<UInt8>,
        into code: inout MutableSpan<UInt8>
    ) {
        authenticate(key: key, message, Span(), Span(), into: &code)
    }

    /// Writes the code of three pieces, one after the other, into the 64 bytes of `code`, which
    /// must not overlap any of them.
    static func authenticate(
        key: Span<UInt8>,
        _ first: Span<UInt8>,
        _ second: Span<UInt8>,
        _ third: Span<UInt8>,
        into code: inout MutableSpan<UInt8>
    ) {
        precondition(code.count == 64, "a code of HMAC-SHA-512 is 64 bytes")
        let (keyCount, firstCount) = (key.count, first.count)
        let (secondCount, thirdCount) = (second.count, third.count)
        // SAFETY: the counts are those of the spans, and `code` has the 64 bytes that are written.
        unsafe lend(&code) { code in
            unsafe lend(first, second, third) { first, second, third in
                unsafe lend(key) { key in
                    unsafe pc_hmac_sha512(
                        code,
                        key,
                        keyCount,
                        first,
                        firstCount,
                        second,
                        secondCount,
                        third,
                        thirdCount
                    )
                }
            }
        }
    }
}
