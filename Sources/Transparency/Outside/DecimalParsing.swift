extension Decimal {
    /// The number that `text` spells, or nil if it is not in canonical form or over `limit`.
    package static func parse(_ text: Span<UInt8>, limit: UInt64 = .max) -> UInt64? {
        guard text.count > 0, text.count <= 20 else { return nil }
        guard text[0] != 0x30 || text.count == 1 else { return nil }
        var value: UInt64 = 0
        for index in text.indices {
            guard case 0x30...0x39 = text[index] else { return nil }
            let shifted = value.multipliedReportingOverflow(by: 10)
            let sum = shifted.partialValue.addingReportingOverflow(UInt64(text[index] - 0x30))
            guard !shifted.overflow, !sum.overflow else { return nil }
            value = sum.partialValue
        }
        return value <= limit ? value : nil
    }
}
