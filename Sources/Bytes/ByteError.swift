/// Why bytes were refused or could not be written; numbers are bytes.
package enum ByteError: Error, Equatable, Sendable {
    /// A read asked for `needed` bytes where only `left` were left.
    case truncated(needed: Int, left: Int)
    /// The reader was to be at its end and `count` bytes were left over.
    case trailing(count: Int)
    /// A write of `needed` bytes where only `left` bytes of room were left.
    case full(needed: Int, left: Int)
    /// A number or a text that has a shorter or a different form.
    case nonCanonical
    /// A character that the text form does not have, at its place.
    case invalidCharacter(at: Int)
    /// A length over the limit of its field.
    case tooLong(count: Int, limit: Int)
}
