import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wire

@Suite("Resolved request")
struct RequestTests {
    @Test("The request of the examples reads as its parts")
    func parts() throws {
        let bytes = try Examples.bytes("resolved-request")
        let request = try ResolvedRequest(checking: bytes.span)
        #expect(request.network == 4 && request.transactionVersion == 2)
        #expect(request.lockTime == 840_000)
        #expect(request.inputCount == 2 && request.outputCount == 2 && request.walletCount == 1)
        #expect(request.walletID(at: 0) == Bytes32(repeating: 0x77))
        let second = request.input(at: 1)
        #expect(second.txid == Bytes32(repeating: 0x10) && second.vout == 0)
        #expect(second.amount == 50_000 && second.sighash == 1)
        #expect(second.claim == OwnerClaim(wallet: 0, branch: 1, index: 3))
        var outputs = request.outputs
        var seen: [(UInt64, Bool)] = []
        while let output = outputs.next() { seen.append((output.amount, output.claim != nil)) }
        #expect(seen.map(\.0) == [120_000, 79_000])
        #expect(seen.map(\.1) == [false, true])
    }

    @Test("The parts are written as they were read")
    func roundTrip() throws {
        let bytes = try Examples.bytes("resolved-request")
        let request = try ResolvedRequest(checking: bytes.span)
        var memory = [UInt8](repeating: 0, count: 400)
        var span = memory.mutableSpan
        var writer = ByteWriter(&span)
        for place in 0..<2 { try request.input(at: place).write(to: &writer) }
        var outputs = request.outputs
        try writer.writeUInt16(2)
        while let output = outputs.next() { try output.write(to: &writer) }
        let count = writer.count
        #expect(Array(memory.prefix(count)) == Array(bytes.suffix(count)))
    }

    @Test("Inputs that spend leaves have a hash more, and are written as they were read")
    func leaves() throws {
        let bytes = try Examples.bytes("resolved-request-leaves")
        let request = try ResolvedRequest(checking: bytes.span)
        #expect(request.inputCount == 2 && request.outputCount == 2)
        #expect(request.lockTime == 1_700_000_000)
        #expect(request.input(at: 0).selector == 1)
        #expect(request.input(at: 0).leafHash == Bytes32(repeating: 0x51))
        #expect(request.input(at: 1).leafHash == Bytes32(repeating: 0x52))
        #expect(request.input(at: 1).claim == OwnerClaim(wallet: 0, branch: 1, index: 3))
        var memory = [UInt8](repeating: 0, count: 400)
        var span = memory.mutableSpan
        var writer = ByteWriter(&span)
        for place in 0..<2 { try request.input(at: place).write(to: &writer) }
        let count = writer.count
        #expect(count == 2 * 88)
        #expect(Array(memory.prefix(count)) == Array(bytes[47..<47 + count]))
        for count in 0..<bytes.count {
            #expect(refusal(Array(bytes.prefix(count))) != nil)
        }
        // Without the second hash the first output is read as one, and nothing fits.
        var mixed = bytes
        mixed[47 + 88 + 55] = 0
        mixed.removeSubrange(47 + 88 + 56..<47 + 2 * 88)
        #expect(refusal(mixed) == .mixedSelectors)
    }

    @Test("A replacement names the digest of what it replaces, behind the commitment")
    func replacing() throws {
        let bytes = try Examples.bytes("resolved-request-replacing")
        let digest = try Examples.bytes("request-digest")
        let request = try ResolvedRequest(checking: bytes.span)
        #expect(request.replacedDigest?.span.array == digest && request.commitment == nil)
        #expect(request.walletID(at: 0) == Bytes32(repeating: 0x77))
        #expect(request.inputCount == 2 && request.outputCount == 2 && request.lockTime == 840_000)
        var opened = bytes
        opened[2] = 1
        opened.insert(contentsOf: [UInt8](repeating: 0x55, count: 32), at: 3)
        let both = try ResolvedRequest(checking: opened.span)
        #expect(both.replacedDigest?.span.array == digest)
        #expect(both.commitment == Bytes32(repeating: 0x55))
        #expect(both.walletID(at: 0) == Bytes32(repeating: 0x77))
        for count in 0..<bytes.count {
            #expect(refusal(Array(bytes.prefix(count))) != nil)
        }
        let plainBytes = try Examples.bytes("resolved-request")
        let plain = try ResolvedRequest(checking: plainBytes.span).replacedDigest
        #expect(plain == nil)
    }

    @Test("Every cut and every byte too many is refused by name")
    func cuts() throws {
        let bytes = try Examples.bytes("resolved-request")
        for count in 0..<bytes.count {
            #expect(refusal(Array(bytes.prefix(count))) != nil)
        }
        #expect(refusal(bytes + [0]) == .trailingBytes)
        #expect(refusal(bytes) == nil)
    }

    @Test(
        "What version 1 does not have is refused by name",
        arguments: [
            (0, UInt8(2), Refusal.unsupportedVersion), (1, 5, .wrongNetwork),
            (2, 2, .unsupportedAntiExfil), (3, 2, .unsupportedReplacement),
            (4, 0, .malformedRequest), (47 + 55, 2, .unsupportedSelector),
            (47 + 48, 1, .unknownWallet),
        ]
    )
    func fields(place: Int, value: UInt8, expected: Refusal) throws {
        var bytes = try Examples.bytes("resolved-request")
        bytes[place] = value
        #expect(refusal(bytes) == expected || (place == 4 && refusal(bytes) != nil))
    }

    @Test("A wallet table with an unused or repeated id is a second spelling")
    func walletTable() throws {
        let bytes = try Examples.bytes("resolved-request")
        var unused = bytes
        unused[4] = 2
        unused.insert(contentsOf: [UInt8](repeating: 0x78, count: 32), at: 37)
        #expect(refusal(unused) == .nonCanonicalRequest)
        var repeated = bytes
        repeated[4] = 2
        repeated.insert(contentsOf: [UInt8](repeating: 0x77, count: 32), at: 37)
        #expect(refusal(repeated) == .nonCanonicalRequest)
        var swapped = unused
        swapped[32 + 47 + 48] = 1
        swapped[32 + 47 + 56 + 48] = 0
        #expect(refusal(swapped) == .nonCanonicalRequest)
    }

    @Test("Random bytes in any place never trap, and what is accepted has one spelling")
    func mutations() throws {
        let bytes = try Examples.bytes("resolved-request")
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(
                    in: 0...255,
                    using: &random
                )
            }
            _ = refusal(mutated)
        }
    }

    private func refusal(_ bytes: [UInt8]) -> Refusal? {
        do throws(RefusalDetail) {
            _ = try ResolvedRequest(checking: bytes.span)
            return nil
        } catch {
            return Refusal(rawValue: error.code)
        }
    }
}
