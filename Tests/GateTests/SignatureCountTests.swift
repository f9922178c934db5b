import Bitcoin
import Bytes
import Gate
import Policy
import TestSupport
import Testing
import Wire

@Suite("Signatures of scripts")
struct SignatureCountTests {
    private static let sample = ResolvedSample(spending: [1, 2], amount: 5_000)

    /// The answer to a payment whose wallet may take so many signatures an input.
    private func answer(perInputMax: Int, found: Int) throws -> ClientReply {
        let resolved = Self.sample.resolved
        let wallet = try ResolvedRequest(checking: resolved.span).walletID(at: 0)
        let bench = try GateBench(signaturesPerInputMax: [HashKey(wallet): perInputMax])
        try bench.start()
        bench.signer.signaturesPerInput = found
        return try bench.answer(Self.sample)
    }

    @Test("As many signatures are passed on as the policy's scripts can take, and not one more")
    func counts() throws {
        let inputCount = Self.sample.inputs.count
        for found in 1...3 {
            let reply = try answer(perInputMax: 3, found: found)
            #expect(reply.kind == .signed)
            let count = Int(reply.payload[1]) | Int(reply.payload[2]) << 8
            #expect(count == found * inputCount)
        }
        for (most, found) in [(3, 4), (1, 2), (3, 0)] {
            #expect(throws: GateError.signerFault(.wrongSignatureCount)) {
                try answer(perInputMax: most, found: found)
            }
        }
    }

    @Test("The policy says how many signatures an input of each wallet can take")
    func configuration() throws {
        func leaf(_ keys: [Int], depth: UInt8) -> WalletTemplate.Leaf {
            WalletTemplate.Leaf(
                depth: depth,
                version: 0xc0,
                satisfactionWeight: 1_000,
                script: keys.flatMap { _ in [32] + [UInt8](repeating: 0, count: 32) },
                holes: keys.enumerated().map {
                    TemplateHole(offset: 33 * $0 + 1, key: $1, form: .xOnly)
                }
            )
        }
        let own = (0..<3).map {
            WalletTemplate.Key.own(path: [0x8000_0000, $0], .index)
        }
        let template = WalletTemplate(
            kind: .p2trTree,
            indexMax: 9,
            keys: own + [.fixed(Bytes33(repeating: 2))],
            leaves: [leaf([0, 3], depth: 1), leaf([1, 2, 3, 1], depth: 1)]
        )
        var bundle = SampleBundle()
        bundle.wallets.append(SampleBundle.Wallet())
        bundle.wallets[2].name = "tree"
        bundle.wallets[2].template = template.bytes
        let bytes = bundle.bytes
        let configuration = try GateProcess.configuration(MemoryFile(bytes))
        #expect(configuration.signaturesPerInputMax == [HashKey(template.id): 3])
        #expect(configuration.limits.isEmpty)
    }

    @Test("All that a policy can ask for is a configuration, limits by the list they are about")
    func enforced() throws {
        var sample = SampleBundle()
        sample.rules.append(.conditions("never", effect: 6, [.requesters([7])]))
        sample.lists = ["cold", "payroll"]
        sample.limits = [.init("all", scope: 3, index: 1), .init("each", scope: 4, index: 1)]
        sample.extend(zones: [.berlin])
        let bytes = sample.bytes
        let limits = try GateProcess.configuration(MemoryFile(bytes)).limits
        #expect(limits.map(\.eachOf) == [nil, 1])
        let needs = try CheckedBundle(checking: bytes.span).layout.needs
        #expect(needs == BundleNeeds.enforced && !needs.isSubset(of: .conditions))
        // The control: approvals are not enforced yet.
        var approvers = SampleBundle()
        approvers.extend(approvers: .three)
        #expect(throws: GateError.unsupportedPolicy) {
            try GateProcess.configuration(MemoryFile(approvers.bytes))
        }
    }
}
