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
