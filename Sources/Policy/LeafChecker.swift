private import Bitcoin
private import Bytes

/// The scripts of one wallet.
extension BundleChecker {
    mutating func checkLeaves(_ form: inout WalletForm) throws(BundleError) {
        let item = form.item
        let isTree = form.kind == .p2trTree
        let count = try cursor.readUInt8()
        guard (1...(isTree ? WalletRecord.leafCountMax : 1)).contains(Int(count)) else {
            throw .wrongLeafCount(item: item, found: count)
        }
        var tree = TreeForm()
        for leaf in 0..<Int(count) {
            let depth = Int(try cursor.readUInt8())
            guard tree.add(depth: depth) else { throw .wrongTree(item: item) }
            try checkLeaf(leaf, depth, &form)
        }
        guard tree.isWhole else { throw .wrongTree(item: item) }
        let unused = form.allKeys & ~form.usedKeys
        try require(unused == 0, .unusedKey(item: item, key: unused.trailingZeroBitCount))
        try require(form.signs, .nothingToSignWith(item: item))
    }

    private mutating func checkLeaf(
        _ leaf: Int,
        _ depth: Int,
        _ form: inout WalletForm
    ) throws(BundleError) {
        let (item, kind) = (form.item, form.kind)
        let version = try cursor.readUInt8()
        guard version == (kind == .p2trTree ? LeafRecord.tapscriptVersion : 0) else {
            throw .unknownLeafVersion(item: item, leaf: leaf, found: version)
        }
        let weight = try cursor.readUInt32()
        let script = try cursor.readVec16()
        guard (1...kind.scriptByteCountMax).contains(script.count) else {
            throw .wrongScriptLength(item: item, leaf: leaf, found: script.count)
        }
        let least = kind.satisfactionWeightMin(scriptByteCount: script.count, depth: depth)
        guard (least...LeafRecord.satisfactionWeightMax).contains(Int(weight)) else {
            throw .wrongWeight(item: item, leaf: leaf, found: weight)
        }
        guard kind != .p2shScript || !isWitnessProgram(script) else {
            throw .witnessProgram(item: item)
        }
        let holesStart = cursor.offset + 1
        let holes = try checkHoles(leaf, script, &form)
        let template = LeafTemplate(
            script: script.of(cursor.bytes),
            holes: cursor.bytes.extracting(holesStart..<cursor.offset),
            groups: Span()
        )
        try checkGroups(leaf, template, holes, item)
        try checkPushes(leaf, template, item)
    }

    /// Whether a script in P2SH would be a witness program (BIP-141): the address of another kind
    /// of wallet, and no signature of this one spends it.
    private func isWitnessProgram(_ script: ByteRange) -> Bool {
        let first = cursor.bytes[script.start]
        return (4...42).contains(script.count) && (first == 0 || (0x51...0x60).contains(first))
            && Int(cursor.bytes[script.start + 1]) == script.count - 2
    }

    /// Ascending, apart and inside, over zeros, in the forms that the kind of script knows.
    private mutating func checkHoles(
        _ leaf: Int,
        _ script: ByteRange,
        _ form: inout WalletForm
    ) throws(BundleError) -> Int {
        let item = form.item
        let bytes = cursor.bytes
        let count = Int(try cursor.readUInt8())
        guard (1...LeafRecord.holeCountMax).contains(count) else {
            throw .wrongHole(item: item, leaf: leaf, hole: count)
        }
        var end = 0
        for hole in 0..<count {
            let offset = Int(try cursor.readUInt16())
            let key = Int(try cursor.readUInt8())
            guard let keyForm = KeyForm(rawValue: try cursor.readUInt8()),
                keyForm.isXOnly == (form.kind == .p2trTree), key < form.keyCount,
                offset >= end, offset + keyForm.byteCount <= script.count
            else { throw .wrongHole(item: item, leaf: leaf, hole: hole) }
            end = offset + keyForm.byteCount
            for place in offset..<end where bytes[script.start + place] != 0 {
                throw .wrongHole(item: item, leaf: leaf, hole: hole)
            }
            form.use(key)
        }
        return count
    }

    /// Ascending and disjoint; the holes of one hold keys of one form, one after the other as multi
    /// and multi_a have them.
    private mutating func checkGroups(
        _ leaf: Int,
        _ template: LeafTemplate,
        _ holeCount: Int,
        _ item: Int
    ) throws(BundleError) {
        var end = 0
        for group in 0..<Int(try cursor.readUInt8()) {
            let first = Int(try cursor.readUInt8())
            let count = Int(try cursor.readUInt8())
            let error = BundleError.wrongGroup(item: item, leaf: leaf, group: group)
            guard first >= end, (2...WalletRecord.keyCountMax).contains(count),
                first + count <= holeCount
            else { throw error }
            end = first + count
            let form = template.hole(at: first).form
            guard form == .compressed || form == .xOnly else { throw error }
            for hole in first + 1..<end where !template.isInMulti(hole) { throw error }
        }
    }
}

/// Whether depths, told in the order of a walk, are those of the leaves of a full binary tree.
///
/// The leaves divide a line of length 1 = 2^63 units: each takes 2^-depth of it, beginning at a
/// multiple of that.
private struct TreeForm {
    private var end: UInt64 = 0

    mutating func add(depth: Int) -> Bool {
        guard depth <= LeafRecord.depthMax, !isWhole else { return false }
        let length: UInt64 = 1 << UInt64(LeafRecord.depthMax - depth)
        guard end % length == 0 else { return false }
        end += length
        return true
    }

    var isWhole: Bool { end == 1 << UInt64(LeafRecord.depthMax) }
}

extension OutputKind {
    /// The most bytes of one script: what a push, a standard witness script, a tapscript may have.
    fileprivate var scriptByteCountMax: Int {
        switch self {
        case .p2shScript: 520
        case .p2wshScript, .p2shP2WSHScript: 3_600
        case .p2trTree: 10_000
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH: 0
        }
    }

    /// What an input takes at least of a script of so many bytes: the script, one signature, and
    /// what proves the script. A size that says less would make the fee rate look higher than it
    /// is, and a cap on it hold less.
    fileprivate func satisfactionWeightMin(scriptByteCount count: Int, depth: Int) -> Int {
        let (ecdsa, schnorr, itemCount) = (1 + 71, 1 + 65, 1)
        let witness = itemCount + CompactSize.width(of: UInt64(count)) + count
        switch self {
        case .p2shScript:
            let push = count < 76 ? 1 : count < 256 ? 2 : 3
            let byteCount = ecdsa + push + count
            // An empty script's length is counted with the input.
            return 4 * (byteCount + CompactSize.width(of: UInt64(byteCount)) - 1)
        case .p2wshScript: return ecdsa + witness
        case .p2shP2WSHScript: return 4 * 35 + ecdsa + witness
        case .p2trTree:
            let control = 33 + 32 * depth
            return schnorr + witness + CompactSize.width(of: UInt64(control)) + control
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH: return 1
        }
    }
}
