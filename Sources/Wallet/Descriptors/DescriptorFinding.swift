private import BitcoinCrypto

/// Why a descriptor cannot be a wallet. Each has a stable name and says what it is about.
package enum DescriptorFinding: Equatable, Sendable {
    /// A form that fixes no script of ours, or one that no signer of ours fills.
    case form(String)
    case privateKey
    case uncompressedKey(String)
    case ownKeyUnknown(String)
    case hardenedStep(String)
    case originDepth(String, origin: Int, key: Int)
    case duplicateKey(String)
    case overlappingBranches(String)
    case noOwnKey
    case ownKeyTwice(String)
    case pathWithoutSignature(String)
    case malleable(String)
    case timelockMix(String)
    case meaninglessOlder(UInt32)
    case overLimit(String, Miniscript.Excess)

    /// The stable name.
    package var name: String {
        switch self {
        case .form: "descriptor-form"
        case .privateKey: "descriptor-private-key"
        case .uncompressedKey: "descriptor-uncompressed-key"
        case .ownKeyUnknown: "descriptor-own-key-unknown"
        case .hardenedStep: "descriptor-hardened-step"
        case .originDepth: "descriptor-origin-depth"
        case .duplicateKey: "descriptor-duplicate-key"
        case .overlappingBranches: "descriptor-overlapping-branches"
        case .noOwnKey: "descriptor-no-own-key"
        case .ownKeyTwice: "descriptor-own-key-twice"
        case .pathWithoutSignature: "descriptor-path-without-signature"
        case .malleable: "descriptor-malleable"
        case .timelockMix: "descriptor-timelock-mix"
        case .meaninglessOlder: "descriptor-meaningless-older"
        case .overLimit: "descriptor-over-limit"
        }
    }
}

extension DescriptorFinding {
    /// Whether a policy may not have a wallet of which this is found. Two signatures of own keys
    /// on one path are no danger: the signer gives both, and the seed is one all the same.
    package var preventsRegistration: Bool {
        if case .ownKeyTwice = self { false } else { true }
    }
}

extension DescriptorFinding: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String {
        switch self {
        case .form(let form): "\(form) cannot be a wallet; expected pkh, wpkh, sh, wsh or tr"
        case .privateKey: "the descriptor holds a private key; give the public one"
        case .uncompressedKey(let key): "the key \(key) is uncompressed; expected 33 bytes"
        case .ownKeyUnknown(let key): "the own key \(key) is not filled in"
        case .hardenedStep(let key):
            "\(key) has hardened steps, which nobody can take from a public key"
        case .originDepth(let key, let origin, let depth):
            "the origin of \(key) has \(origin) steps, but the key is \(depth) deep"
        case .duplicateKey(let key): "\(key) stands twice; every key must be another"
        case .overlappingBranches(let key):
            "\(key) shares branches with another use of the same key; they must be disjoint"
        case .noOwnKey: "none of the keys is the signer's own"
        case .ownKeyTwice(let script):
            "one path of \(script) needs two signatures of the signer's own keys; one is the most"
        case .pathWithoutSignature(let script): "\(script) can be spent without any signature"
        case .malleable(let script): "somebody without keys can change a spend of \(script)"
        case .timelockMix(let script):
            "a path of \(script) needs a lock in blocks and one in time, which never fit together"
        case .meaninglessOlder(let number):
            "older(\(number)) has bits that consensus ignores, or waits for nothing"
        case .overLimit(let script, let excess):
            switch excess.kind {
            case .satisfactions: "\(script) cannot be spent at all"
            case .opcodes:
                "\(script) runs \(excess.found) opcodes; consensus permits \(excess.most)"
            case .witnessItems:
                "\(script) needs \(excess.found) witness items; \(excess.most) are relayed"
            case .stackItems:
                "\(script) has \(excess.found) items on the stack; consensus permits \(excess.most)"
            }
        }
    }
}
