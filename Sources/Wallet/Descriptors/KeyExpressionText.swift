package import Bitcoin
private import Bytes

extension KeyExpression {
    /// The text, with `h` for hardened steps.
    package func text(network: Network) -> String {
        "\(rootText(network: network))\(stepsText)"
    }

    /// The key without the steps below it.
    package func rootText(network: Network) -> String {
        var text = ""
        if let origin {
            let steps = origin.path.map { "/\(KeyPath.text(step: $0))" }.joined()
            text = "[\(hexText(origin.fingerprint.array))\(steps)]"
        }
        switch source {
        case .fixed(let key):
            text += hexText(key.isXOnly ? Array(key.bytes.dropFirst()) : key.bytes)
        case .extended(let key): text += ExtendedKeyText.write(key, network: network)
        case .own(let path): text += "self/\(KeyPath.text(path))"
        case .secret(let key): text += key.text
        case .aggregate(let participants):
            let inner = participants.map { $0.text(network: network) }
            text += "musig(\(inner.joined(separator: ",")))"
        }
        return text
    }

    /// `/<0;1>/*`.
    package var stepsText: String {
        var text = ""
        for step in steps {
            switch step {
            case .one(let number): text += "/\(KeyPath.text(step: number))"
            case .many(let numbers):
                text += "/<\(numbers.map(KeyPath.text(step:)).joined(separator: ";"))>"
            }
        }
        switch wildcard {
        case .none: return text
        case .plain: return text + "/*"
        case .hardened: return text + "/*h"
        }
    }

    /// The expression at one place of `<a;b;…>`.
    package func atPlace(_ place: Int) throws(DescriptorError) -> KeyExpression {
        var steps: [Step] = []
        for step in self.steps {
            switch step {
            case .one: steps.append(step)
            case .many(let numbers):
                guard numbers.indices.contains(place) else {
                    throw .noSuchPlace(place, count: numbers.count)
                }
                steps.append(.one(numbers[place]))
            }
        }
        var source = source
        if case .aggregate(let participants) = source {
            var inner: [KeyExpression] = []
            for participant in participants { inner.append(try participant.atPlace(place)) }
            source = .aggregate(inner)
        }
        return KeyExpression(origin: origin, source: source, steps: steps, wildcard: wildcard)
    }
}
