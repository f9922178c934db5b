extension PSBT {
    /// Adds what another PSBT knows about the same transaction, with the keys of each map in
    /// lexicographic order (BIP-174, Combiner). Where both have a key, this one's value stays.
    package mutating func combine(with other: PSBT) throws(PSBTError) {
        guard other.transaction == transaction else {
            throw PSBTError(.whole, .otherTransaction)
        }
        var global = global
        global.combine(with: other.global)
        var bytes = PSBT.magic
        global.write(to: &bytes)
        for (mine, theirs) in zip(inputs.map(\.map), other.inputs.map(\.map)) {
            var map = mine
            map.combine(with: theirs)
            map.write(to: &bytes)
        }
        for (mine, theirs) in zip(outputs.map(\.map), other.outputs.map(\.map)) {
            var map = mine
            map.combine(with: theirs)
            map.write(to: &bytes)
        }
        // Read anew, so that what came in is held to every rule and known to the typed parts.
        self = try PSBT(binary: bytes)
    }
}

extension PSBTMap {
    fileprivate mutating func combine(with other: PSBTMap) {
        let known = Set(fields.map(\.key))
        for field in other.fields where !known.contains(field.key) {
            append(field)
        }
        sortByKey()
    }
}
