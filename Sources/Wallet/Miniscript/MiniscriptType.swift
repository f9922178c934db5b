/// What is known of a fragment without running it: one of four bases, and properties by which a
/// parent decides whether it may stand there (BIP-379, "Correctness" and "Malleability").
package struct MiniscriptType: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The letters, in the order of the bits.
    private static let letters = Array("BVKWzondufesmxghijk")

    /// The type that letters name.
    package init(_ letters: String) {
        var bits: UInt32 = 0
        for letter in letters {
            guard let place = Self.letters.firstIndex(of: letter) else {
                preconditionFailure("no letter of a type")
            }
            bits |= 1 << UInt32(place)
        }
        self.init(rawValue: bits)
    }

    /// Takes its input from the top of the stack, leaves something nonzero or zero there.
    package static let base = MiniscriptType("B")
    /// Takes its input from the top, leaves nothing, and cannot be dissatisfied.
    package static let verify = MiniscriptType("V")
    /// Leaves a key, for which a signature must come.
    package static let key = MiniscriptType("K")
    /// Takes its input from one below the top.
    package static let wrapped = MiniscriptType("W")
    /// z: takes nothing from the stack.
    package static let zeroArguments = MiniscriptType("z")
    /// o: takes exactly one item.
    package static let oneArgument = MiniscriptType("o")
    /// n: can always be satisfied with a top item that is not zero.
    package static let nonZero = MiniscriptType("n")
    /// d: can be dissatisfied without a signature.
    package static let dissatisfiable = MiniscriptType("d")
    /// u: leaves exactly 1 when it is satisfied.
    package static let unit = MiniscriptType("u")
    /// f: every dissatisfaction needs a signature.
    package static let forced = MiniscriptType("f")
    /// e: there is one dissatisfaction without a signature, and nobody can change it.
    package static let expression = MiniscriptType("e")
    /// s: every satisfaction needs a signature.
    package static let safe = MiniscriptType("s")
    /// m: whatever can be satisfied can be so in a way that nobody can change.
    package static let nonMalleable = MiniscriptType("m")
    /// x: the last opcode has no VERIFY form.
    package static let expensiveVerify = MiniscriptType("x")
    /// g: holds a relative lock in time.
    package static let relativeTime = MiniscriptType("g")
    /// h: holds a relative lock in blocks.
    package static let relativeHeight = MiniscriptType("h")
    /// i: holds an absolute lock in time.
    package static let absoluteTime = MiniscriptType("i")
    /// j: holds an absolute lock in blocks.
    package static let absoluteHeight = MiniscriptType("j")
    /// k: no path needs a lock in time and one in blocks of the same sort.
    package static let noTimelockMix = MiniscriptType("k")

    private static let anyBase = MiniscriptType("BVKW")

    package var hasBase: Bool { !isDisjoint(with: Self.anyBase) }

    /// This type where the condition holds, and otherwise nothing.
    func when(_ condition: Bool) -> MiniscriptType { condition ? self : [] }

    /// Whether it has all that the letters name.
    func has(_ letters: MiniscriptType) -> Bool { isSuperset(of: letters) }

    static func & (left: Self, right: Self) -> Self { left.intersection(right) }

    static func | (left: Self, right: Self) -> Self { left.union(right) }
}

extension MiniscriptType: CustomStringConvertible {
    /// The letters.
    package var description: String {
        var text = ""
        for (place, letter) in Self.letters.enumerated() where rawValue >> UInt32(place) & 1 == 1 {
            text.append(letter)
        }
        return text
    }
}
