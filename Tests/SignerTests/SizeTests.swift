import Bytes
import Signer
import TestSupport
import Testing
import Wire

/// The size in the leaf against the transaction that the signatures really make, put together here
/// byte by byte.
@Suite("The size that the policy sees")
struct SizeTests {
    @Test(
        "It is that of the signed transaction, each ECDSA signature counted as 71 bytes",
        arguments: [0, 1],
        [1, 2, 40, 253]
    )
    func vsize(wallet: Int, count: Int) throws {
        let (signer, log) = try TestHome(.bothWallets).ready()
        let request = try TestRequest(signer, wallet: wallet, count: count)
        try check(request, wallet, signer, log)
    }

    @Test("A taproot signature is 64 bytes, and 65 with a sighash type of its own")
    func sighashType() throws {
        let (signer, log) = try TestHome(.bothWallets).ready()
        var request = try TestRequest(signer, wallet: 1, count: 3)
        request.inputs[1].sighash = 1
        try check(request, 1, signer, log)
    }

    private func check(
        _ request: TestRequest,
        _ wallet: Int,
        _ signer: TestSigner,
        _ log: TestLog
    ) throws {
        let assessed = try signer.assess(request)
        let leaf = try DecisionLeaf(reading: assessed.leaf.span)
        let known = leaf.facts?.vsize
        let vsize = try #require(known)
        let signatures = try signer.pay(request, log).signatures[0]
        var witness = 2
        var short = 0
        for (place, signature) in signatures.enumerated() {
            let bytes = signature.span.array
            if wallet == 0 {
                let count = Self.der(bytes).count + 1
                #expect(count <= 71)
                // One in 128 is shorter by chance; no policy is to depend on that.
                short += 71 - count
                witness += 1 + 1 + count + 1 + 33
            } else {
                witness += 1 + 1 + 64 + (request.inputs[place].sighash == 0 ? 0 : 1)
            }
        }
        var stripped = 4 + TestRequest.compact(request.inputs.count).count
        stripped += request.inputs.count * (32 + 4 + 1 + 4)
        stripped += TestRequest.compact(request.outputs.count).count + 4
        for output in request.outputs {
            stripped += 8 + TestRequest.compact(output.script.count).count + output.script.count
        }
        let weight = 4 * stripped + witness + short
        #expect(Int(vsize) == (weight + 3) / 4)
        let real = (4 * stripped + witness + 3) / 4
        #expect(real <= Int(vsize) && Int(vsize) - real <= (short + 3) / 4)
    }

    /// r and s as Bitcoin's script has them (BIP-66).
    private static func der(_ compact: [UInt8]) -> [UInt8] {
        let numbers = [compact[0..<32], compact[32..<64]].map { half -> [UInt8] in
            let digits = Array(half.drop { $0 == 0 })
            let bytes = (digits.first ?? 0) >= 0x80 ? [0] + digits : digits
            return [2, UInt8(bytes.count)] + bytes
        }
        let body = numbers.flatMap(\.self)
        return [0x30, UInt8(body.count)] + body
    }
}
