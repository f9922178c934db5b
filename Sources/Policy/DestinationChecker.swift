/// The destinations of a bundle: sorted by length, then bytes, so that runs of one length can be
/// searched by halving.
extension BundleChecker {
    mutating func checkDestinations() throws(BundleError) {
        let bytes = cursor.bytes
        let count = Int(try cursor.readUInt32())
        layout.destinationCount = count
        let known = CheckedBundle.mask(ofLowest: layout.listCount)
        var previous: ByteRange?
        for item in 0..<count {
            let start = cursor.offset
            let script = try cursor.readVec16()
            guard script.count > 0 else { throw .emptyScript(item: item) }
            if previous?.count != script.count {
                try startGroup(previous, length: script.count, at: start, item)
            } else {
                try requireOrder(previous, script, .destinations, item)
            }
            layout.scriptGroups[layout.scriptGroupCount - 1].count += 1
            previous = script
            let place = try cursor.skip(8)
            let lists = bytes.littleEndian64(at: place)
            guard lists != 0, lists & ~known == 0 else {
                throw .unknownLists(section: .destinations, item: item, found: lists)
            }
        }
    }

    private mutating func startGroup(
        _ previous: ByteRange?,
        length: Int,
        at start: Int,
        _ item: Int
    ) throws(BundleError) {
        if let previous, previous.count > length {
            throw .outOfOrder(section: .destinations, item: item)
        }
        let limit = BundleLayout.scriptLengthCountMax
        guard layout.scriptGroupCount < limit else {
            throw .tooMany(section: .scriptLengths, found: limit + 1, limit: limit)
        }
        layout.scriptGroups[layout.scriptGroupCount] = ScriptGroup(
            length: UInt16(length),
            start: UInt32(start),
            count: 0
        )
        layout.scriptGroupCount += 1
    }
}
