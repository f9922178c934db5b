private import CSodium

/// The cryptography of Bitcoin and of the log: libsecp256k1 and libsodium behind spans.
///
/// Secrets come in as spans of memory that the caller owns and wipes, and leave only into such.
package enum BitcoinCrypto {
    /// Prepares libsodium, which picks its fastest code for this machine; any number of times.
    package static func initialize() throws(CryptoError) {
        guard sodium_init() >= 0 else { throw .initializationFailed }
    }
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
package func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    let count = left.count
    // SAFETY: both pointers are to `count` bytes, the equal counts compared above.
    return unsafe lend(left, right) { left, right in
        unsafe sodium_memcmp(left, right, count) == 0
    }
}

/// Overwrites every byte with zero, in a way that the compiler may not leave out.
package func wipe(_ bytes: inout MutableSpan<UInt8>) {
    let count = bytes.count
    // SAFETY: the pointer is to `count` bytes, which are borrowed for writing.
    unsafe lend(&bytes) { unsafe sodium_memzero($0, count) }
}
