import Bitcoin
import Bytes
import TestSupport
import Testing
import Wallet

@Suite("Large and damaged PSBTs", .serialized)
struct LargePSBTTests {
    @Test("A PSBT of 5,000 inputs and 13 MB becomes a request", .timeLimit(.minutes(2)))
    func large() throws {
        let signer = try TestSigner(TestSigner.abandon)
        let wallet = try signer.wallet("w", .p2wpkh, path: path("84h/1h/0h"))
        var fixture = PaymentFixture(inputs: (0..<5_000).map { .init(wallet, 0, $0 % 50) })
        fixture.fillerOutputs = 78
        let psbt = try fixture.make(signer.curve)
        #expect(psbt.bytes.count > 13_000_000)
        let read = try PSBT(psbt.bytes)
        var wallets = WalletSet([wallet], searchWindow: 20)
        let request = try SigningRequest(
            read,
            wallets: &wallets,
            network: .test,
            curve: signer.curve
        )
        #expect(request.parents.count == 5_000)
        #expect(request.plans.count == 5_000)
    }

    @Test(
        "From 1,000 to 5,000 inputs the work grows with them, in both versions",
        .timeLimit(.minutes(5)),
        arguments: [PSBTVersion.v0, .v2]
    )
    func growth(_ version: PSBTVersion) throws {
        let signer = try TestSigner(TestSigner.abandon)
        let wallet = try signer.wallet("w", .p2wpkh, path: path("84h/1h/0h"))
        var times: [[String: Double]] = []
        for count in [1_000, 2_000, 5_000] {
            let fixture = PaymentFixture(
                inputs: (0..<count).map { .init(wallet, 0, UInt32($0 % 50)) }
            )
            let made = try fixture.make(signer.curve)
            var stages: [String: Double] = [:]
            var psbt = try time("convert", &stages) { try made.converted(to: version) }
            let bytes = time("write", &stages) { psbt.bytes }
            psbt = try time("read", &stages) { try PSBT(bytes) }
            try time("combine", &stages) { try psbt.combine(with: psbt) }
            for index in psbt.inputs.indices {
                let key = [2] + [UInt8](repeating: UInt8(index % 251), count: 32)
                let der: [UInt8] = [0x30, 6, 2, 1, 1, 2, 1, 1, 1]
                psbt.inputs[index].map.set(
                    PSBTField(PSBTFieldType.partialSignature, keyData: key, value: der)
                )
            }
            let left = time("finalize", &stages) { psbt.finalizeWhatIsReady(with: KeySatisfier()) }
            #expect(left.count == count)
            if version == .v2 {
                try time("construct", &stages) {
                    var grown = PSBT(modifiable: [.inputs])
                    try grown.add(
                        inputs: psbt.transaction.inputs.map { PSBTNewInput(previous: $0.previous) }
                    )
                    #expect(grown.inputs.count == count)
                }
            }
            times.append(stages)
        }
        for stage in times[0].keys.sorted() {
            let row = times.map { $0[stage] ?? 0 }
            let ratios = [row[1] / row[0], row[2] / row[0]].map { ($0 * 10).rounded() / 10 }
            print(
                "\(version) \(stage): \(row.map { ($0 * 1e5).rounded() / 100 }) ms,",
                "×2 → \(ratios[0]), ×5 → \(ratios[1])"
            )
        }
    }

    /// Does the work three times and notes the seconds of the fastest.
    private func time<Result>(
        _ stage: String,
        _ stages: inout [String: Double],
        _ work: () throws -> Result
    ) rethrows -> Result {
        let clock = ContinuousClock()
        var best = Double.infinity
        for _ in 0..<2 {
            let start = clock.now
            _ = try work()
            best = min(best, (clock.now - start) / .seconds(1))
        }
        let start = clock.now
        let result = try work()
        stages[stage] = min(best, (clock.now - start) / .seconds(1))
        return result
    }

    @Test("One input too many is refused", .timeLimit(.minutes(2)))
    func tooMany() throws {
        let transaction = Transaction(
            version: 2,
            inputs: (0..<UInt32(5_001)).map { index in
                let txid = TransactionID(.init(repeating: 1))
                return .init(previous: OutPoint(txid: txid, vout: index), sequence: 0)
            },
            outputs: [Coin(amount: .zero, script: [])],
            lockTime: 0
        )
        var wallets = WalletSet([])
        let signer = try TestSigner(TestSigner.abandon)
        #expect(throws: RequestError.count(.inputs, found: 5_001, least: 1, most: 5_000)) {
            _ = try SigningRequest(
                PSBT(unsigned: transaction),
                wallets: &wallets,
                network: .test,
                curve: signer.curve
            )
        }
    }

    @Test(
        "No damage to a PSBT traps, and what is still read is written as it was read",
        .enabled(if: Vectors.present, Vectors.reason),
        .timeLimit(.minutes(2))
    )
    func damage() throws {
        let signer = try TestSigner(TestSigner.abandon)
        let wallet = try signer.wallet("w", .p2wpkh, path: path("84h/1h/0h"))
        let taproot = try signer.wallet("t", .p2tr, path: path("86h/1h/0h"))
        var wallets = WalletSet([wallet, taproot], searchWindow: 2)
        let fixture = PaymentFixture(inputs: [.init(wallet, 0, 0), .init(taproot, 0, 1)])
        var seeds = [try fixture.make(signer.curve).bytes]
        for bip in ["bip-0174", "bip-0371"] {
            seeds += try PSBTCase.all(bip).map { [UInt8](hex: $0.hex) }
        }
        var random = SystemRandomNumberGenerator()
        for seed in seeds {
            for _ in 0..<40 {
                let damaged = Self.damage(seed, &random)
                do throws(PSBTError) {
                    let psbt = try PSBT(damaged)
                    #expect(psbt.bytes == damaged)
                    Self.use(psbt, &wallets, signer)
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    static func damage(
        _ bytes: [UInt8],
        _ random: inout SystemRandomNumberGenerator
    ) -> [UInt8] {
        var bytes = bytes
        let place = Int.random(in: 5..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1:
            bytes[place] =
                [0, 1, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff].randomElement(using: &random) ?? 0
        case 2: bytes.removeSubrange(place...)
        default:
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        }
        return bytes
    }

    /// Everything that is done with a PSBT; only errors may come of it.
    private static func use(_ psbt: PSBT, _ wallets: inout WalletSet, _ signer: TestSigner) {
        do {
            _ = try PSBTInspection(psbt, wallets: &wallets, network: .test, curve: signer.curve)
            _ = try SigningRequest(psbt, wallets: &wallets, network: .test, curve: signer.curve)
        } catch {
            #expect(!"\(error)".isEmpty)
        }
        do {
            var psbt = psbt
            try psbt.combine(with: psbt)
            try psbt.finalize()
            _ = try psbt.extract()
        } catch {
            #expect(!"\(error)".isEmpty)
        }
    }
}
