/// Sums and products that stay at the most a `u64` can hold, where "more than any bitcoin" is all
/// that needs to be known.
enum Saturating {
    static func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (value, over) = left.multipliedReportingOverflow(by: right)
        return over ? .max : value
    }

    static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (value, over) = left.addingReportingOverflow(right)
        return over ? .max : value
    }
}
