import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wallet
import Wire

@Suite("Signing requests")
struct SigningRequestTests {
    private let signer: TestSigner
    private let wpkh: RegisteredWallet
    private let tr: RegisteredWallet

    init() throws {
        signer = try TestSigner(TestSigner.abandon)
        wpkh = try signer.wallet("spending", .p2wpkh, path: path("84h/1h/0h"), indexMax: 50_000)
        tr = try signer.wallet("vault", .p2tr, path: path("86h/1h/0h"))
    }

    private func request(_ psbt: PSBT) throws(RequestError) -> SigningRequest {
        var wallets = WalletSet([wpkh, tr], searchWindow: 20)
        return try SigningRequest(psbt, wallets: &wallets, network: .test, curve: signer.curve)
    }

    private func failure(_ fixture: PaymentFixture) throws -> RequestError? {
        let psbt = try fixture.make(signer.curve)
        do throws(RequestError) {
            _ = try request(psbt)
            return nil
        } catch {
            return error
        }
    }

    /// Signs and finishes the PSBT with the request's own claims.
    private func complete(_ psbt: PSBT) throws -> Transaction {
        var psbt = psbt
        let request = try request(psbt)
        let signatures = try signer.sign(request.resolved, wallets: [wpkh, tr])
        let set = WalletSet([wpkh, tr])
        try psbt.insert(signatures, for: request, wallets: set, curve: signer.curve)
        try psbt.finalize()
        return try psbt.extract()
    }

    @Test("A replacement names the digest of what it replaces, and brings its bytes")
    func replacing() throws {
        let fixture = PaymentFixture(inputs: [.init(tr, 0, 3), .init(tr, 0, 4)])
        let psbt = try fixture.make(signer.curve)
        let first = try request(psbt)
        var wallets = WalletSet([wpkh, tr], searchWindow: 20)
        let second = try SigningRequest(
            psbt,
            wallets: &wallets,
            network: .test,
            curve: signer.curve,
            commitment: Bytes32(repeating: 3),
            replacing: first.resolved
        )
        let view = try ResolvedRequest(checking: second.resolved.span)
        #expect(view.replacedDigest == SigningRequest.digest(first.resolved))
        #expect(view.commitment == Bytes32(repeating: 3) && view.inputCount == 2)
        let plain = try ResolvedRequest(checking: first.resolved.span).replacedDigest
        #expect(plain == nil)
        let count = UInt32(first.resolved.count)
        let tail = (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + first.resolved
        #expect(second.bytes.suffix(tail.count) == tail[...])
        #expect(second.byteCount == second.bytes.count && first.byteCount == first.bytes.count)
        #expect(second.bytes.count == first.bytes.count + 64 + tail.count)
    }

    @Test("A payment with change from two wallets becomes the request of the protocol")
    func mixed() throws {
        let change = KeyPlace(branch: 1, index: 4)
        var fixture = PaymentFixture(inputs: [.init(tr, 0, 3), .init(wpkh, 1, 50_000)])
        fixture.outputs.append(
            .init(
                script: try wpkh.script(change, curve: signer.curve),
                amount: 140_000,
                derivation: wpkh.derivation(change)
            )
        )
        fixture.lockTime = 800_000
        let psbt = try fixture.make(signer.curve)
        let request = try request(psbt)
        let view = try ResolvedRequest(checking: request.resolved.span)
        #expect(view.network == 1)
        #expect(view.transactionVersion == 2)
        #expect(view.lockTime == 800_000)
        #expect(view.walletCount == 2)
        #expect(view.walletID(at: 0) == tr.id)
        #expect(view.walletID(at: 1) == wpkh.id)
        #expect(view.inputCount == 2)
        let first = view.input(at: 0)
        #expect(first.claim == OwnerClaim(wallet: 0, branch: 0, index: 3))
        #expect(first.sighash == 0)
        #expect(first.amount == 100_000)
        let second = view.input(at: 1)
        #expect(second.claim == OwnerClaim(wallet: 1, branch: 1, index: 50_000))
        #expect(second.sighash == 1)
        var outputs = view.outputs
        let claims = [outputs.next()?.claim, outputs.next()?.claim]
        #expect(claims == [nil, OwnerClaim(wallet: 1, branch: 1, index: 4)])
        #expect(request.outputOwners[1] == Owner(wallet: 0, place: change))

        // Both parents, each hashing to what is spent, although the PSBT had them with witnesses.
        #expect(request.parents.count == 2)
        for (parent, input) in zip(request.parents, psbt.transaction.inputs) {
            #expect(TransactionID(SHA256.doubleHash(parent.span)) == input.previous.txid)
        }
        #expect(request.bytes.count == request.byteCount)
        let signed = try complete(psbt)
        #expect(signed.id == psbt.transaction.id)
        #expect(signed.inputs.map(\.witness.count) == [1, 2])
    }

    @Test("A previous transaction that several inputs spend is sent once")
    func parents() throws {
        var fixture = PaymentFixture(inputs: (0..<7).map { .init(wpkh, 0, $0) })
        fixture.inputsPerParent = 3
        let request = try request(try fixture.make(signer.curve))
        #expect(request.parents.count == 3)
        #expect(Set(request.parents).count == 3)
    }

    @Test("Taproot alone needs no previous transactions; one P2WPKH input makes all needed")
    func taprootAlone() throws {
        var fixture = PaymentFixture(inputs: [.init(tr, 0, 0), .init(tr, 1, 1)])
        for index in fixture.inputs.indices {
            fixture.inputs[index].hasParent = false
            fixture.inputs[index].hasClaim = true
        }
        let psbt = try fixture.make(signer.curve)
        #expect(try request(psbt).parents.isEmpty)
        _ = try complete(psbt)
        fixture.inputs.append(.init(wpkh, 0, 0))
        #expect(try failure(fixture) == .parentMissing(input: 0))
        fixture.inputs[0].hasParent = true
        #expect(try failure(fixture) == .parentMissing(input: 1))
        fixture.inputs[1].hasParent = true
        #expect(try failure(fixture) == nil)
        fixture.inputs[2].hasParent = false
        #expect(try failure(fixture) == .coinUnknown(input: 2))
        fixture.inputs[2].hasClaim = true
        #expect(try failure(fixture) == .parentMissing(input: 2))
    }

    @Test("Electrum's derivations from a bare account key are understood")
    func electrum() throws {
        var fixture = PaymentFixture(inputs: [.init(wpkh, 1, 17)])
        fixture.inputs[0].derivation = KeyDerivation(
            fingerprint: wpkh.account.fingerprint,
            path: [1, 17]
        )
        let psbt = try fixture.make(signer.curve)
        #expect(
            try request(psbt).plans.map(\.owned.owner) == [
                Owner(wallet: 0, place: fixture.inputs[0].place)
            ]
        )
        _ = try complete(psbt)
    }

    @Test("Without a derivation a coin is found within the search window, and not past it")
    func search() throws {
        var fixture = PaymentFixture(inputs: [.init(wpkh, 1, 19)])
        fixture.inputs[0].derivation = nil
        let script = try wpkh.script(KeyPlace(branch: 0, index: 2), curve: signer.curve)
        fixture.outputs[0] = .init(script: script, amount: 1_000)
        let request = try request(try fixture.make(signer.curve))
        #expect(
            request.plans.map(\.owned.owner) == [Owner(wallet: 0, place: fixture.inputs[0].place)]
        )
        #expect(request.outputOwners == [Owner(wallet: 0, place: KeyPlace(branch: 0, index: 2))])
        fixture.inputs[0] = .init(wpkh, 1, 20)
        fixture.inputs[0].derivation = nil
        guard case .notOurs(input: 0, _) = try failure(fixture) else {
            Issue.record("found past the window")
            return
        }
    }

    @Test("An input of another wallet is refused with its address")
    func foreign() throws {
        let other = try signer.wallet("other", .p2wpkh, path: path("84h/1h/9h"))
        let fixture = PaymentFixture(inputs: [.init(wpkh, 0, 0), .init(other, 0, 0)])
        let script = try other.script(KeyPlace(branch: 0, index: 0), curve: signer.curve)
        let address = try #require(AddressText.write(script, network: .test))
        #expect(try failure(fixture) == .notOurs(input: 1, address: address))
    }

    @Test("A claim that does not hold is an error, for an input and for an output")
    func fraud() throws {
        var fixture = PaymentFixture(inputs: [.init(wpkh, 0, 0)])
        fixture.outputs[0].derivation = wpkh.derivation(KeyPlace(branch: 1, index: 0))
        let expected = RequestError.claimMismatch(
            .output(0),
            wallet: "spending",
            path: "84h/1h/0h/1/0"
        )
        #expect(try failure(fixture) == expected)
        fixture.outputs[0].derivation = nil
        fixture.inputs[0].derivation = wpkh.derivation(KeyPlace(branch: 0, index: 1))
        guard case .claimMismatch(.input(0), "spending", _) = try failure(fixture) else {
            Issue.record("the claim of the input passed")
            return
        }
    }

    @Test("An index at the wallet's maximum passes; one more is refused")
    func indexMax() throws {
        #expect(try failure(PaymentFixture(inputs: [.init(wpkh, 0, 50_000)])) == nil)
        #expect(
            try failure(PaymentFixture(inputs: [.init(wpkh, 0, 50_001)]))
                == .indexOverMaximum(.input(0), wallet: "spending", index: 50_001, most: 50_000)
        )
    }

    @Test("The sighash type of the PSBT is passed on, and must be one byte")
    func sighash() throws {
        for (type, wallet) in [(UInt32(1), tr), (0x83, wpkh), (0xff, wpkh)] {
            var fixture = PaymentFixture(inputs: [.init(wallet, 0, 0)])
            fixture.inputs[0].sighashType = type
            let request = try request(try fixture.make(signer.curve))
            let view = try ResolvedRequest(checking: request.resolved.span)
            #expect(view.input(at: 0).sighash == UInt8(type))
        }
        var fixture = PaymentFixture(inputs: [.init(wpkh, 0, 0)])
        fixture.inputs[0].sighashType = 0x100
        #expect(try failure(fixture) == .sighashType(input: 0, found: 0x100))
    }

    @Test("Outputs may take all that comes in, and not one satoshi more")
    func sums() throws {
        var fixture = PaymentFixture(inputs: [.init(wpkh, 0, 0)])
        fixture.outputs[0].amount = 100_000
        #expect(try failure(fixture) == nil)
        fixture.outputs[0].amount = 100_001
        #expect(
            try failure(fixture)
                == .outputsExceedInputs(
                    inputs: try Amount(satoshis: 100_000),
                    outputs: try Amount(satoshis: 100_001)
                )
        )
    }

    @Test("Claimed and proven coins must agree, and a finished input is not signed again")
    func coins() throws {
        var fixture = PaymentFixture(inputs: [.init(wpkh, 0, 0)])
        fixture.inputs[0].hasClaim = true
        let psbt = try fixture.make(signer.curve)
        _ = try request(psbt)
        var lying = psbt
        var value = try #require(psbt.inputs[0].map.value(PSBTFieldType.witnessUTXO))
        value[0] ^= 1
        lying.inputs[0].map.set(PSBTField(PSBTFieldType.witnessUTXO, value: value))
        let read = try PSBT(lying.bytes)
        let proven = try #require(psbt.inputs[0].coin?.amount.satoshis)
        let differ = PSBTProblem.amountsDiffer(proven: proven, claimed: proven ^ 1)
        #expect(throws: RequestError.psbt(PSBTError(.input(0), differ))) {
            try request(read)
        }
        value[0] ^= 1
        value[value.count - 1] ^= 1
        lying.inputs[0].map.set(PSBTField(PSBTFieldType.witnessUTXO, value: value))
        let other = try PSBT(lying.bytes)
        #expect(throws: RequestError.psbt(PSBTError(.input(0), .scriptsDiffer))) {
            try request(other)
        }
        var final = psbt
        final.inputs[0].map.set(PSBTField(PSBTFieldType.finalScriptWitness, value: [1, 1, 1]))
        let finished = try PSBT(final.bytes)
        #expect(throws: RequestError.alreadyFinal(input: 0)) { try request(finished) }
    }

    @Test("A script of 10,000 bytes passes; one more byte is refused")
    func longScript() throws {
        var fixture = PaymentFixture(inputs: [.init(wpkh, 0, 0)])
        fixture.outputs[0].script = [UInt8](repeating: 0x51, count: 10_000)
        #expect(try failure(fixture) == nil)
        fixture.outputs[0].script.append(0x51)
        #expect(
            try failure(fixture) == .scriptTooLong(output: 0, count: 10_001, limit: 10_000)
        )
    }

    @Test("A transaction without inputs or outputs is refused")
    func empty() throws {
        let none = PSBT(
            unsigned: Transaction(version: 2, inputs: [], outputs: [], lockTime: 0)
        )
        #expect(throws: RequestError.count(.inputs, found: 0, least: 1, most: 5_000)) {
            try request(none)
        }
        var fixture = PaymentFixture(inputs: [.init(wpkh, 0, 0)])
        fixture.outputs = []
        #expect(try failure(fixture) == .count(.outputs, found: 0, least: 1, most: 4_000))
    }
}
