import Wallet

/// Property: reading a PSBT never traps, whatever the bytes; one that was read is written as the
/// same bytes, and read from them, or from its base64 form, as the same PSBT.
@c(LLVMFuzzerTestOneInput)
func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start else { return 0 }
    // SAFETY: libFuzzer owns `count` readable bytes at `start` for the length of this call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let psbt = read(input) else { return 0 }
    let bytes = psbt.bytes
    // What does not begin as a PSBT was base64.
    if input.first == 0x70, input.count > 4, input[4] == 0xFF {
        precondition(bytes == input, "written differently")
    }
    precondition(read(bytes) == psbt, "read differently")
    precondition(read(Array(psbt.base64.utf8)) == psbt, "its base64 is read differently")
    return 0
}

private func read(_ bytes: [UInt8]) -> PSBT? {
    do throws(PSBTError) {
        return try PSBT(bytes)
    } catch {
        return nil
    }
}
