import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing

/// What a parent stream handed out over a whole parent.
struct StreamedParent {
    var outputs: [(vout: UInt32, amount: UInt64, count: Int, script: [UInt8])] = []
    var summary: ParentStream.ParentSummary?
    var bytesRead = 0

    /// Feeds `bytes` in pieces of `pieceCount`, announced as `byteCount` bytes.
    init(_ bytes: [UInt8], byteCount: Int? = nil, pieceCount: Int) throws(BitcoinError) {
        var stream = try ParentStream(byteCount: byteCount ?? bytes.count)
        while summary == nil, bytesRead < bytes.count {
            let end = min(bytes.count, bytesRead + pieceCount)
            let piece = bytes.span.extracting(bytesRead..<end)
            var offset = 0
            reading: while true {
                switch try stream.next(piece, from: &offset) {
                case .needsMore:
                    break reading
                case .output(let output):
                    outputs.append(
                        (
                            output.vout, output.amount.satoshis, output.scriptByteCount,
                            stream.keptScript.array
                        )
                    )
                case .finished(let summary):
                    self.summary = summary
                    break reading
                }
            }
            bytesRead += offset
        }
    }
}

@Suite("Parents in pieces")
struct ParentStreamTests {
    private let small = TransactionReaderTests.small

    private func failure(
        _ bytes: [UInt8],
        byteCount: Int? = nil,
        pieceCount: Int = 7
    ) -> BitcoinError? {
        do throws(BitcoinError) {
            _ = try StreamedParent(bytes, byteCount: byteCount, pieceCount: pieceCount)
            return nil
        } catch {
            return error
        }
    }

    private func txid(_ bytes: [UInt8]) -> Bytes32 {
        let once = SHA256.hash(bytes.span)
        return SHA256.hash(once.span)
    }

    @Test("The pieces may be of any size")
    func pieces() throws {
        for pieceCount in 1...(small.count + 1) {
            let streamed = try StreamedParent(small, pieceCount: pieceCount)
            #expect(streamed.summary?.txid == txid(small))
            #expect(streamed.summary?.outputCount == 1)
            #expect(streamed.summary?.isCoinbase == false)
            #expect(streamed.outputs.count == 1)
            #expect(streamed.outputs.first?.script == [0x51])
        }
    }

    @Test("A piece that goes on after the parent is read up to the parent's end")
    func following() throws {
        let streamed = try StreamedParent(small + [9, 9], byteCount: small.count, pieceCount: 1000)
        #expect(streamed.bytesRead == small.count)
        #expect(streamed.summary?.txid == txid(small))
    }

    @Test("A parent shorter or longer than announced is refused or stays unfinished")
    func lengths() throws {
        #expect(failure(small + [0]) == .bytes(.trailing(count: 1)))
        #expect(
            failure(small, byteCount: small.count - 1) == .bytes(.truncated(needed: 1, left: 0))
        )
        let waiting = try StreamedParent(
            Array(small.dropLast()),
            byteCount: small.count,
            pieceCount: 7
        )
        #expect(waiting.summary == nil)
    }

    @Test("A parent of 4 MiB may be announced, one byte more may not; 60 bytes is the least")
    func limits() throws {
        _ = try ParentStream(byteCount: 4_194_304)
        #expect(throws: BitcoinError.transactionTooLong(count: 4_194_305, limit: 4_194_304)) {
            _ = try ParentStream(byteCount: 4_194_305)
        }
        _ = try ParentStream(byteCount: 60)
        #expect(throws: BitcoinError.bytes(.truncated(needed: 60, left: 59))) {
            _ = try ParentStream(byteCount: 59)
        }
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
        #expect(failure(inputs) == .bytes(.truncated(needed: 2, left: small.count - 5)))
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

    @Test("A script of 64 bytes is kept, one of 65 is only counted")
    func kept() throws {
        var parent = try ReadTransaction(small)
        parent.outputs = [64, 65, 10_001, 0].map { (1, [UInt8](repeating: 0x6a, count: $0)) }
        let bytes = try parent.serialized(witness: false)
        for pieceCount in [1, 3, 64, 20_000] {
            let streamed = try StreamedParent(bytes, pieceCount: pieceCount)
            #expect(streamed.outputs.map(\.count) == [64, 65, 10_001, 0])
            #expect(streamed.outputs.map(\.script.count) == [64, 0, 0, 0])
            #expect(streamed.summary?.txid == txid(bytes))
        }
    }

    @Test("A coinbase is known by its input that names no transaction")
    func coinbase() throws {
        var parent = try ReadTransaction(small)
        parent.inputs[0].txid = .zero
        parent.inputs[0].vout = .max
        let bytes = try parent.serialized(witness: false)
        for pieceCount in [1, 5, 100] {
            let streamed = try StreamedParent(bytes, pieceCount: pieceCount)
            #expect(streamed.summary?.isCoinbase == true)
        }
        var almost = bytes
        almost[36] = 1
        #expect(try StreamedParent(almost, pieceCount: 9).summary?.isCoinbase == false)
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
            for pieceCount in [1, 2, 31, 1 << 20] {
                let streamed = try StreamedParent(bytes, pieceCount: pieceCount)
                #expect(streamed.summary?.txid == txid(bytes))
                #expect(streamed.outputs.map(\.vout) == (0..<UInt32(read.outputs.count)).map { $0 })
                #expect(streamed.outputs.map(\.amount) == read.outputs.map(\.amount))
                #expect(streamed.outputs.map(\.count) == read.outputs.map(\.script.count))
            }
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
                let pieceCount = Int.random(in: 1...80, using: &random)
                do throws(BitcoinError) {
                    let streamed = try StreamedParent(damaged, pieceCount: pieceCount)
                    #expect(streamed.summary?.txid != txid(bytes))
                } catch {}
            }
        }
    }
}
