import Bitcoin
import BitcoinCrypto
private import Bytes
import Policy

/// The keys of a template as they are found, each once.
struct TemplateKeys {
    let own: OwnKeys
    let network: Network
    /// Whether the wallet has one key and no script: then its path is that of an account.
    let isOfOneKey: Bool
    private(set) var keys: [WalletTemplate.Key] = []

    init(_ descriptor: OutputDescriptor, own: OwnKeys, isOfOneKey: Bool) {
        self.own = own
        network = descriptor.network
        self.isOfOneKey = isOfOneKey
    }

    /// The place of a key; those of an aggregate come before it.
    mutating func place(
        of key: KeyExpression,
        curve: borrowing Curve
    ) throws(TemplateError) -> Int {
        guard case .aggregate(let participants) = key.source else {
            return place(of: try simple(key, curve: curve))
        }
        let places = try places(of: participants, in: key, curve: curve)
        return place(of: .aggregate(of: places, try Self.children(of: key, network)))
    }

    /// The same for the internal key of a tree, which comes first; the keys of an aggregate come
    /// after it there.
    mutating func placeFirst(
        _ key: KeyExpression,
        curve: borrowing Curve
    ) throws(TemplateError) {
        precondition(keys.isEmpty, "the internal key is the first")
        guard case .aggregate(let participants) = key.source else {
            _ = place(of: try simple(key, curve: curve))
            return
        }
        // Any key holds the place until those that it is made of have theirs.
        keys = [.aggregate(of: [], .itself)]
        let places = try places(of: participants, in: key, curve: curve)
        keys[0] = .aggregate(of: places, try Self.children(of: key, network))
    }

    private mutating func place(of key: WalletTemplate.Key) -> Int {
        if let known = keys.firstIndex(of: key) { return known }
        keys.append(key)
        return keys.count - 1
    }

    /// The places of the keys of an aggregate, ascending.
    private mutating func places(
        of participants: [KeyExpression],
        in key: KeyExpression,
        curve: borrowing Curve
    ) throws(TemplateError) -> [UInt8] {
        let text = key.text(network: network)
        guard (2...WalletRecord.participantCountMax).contains(participants.count) else {
            throw .aggregateCount(text, found: participants.count)
        }
        var places: Set<UInt8> = []
        for participant in participants {
            let place = place(of: try simple(participant, curve: curve))
            guard place < WalletRecord.keyCountMax else { throw Self.tooMany(place + 1) }
            guard places.insert(UInt8(place)).inserted else { throw .sameParticipant(text) }
        }
        return places.sorted()
    }

    static func tooMany(_ count: Int) -> TemplateError {
        .tooMany(.keys, found: count, most: WalletRecord.keyCountMax)
    }

    /// A key that is no aggregate.
    private func simple(
        _ key: KeyExpression,
        curve: borrowing Curve
    ) throws(TemplateError) -> WalletTemplate.Key {
        let text = key.text(network: network)
        let below = try Steps(key, text)
        if let path = own.path(of: key) {
            return .own(path: try check(path + below.first, text), below.children)
        }
        switch key.source {
        case .extended(let root):
            do throws(DescriptorError) {
                let parent = try KeyExpression.child(of: root, below.first, curve: curve)
                guard below.children != .itself else { return .fixed(parent.key) }
                return .extended(
                    chainCode: parent.chainCode,
                    key: parent.key,
                    below.children
                )
            } catch {
                throw .key(error)
            }
        case .fixed(let fixed):
            guard fixed.bytes.count == 33 else {
                throw .finding(.uncompressedKey(text))
            }
            return .fixed(Bytes33(copying: fixed.bytes.span))
        case .secret: throw .privateKey
        case .own, .aggregate: preconditionFailure("these were handled before")
        }
    }

    /// What a bundle admits as the path of an own key (docs/protocol.md, section 4).
    private func check(_ path: [UInt32], _ text: String) throws(TemplateError) -> [UInt32] {
        let hardened = path.prefix { $0 >= KeyPath.hardened }
        let least = isOfOneKey ? 3 : 1
        guard (least...WalletRecord.depthMax).contains(path.count), !hardened.isEmpty,
            path[hardened.count...].allSatisfy({ $0 < KeyPath.hardened }),
            !isOfOneKey || hardened.count == path.count
        else { throw .ownPath(text) }
        let hasCoin =
            isOfOneKey || [44, 48, 49, 84, 86, 87].contains(path[0] & ~KeyPath.hardened)
        let coin = network.coinType
        guard !hasCoin || hardened.count < 2 || path[1] == coin | KeyPath.hardened else {
            throw .coinType(text, expected: coin)
        }
        return path
    }

    private static func children(
        of key: KeyExpression,
        _ network: Network
    ) throws(TemplateError) -> WalletTemplate.Children {
        let text = key.text(network: network)
        let below = try Steps(key, text)
        guard below.first.isEmpty else { throw .aggregateSteps(text) }
        return below.children
    }
}

/// The steps below a key: those that are the same for every output, then what a template knows.
private struct Steps {
    let first: [UInt32]
    let children: WalletTemplate.Children

    init(_ key: KeyExpression, _ text: String) throws(TemplateError) {
        guard key.wildcard != .hardened, !key.steps.contains(where: \.isHardened) else {
            throw .hardenedStep(text)
        }
        var steps = key.steps
        let last = key.wildcard == .plain ? steps.popLast() : nil
        var first: [UInt32] = []
        for step in steps {
            guard case .one(let number) = step else {
                throw key.wildcard == .plain
                    ? .stepsAfterBranches(text) : .branchesWithoutIndex(text)
            }
            first.append(number)
        }
        self.first = first
        switch last {
        case nil: children = key.wildcard == .plain ? .index : .itself
        case .one(let number): children = .branches([number])
        case .many(let numbers):
            guard numbers.count <= WalletRecord.branchCountMax else {
                throw .tooManyBranches(text, found: numbers.count)
            }
            children = .branches(numbers)
        }
    }
}
