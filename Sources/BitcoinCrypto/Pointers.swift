import Bytes

// The C libraries take pointers. These functions lend those of spans for the time of one call, so
// that each wrapper states one argument about lengths and nothing else. An empty span gives a
// pointer to no bytes that is not null, as the libraries' attributes demand.

/// Lends the pointer of a span.
func lend<Result>(_ a: Span<UInt8>, _ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    // SAFETY: the pointer is used only inside `body`, while the span is borrowed.
    unsafe a.withUnsafeBufferPointer { memory in
        if let base = memory.baseAddress { return unsafe body(base) }
        let nothing: UInt8 = 0
        // SAFETY: it stands in for the memory of an empty span and lives as long as the call.
        return unsafe withUnsafePointer(to: nothing) { unsafe body($0) }
    }
}

/// Lends the pointers of two spans.
func lend<Result>(
    _ a: Span<UInt8>,
    _ b: Span<UInt8>,
    _ body: (UnsafePointer<UInt8>, UnsafePointer<UInt8>) -> Result
) -> Result {
    // SAFETY: both pointers are used only inside `body`, as in the function for one span.
    unsafe lend(a) { a in unsafe lend(b) { b in unsafe body(a, b) } }
}

/// Lends the pointers of three spans.
func lend<Result>(
    _ a: Span<UInt8>,
    _ b: Span<UInt8>,
    _ c: Span<UInt8>,
    _ body: (UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>) -> Result
) -> Result {
    // SAFETY: all pointers are used only inside `body`, as in the function for one span.
    unsafe lend(a, b) { a, b in unsafe lend(c) { c in unsafe body(a, b, c) } }
}

/// Lends the pointer of a span for writing.
func lend<Result>(
    _ a: inout MutableSpan<UInt8>,
    _ body: (UnsafeMutablePointer<UInt8>) -> Result
) -> Result {
    // SAFETY: the pointer is used only inside `body`, while the span is borrowed.
    unsafe a.withUnsafeMutableBufferPointer { memory in
        if let base = memory.baseAddress { return unsafe body(base) }
        var nothing: UInt8 = 0
        // SAFETY: it stands in for the memory of an empty span and lives as long as the call.
        return unsafe withUnsafeMutablePointer(to: &nothing) { unsafe body($0) }
    }
}

extension FixedBytes {
    /// The bytes that `body` writes to a pointer to `count` zero bytes.
    static func filled(_ body: (UnsafeMutablePointer<UInt8>) -> Void) -> Self {
        var value = Self.zero
        // SAFETY: `value` is its `count` bytes and nothing else; the pointer is used in the call
        // only.
        unsafe withUnsafeMutableBytes(of: &value) { memory in
            guard let base = memory.baseAddress else { return }
            unsafe body(base.assumingMemoryBound(to: UInt8.self))
        }
        return value
    }
}
