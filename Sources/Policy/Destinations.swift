private import Bytes

/// Who may be paid: scripts and the lists they stand in.
extension CheckedBundle {
    /// The lists that `script` stands in (bit n for list n), or none.
    ///
    /// The run of its length is found first, then the script in it by halving.
    package func lists(of script: Span<UInt8>) -> UInt64 {
        for place in 0..<layout.scriptGroupCount {
            let group = layout.scriptGroups[place]
            if Int(group.length) == script.count { return lists(of: script, in: group) }
        }
        return 0
    }

    private func lists(of script: Span<UInt8>, in group: ScriptGroup) -> UInt64 {
        var low = 0
        var high = Int(group.count)
        while low < high {
            let middle = (low + high) / 2
            let start = Int(group.start) + middle * group.stride + 2
            let candidate = bytes.extracting(start..<(start + script.count))
            if candidate.equals(script) {
                return bytes.littleEndian64(at: start + script.count)
            }
            if candidate.precedes(script) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return 0
    }
}
