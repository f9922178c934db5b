import Foundation
import TestSupport

/// The transactions of Bitcoin Core's unit tests.
enum CoreTransactions {
    /// The hexadecimal transactions of one file; an array of one text is a comment.
    static func hex(_ file: String) throws -> [String] {
        let data = try Vectors.data("bitcoin/core/unit/\(file)")
        let rows = try JSONSerialization.jsonObject(with: data) as? [[Any]] ?? []
        return rows.compactMap { $0.count == 3 ? $0[1] as? String : nil }
    }

    static func valid() throws -> [[UInt8]] {
        try hex("tx_valid.json").map { [UInt8](hex: $0) }
    }
}
