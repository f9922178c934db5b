package import Bitcoin
package import BitcoinCrypto
private import Bytes

/// Which forms of a key a place admits.
package enum KeyRule: Sendable {
    /// Outside of segwit: compressed or not.
    case legacy
    case compressed
    /// In taproot: compressed, x-only or an aggregate.
    case taproot
    /// In an aggregate.
    case participant
}

/// Reads key expressions.
package struct KeyExpressionParser: Sendable {
    package enum PrivateKeys: Sendable {
        case refused
        /// For the vectors of the BIPs.
        case accepted
    }

    package let network: Network
    package let privateKeys: PrivateKeys
    /// In a wallet policy the keys that `@0`, `@1`, … stand for; then nothing else is read.
    package let policyKeys: [KeyExpression]?

    package init(
        network: Network,
        privateKeys: PrivateKeys = .refused,
        policyKeys: [KeyExpression]? = nil
    ) {
        self.network = network
        self.privateKeys = privateKeys
        self.policyKeys = policyKeys
    }

    package func read(
        _ text: Substring,
        _ rule: KeyRule,
        curve: borrowing Curve
    ) throws(DescriptorError) -> KeyExpression {
        guard !text.hasPrefix("musig(") else { return try aggregate(text, rule, curve: curve) }
        if let policyKeys { return try placeholder(text, policyKeys, rule) }
        var rest = text
        var origin: KeyDerivation?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw .origin(shortened(String(text.dropFirst())))
            }
            origin = try Self.origin(text[..<end].dropFirst())
            rest = text[text.index(after: end)...]
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        if parts[0] == "self", origin == nil { return try own(parts.dropFirst(), text: text) }
        let source = try source(parts[0], rule, curve: curve)
        let (steps, wildcard) = try Self.steps(parts.dropFirst())
        let key = KeyExpression(origin: origin, source: source, steps: steps, wildcard: wildcard)
        guard key.canDerive || parts.count == 1 else {
            throw .fixedKeyWithPath(shortened(String(text)))
        }
        return key
    }

    // MARK: Paths

    /// `f5acc2fd/84h/1h/0h`.
    static func origin(_ text: Substring) throws(DescriptorError) -> KeyDerivation {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, first.utf8.count == 8, let bytes = hexBytes(first) else {
            throw .origin(shortened(String(text)))
        }
        var path: [UInt32] = []
        for part in parts.dropFirst() {
            guard let step = KeyPath.step(part) else { throw .step(shortened(String(part))) }
            path.append(step)
        }
        return KeyDerivation(fingerprint: Bytes4(copying: bytes.span), path: path)
    }

    private static func steps(
        _ parts: ArraySlice<Substring>
    ) throws(DescriptorError) -> ([KeyExpression.Step], KeyExpression.Wildcard) {
        var steps: [KeyExpression.Step] = []
        var wildcard = KeyExpression.Wildcard.none
        var parts = parts
        if let last = parts.last, last == "*" || last == "*h" || last == "*'" {
            wildcard = last == "*" ? .plain : .hardened
            parts = parts.dropLast()
        }
        var hasMany = false
        for part in parts {
            guard part.hasPrefix("<"), part.hasSuffix(">") else {
                guard let step = KeyPath.step(part) else { throw .step(shortened(String(part))) }
                steps.append(.one(step))
                continue
            }
            guard !hasMany else { throw .secondMultipath(shortened(String(part))) }
            hasMany = true
            steps.append(.many(try many(part)))
        }
        return (steps, wildcard)
    }

    /// `<0;1>`.
    private static func many(_ text: Substring) throws(DescriptorError) -> [UInt32] {
        let parts = text.dropFirst().dropLast().split(
            separator: ";",
            omittingEmptySubsequences: false
        )
        let numbers = parts.compactMap(KeyPath.step)
        guard numbers.count == parts.count, numbers.count >= 2, Set(numbers).count == numbers.count
        else { throw .branches(shortened(String(text))) }
        return numbers
    }

    // MARK: Keys

    private func own(
        _ parts: ArraySlice<Substring>,
        text: Substring
    ) throws(DescriptorError) -> KeyExpression {
        let hardened = parts.prefix { $0.hasSuffix("h") || $0.hasSuffix("'") }
        let path = hardened.compactMap(KeyPath.step)
        guard !path.isEmpty, path.count == hardened.count else {
            throw .ownPath(shortened(String(text)))
        }
        let (steps, wildcard) = try Self.steps(parts.dropFirst(hardened.count))
        guard wildcard != .hardened, steps.allSatisfy({ !$0.isHardened }) else {
            throw .ownPath(shortened(String(text)))
        }
        return KeyExpression(
            origin: nil,
            source: .own(path: path),
            steps: steps,
            wildcard: wildcard
        )
    }

    private func source(
        _ text: Substring,
        _ rule: KeyRule,
        curve: borrowing Curve
    ) throws(DescriptorError) -> KeyExpression.Source {
        guard text.utf8.count <= 200 else { throw .notAKey(shortened(String(text))) }
        if let bytes = hexBytes(text), [32, 33, 65].contains(bytes.count) {
            return .fixed(try fixed(bytes, text, rule, curve: curve))
        }
        if privateKeys == .refused, looksPrivate(text) { throw .privateKey }
        if let secret = try secret(text, curve: curve) {
            guard secret.isCompressed || rule == .legacy else { throw .uncompressedKey }
            return .secret(secret)
        }
        return .extended(try ExtendedKeyText.read(text, network: network, curve: curve))
    }

    private func fixed(
        _ bytes: [UInt8],
        _ text: Substring,
        _ rule: KeyRule,
        curve: borrowing Curve
    ) throws(DescriptorError) -> KeyExpression.FixedKey {
        let isXOnly = bytes.count == 32
        guard !isXOnly || rule == .taproot else { throw .xOnlyKey }
        guard bytes.count != 65 || rule == .legacy else { throw .uncompressedKey }
        let whole = isXOnly ? [2] + bytes : bytes
        do throws(CryptoError) {
            _ = try curve.compress(whole.span)
        } catch {
            throw .notAKey(shortened(String(text)))
        }
        return KeyExpression.FixedKey(bytes: whole, isXOnly: isXOnly)
    }

    /// `musig(KEY,…)` and steps behind it.
    private func aggregate(
        _ text: Substring,
        _ rule: KeyRule,
        curve: borrowing Curve
    ) throws(DescriptorError) -> KeyExpression {
        guard rule == .taproot else { throw .aggregateNotHere }
        guard let end = text.lastIndex(of: ")") else { throw .notAKey(shortened(String(text))) }
        let inner = text[..<end].dropFirst("musig(".count)
        var participants: [KeyExpression] = []
        for part in inner.split(separator: ",", omittingEmptySubsequences: false) {
            participants.append(try read(part, .participant, curve: curve))
        }
        guard participants.count <= KeyAggregation.countMax else {
            throw .aggregateCount(participants.count, most: KeyAggregation.countMax)
        }
        let parts = text[text.index(after: end)...]
            .split(separator: "/", omittingEmptySubsequences: false)
        guard parts[0].isEmpty else { throw .notAKey(shortened(String(text))) }
        let below = policyKeys == nil ? parts.dropFirst() : try Self.policySteps(parts.dropFirst())
        let (steps, wildcard) = try Self.steps(below)
        let key = KeyExpression(
            origin: nil,
            source: .aggregate(participants),
            steps: steps,
            wildcard: wildcard
        )
        try Self.check(key, participants)
        return key
    }

    /// BIP-390, "Derivation".
    private static func check(
        _ key: KeyExpression,
        _ participants: [KeyExpression]
    ) throws(DescriptorError) {
        guard !key.steps.isEmpty || key.wildcard != .none else { return }
        guard participants.allSatisfy(\.canDerive) else { throw .aggregate(.fixedParticipant) }
        guard !participants.contains(where: \.isRanged) else {
            throw .aggregate(.rangedParticipant)
        }
        guard key.wildcard != .hardened, key.steps.allSatisfy({ !$0.isHardened }) else {
            throw .aggregate(.hardened)
        }
        guard key.placeCounts.count <= 1 || !key.steps.contains(where: \.isMany) else {
            throw .aggregate(.twoMultipaths)
        }
    }

    // MARK: Wallet policies

    /// `@0/**` or `@0/<0;1>/*`; in an aggregate `@0` alone (BIP-388).
    private func placeholder(
        _ text: Substring,
        _ keys: [KeyExpression],
        _ rule: KeyRule
    ) throws(DescriptorError) -> KeyExpression {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts[0].hasPrefix("@"), let number = KeyPath.number(parts[0].dropFirst()),
            keys.indices.contains(Int(number))
        else { throw .placeholder(shortened(String(text))) }
        let key = keys[Int(number)]
        if rule == .participant {
            guard parts.count == 1 else { throw .placeholder(shortened(String(text))) }
            return key
        }
        let (steps, wildcard) = try Self.steps(try Self.policySteps(parts.dropFirst()))
        return KeyExpression(
            origin: key.origin,
            source: key.source,
            steps: steps,
            wildcard: wildcard
        )
    }

    /// The only two forms of steps, `**` written out.
    private static func policySteps(
        _ parts: ArraySlice<Substring>
    ) throws(DescriptorError) -> ArraySlice<Substring> {
        if parts == ["**"] { return ["<0;1>", "*"] }
        guard parts.count == 2, let first = parts.first, parts.last == "*", first.hasPrefix("<"),
            !first.contains(where: { $0 == "h" || $0 == "'" }),
            first.split(separator: ";", omittingEmptySubsequences: false).count == 2
        else { throw .placeholder("/" + shortened(parts.joined(separator: "/"))) }
        return parts
    }
}

extension KeyExpression {
    /// Whether keys derive from it.
    var canDerive: Bool {
        switch source {
        case .extended, .own, .aggregate: true
        case .fixed: false
        case .secret(let key): key.chainCode != nil
        }
    }
}

extension KeyExpression.Step {
    var isHardened: Bool {
        switch self {
        case .one(let number): number >= KeyPath.hardened
        case .many(let numbers): numbers.contains { $0 >= KeyPath.hardened }
        }
    }

    var isMany: Bool {
        switch self {
        case .one: false
        case .many: true
        }
    }
}
