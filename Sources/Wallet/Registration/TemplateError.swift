/// Why a descriptor cannot be a template that the signer fills.
package enum TemplateError: Error, Equatable, Sendable {
    /// What fixes no script, or none of ours.
    case form(String)
    case finding(DescriptorFinding)
    case privateKey
    case hardenedStep(String)
    /// Only one branch and the index can be below a key at which `<a;b>` stands.
    case stepsAfterBranches(String)
    case branchesWithoutIndex(String)
    case aggregateSteps(String)
    case aggregateCount(String, found: Int)
    case sameParticipant(String)
    case tooManyBranches(String, found: Int)
    case noOwnKey
    /// An own key stands only where it cannot sign alone.
    case cannotSign
    case ownPath(String)
    case coinType(String, expected: UInt32)
    case tooMany(Part, found: Int, most: Int)
    case scriptLength(String, found: Int, most: Int)
    case unspendable(String)
    case key(DescriptorError)

    /// What a template has only so much of.
    package enum Part: String, Sendable {
        case keys, scripts
        case holes = "keys in one script"
        case depth = "levels in the tree"
    }
}

extension TemplateError: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String {
        switch self {
        case .form(let form): "\(form) cannot be a wallet; expected pkh, wpkh, sh, wsh or tr"
        case .finding(let finding): "\(finding)"
        case .privateKey: "the descriptor holds a private key; give the public one"
        case .hardenedStep(let key):
            "\(key) has hardened steps, which nobody can take from a public key"
        case .stepsAfterBranches(let key):
            "\(key) has steps behind <a;b>; expected <a;b>/* at its end"
        case .branchesWithoutIndex(let key): "\(key) has <a;b> and no /*; expected <a;b>/*"
        case .aggregateSteps(let key):
            "\(key) has other steps behind musig(); expected none, /*, /0/* or /<a;b>/*"
        case .aggregateCount(let key, let found): "\(key) has \(found) keys; expected 2 to 16"
        case .sameParticipant(let key): "\(key) has one key twice; every key must be another"
        case .tooManyBranches(let key, let found): "\(key) has \(found) branches; at most 16"
        case .noOwnKey:
            "none of the keys is the signer's own; expected one as self/48h/0h/0h/2h/<0;1>/*, or "
                + "with the fingerprint that the policy gives in fingerprint = \"…\""
        case .cannotSign:
            "the signer's own key stands only in musig(), where it cannot sign alone; expected it "
                + "in a script as well"
        case .ownPath(let key):
            "\(key) has no path of an own key; expected 1 to 8 steps, the hardened ones first, and "
                + "for a wallet of one key 3 to 8 hardened ones such as 84h/0h/0h"
        case .coinType(let key, let expected):
            "\(key) is for coins of another network; expected \(expected)h as the second step"
        case .tooMany(let part, let found, let most): "\(found) \(part.rawValue); at most \(most)"
        case .scriptLength(let script, let found, let most):
            "\(script) has \(found) bytes; at most \(most)"
        case .unspendable(let script): "\(script) cannot be spent at all"
        case .key(let error): "\(error)"
        }
    }
}
