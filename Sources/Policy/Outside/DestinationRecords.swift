extension CheckedBundle {
    /// The number of destinations.
    package var destinationCount: Int { layout.destinationCount }

    /// The script of destination `index`, in the order of length, then bytes.
    @_lifetime(copy self)
    package func destinationScript(at index: Int) -> Span<UInt8> {
        let start = destinationStart(at: index)
        let count = Int(bytes.littleEndian16(at: start))
        return bytes.extracting((start + 2)..<(start + 2 + count))
    }

    /// The lists of destination `index` (bit n for list n).
    package func destinationLists(at index: Int) -> UInt64 {
        let start = destinationStart(at: index)
        return bytes.littleEndian64(at: start + 2 + Int(bytes.littleEndian16(at: start)))
    }

    private func destinationStart(at index: Int) -> Int {
        precondition(index >= 0 && index < destinationCount, "no such destination")
        var before = index
        var place = 0
        while before >= Int(layout.scriptGroups[place].count) {
            before -= Int(layout.scriptGroups[place].count)
            place += 1
        }
        let group = layout.scriptGroups[place]
        return Int(group.start) + before * group.stride
    }
}
