import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Testing
import Wallet

/// Wallets of scripts through request, signatures and finalizing. Whether the signatures are valid
/// is for Bitcoin Core's engine to say, in the system tests.
@Suite("Signing for scripts", .timeLimit(.minutes(5)))
struct ScriptSigningTests {
    let signer: TestSigner

    init() throws {
        signer = try TestSigner(TestSigner.abandon)
    }

    private func wallet(_ form: String, name: String = "w") throws -> RegisteredWallet {
        let text = TemplateCompilerTests.text(form)
        let written = try OutputDescriptor(text, network: .test, curve: signer.curve)
        let fingerprint = TemplateCompilerTests.ownFingerprint
        let filled = try written.foldingOwnSteps().filling { path in
            do {
                let origin = KeyDerivation(fingerprint: fingerprint, path: path)
                return (try signer.extended(path), origin)
            } catch {
                return nil
            }
        }
        let own = filled.keys.flatMap(\.participants).compactMap(\.origin)
        return try RegisteredWallet(
            name: name,
            descriptor: filled,
            own: OwnKeys(
                fingerprint: fingerprint,
                paths: Set(own.filter { $0.fingerprint == fingerprint }.map(\.path))
            ),
            indexMax: 1_000,
            curve: signer.curve
        )
    }

    /// A payment of two coins at different places, with change, and nothing said of any key.
    private func payment(_ wallet: RegisteredWallet) throws -> PSBT {
        let last = UInt8(wallet.branchCount - 1)
        let index: UInt32 = wallet.descriptor.isRanged ? 7 : 0
        var fixture = PaymentFixture(inputs: [.init(wallet, 0, 0), .init(wallet, last, index)])
        fixture.inputs[0].derivation = nil
        fixture.inputs[1].derivation = nil
        let change = try wallet.script(KeyPlace(branch: last, index: index), curve: signer.curve)
        fixture.outputs.append(.init(script: change, amount: 140_000))
        fixture.inputsPerParent = 2
        return try fixture.make(signer.curve)
    }

    private func request(
        _ psbt: PSBT,
        _ set: inout WalletSet
    ) throws(RequestError) -> SigningRequest {
        try SigningRequest(psbt, wallets: &set, network: .test, curve: signer.curve)
    }

    /// What one key signs of an input, by the definition of each kind.
    private func signature(
        _ psbt: PSBT,
        _ index: Int,
        _ plan: InputPlan,
        _ kind: OutputKind,
        _ key: DerivedKey
    ) throws -> Bytes64 {
        let path = try #require(key.derivation).path
        let secret = try signer.secret(path)
        let digests = Digests(psbt)
        let digest = try digests.digest(index, plan, kind)
        guard kind == .p2tr || kind == .p2trTree else {
            return try signer.curve.signECDSA(digest: digest, secret: secret.span)
        }
        let publicKey = Bytes33(copying: key.bytes.span)
        guard case .only = plan.selector else {
            return try signer.curve.signTapscript(
                digest: digest,
                secret: secret.span,
                publicKey: publicKey
            )
        }
        let script = plan.owned.output.script
        return try signer.curve.signTaproot(
            digest: digest,
            secret: secret.span,
            publicKey: publicKey,
            merkleRoot: plan.owned.output.taproot?.tree.root,
            outputKey: Bytes32(copying: script.span.extracting(2..<34))
        )
    }

    private func signatures(
        _ psbt: PSBT,
        _ request: SigningRequest,
        _ set: WalletSet
    ) throws -> [Bytes64] {
        var signatures: [Bytes64] = []
        for (index, plan) in request.plans.enumerated() {
            let kind = set.wallets[plan.owned.owner.wallet].kind
            for bytes in plan.keys {
                let wanted = bytes.array
                let found = plan.owned.output.keys.first { key in key.bytes == wanted }
                let key = try #require(found)
                signatures.append(try signature(psbt, index, plan, kind, key))
            }
        }
        return signatures
    }

    @Test(
        "Every form is signed, each signature verified, and the fields of others added",
        arguments: TemplateCompilerTests.forms
    )
    func forms(form: String) throws {
        let wallet = try wallet(form)
        var set = WalletSet([wallet], searchWindow: 10)
        var psbt = try payment(wallet)
        let request = try request(psbt, &set)
        #expect(request.outputOwners[1] != nil && request.outputOwners[0] == nil)
        var given = try signatures(psbt, request, set)
        #expect(!given.isEmpty && given.count == request.plans.reduce(0) { $0 + $1.keys.count })
        // A spoiled one is noticed, wherever it stands; so is one too few.
        for place in given.indices {
            var spoiled = given
            spoiled[place][40] ^= 1
            #expect(throws: RequestError.self) {
                try psbt.insert(spoiled, for: request, wallets: set, curve: signer.curve)
            }
        }
        if given.count > 1, given[0] != given[1] {
            given.swapAt(0, 1)
            #expect(throws: RequestError.self) {
                try psbt.insert(given, for: request, wallets: set, curve: signer.curve)
            }
            given.swapAt(0, 1)
        }
        #expect(throws: RequestError.self) {
            try psbt.insert(
                Array(given.dropLast()),
                for: request,
                wallets: set,
                curve: signer.curve
            )
        }
        #expect(psbt.inputs.filter(\.hasSignature).isEmpty)
        try psbt.insert(given, for: request, wallets: set, curve: signer.curve)
        try psbt.update(for: request, wallets: set, curve: signer.curve)
        for (input, plan) in zip(psbt.inputs, request.plans) {
            let scripts = input.map.all(PSBTFieldType.tapScriptSignature)
            let count = input.partialSignatures.count + scripts.count
            let all = count + (input.tapKeySignature == nil ? 0 : 1)
            let distinct = Set(plan.keys.map { $0.array }).count
            #expect(all == distinct)
            #expect(input.witnessScript == plan.owned.output.witnessScript)
            #expect(input.redeemScript == plan.owned.output.redeemScript)
        }
        // What was added passes every rule, and a second time nothing is.
        let again = try PSBT(psbt.bytes)
        try psbt.update(for: request, wallets: set, curve: signer.curve)
        #expect(again.bytes == psbt.bytes)
    }

    /// Forms that cannot be finalized even if every key signs: preimages and time are missing, or
    /// what one of the keys is.
    private static let incomplete = TemplateCompilerTests.forms.filter { form in
        ["and_v(or_c", "sha256", "tr(musig", TemplateCompilerTests.fixed].contains {
            form.contains($0)
        }
    }

    @Test(
        "With the signatures of all others every form is finalized",
        arguments: TemplateCompilerTests.forms.filter { !incomplete.contains($0) }
    )
    func finalized(form: String) throws {
        let wallet = try wallet(form)
        var set = WalletSet([wallet], searchWindow: 10)
        var psbt = try payment(wallet)
        let request = try request(psbt, &set)
        let given = try signatures(psbt, request, set)
        try psbt.insert(given, for: request, wallets: set, curve: signer.curve)
        try psbt.update(for: request, wallets: set, curve: signer.curve)
        for (index, plan) in request.plans.enumerated() where wallet.kind != .p2trTree {
            for key in plan.owned.output.keys where key.derivation != nil {
                let one = try signature(psbt, index, plan, wallet.kind, key)
                let der = try signer.der(one) + [1]
                guard wallet.kind != .p2tr else { continue }
                let type = PSBTFieldType.partialSignature
                psbt.inputs[index].map.set(PSBTField(type, keyData: key.bytes, value: der))
            }
        }
        for (index, plan) in request.plans.enumerated() where wallet.kind == .p2trTree {
            guard case .leaf(let leaf, let hash) = plan.selector else { continue }
            for number in wallet.descriptor.scripts[leaf].keys {
                let key = plan.owned.output.keys[number]
                guard key.derivation != nil, key.participants.isEmpty else { continue }
                let one = try signature(psbt, index, plan, wallet.kind, key)
                let type = PSBTFieldType.tapScriptSignature
                let keyData = key.xOnly.array + hash.array
                let field = PSBTField(type, keyData: keyData, value: one.array)
                psbt.inputs[index].map.set(field)
            }
        }
        try psbt.finalize(with: request.satisfier(set))
        let done = try psbt.extract()
        #expect(done.inputs.allSatisfy { !$0.witness.isEmpty || !$0.script.isEmpty })
    }

    @Test("The key path where it is ours; else a leaf that was begun, is given, or is cheapest")
    func paths() throws {
        func leaf(
            _ form: String,
            _ change: (inout PSBT, RegisteredWallet) throws -> Void
        ) throws -> Int? {
            let wallet = try wallet(form)
            var set = WalletSet([wallet], searchWindow: 10)
            var psbt = try payment(wallet)
            try change(&psbt, wallet)
            switch try request(psbt, &set).plans[0].selector {
            case .only: return nil
            case .leaf(let leaf, _): return leaf
            }
        }
        let ours = "tr(%0/<0;1>/*,{pk(%0/<2;3>/*),multi_a(2,%0/<4;5>/*,%1/<0;1>/*)})"
        let theirs = ours.replacing("tr(%0/<0;1>/*", with: "tr(%2/<0;1>/*")
        #expect(try leaf(ours) { _, _ in } == nil)
        #expect(try leaf(theirs) { _, _ in } == 0)
        // What was begun is gone on with, on the key path's wallet as well.
        for form in [ours, theirs] {
            let begun = try leaf(form) { psbt, wallet in
                for index in 0..<2 {
                    let place = KeyPlace(branch: UInt8(index), index: index == 0 ? 0 : 7)
                    let output = try wallet.output(place, curve: signer.curve)
                    let hash = try #require(output.taproot).tree.leafHashes[1].array
                    let keyData = [UInt8](repeating: 5, count: 32) + hash
                    let value = [UInt8](repeating: 1, count: 64)
                    let type = PSBTFieldType.tapScriptSignature
                    psbt.inputs[index].map.set(PSBTField(type, keyData: keyData, value: value))
                }
            }
            #expect(begun == 1)
        }
        // The only leaf that is given.
        let given = try leaf(theirs) { psbt, wallet in
            for index in 0..<2 {
                let place = KeyPlace(branch: UInt8(index), index: index == 0 ? 0 : 7)
                let taproot = try #require(
                    try wallet.output(place, curve: signer.curve).taproot
                )
                var update = PSBTInputUpdate()
                let script = taproot.tree.leaves[1].script
                let block = taproot.controlBlock(of: 1)
                update.tapLeaves = [PSBTTapLeaf(controlBlock: block, script: script)]
                try psbt.update(input: index, with: update)
            }
        }
        #expect(given == 1)
        // The cheaper leaf waits for a time that this transaction does not wait for.
        let waiting =
            "tr(%2/<0;1>/*,{and_v(v:pk(%0/<2;3>/*),older(10)),multi_a(2,%0/<4;5>/*,%1/<0;1>/*)})"
        #expect(try leaf(waiting) { _, _ in } == 1)
    }

    @Test("A key path and a script path in one payment are refused; so are foreign scripts")
    func mixed() throws {
        let ours = try wallet("tr(%0/<0;1>/*,pk(%1/<2;3>/*))", name: "ours")
        let theirs = try wallet("tr(%2/<0;1>/*,pk(%0/<2;3>/*))", name: "theirs")
        var set = WalletSet([ours, theirs], searchWindow: 3)
        var fixture = PaymentFixture(inputs: [.init(ours, 0, 0), .init(theirs, 0, 0)])
        fixture.inputs[0].derivation = nil
        fixture.inputs[1].derivation = nil
        let psbt = try fixture.make(signer.curve)
        #expect(throws: RequestError.mixedSelectors(input: 1)) { try request(psbt, &set) }
        fixture.inputs.removeLast()
        let one = try fixture.make(signer.curve)
        let resolved = try request(one, &set).resolved
        #expect(try ResolvedSelectors.of(resolved) == [0])
        fixture.inputs[0].wallet = theirs
        let leaf = try request(try fixture.make(signer.curve), &set)
        #expect(leaf.resolved.count == resolved.count + 32)
        // An own key in a script that no wallet knows: an attack, or a mistake.
        var stranger = PaymentFixture(inputs: [.init(ours, 0, 0)])
        stranger.inputs[0].derivation = nil
        let other = try wallet("wsh(pk(%0/<0;1>/*))", name: "other")
        let script = try other.script(KeyPlace(branch: 1, index: 2), curve: signer.curve)
        stranger.outputs.append(
            .init(
                script: script,
                amount: 1_000,
                derivation: ours.derivation(KeyPlace(branch: 1, index: 2))
            )
        )
        let claim = RequestError.claimMismatch(
            .output(1),
            wallet: "ours",
            path: "48h/1h/0h/2h/1/2"
        )
        let claimed = try stranger.make(signer.curve)
        #expect(throws: claim) { try request(claimed, &set) }
    }

    @Test(
        "Keys derived at once are those that the descriptor derives",
        arguments: TemplateCompilerTests.forms
    )
    func placed(form: String) throws {
        let wallet = try wallet(form)
        for branch in 0..<wallet.branchCount {
            for index: UInt32 in [0, 1, 999] {
                let place = KeyPlace(branch: UInt8(branch), index: index)
                let fast = try wallet.output(place, curve: signer.curve)
                let plain = try wallet.descriptor.outputs(
                    place: branch,
                    index: index,
                    curve: signer.curve
                )
                #expect([fast] == plain)
            }
        }
    }
}

/// The selectors of a resolved request whose first wallet table has one entry.
enum ResolvedSelectors {
    static func of(_ resolved: [UInt8]) throws -> [UInt8] {
        let start = 5 + 32 * Int(resolved[4]) + 8
        let count = Int(resolved[start]) | Int(resolved[start + 1]) << 8
        try #require(count == 1)
        return [resolved[start + 2 + 55]]
    }
}

/// Digests by their definitions, for the tests' own signatures.
private struct Digests {
    let transaction: Transaction
    let coins: [Coin]

    init(_ psbt: PSBT) {
        transaction = psbt.transaction
        coins = psbt.inputs.compactMap(\.coin)
    }

    func digest(_ index: Int, _ plan: InputPlan, _ kind: OutputKind) throws -> Bytes32 {
        var hasher = TransactionHasher(
            version: transaction.version,
            lockTime: transaction.lockTime,
            inputCount: transaction.inputs.count,
            outputCount: transaction.outputs.count
        )
        for (place, coin) in coins.enumerated() {
            hasher.addInput(spent(place), script: coin.script.span)
        }
        for output in transaction.outputs {
            hasher.addOutput(amount: output.amount.satoshis, script: output.script.span)
        }
        let midstates = hasher.finish().midstates
        let output = plan.owned.output
        switch kind {
        case .p2pkh: return legacy(index, coins[index].script)
        case .p2shScript: return legacy(index, try #require(output.redeemScript))
        case .p2wpkh, .p2shP2WPKH:
            return midstates.p2wpkhSighash(of: spent(index), keyHash: hash160(plan.keys[0].span))
        case .p2wshScript, .p2shP2WSHScript:
            let script = try #require(output.witnessScript)
            return midstates.segwitSighash(
                of: spent(index),
                scriptCode: script.span,
                type: .all,
                singleOutput: nil
            )
        case .p2tr, .p2trTree:
            guard case .leaf(_, let hash) = plan.selector else {
                return midstates.taprootSighash(at: index, type: .default)
            }
            return midstates.taprootSighash(at: index, type: .default, leafHash: hash)
        }
    }

    private func spent(_ index: Int) -> SpentInput {
        let input = transaction.inputs[index]
        return SpentInput(
            txid: input.previous.txid.bytes,
            vout: input.previous.vout,
            sequence: input.sequence,
            amount: coins[index].amount.satoshis
        )
    }

    /// The core's own hasher for scripts of the original client.
    private func legacy(_ index: Int, _ script: [UInt8]) -> Bytes32 {
        var hasher = LegacySighash(
            version: transaction.version,
            inputCount: transaction.inputs.count
        )
        for place in transaction.inputs.indices {
            if place == index {
                hasher.addSigned(spent(place), script: script.span)
            } else {
                hasher.addInput(spent(place))
            }
        }
        hasher.beginOutputs(count: transaction.outputs.count)
        for output in transaction.outputs {
            hasher.addOutput(amount: output.amount.satoshis, script: output.script.span)
        }
        return hasher.finish(lockTime: transaction.lockTime)
    }
}
