extension WalletRecord {
    /// The name of the wallet, UTF-8, 1 to 255 bytes.
    package var name: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting((start + 1)..<template) }
    }

    /// The descriptor as the source has it, without a checksum.
    package var descriptor: Span<UInt8> {
        @_lifetime(copy self) get {
            let count = Int(bytes.littleEndian16(at: templateEnd))
            return bytes.extracting((templateEnd + 2)..<(templateEnd + 2 + count))
        }
    }
}
