extension Miniscript {
    /// A choice in the table below: what is known of the witness so far, and whether the last child
    /// looked at is satisfied in it.
    private struct Cell {
        var summary: WitnessSummary
        let isSatisfied: Bool
    }

    /// The best choice of `needed` children to satisfy. The table has a row for each child, from
    /// the last to the first, and a column for each count of satisfied ones; only at the end are
    /// the items put together.
    static func threshold(_ needed: Int, _ children: [Ways]) -> Ways {
        var rows: [[Cell?]] = []
        var previous: [WitnessSummary?] = [WitnessSummary()]
        previous += Array(repeating: nil, count: needed)
        for child in children.reversed() {
            var row: [Cell?] = []
            for count in 0...needed {
                let without = sum(previous[count], child.dissatisfied?.summary)
                let with =
                    count == 0 ? nil : sum(previous[count - 1], child.satisfied?.summary)
                row.append(best(without, with))
            }
            previous = row.map { $0?.summary }
            rows.append(row)
        }
        var ways = Ways()
        if let last = rows[rows.count - 1][needed] {
            var stack = collect(rows, needed, Array(children.reversed()))
            stack.summary = last.summary
            ways.satisfied = stack
        }
        if let last = rows[rows.count - 1][0] {
            var stack = collect(rows, 0, Array(children.reversed()))
            stack.summary = last.summary
            // Another count of satisfied children is no satisfaction either: if some can be
            // satisfied by anybody, that is a second way.
            let openCount = children.count {
                $0.satisfied.map { !$0.summary.hasSignature } ?? false
            }
            if openCount >= 2 || openCount == 1 && needed != 1 { stack = stack.malleable }
            ways.dissatisfied = stack
        }
        return ways
    }

    private static func sum(_ left: WitnessSummary?, _ right: WitnessSummary?) -> WitnessSummary? {
        guard let left, let right else { return nil }
        return left + right
    }

    private static func best(_ without: WitnessSummary?, _ with: WitnessSummary?) -> Cell? {
        guard let without else { return with.map { Cell(summary: $0, isSatisfied: true) } }
        guard let with else { return Cell(summary: without, isSatisfied: false) }
        let (isFirst, summary) = WitnessSummary.choose(without, with)
        return Cell(summary: summary, isSatisfied: !isFirst)
    }

    /// The items of the choice in the last row, walking back through the table.
    private static func collect(
        _ rows: [[Cell?]],
        _ needed: Int,
        _ children: [Ways]
    ) -> WitnessStack {
        var count = needed
        var parts: [WitnessStack] = []
        for place in rows.indices.reversed() {
            let isSatisfied = rows[place][count]?.isSatisfied ?? false
            let part = isSatisfied ? children[place].satisfied : children[place].dissatisfied
            guard let part else { preconditionFailure("the table holds only what is to be had") }
            parts.append(part)
            if isSatisfied { count -= 1 }
        }
        var stack = WitnessStack()
        for part in parts.reversed() { stack.items += part.items }
        return stack
    }
}
