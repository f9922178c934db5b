package import Bytes
private import CSodium

extension HMACSHA256 {
    /// The code of `message`.
    package static func authenticate(key: Span<UInt8>, message: Span<UInt8>) -> Bytes32 {
        authenticate(key: key, message, Span())
    }

    /// The code of `first` followed by `second`.
    package static func authenticate(
        key: Span<UInt8>,
        _ first: Span<UInt8>,
        _ second: Span<UInt8>
    ) -> Bytes32 {
        let (keyCount, firstCount, secondCount) = (key.count, first.count, second.count)
        // SAFETY: the counts are those of the spans, and the 32 bytes of `code` are written.
        return unsafe Bytes32.filled { code in
            unsafe lend(key, first, second) { key, first, second in
                unsafe pc_hmac_sha256(
                    code,
                    key,
                    keyCount,
                    first,
                    firstCount,
                    second,
                    secondCount
                )
            }
        }
    }
}
