private import Bytes
import Policy
private import Wallet

/// Rules about messages.
extension SourceReader {
    static let messageKeys = [
        "name", "effect", "wallets", "formats", "branches", "indexes", "text",
    ]
    private static let textForm =
        "1 to 255 bytes of what a message may say, * for any run within a line, ** for any run at "
        + "all, \\\\* and \\\\\\\\ for a star and a backslash: text = \"login to example.com at *\""

    func readMessages(_ table: SourceTable) throws(PolicyError) -> PolicyModel.MessageFields {
        let indexes = try indexes(table)
        let text = try table.string("text", form: Self.textForm)
        let pattern = Array(text.utf8)
        guard TextPattern.isPattern(pattern.span) else {
            throw table.error("text", found: "\"\(text)\"", expected: Self.textForm)
        }
        let formats = try places("formats", among: MessageRuleText.formats, all: 7, table)
        let branches = try places("branches", among: MessageRuleText.branches, all: 0xff, table)
        return PolicyModel.MessageFields(
            formats: UInt8(formats),
            branches: UInt8(branches),
            indexMin: indexes.lowerBound,
            indexMax: indexes.upperBound,
            pattern: pattern
        )
    }

    /// `"any"`, `"7"` or `"0-100"`.
    private func indexes(_ table: SourceTable) throws(PolicyError) -> ClosedRange<UInt32> {
        let form = "an index, a range or \"any\": indexes = \"0-100\""
        let text = try table.string("indexes", form: form)
        let most = UInt32(Int32.max)
        if text == "any" { return 0...most }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Self.index($0) }
        guard let low = numbers.first, let high = numbers.last, numbers.count == parts.count,
            numbers.count <= 2, low <= high, high <= most
        else { throw table.error("indexes", found: "\"\(text)\"", expected: form) }
        return low...high
    }

    /// Digits alone, without needless zeros, so that a number has one spelling.
    private static func index(_ text: Substring) -> UInt32? {
        guard let number = UInt32(text), String(number) == text else { return nil }
        return number
    }
}

/// A rule about messages in words.
struct MessageRuleText {
    /// In the order of their bits.
    static let formats = ["bip322", "proof-of-funds", "legacy"]
    static let branches = ["receive", "change", "2", "3", "4", "5", "6", "7"]

    let words: String

    init(_ rule: MessageRuleRecord) {
        let pattern = String(decoding: [UInt8](copying: rule.pattern), as: UTF8.self)
        let formats = Self.names(rule.formats, of: Self.formats)
        let branches =
            rule.branches == 0xff
            ? "any branch" : "branch " + Self.names(rule.branches, of: Self.branches)
        let any = rule.indexMin == 0 && rule.indexMax == UInt32(Int32.max)
        let indexes = any ? "any index" : "index \(rule.indexMin) to \(rule.indexMax)"
        let text =
            pattern.allSatisfy { $0 == "*" }
            ? "ANY TEXT\(pattern == "*" ? " of one line" : "")"
            : "the text \(pattern.debugDescription)"
        words = "\(text), as \(formats), by addresses of \(branches) and \(indexes)"
    }

    private static func names(_ bits: UInt8, of all: [String]) -> String {
        all.indices.filter { bits >> UInt8($0) & 1 == 1 }.map { all[$0] }.joined(separator: " or ")
    }
}
