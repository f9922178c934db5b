package import Bytes

/// Which keys of descriptors are the signer's: those written `self/…`, and those whose origin
/// names its master key.
package struct OwnKeys: Equatable, Sendable {
    /// The fingerprint of the signer's master key, where it is known.
    package let fingerprint: Bytes4?
    /// The only paths that are its, where not every path with that fingerprint is.
    package let paths: Set<[UInt32]>?

    package init(fingerprint: Bytes4? = nil, paths: Set<[UInt32]>? = nil) {
        self.fingerprint = fingerprint
        self.paths = paths
    }

    /// The steps from the master key to the key without its steps below, if the key is own.
    package func path(of key: KeyExpression) -> [UInt32]? {
        switch key.source {
        case .own(let path): return path
        case .extended, .fixed:
            guard let fingerprint, let origin = key.origin, origin.fingerprint == fingerprint,
                paths?.contains(origin.path) ?? true
            else { return nil }
            return origin.path
        case .secret, .aggregate: return nil
        }
    }

    /// The paths of all own keys of a descriptor, each once, in the order of the text.
    package func paths(in descriptor: OutputDescriptor) -> [[UInt32]] {
        var found: [[UInt32]] = []
        for key in descriptor.keys.flatMap(\.participants) {
            if let path = path(of: key), !found.contains(path) { found.append(path) }
        }
        return found
    }
}

extension KeyExpression {
    /// The steps below the key that are the same for every output, before those that a template
    /// has.
    package var sharedSteps: [UInt32] {
        let shared = wildcard == .none ? steps[...] : steps.dropLast()
        return shared.compactMap { step in
            if case .one(let number) = step { number } else { nil }
        }
    }

    /// The same key with those steps in the path of an own key.
    fileprivate var foldingOwnSteps: KeyExpression {
        switch source {
        case .own(let path):
            KeyExpression(
                origin: nil,
                source: .own(path: path + sharedSteps),
                steps: Array(steps[sharedSteps.count...]),
                wildcard: wildcard
            )
        case .aggregate(let participants):
            KeyExpression(
                origin: origin,
                source: .aggregate(participants.map(\.foldingOwnSteps)),
                steps: steps,
                wildcard: wildcard
            )
        case .fixed, .extended, .secret: self
        }
    }
}

extension OutputDescriptor {
    /// The same with the steps below own keys as far as possible in their paths, as a template has
    /// them: `self/48h/1h/0h/2h/5/<0;1>/*` is the branches below the key at `48h/1h/0h/2h/5`.
    package func foldingOwnSteps() throws(DescriptorError) -> OutputDescriptor {
        let keys = keys.map(\.foldingOwnSteps)
        return try OutputDescriptor(network: network, form: form, keys: keys)
    }
}
