extension RuleRecord {
    /// The name of the rule, UTF-8, 1 to 255 bytes.
    package var name: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting((start + 1)..<fields) }
    }
}
