import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing

/// What a parent says of itself and of its outputs.
struct ReadParent {
    var outputs: [(amount: UInt64, script: [UInt8])] = []
    let txid: Bytes32
    let isCoinbase: Bool

    init(_ bytes: [UInt8]) throws(BitcoinError) {
        let parent = try LegacyParent(checking: bytes.span)
        txid = parent.txid
        isCoinbase = parent.isCoinbase
        var walk = parent.outputs
        while let output = walk.next() {
            outputs.append((output.amount, output.script.array))
        }
        precondition(outputs.count == parent.outputCount, "as many as announced")
    }
}

@Suite("Parents")
struct LegacyParentTests {
    private let small = TransactionReaderTests.small

    private func failure(_ bytes: [UInt8]) -> BitcoinError? {
        do throws(BitcoinError) {
            _ = try ReadParent(bytes)
            return nil
        } catch {
            return error
        }
    }

    private func txid(_ bytes: [UInt8]) -> Bytes32 {
        let once = SHA256.hash(bytes.span)
        return SHA256.hash(once.span)
    }

    /// A parent of just so many bytes: its one output has a script that fills it.
    private func parent(byteCount: Int) throws -> [UInt8] {
        var parent = try ReadTransaction(small)
        parent.outputs = [(1, [UInt8](repeating: 0x6a, count: byteCount - 60 - 4))]
        return try parent.serialized(witness: false)
    }

    @Test("A parent gives its txid and its outputs in their order")
    func whole() throws {
        let read = try ReadParent(small)
        #expect(read.txid == txid(small))
        #expect(!read.isCoinbase)
        #expect(read.outputs.map(\.script) == [[0x51]])
    }

    @Test("A parent that ends early or goes on is refused")
    func lengths() {
        #expect(failure(small + [0]) == .bytes(.trailing(count: 1)))
        for count in 0..<small.count {
            #expect(failure(Array(small.prefix(count))) != nil)
        }
        #expect(failure(Array(small.dropLast())) == .bytes(.truncated(needed: 4, left: 3)))
    }

    @Test("A parent of 4 MiB is read, one byte more is not; 60 bytes is the least")
    func limits() throws {
        let most = try parent(byteCount: 4_194_304)
        #expect(most.count == 4_194_304)
        #expect(try ReadParent(most).txid == txid(most))
        #expect(
            failure(try parent(byteCount: 4_194_305))
                == .transactionTooLong(count: 4_194_305, limit: 4_194_304)
        )
        var least = try ReadTransaction(small)
        least.outputs = [(1, [])]
        #expect(try least.serialized(witness: false).count == 60)
        #expect(failure(try least.serialized(witness: false)) == nil)
        #expect(
            failure([UInt8](repeating: 1, count: 59)) == .bytes(.truncated(needed: 60, left: 59))
        )
    }

    @Test("A parent with a witness, without inputs or without outputs is refused")
    func forms() {
        #expect(failure(TransactionReaderTests.smallWithWitness) == .witnessOrNoInput)
        var noOutput = small
        noOutput[46] = 0
        #expect(failure(noOutput) == .noOutput)
    }

    @Test("A count or length that what is left cannot hold is refused before it is followed")
    func counts() {
        var inputs = small
        inputs[4] = 2
        #expect(failure(inputs) == .bytes(.truncated(needed: 82, left: small.count - 5)))
        var script = small
        script[55] = 0xfc
        #expect(failure(script) == .bytes(.truncated(needed: 252, left: 5)))
        var padded = small
        padded.replaceSubrange(4..<5, with: [0xfe, 1, 0, 0, 0])
        #expect(failure(padded) == .bytes(.nonCanonical))
    }

    @Test("Outputs of 21 million bitcoin in all pass; one satoshi more in the sum is refused")
    func amounts() throws {
        let most: UInt64 = 2_100_000_000_000_000
        var parent = try ReadTransaction(small)
        parent.outputs = [(most, [0x51]), (0, [0x51])]
        #expect(failure(try parent.serialized(witness: false)) == nil)
        parent.outputs = [(most, [0x51]), (1, [0x51])]
        #expect(failure(try parent.serialized(witness: false)) == .amountOutOfRange(most + 1))
    }

    @Test("Scripts of any length are given as they are")
    func scripts() throws {
        var parent = try ReadTransaction(small)
        parent.outputs = [64, 65, 10_001, 0].map { (1, [UInt8](repeating: 0x6a, count: $0)) }
        let bytes = try parent.serialized(witness: false)
        let read = try ReadParent(bytes)
        #expect(read.outputs.map(\.script) == parent.outputs.map(\.script))
        #expect(read.txid == txid(bytes))
    }

    @Test("A coinbase is known by its input that names no transaction")
    func coinbase() throws {
        var parent = try ReadTransaction(small)
        parent.inputs[0].txid = .zero
        parent.inputs[0].vout = .max
        let bytes = try parent.serialized(witness: false)
        #expect(try ReadParent(bytes).isCoinbase)
        var almost = bytes
        almost[36] = 1
        #expect(try !ReadParent(almost).isCoinbase)
    }

    @Test(
        "Core's 121 valid transactions give the outputs and txids that the plain reader gives",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func core() throws {
        let all = try CoreTransactions.valid()
        #expect(all.count == 121)
        for whole in all {
            let read = try ReadTransaction(whole)
            let bytes = try read.serialized(witness: false)
            let parent = try ReadParent(bytes)
            #expect(parent.txid == txid(bytes))
            #expect(parent.outputs.map(\.amount) == read.outputs.map(\.amount))
            #expect(parent.outputs.map(\.script) == read.outputs.map(\.script))
        }
    }

    @Test(
        "No damage to a parent traps, and what still passes has another txid",
        .enabled(if: Vectors.present, Vectors.reason),
        .timeLimit(.minutes(1))
    )
    func damage() throws {
        var random = SystemRandomNumberGenerator()
        for whole in try CoreTransactions.valid() {
            let bytes = try ReadTransaction(whole).serialized(witness: false)
            for _ in 0..<40 {
                var damaged = bytes
                damaged[.random(in: 0..<bytes.count, using: &random)] ^= .random(in: 1...255)
                do throws(BitcoinError) {
                    #expect(try ReadParent(damaged).txid != txid(bytes))
                } catch {}
            }
        }
    }
}
