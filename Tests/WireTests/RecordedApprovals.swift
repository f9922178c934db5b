import Bytes
import Foundation
import Policy
import TestSupport
import Wire

/// Decisions, texts and signatures that Recorded/make_approvals.py made; none of it comes from us.
struct RecordedApproval: Decodable, Sendable {
    struct Case: Decodable, Sendable {
        let title: String
        let blobs: [String]
        /// Seconds after it was asked for.
        let after: Int
        /// `satisfied`, or the name of a refusal.
        let expected: String
    }

    let title: String
    let bundle: String
    let leaf: String
    let home: String
    let log: UInt32
    let approval: String
    let rejection: String
    /// The lines of .pub files.
    let keys: [String: [String]]?
    let cases: [Case]?
    let reject: [String]?

    static func all() throws -> [RecordedApproval] {
        let file = Vectors.repository.appending(path: "Tests/WireTests/Recorded/approvals.jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(RecordedApproval.self, from: Data($0.utf8)) }
    }

    /// The first, whose signatures are judged.
    static func judged() throws -> RecordedApproval { try all()[0] }

    /// Lends the text; nil where there is none.
    func withText<Result>(
        leaf changed: [UInt8]? = nil,
        hash: Bytes32? = nil,
        _ body: (ApprovalText, CheckedBundle) throws -> Result
    ) throws -> Result? {
        let (bundleBytes, leafBytes) = ([UInt8](hex: bundle), changed ?? [UInt8](hex: leaf))
        let bundle = try CheckedBundle(checking: bundleBytes.span)
        let leaf = try DecisionLeaf(reading: leafBytes.span)
        let home = ApprovalHome(
            homeID: Bytes32(copying: [UInt8](hex: home).span),
            logNumber: log
        )
        let text = ApprovalText(leaf, home, bundle, hash: hash ?? bundle.hash)
        guard let text else { return nil }
        return try body(text, bundle)
    }
}
