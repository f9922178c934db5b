/// What decides between two ways to satisfy a script.
struct WitnessSummary: Equatable, Sendable {
    var hasSignature = false
    /// Whether somebody without keys can turn it into another one that is as good.
    var isMalleable = false
    var byteCount = 0

    /// One after the other.
    static func + (left: Self, right: Self) -> Self {
        WitnessSummary(
            hasSignature: left.hasSignature || right.hasSignature,
            isMalleable: left.isMalleable || right.isMalleable,
            byteCount: left.byteCount + right.byteCount
        )
    }

    /// Which of two ways to take, and what is then known of it. One that needs no signature is
    /// taken before one that does, because anybody could put it there; if neither does, either can
    /// be put in the other's place.
    static func choose(_ first: Self, _ second: Self) -> (isFirst: Bool, summary: Self) {
        switch (first.hasSignature, second.hasSignature) {
        case (false, true): return (true, first)
        case (true, false): return (false, second)
        case (false, false):
            let isFirst = first.byteCount <= second.byteCount
            var summary = isFirst ? first : second
            summary.isMalleable = true
            return (isFirst, summary)
        case (true, true):
            if first.isMalleable != second.isMalleable {
                return first.isMalleable ? (false, second) : (true, first)
            }
            let isFirst = first.byteCount <= second.byteCount
            return (isFirst, isFirst ? first : second)
        }
    }
}

/// Items of a witness, the top of the stack last.
struct WitnessStack: Equatable, Sendable {
    var items: [[UInt8]] = []
    var summary = WitnessSummary()

    static let nothing = WitnessStack()
    /// An empty item, which is zero.
    static let zero = WitnessStack(item: [])
    static let one = WitnessStack(item: [1])

    init() {}

    init(item: [UInt8]) {
        items = [item]
        summary.byteCount = 1 + item.count
    }

    static func signature(_ bytes: [UInt8]) -> WitnessStack {
        var stack = WitnessStack(item: bytes)
        stack.summary.hasSignature = true
        return stack
    }

    var malleable: WitnessStack {
        var stack = self
        stack.summary.isMalleable = true
        return stack
    }
}

/// The left one below the right one; nothing where one of them is not to be had.
func below(_ left: WitnessStack?, _ right: WitnessStack?) -> WitnessStack? {
    guard var left, let right else { return nil }
    left.items += right.items
    left.summary = left.summary + right.summary
    return left
}

/// The better of two.
func better(_ first: WitnessStack?, _ second: WitnessStack?) -> WitnessStack? {
    guard let first, let second else { return first ?? second }
    let (isFirst, summary) = WitnessSummary.choose(first.summary, second.summary)
    var chosen = isFirst ? first : second
    chosen.summary = summary
    return chosen
}
