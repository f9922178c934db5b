import BitcoinCrypto
import Bytes
import Gate
import TestSupport
import Wire

/// Messages, laid out from docs/protocol.md, sections 3 and 5.
extension ResolvedSample {
    /// A request for a message of BIP-322; with coins a proof of funds.
    init(saying text: String, coins: [Int] = [], index: UInt32 = 5) throws {
        var bytes: [UInt8] = [2, 4, 0, coins.isEmpty ? 1 : 2] + [UInt8](repeating: 9, count: 32)
        bytes.append(1)
        bytes.append(UInt64(index), bytes: 4)
        bytes.append(0)
        bytes += [UInt8](repeating: 0, count: 12)
        bytes.append(UInt64(text.utf8.count), bytes: 4)
        bytes += Array(text.utf8)
        bytes.append(UInt64(coins.count), bytes: 2)
        for coin in coins {
            bytes += [UInt8](repeating: UInt8(coin % 251), count: 32)
            bytes.append(UInt64(coin), bytes: 4)
            bytes.append(0, bytes: 4)
            bytes.append(700, bytes: 8)
            bytes += [0, 1, 0, 0, 0, 0, 1, 0]
        }
        try self.init(message: bytes)
    }

    /// Of the bytes of a message's request.
    init(message bytes: [UInt8]) throws {
        let count = try MessageRequest(checking: bytes.span).inputCount
        let digest = TaggedHash.hash(tag: "portcullis/request/1", bytes.span)
        // The address and each coin are signed for; the virtual output stands for all of them.
        let anchor = LeafOutpoint(txid: digest, vout: 0)
        self.init(
            inputs: Array(repeating: anchor, count: 1 + count),
            amount: 0,
            resolved: bytes,
            digest: digest
        )
    }

    var isMessage: Bool { resolved[0] == 2 }

    /// The place of the facts in the leaf of a decision.
    static let factsOffset = 106

    func messageLeaf(_ head: DecisionHead, _ charges: [LeafCharge]) -> [UInt8] {
        let textCount = (0..<4).reduce(0) { $0 | Int(resolved[54 + $1]) << (8 * $1) }
        var bytes = [UInt8].written(limit: 200) { writer throws(ByteError) in
            try head.write(to: &writer)
        }
        precondition(bytes.count == Self.factsOffset)
        bytes += [9, resolved[3]] + resolved[4..<41]
        bytes += [3, 0, 0x51, 0x20, 0x77]
        bytes += digest.array + [0, 0, 0, 0]
        bytes.append(UInt64(inputs.count - 1), bytes: 2)
        bytes += [UInt8](repeating: 0, count: 40)
        bytes += resolved[54..<58 + textCount]
        bytes += [1, 0, 0, 0, UInt8(charges.count)]
        for charge in charges {
            bytes.append(UInt64(charge.limit), bytes: 2)
            bytes.append(charge.amount, bytes: 8)
        }
        return bytes + [0] + [UInt8](repeating: 0x7A, count: 32)
    }
}
