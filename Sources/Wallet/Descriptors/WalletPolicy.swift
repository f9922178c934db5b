package import Bitcoin
package import BitcoinCrypto

/// A wallet policy (BIP-388): the shape of a descriptor, and the keys that its `@0`, `@1`, … are.
package struct WalletPolicy: Equatable, Sendable {
    /// In the shortest spelling, without a checksum.
    package let template: String
    /// An extended key each, with its origin where that is known, and no steps below it.
    package let keys: [KeyExpression]
    package let descriptor: OutputDescriptor

    /// The most keys, as many as a wallet of the bundle has.
    package static let keyCountMax = 1_000

    /// Reads a policy.
    package init(
        template: String,
        keys texts: [String],
        network: Network,
        curve: borrowing Curve
    ) throws(WalletPolicyError) {
        guard (1...Self.keyCountMax).contains(texts.count) else {
            throw .keyCount(texts.count, most: Self.keyCountMax)
        }
        var keys: [KeyExpression] = []
        for (number, text) in texts.enumerated() {
            keys.append(try Self.key(text, number, network, curve: curve))
        }
        let descriptor: OutputDescriptor
        do throws(DescriptorError) {
            guard !template.contains("#") else { throw .forbiddenCharacter }
            let parser = KeyExpressionParser(network: network, policyKeys: keys)
            descriptor = try OutputDescriptor(template, parser, curve: curve)
        } catch {
            throw .template(error)
        }
        try self.init(keys, descriptor)
    }

    /// The policy of a descriptor, its keys numbered in the order of the text.
    package init(_ descriptor: OutputDescriptor) throws(WalletPolicyError) {
        var keys: [KeyExpression] = []
        for key in descriptor.keys.flatMap(\.participants) {
            let root = key.root
            if !keys.contains(root) { keys.append(root) }
        }
        for (number, key) in keys.enumerated() { try Self.check(key, number) }
        try self.init(keys, descriptor)
    }

    private init(
        _ keys: [KeyExpression],
        _ descriptor: OutputDescriptor
    ) throws(WalletPolicyError) {
        var next = 0
        var texts: [String] = []
        for key in descriptor.keys {
            var numbers: [String] = []
            for participant in key.participants {
                guard let number = keys.firstIndex(of: participant.root) else {
                    preconditionFailure("the keys were taken from the list")
                }
                guard number <= next else { throw .order(expected: next, found: number) }
                next = max(next, number + 1)
                numbers.append("@\(number)")
            }
            texts.append(try Self.placeholder(key, numbers))
        }
        guard next == keys.count else { throw .unused(next) }
        if let finding = KeyUses(descriptor).findings.first { throw .finding(finding) }
        self.keys = keys
        self.descriptor = descriptor
        template = descriptor.text(keys: texts)
    }

    /// `@0/**`, `@0/<2;3>/*` or `musig(@0,@1)/**`.
    private static func placeholder(
        _ key: KeyExpression,
        _ numbers: [String]
    ) throws(WalletPolicyError) -> String {
        guard case .many(let branches) = key.steps.first, key.steps.count == 1,
            branches.count == 2, key.wildcard == .plain, !key.steps[0].isHardened
        else { throw .steps(numbers[0]) }
        let steps = branches == [0, 1] ? "/**" : key.stepsText
        guard case .aggregate(let participants) = key.source else { return numbers[0] + steps }
        guard participants.allSatisfy({ $0 == $0.root }) else { throw .steps(numbers[0]) }
        return "musig(\(numbers.joined(separator: ",")))\(steps)"
    }

    private static func key(
        _ text: String,
        _ number: Int,
        _ network: Network,
        curve: borrowing Curve
    ) throws(WalletPolicyError) -> KeyExpression {
        let key: KeyExpression
        do throws(DescriptorError) {
            let parser = KeyExpressionParser(network: network)
            key = try parser.read(text[...], .participant, curve: curve)
        } catch {
            throw .key(number, error)
        }
        guard key == key.root else { throw .steps("@\(number)") }
        try check(key, number)
        return key
    }

    private static func check(
        _ key: KeyExpression,
        _ number: Int
    ) throws(WalletPolicyError) {
        switch key.source {
        case .extended, .own: return
        case .fixed, .secret, .aggregate: throw .notExtended(number)
        }
    }
}

/// Why a wallet policy was refused.
package enum WalletPolicyError: Error, Equatable, Sendable {
    case keyCount(Int, most: Int)
    case key(Int, DescriptorError)
    case notExtended(Int)
    case template(DescriptorError)
    case order(expected: Int, found: Int)
    case unused(Int)
    case steps(String)
    case finding(DescriptorFinding)
}

extension WalletPolicyError: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String {
        switch self {
        case .keyCount(let found, let most): "the policy has \(found) keys; expected 1 to \(most)"
        case .key(let number, let error): "key \(number): \(error)"
        case .notExtended(let number): "key \(number) is no extended public key"
        case .template(let error): "\(error)"
        case .order(let expected, let found):
            "@\(found) comes where @\(expected) is expected; keys are numbered as they first appear"
        case .unused(let number): "the template does not use @\(number)"
        case .steps(let key): "\(key) has other steps; expected /** or /<a;b>/* behind the key"
        case .finding(let finding): "\(finding)"
        }
    }
}

extension KeyExpression {
    /// The key without the steps below it.
    var root: KeyExpression {
        KeyExpression(origin: origin, source: source, steps: [], wildcard: .none)
    }
}
