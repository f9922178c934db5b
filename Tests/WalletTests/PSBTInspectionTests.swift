import Bitcoin
import Testing
import Wallet

@Suite("Looking at a PSBT")
struct PSBTInspectionTests {
    private let signer: TestSigner
    private let wallet: RegisteredWallet

    init() throws {
        signer = try TestSigner(TestSigner.abandon)
        wallet = try signer.wallet("spending", .p2wpkh, path: path("84h/1h/0h"))
    }

    private func inspect(_ psbt: PSBT) throws -> PSBTInspection {
        var wallets = WalletSet([wallet], searchWindow: 5)
        return try PSBTInspection(psbt, wallets: &wallets, network: .test, curve: signer.curve)
    }

    private func fixture() throws -> PaymentFixture {
        var fixture = PaymentFixture(inputs: [.init(wallet, 0, 1), .init(wallet, 1, 900)])
        let change = KeyPlace(branch: 1, index: 901)
        fixture.outputs.append(
            .init(
                script: try wallet.script(change, curve: signer.curve),
                amount: 149_000,
                derivation: wallet.derivation(change)
            )
        )
        return fixture
    }

    @Test("It tells whose inputs and outputs they are, what they hold, the fee and its rate")
    func payment() throws {
        let seen = try inspect(try fixture().make(signer.curve))
        #expect(seen.inputs.map(\.owner?.wallet) == ["spending", "spending"])
        #expect(seen.inputs.map(\.coinSource) == [.previousTransaction, .previousTransaction])
        #expect(seen.inputs.map(\.signatures) == [.none, .none])
        #expect(seen.inputs[0].address?.hasPrefix("tb1q") == true)
        #expect(seen.outputs.map { $0.owner == nil } == [true, false])
        #expect(seen.outputs[1].owner?.place == KeyPlace(branch: 1, index: 901))
        #expect(seen.outputs.map(\.kind) == [.p2wpkh, .p2wpkh])
        #expect(seen.spent?.satoshis == 200_000)
        #expect(seen.fee?.satoshis == 1_000)
        #expect(seen.feeIsProven)
        #expect(seen.outflow?.satoshis == 51_000)
        #expect(seen.virtualByteCount == 208)
        #expect(seen.feerate == 4_807)
        #expect(seen.isReplaceable)
        #expect(seen.lock == .none)
    }

    @Test("An amount that is only claimed, or not given, is told as such")
    func claims() throws {
        var fixture = try fixture()
        fixture.inputs[1].hasParent = false
        fixture.inputs[1].hasClaim = true
        let claimed = try inspect(try fixture.make(signer.curve))
        #expect(claimed.inputs[1].coinSource == .claimed)
        #expect(!claimed.feeIsProven)
        #expect(claimed.fee?.satoshis == 1_000)
        fixture.inputs[1].hasClaim = false
        let unknown = try inspect(try fixture.make(signer.curve))
        #expect(unknown.inputs[1].coin == nil)
        #expect(unknown.fee == nil)
        #expect(unknown.spent == nil)
        #expect(unknown.virtualByteCount == nil)
    }

    @Test("A lock time is a height below 500,000,000, a time from there on")
    func locks() throws {
        var fixture = try fixture()
        fixture.lockTime = 499_999_999
        #expect(try inspect(try fixture.make(signer.curve)).lock == .height(499_999_999))
        fixture.lockTime = 500_000_000
        #expect(try inspect(try fixture.make(signer.curve)).lock == .time(500_000_000))
    }

    @Test("Signatures are told from finished inputs")
    func signatures() throws {
        var psbt = try fixture().make(signer.curve)
        var wallets = WalletSet([wallet], searchWindow: 5)
        let request = try SigningRequest(
            psbt,
            wallets: &wallets,
            network: .test,
            curve: signer.curve
        )
        let signatures = try signer.sign(request.resolved, wallets: [wallet])
        try psbt.insert(signatures, for: request, wallets: wallets, curve: signer.curve)
        let signed = try inspect(psbt)
        #expect(signed.inputs.map(\.signatures) == [.partial(count: 1), .partial(count: 1)])
        try psbt.finalize()
        #expect(try inspect(psbt).inputs.map(\.signatures) == [.final, .final])
    }
}
