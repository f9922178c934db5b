import Bitcoin
import Bytes
import TestSupport
import Testing

@Suite("Reading transactions")
struct TransactionReaderTests {
    /// One input, one output, nothing signed.
    static let small = [UInt8](
        hex: "02000000" + "01" + String(repeating: "ab", count: 32) + "01000000" + "00" + "fdffffff"
            + "01" + "e803000000000000" + "0151" + "07000000"
    )

    /// The same with a witness of one item.
    static let smallWithWitness = [UInt8](
        hex: "02000000" + "0001" + "01" + String(repeating: "ab", count: 32) + "01000000" + "00"
            + "fdffffff" + "01" + "e803000000000000" + "0151" + "010101" + "07000000"
    )

    private func failure(
        _ bytes: [UInt8],
        _ form: TransactionForm = .network
    ) -> BitcoinError? {
        do throws(BitcoinError) {
            _ = try ReadTransaction(bytes, form: form)
            return nil
        } catch {
            return error
        }
    }

    @Test("Every field of a small transaction is found")
    func fields() throws {
        for bytes in [Self.small, Self.smallWithWitness] {
            let read = try ReadTransaction(bytes)
            #expect(read.version == 2)
            #expect(read.inputs.count == 1)
            #expect(read.inputs[0].txid == Bytes32(repeating: 0xab))
            #expect(read.inputs[0].vout == 1)
            #expect(read.inputs[0].sequence == 0xffff_fffd)
            #expect(read.outputs.count == 1)
            #expect(read.outputs[0].amount == 1000)
            #expect(read.outputs[0].script == [0x51])
            #expect(read.lockTime == 7)
        }
    }

    @Test("A transaction cut short anywhere is refused, and so is one byte more")
    func cuts() {
        for bytes in [Self.small, Self.smallWithWitness] {
            #expect(failure(bytes) == nil)
            for count in 0..<bytes.count {
                #expect(failure(Array(bytes[..<count])) != nil)
            }
            #expect(failure(bytes + [0]) == .bytes(.trailing(count: 1)))
        }
    }

    @Test("A witness is read on the network only; elsewhere its marker is a count of no inputs")
    func marker() {
        #expect(failure(Self.smallWithWitness, .legacy) != nil)
        #expect(failure(Self.small, .legacy) == nil)
        #expect(failure([UInt8](hex: "00000000000000000000"), .legacy) == nil)
        #expect(failure([UInt8](hex: "00000000000000000000")) == .witnessForm)
        var flag = Self.smallWithWitness
        flag[5] = 2
        #expect(failure(flag) == .witnessForm)
        #expect(failure([UInt8](hex: "0000000000010000000000")) == .witnessOrNoInput)
    }

    @Test("A witness that is empty for every input has a shorter form and is refused")
    func emptyWitness() {
        var bytes = Self.smallWithWitness
        bytes.replaceSubrange((bytes.count - 7)..<(bytes.count - 4), with: [0])
        #expect(failure(bytes) == .witnessForm)
    }

    @Test("A count that the bytes left cannot hold is refused at once")
    func counts() {
        var bytes = Self.small
        bytes.replaceSubrange(4..<5, with: [0xff] + [UInt8](repeating: 0xff, count: 8))
        #expect(failure(bytes) == .bytes(.truncated(needed: .max, left: Self.small.count - 5)))
        var padded = Self.small
        padded.replaceSubrange(4..<5, with: [0xfd, 1, 0])
        #expect(failure(padded) == .bytes(.nonCanonical))
    }

    @Test("An output of 21 million bitcoin is read; one satoshi more is refused")
    func amounts() {
        var bytes = Self.small
        let most: UInt64 = 2_100_000_000_000_000
        for (amount, expected) in [
            (most, nil), (most + 1, BitcoinError.amountOutOfRange(most + 1)),
        ] {
            for index in 0..<8 {
                bytes[47 + index] = UInt8(truncatingIfNeeded: amount >> UInt64(8 * index))
            }
            #expect(failure(bytes) == expected)
        }
    }

    @Test(
        "Core's 121 valid transactions come out as they went in",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func core() throws {
        let all = try CoreTransactions.valid()
        #expect(all.count == 121)
        for bytes in all {
            let read = try ReadTransaction(bytes)
            #expect(try read.serialized(witness: true) == bytes)
        }
        Vectors.report("core/unit/tx_valid", "\(all.count) transactions")
    }
}
