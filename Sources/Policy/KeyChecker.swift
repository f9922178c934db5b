private import Bitcoin
private import Bytes

/// The keys of one wallet.
extension BundleChecker {
    mutating func checkKeys(_ form: inout WalletForm) throws(BundleError) {
        let item = form.item
        let count = try cursor.readUInt8()
        guard (1...WalletRecord.keyCountMax).contains(Int(count)),
            count == 1 || !form.kind.isOfOneKey
        else { throw .wrongKeyCount(item: item, found: count) }
        form.keyCount = Int(count)
        for place in 0..<form.keyCount {
            try checkKey(place, &form)
        }
        try checkParticipants(&form)
        if form.kind.isOfOneKey || form.kind == .p2trTree { form.use(0) }
    }

    private mutating func checkKey(
        _ place: Int,
        _ form: inout WalletForm
    ) throws(BundleError) {
        let item = form.item
        let code = try cursor.readUInt8()
        guard let kind = KeyKind(rawValue: code), kind == .own || !form.kind.isOfOneKey else {
            throw .unknownKeyKind(item: item, found: code)
        }
        switch kind {
        case .own:
            try checkPath(item, isAccount: form.kind.isOfOneKey)
            form.ownKeys |= 1 << UInt32(place)
        case .extended:
            _ = try cursor.skip(32)
            try checkPublicKey(item, place)
        case .fixed:
            try checkPublicKey(item, place)
            form.constantKeys |= 1 << UInt32(place)
            return
        case .aggregate:
            try checkAggregate(place, &form)
            return
        }
        try checkBranches(place, &form)
    }

    /// The account path of a wallet of one key: purpose, the network's coin type, account, all
    /// steps hardened (BIP-44). Among several keys the path is freer, but begins hardened, and
    /// where its purpose is one that gives the second step a meaning, that is the coin type.
    private mutating func checkPath(_ item: Int, isAccount: Bool) throws(BundleError) {
        let depth = Int(try cursor.readUInt8())
        guard ((isAccount ? 3 : 1)...WalletRecord.depthMax).contains(depth) else {
            throw .wrongPath(item: item)
        }
        let coin = WalletRecord.hardened | (network == 0 ? 0 : 1)
        var (hasCoin, isHardened) = (isAccount, true)
        for place in 0..<depth {
            let step = try cursor.readUInt32()
            let wasHardened = isHardened
            isHardened = step >= WalletRecord.hardened
            if place == 0, !isAccount {
                switch step &- WalletRecord.hardened {
                case 44, 48, 49, 84, 86, 87: hasCoin = true
                case _: hasCoin = false
                }
            }
            guard isHardened || (place > 0 && !isAccount), wasHardened || !isHardened,
                place != 1 || !hasCoin || !isHardened || step == coin
            else { throw .wrongPath(item: item) }
        }
    }

    /// The form of a compressed key; that it is on the curve is found when it is used.
    private mutating func checkPublicKey(_ item: Int, _ place: Int) throws(BundleError) {
        let start = try cursor.skip(33)
        let first = cursor.bytes[start]
        try require(first == 2 || first == 3, .badKey(item: item, key: place))
    }

    /// The places of other keys, ascending; what these are is known once all keys were read.
    private mutating func checkAggregate(
        _ place: Int,
        _ form: inout WalletForm
    ) throws(BundleError) {
        let bytes = cursor.bytes
        let error = BundleError.wrongParticipants(item: form.item, key: place)
        let count = Int(try cursor.readUInt8())
        guard (2...WalletRecord.participantCountMax).contains(count) else { throw error }
        let start = try cursor.skip(count)
        for number in start..<start + count {
            let key = Int(bytes[number])
            guard key < form.keyCount, number == start || bytes[number - 1] < bytes[number] else {
                throw error
            }
            form.participants[place] |= 1 << UInt32(key)
        }
        form.aggregates |= 1 << UInt32(place)
        form.usedKeys |= form.participants[place]
        try checkBranches(place, &form)
    }

    /// No aggregate is made of aggregates. If one is derived from, what it is made of is the same
    /// at every index (BIP-328); if not, it is another wherever one of them is.
    private func checkParticipants(_ form: inout WalletForm) throws(BundleError) {
        let simple = form.constantKeys & ~form.aggregates
        for place in 0..<form.keyCount where form.has(place, in: form.aggregates) {
            let participants = form.participants[place]
            let isConstant = participants & ~simple == 0
            guard participants & form.aggregates == 0,
                isConstant || form.has(place, in: form.constantKeys)
            else { throw .wrongParticipants(item: form.item, key: place) }
            if !isConstant { form.constantKeys &= ~(1 << UInt32(place)) }
        }
    }

    private mutating func checkBranches(
        _ place: Int,
        _ form: inout WalletForm
    ) throws(BundleError) {
        let error = BundleError.wrongBranches(item: form.item)
        let bytes = cursor.bytes
        let code = try cursor.readUInt8()
        let isItself = code == KeyRecord.itself && !form.kind.isOfOneKey
        let count = isItself ? 0 : Int(code)
        if form.has(place, in: form.ownKeys) {
            ownNodeCount += max(count, 1)
            let limit = WalletRecord.ownNodeCountMax
            try require(ownNodeCount <= limit, .tooManyNodes(found: ownNodeCount, limit: limit))
        }
        if isItself {
            form.constantKeys |= 1 << UInt32(place)
            return
        }
        guard ((form.kind.isOfOneKey ? 1 : 0)...WalletRecord.branchCountMax).contains(count),
            count <= 1 || form.branchCount == 1 || form.branchCount == count
        else { throw error }
        form.branchCount = max(form.branchCount, count)
        let start = try cursor.skip(4 * count)
        for number in 0..<count {
            let branch = bytes.littleEndian32(at: start + 4 * number)
            guard branch < WalletRecord.hardened else { throw error }
            for earlier in 0..<number
            where bytes.littleEndian32(at: start + 4 * earlier) == branch {
                throw error
            }
        }
    }
}
