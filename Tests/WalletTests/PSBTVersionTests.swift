import Bitcoin
import Bytes
import TestSupport
import Testing
import Wallet

@Suite("PSBT versions")
struct PSBTVersionTests {
    private let signer: TestSigner
    private let wpkh: RegisteredWallet
    private let taproot: RegisteredWallet

    init() throws {
        signer = try TestSigner(TestSigner.abandon)
        wpkh = try signer.wallet("w", .p2wpkh, path: path("84h/1h/0h"))
        taproot = try signer.wallet("t", .p2tr, path: path("86h/1h/0h"))
    }

    private func payment() throws -> PSBT {
        var fixture = PaymentFixture(inputs: [.init(wpkh, 0, 3), .init(taproot, 1, 4)])
        fixture.lockTime = 800_000
        return try fixture.make(signer.curve)
    }

    private func request(_ psbt: PSBT) throws -> SigningRequest {
        var wallets = WalletSet([wpkh, taproot], searchWindow: 2)
        return try SigningRequest(psbt, wallets: &wallets, network: .test, curve: signer.curve)
    }

    @Test("The request of version 2 is that of its twin of version 0: the digests are the same")
    func twins() throws {
        let zero = try payment()
        let two = try PSBT(zero.converted(to: .v2).bytes)
        #expect(two.version == .v2)
        #expect(two.transaction == zero.transaction)
        let requests = [try request(zero), try request(two)]
        #expect(requests[0] == requests[1])
        #expect(requests[0].bytes == requests[1].bytes)
        // Taproot's digest covers everything; these signatures are deterministic.
        let wallets = [wpkh, taproot]
        let signatures = try requests.map { try signer.sign($0.resolved, wallets: wallets) }
        #expect(signatures[0] == signatures[1])
        // The control: one satoshi more is another request and another signature.
        var other = PaymentFixture(inputs: [.init(wpkh, 0, 3), .init(taproot, 1, 4)])
        other.lockTime = 800_000
        other.outputs[0].amount += 1
        let changed = try request(other.make(signer.curve).converted(to: .v2))
        #expect(changed.resolved != requests[0].resolved)
        #expect(try signer.sign(changed.resolved, wallets: wallets) != signatures[0])
    }

    @Test("Signed, version 2 stays version 2, is open no more, and gives the same transaction")
    func signed() throws {
        let wallets = WalletSet([wpkh, taproot], searchWindow: 2)
        var finals: [Transaction] = []
        for version in [PSBTVersion.v0, .v2] {
            var psbt = try payment().converted(to: version)
            if version == .v2 {
                psbt.global.set(PSBTField(PSBTFieldType.modifiable, value: [0x8b]))
                psbt = try PSBT(psbt.bytes)
            }
            let request = try request(psbt)
            let signatures = try signer.sign(request.resolved, wallets: wallets.wallets)
            try psbt.insert(signatures, for: request, wallets: wallets, curve: signer.curve)
            #expect(try PSBT(psbt.bytes).version == version)
            // What nobody knows stays; what signatures fix goes.
            #expect(psbt.modifiable.rawValue == (version == .v2 ? 0x88 : 0))
            try psbt.finalize()
            #expect(try PSBT(psbt.bytes) == psbt)
            finals.append(try psbt.extract())
        }
        #expect(finals[0] == finals[1])
    }

    @Test("Every vector of version 0 comes back from version 2 byte for byte, save its version 0")
    func thereAndBack() throws {
        var (count, reordered) = (0, 0)
        for psbt in try PSBTSamples.all() where psbt.version == .v0 {
            // HWI has a case with an unknown field whose type came to mean something else.
            do throws(PSBTError) {
                _ = try psbt.converted(to: .v2)
            } catch {
                #expect(error.problem == .conversionLoses(PSBTFieldName(.input, 0x0f)))
                continue
            }
            let two = try PSBT(psbt.converted(to: .v2).bytes)
            #expect(two.transaction == psbt.transaction)
            #expect(two.inputs.map(\.coin) == psbt.inputs.map(\.coin))
            let back = try PSBT(two.converted(to: .v0).bytes)
            var expected = psbt
            expected.global.remove([PSBTFieldType.version])
            if expected.global.fields.first?.type == PSBTFieldType.unsignedTransaction {
                #expect(back.bytes == expected.bytes)
            } else {
                #expect(back.sorted == expected.sorted)
                reordered += 1
            }
            count += 1
        }
        #expect(count > 90)
        print("conversion 0 → 2 → 0: \(count) PSBTs, \(reordered) with another field in front")
    }

    @Test("From version 2 nothing is dropped unasked, and asked, the transaction stays")
    func dropping() throws {
        var (kept, lost) = (0, 0)
        for psbt in try PSBTSamples.all() where psbt.version == .v2 {
            let hasMore =
                !psbt.modifiable.isEmpty
                || psbt.inputs.contains {
                    $0.map.has(PSBTFieldType.requiredTime)
                        || $0.map.has(PSBTFieldType.requiredHeight)
                }
            do throws(PSBTError) {
                let zero = try psbt.converted(to: .v0)
                let back = try zero.converted(to: .v2)
                #expect(!hasMore)
                #expect(back.transaction == psbt.transaction)
                #expect(back.inputs.map(\.coin) == psbt.inputs.map(\.coin))
                kept += 1
            } catch {
                #expect(hasMore, "\(error)")
                lost += 1
            }
            let zero = try PSBT(psbt.converted(to: .v0, dropping: true).bytes)
            #expect(zero.transaction == psbt.transaction)
        }
        #expect(kept > 5)
        #expect(lost > 5)
        print("conversion 2 → 0: \(kept) without loss, \(lost) refused unless told to drop")
    }

    @Test("Unknown and proprietary fields survive every role byte for byte, in their order")
    func unknown() throws {
        var psbt = try payment()
        let strange = [
            PSBTField(0xfc, keyData: [5, 1, 2, 3, 4, 5, 9], value: [1, 2]),
            PSBTField(0xf0, keyData: [], value: []),
            PSBTField(0xfd_ff, keyData: [0], value: [7]),
            PSBTField(0x60, keyData: [1], value: [UInt8](repeating: 3, count: 300)),
        ]
        let maps: [WritableKeyPath<PSBT, PSBTMap>] = [
            \.global, \.inputs[0].map, \.inputs[1].map, \.outputs[0].map,
        ]
        for map in maps {
            var bytes = psbt[keyPath: map].fields
            bytes.insert(contentsOf: strange, at: bytes.count)
            psbt[keyPath: map] = PSBTMap(bytes)
        }
        psbt = try PSBT(psbt.converted(to: .v2).bytes)
        let wallets = WalletSet([wpkh, taproot], searchWindow: 2)
        let request = try request(psbt)
        let signatures = try signer.sign(request.resolved, wallets: wallets.wallets)
        try psbt.insert(signatures, for: request, wallets: wallets, curve: signer.curve)
        try psbt.finalize()
        psbt = try PSBT(psbt.converted(to: .v0).bytes)
        for map in maps {
            let types = Set(strange.map(\.type))
            #expect(psbt[keyPath: map].fields.filter { types.contains($0.type) } == strange)
        }
    }
}

/// Every valid PSBT of the shared vectors and of our recording.
enum PSBTSamples {
    static func all() throws -> [PSBT] {
        var texts = try RecordedPSBT.all().flatMap { [$0.signed, $0.two] + $0.parts }
        guard Vectors.present else { return try texts.map { try PSBT(base64: $0) } }
        for path in PSBTRoleVectorTests.files {
            texts += try PSBTRoleFile(path).texts("valid")
        }
        var found = try texts.map { try PSBT(base64: $0) }
        for bip in ["bip-0174", "bip-0370", "bip-0371", "bip-0373"] {
            for one in try PSBTCase.all(bip) where one.expect == "valid" {
                found.append(try PSBT([UInt8](hex: one.hex)))
            }
        }
        return found
    }
}
