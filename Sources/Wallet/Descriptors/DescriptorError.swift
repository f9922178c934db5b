package import BitcoinCrypto

/// What `musig` with steps behind it may not have (BIP-390).
package enum AggregateFault: Error, Equatable, Sendable {
    case fixedParticipant
    case rangedParticipant
    case hardened
    case twoMultipaths
}

/// Why a descriptor was refused.
package enum DescriptorError: Error, Equatable, Sendable {
    case empty
    case forbiddenCharacter
    case tooLong(count: Int, limit: Int)
    case tooDeep(limit: Int)
    case bracket(at: Int)
    case notAFunction(String)
    case argumentCount(function: String, found: Int, expected: Int)
    case script(MiniscriptError)
    case unknownFunction(String)
    case notHere(function: String)
    case bareKeyCount(Int, most: Int)
    case redeemScriptTooLong(count: Int, limit: Int)
    case treeTooDeep(limit: Int)
    case branchOfTree(String)
    case notHex(String)
    case address(String)
    case notAKey(String)
    case xOnlyKey
    case uncompressedKey
    case fixedKeyWithPath(String)
    case secondMultipath(String)
    case multipathCounts([Int])
    case noSuchPlace(Int, count: Int)
    case aggregateNotHere
    case aggregateCount(Int, most: Int)
    case aggregate(AggregateFault)
    case placeholder(String)
    case ownKeyUnknown
    case hardenedFromPublic
    case derivation(CryptoError)
    case checksumLength(Int)
    case checksumMismatch(expected: String, found: String)
    case origin(String)
    case step(String)
    case notAnExtendedKey(String)
    case privateKey
    case otherNetwork
    case ownPath(String)
    case branches(String)
    case noWildcard
}

extension DescriptorError: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String {
        switch self {
        case .forbiddenCharacter: "the descriptor holds a character that no descriptor may have"
        case .tooLong(let count, let limit):
            "the descriptor has \(count) characters; at most \(limit)"
        case .tooDeep(let limit): "the descriptor is nested more than \(limit) deep"
        case .bracket(let place): "the bracket or comma at character \(place) fits no other"
        case .notAFunction(let text): "'\(text)' is no function; expected a word and arguments"
        case .argumentCount(let function, let found, let expected):
            "'\(function)' has \(found) arguments; expected \(expected)"
        case .empty: "there is no descriptor"
        case .script(let error): "\(error)"
        case .unknownFunction(let name): "'\(name)' is no function of descriptors"
        case .notHere(let function): "'\(function)' cannot stand here"
        case .bareKeyCount(let found, let most):
            "a multisig outside of sh and wsh has \(found) keys; at most \(most)"
        case .redeemScriptTooLong(let count, let limit):
            "the script in sh has \(count) bytes; at most \(limit)"
        case .treeTooDeep(let limit): "the tree of scripts is more than \(limit) deep"
        case .branchOfTree(let text): "'\(text)' is no branch of a tree; expected {SCRIPT,SCRIPT}"
        case .notHex(let text): "'\(text)' is no script in hexadecimal digits"
        case .address(let text): "'\(text)' is no address of this network"
        case .notAKey(let text): "'\(text)' is no key"
        case .xOnlyKey: "a key of 32 bytes can stand only in tr and rawtr"
        case .uncompressedKey: "an uncompressed key cannot stand in segwit or taproot"
        case .fixedKeyWithPath(let text):
            "'\(text)' has steps, but only an extended key has children"
        case .secondMultipath(let text): "'\(text)' is a second <a;b> in one key; one is the most"
        case .multipathCounts(let counts):
            "the keys have <a;b> of different lengths: "
                + counts.map(String.init).joined(separator: ", ")
        case .noSuchPlace(let place, let count): "place \(place) of <a;b> with \(count) places"
        case .aggregateNotHere: "musig() can stand only in tr and rawtr, and not in itself"
        case .aggregateCount(let found, let most): "musig() has \(found) keys; at most \(most)"
        case .aggregate(.fixedParticipant):
            "musig() with steps behind it needs extended keys"
        case .aggregate(.rangedParticipant):
            "musig() with steps behind it cannot have keys with /*"
        case .aggregate(.hardened): "musig() cannot have hardened steps behind it"
        case .aggregate(.twoMultipaths): "musig() and its keys cannot both have <a;b>"
        case .placeholder(let text):
            "'\(text)' is no key of a wallet policy; expected @0/** or @0/<0;1>/*"
        case .ownKeyUnknown: "the own key of the descriptor is not filled in"
        case .hardenedFromPublic: "hardened steps cannot be taken from a public key"
        case .derivation: "a key cannot be derived"
        case .checksumLength(let count): "the checksum has \(count) characters; expected 8"
        case .checksumMismatch(let expected, let found):
            "the checksum is '\(found)'; expected '\(expected)'"
        case .origin(let text): "'[\(text)]' is no key origin; expected [8 hex digits/84h/0h/0h]"
        case .step(let text): "'\(text)' is no step of a path; expected a number below 2147483648"
        case .notAnExtendedKey(let text): "'\(text)' is no extended public key (xpub or tpub)"
        case .privateKey: "the descriptor holds a private key; give the public one"
        case .otherNetwork: "the extended key is of another network"
        case .ownPath(let text):
            "'\(text)' is no own key; expected self/84h/0h/0h/<0;1>/* with hardened steps"
        case .branches(let text):
            "'\(text)' is no set of branches; expected <0;1> with distinct numbers"
        case .noWildcard: "expected /<0;1>/* behind the key"
        }
    }
}
