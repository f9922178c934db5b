/// What spending a script can take at most: opcodes, room on the stack, bytes of witness. Each is
/// computed for satisfying and for dissatisfying a node; nil is what cannot be done.
package struct MiniscriptCosts: Equatable, Sendable {
    /// A run of opcodes and what it does to the height of the stack.
    package struct StackUse: Equatable, Sendable {
        /// How much higher the stack was before than it is after.
        package var fall: Int
        /// How much higher it was at its highest than it is after.
        package var peak: Int

        static let nothing = StackUse(fall: 0, peak: 0)
        static let push = StackUse(fall: -1, peak: 0)
        /// An opcode that takes one item more than it leaves.
        static let take = StackUse(fall: 1, peak: 1)
        static let takeTwo = StackUse(fall: 2, peak: 2)
    }

    /// Opcodes that are no pushes, whichever branch is taken, as consensus counts them.
    package var opcodes = 0
    /// Keys of the multisigs that are run, which count as opcodes too.
    package var satisfyKeys: Int?
    package var dissatisfyKeys: Int?
    package var satisfyStack: StackUse?
    package var dissatisfyStack: StackUse?
    /// Bytes of the witness items with their lengths.
    package var satisfyBytes: Int?
    package var dissatisfyBytes: Int?
}

/// One after the other; nothing where one of them cannot be.
func then(_ left: Int?, _ right: Int?) -> Int? {
    guard let left, let right else { return nil }
    return left + right
}

/// The worse of two ways; the other where one cannot be.
func either(_ left: Int?, _ right: Int?) -> Int? {
    guard let left, let right else { return left ?? right }
    return max(left, right)
}

func then(
    _ left: MiniscriptCosts.StackUse?,
    _ right: MiniscriptCosts.StackUse?
) -> MiniscriptCosts.StackUse? {
    guard let left, let right else { return nil }
    return MiniscriptCosts.StackUse(
        fall: left.fall + right.fall,
        peak: max(right.peak, right.fall + left.peak)
    )
}

func either(
    _ left: MiniscriptCosts.StackUse?,
    _ right: MiniscriptCosts.StackUse?
) -> MiniscriptCosts.StackUse? {
    guard let left, let right else { return left ?? right }
    return MiniscriptCosts.StackUse(
        fall: max(left.fall, right.fall),
        peak: max(left.peak, right.peak)
    )
}

func then(
    _ first: MiniscriptCosts.StackUse?,
    _ others: MiniscriptCosts.StackUse?...
) -> MiniscriptCosts.StackUse? {
    others.reduce(first) { then($0, $1) }
}
