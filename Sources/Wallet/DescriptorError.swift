/// Why a descriptor was refused.
package enum DescriptorError: Error, Equatable, Sendable {
    case forbiddenCharacter
    case checksumLength(Int)
    case checksumMismatch(expected: String, found: String)
    case unsupportedForm(String)
    case origin(String)
    case step(String)
    case notAnExtendedKey(String)
    case privateKey
    case otherNetwork
    case depth(origin: Int, key: Int)
    case ownPath(String)
    case branches(String)
    case noWildcard
}

extension DescriptorError: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String {
        switch self {
        case .forbiddenCharacter: "the descriptor holds a character that no descriptor may have"
        case .checksumLength(let count): "the checksum has \(count) characters; expected 8"
        case .checksumMismatch(let expected, let found):
            "the checksum is '\(found)'; expected '\(expected)'"
        case .unsupportedForm(let text): "'\(text)' is not supported; expected wpkh(KEY) or tr(KEY)"
        case .origin(let text): "'[\(text)]' is no key origin; expected [8 hex digits/84h/0h/0h]"
        case .step(let text): "'\(text)' is no step of a path; expected a number below 2147483648"
        case .notAnExtendedKey(let text): "'\(text)' is no extended public key (xpub or tpub)"
        case .privateKey: "the descriptor holds a private key; give the public one"
        case .otherNetwork: "the extended key is of another network"
        case .depth(let origin, let key):
            "the key origin has \(origin) steps, but the key is \(key) deep"
        case .ownPath(let text):
            "'\(text)' is no own key; expected self/84h/0h/0h/<0;1>/* with hardened steps"
        case .branches(let text):
            "'\(text)' is no set of branches; expected <0;1> with distinct numbers"
        case .noWildcard: "expected /<0;1>/* behind the key"
        }
    }
}
