/// Why a script expression was refused.
package enum MiniscriptError: Error, Equatable, Sendable {
    case unknownFragment(String)
    case unknownWrapper(String)
    case arguments(fragment: String, found: Int, expected: String)
    case number(String)
    case zeroLock(String)
    case threshold(fragment: String, found: Int, of: Int)
    case keyCount(fragment: String, found: Int, most: Int)
    case childCount(found: Int, most: Int)
    case hash(String, byteCount: Int)
    case notHere(fragment: String, context: Miniscript.Context)
    case mistyped(String, [MiniscriptType])
    case notBase(MiniscriptType)
    case tooDeep(limit: Int)
    case scriptTooLong(count: Int, limit: Int)
}

extension MiniscriptError: CustomStringConvertible {
    /// A sentence for a person.
    package var description: String {
        switch self {
        case .unknownFragment(let name): "'\(name)' is no fragment of miniscript"
        case .unknownWrapper(let text): "'\(text)' are no wrappers; expected letters of asctdvjnlu"
        case .arguments(let fragment, let found, let expected):
            "'\(fragment)' has \(found) arguments; expected \(expected)"
        case .number(let text): "'\(text)' is no number; expected one below 2147483648"
        case .zeroLock(let fragment): "'\(fragment)(0)' locks nothing; expected 1 or more"
        case .threshold(let fragment, let found, let count):
            "'\(fragment)' asks for \(found) of \(count); expected 1 to \(count)"
        case .keyCount(let fragment, let found, let most):
            "'\(fragment)' has \(found) keys; expected 1 to \(most) here"
        case .childCount(let found, let most): "'thresh' has \(found) parts; at most \(most)"
        case .hash(let text, let count):
            "'\(text)' is no hash; expected \(2 * count) hexadecimal digits"
        case .notHere(let fragment, let context):
            "'\(fragment)' cannot stand \(context.place)"
        case .mistyped(let fragment, let children):
            "'\(fragment)' cannot be made of parts with the types"
                + " \(children.map(\.description).joined(separator: ", "))"
        case .notBase(let type): "the script has the type \(type); expected one with B"
        case .tooDeep(let limit): "the script is nested more than \(limit) deep"
        case .scriptTooLong(let count, let limit):
            "the script has \(count) bytes; at most \(limit) here"
        }
    }
}

extension Miniscript.Context {
    /// Where, in words.
    package var place: String {
        switch self {
        case .legacy: "outside of wsh and tr"
        case .segwit: "in wsh"
        case .tapscript: "in a leaf of tr"
        }
    }
}
