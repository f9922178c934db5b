/// A fuzzer that must fail, to show that the others could: it traps on the four bytes "PORT".
@c(LLVMFuzzerTestOneInput)
func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start else { return 0 }
    // SAFETY: libFuzzer owns `count` readable bytes at `start` for the length of this call.
    let bytes = unsafe Span(_unsafeStart: start, count: count)
    guard bytes.count >= 4, bytes[0] == 0x50, bytes[1] == 0x4F, bytes[2] == 0x52 else { return 0 }
    precondition(bytes[3] != 0x54, "the canary is found")
    return 0
}
