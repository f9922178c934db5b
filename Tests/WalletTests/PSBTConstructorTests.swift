import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wallet

@Suite("PSBT creator, constructor and updater")
struct PSBTConstructorTests {
    private func outPoint(_ number: UInt8) -> OutPoint {
        OutPoint(txid: TransactionID(.init(repeating: number)), vout: UInt32(number))
    }

    private func coin(_ satoshis: UInt64) throws -> Coin {
        Coin(amount: try Amount(satoshis: satoshis), script: PaymentFixture.foreign)
    }

    /// A PSBT with one input, signed with this type.
    private func signed(_ type: UInt8, lockTime: UInt32 = 0) throws -> PSBT {
        var psbt = PSBT(fallbackLockTime: lockTime, modifiable: [.inputs, .outputs])
        try psbt.add(inputs: [PSBTNewInput(previous: outPoint(1))])
        let der: [UInt8] = [0x30, 6, 2, 1, 1, 2, 1, 1, type]
        let key = [2] + [UInt8](repeating: 7, count: 32)
        psbt.inputs[0].map.set(
            PSBTField(PSBTFieldType.partialSignature, keyData: key, value: der)
        )
        return psbt
    }

    @Test("An empty PSBT of version 2 is read back, grows, and becomes one of version 0")
    func growing() throws {
        var psbt = PSBT(fallbackLockTime: 700_000, modifiable: [.inputs, .outputs])
        #expect(try PSBT(psbt.bytes) == psbt)
        try psbt.add(
            inputs: [PSBTNewInput(previous: outPoint(1)), PSBTNewInput(previous: outPoint(2))]
        )
        try psbt.add(outputs: [coin(5_000)])
        try psbt.add(inputs: [PSBTNewInput(previous: outPoint(3), sequence: 7)])
        #expect(try PSBT(psbt.bytes) == psbt)
        #expect(psbt.transaction.inputs.map(\.previous) == [outPoint(1), outPoint(2), outPoint(3)])
        #expect(psbt.transaction.inputs.map(\.sequence) == [0xffff_fffd, 0xffff_fffd, 7])
        #expect(psbt.transaction.lockTime == 700_000)
        psbt.close()
        #expect(psbt.modifiable.isEmpty)
        let zero = try PSBT(psbt.converted(to: .v0).bytes)
        #expect(zero.transaction == psbt.transaction)
        #expect(throws: PSBTError(.global, .notModifiable)) { try psbt.add(outputs: [coin(1)]) }
    }

    @Test("What is closed takes nothing, and a refused addition changes nothing")
    func closed() throws {
        var inputsOnly = PSBT(modifiable: [.inputs])
        #expect(throws: PSBTError(.global, .notModifiable)) {
            try inputsOnly.add(outputs: [coin(1)])
        }
        var outputsOnly = PSBT(modifiable: [.outputs])
        #expect(throws: PSBTError(.global, .notModifiable)) {
            try outputsOnly.add(inputs: [PSBTNewInput(previous: outPoint(1))])
        }
        var zero = PSBT(unsigned: inputsOnly.transaction)
        #expect(throws: PSBTError(.global, .notModifiable)) { try zero.add(outputs: [coin(1)]) }
        let before = inputsOnly
        #expect(throws: PSBTError(.input(1), .spentTwice(outPoint(1)))) {
            try inputsOnly.add(
                inputs: [
                    PSBTNewInput(previous: outPoint(1)), PSBTNewInput(previous: outPoint(1)),
                ]
            )
        }
        #expect(inputsOnly == before)
        #expect(throws: PSBTError.self) {
            try inputsOnly.add(
                inputs: [PSBTNewInput(previous: outPoint(1), requiredTime: 499_999_999)]
            )
        }
        #expect(inputsOnly == before)
    }

    @Test("A new lock time is refused once there is a signature, the same one is not")
    func signedLockTime() throws {
        var psbt = try signed(0x81, lockTime: 600_000)
        #expect(throws: PSBTError(.global, .lockTimeSigned(from: 600_000, to: 700_000))) {
            try psbt.add(
                inputs: [PSBTNewInput(previous: outPoint(2), requiredHeight: 700_000)]
            )
        }
        try psbt.add(inputs: [PSBTNewInput(previous: outPoint(2), requiredHeight: 600_000)])
        #expect(psbt.transaction.lockTime == 600_000)
        #expect(throws: PSBTError(.input(2), .lockTimesConflict(height: 1, time: 2))) {
            try psbt.add(
                inputs: [PSBTNewInput(previous: outPoint(3), requiredTime: 1_700_000_000)]
            )
        }
    }

    @Test("No output comes to the place of an input that is signed already")
    func singleBug() throws {
        var psbt = try signed(0x83)
        #expect(throws: PSBTError(.output(0), .notModifiable)) {
            try psbt.add(outputs: [coin(1)])
        }
    }

    @Test("Lock times: every choice of three inputs agrees with the rule said slowly")
    func lockTimes() throws {
        let choices: [(UInt32?, UInt32?)] = [
            (nil, nil), (10, nil), (900, nil), (nil, 1_600_000_000), (nil, 1_700_000_000),
            (10, 1_700_000_000), (900, 1_600_000_000),
        ]
        var conflicts = 0
        for index in 0..<(choices.count * choices.count * choices.count) {
            let picked = [
                choices[index % 7], choices[index / 7 % 7], choices[index / 49],
            ]
            var psbt = PSBT(fallbackLockTime: 5, modifiable: [.inputs])
            let inputs = picked.enumerated().map { number, choice in
                PSBTNewInput(
                    previous: outPoint(UInt8(number)),
                    requiredTime: choice.1,
                    requiredHeight: choice.0
                )
            }
            let asking = picked.filter { $0.0 != nil || $0.1 != nil }
            let expected: UInt32?
            if asking.isEmpty {
                expected = 5
            } else if asking.allSatisfy({ $0.0 != nil }) {
                expected = asking.compactMap(\.0).max()
            } else if asking.allSatisfy({ $0.1 != nil }) {
                expected = asking.compactMap(\.1).max()
            } else {
                expected = nil
            }
            do throws(PSBTError) {
                try psbt.add(inputs: inputs)
                #expect(psbt.transaction.lockTime == expected, "\(picked)")
            } catch {
                #expect(expected == nil, "\(picked): \(error)")
                conflicts += 1
            }
        }
        #expect(conflicts > 0)
    }

    @Test("The updater of BIP-174 makes its PSBTs to the byte", .enabled(if: Vectors.present))
    func updater() throws {
        let cases = try PSBTCase.all("bip-0174").filter { $0.group == "walkthrough" }
        var psbt = try PSBT([UInt8](hex: cases[0].hex))
        let updated = try PSBT([UInt8](hex: cases[1].hex))
        for (index, input) in updated.inputs.enumerated() {
            var update = PSBTInputUpdate()
            update.parent = input.map.value(PSBTFieldType.nonWitnessUTXO)
            update.coin = input.claimedCoin
            update.facts.redeemScript = input.redeemScript
            update.facts.witnessScript = input.witnessScript
            update.facts.origins = zip(
                input.map.all(PSBTFieldType.inputDerivation),
                input.derivations
            ).map { PSBTKeyOrigin(key: $0.keyData, derivation: $1) }
            try psbt.update(input: index, with: update)
        }
        for (index, output) in updated.outputs.enumerated() {
            var update = PSBTOutputUpdate()
            update.facts.origins = zip(
                output.map.all(PSBTFieldType.outputDerivation),
                output.derivations
            ).map { PSBTKeyOrigin(key: $0.keyData, derivation: $1) }
            try psbt.update(output: index, with: update)
        }
        #expect(psbt == updated)
        var types = PSBTInputUpdate()
        types.sighashType = .all
        for index in psbt.inputs.indices {
            try psbt.update(input: index, with: types)
        }
        #expect(psbt.bytes == [UInt8](hex: cases[2].hex))
    }

    @Test(
        "An update that does not fit is refused, and changes nothing",
        .enabled(if: Vectors.present)
    )
    func falseUpdates() throws {
        let cases = try PSBTCase.all("bip-0174").filter { $0.group == "walkthrough" }
        var psbt = try PSBT([UInt8](hex: cases[1].hex))
        let before = psbt
        var script = PSBTInputUpdate()
        script.facts.redeemScript = [0x51]
        #expect(throws: PSBTError(.input(0), .redeemScriptMismatch)) {
            try psbt.update(input: 0, with: script)
        }
        var parent = PSBTInputUpdate()
        parent.parent = before.inputs[0].map.value(PSBTFieldType.nonWitnessUTXO)
        #expect(throws: PSBTError.self) { try psbt.update(input: 1, with: parent) }
        var key = PSBTOutputUpdate()
        let derivation = KeyDerivation(fingerprint: .init(repeating: 1), path: [1])
        key.facts.origins = [PSBTKeyOrigin(key: [5], derivation: derivation)]
        #expect(throws: PSBTError.self) { try psbt.update(output: 0, with: key) }
        #expect(throws: PSBTError(.input(9), .noSuchMap(count: 2))) {
            try psbt.update(input: 9, with: script)
        }
        #expect(throws: PSBTError(.input(0), .notModifiable)) {
            try psbt.update(input: 0, sequence: 1)
        }
        #expect(psbt == before)
        var two = try psbt.converted(to: .v2)
        try two.update(input: 0, sequence: 1)
        #expect(try PSBT(two.bytes) == two)
        #expect(two.transaction.inputs[0].sequence == 1)
    }

    @Test(
        "Taproot and MuSig2 facts go in as BIP-371 and 373 have them",
        .enabled(if: Vectors.present)
    )
    func taproot() throws {
        let all = try PSBTCase.all("bip-0371") + PSBTCase.all("bip-0373")
        var count = 0
        for one in all where one.expect == "valid" {
            let full = try PSBT([UInt8](hex: one.hex))
            var psbt = PSBT(unsigned: full.transaction)
            for (index, input) in full.inputs.enumerated() {
                try psbt.update(input: index, with: Self.update(input))
                let known: Set<UInt64> = [
                    0x00, 0x01, 0x03, 0x04, 0x05, 0x06, 0x15, 0x16, 0x17, 0x18, 0x1a,
                ]
                let expected = input.map.fields.filter { known.contains($0.type) }
                #expect(Set(psbt.inputs[index].map.fields.map(\.key)) == Set(expected.map(\.key)))
                for field in expected {
                    #expect(psbt.inputs[index].map.fields.contains(field), "\(one.case)")
                }
                count += expected.count
            }
        }
        #expect(count > 80)
    }

    /// What an updater would have to say to make this input.
    private static func update(_ input: PSBTInput) -> PSBTInputUpdate {
        var update = PSBTInputUpdate()
        update.parent = input.map.value(PSBTFieldType.nonWitnessUTXO)
        update.coin = input.claimedCoin
        update.sighashType = input.sighashType
        update.facts.redeemScript = input.redeemScript
        update.facts.witnessScript = input.witnessScript
        let map = input.map
        let origins = map.all(PSBTFieldType.inputDerivation).map(\.keyData)
        let tapOrigins = map.all(PSBTFieldType.inputTapDerivation)
        update.facts.origins = zip(origins, input.derivations).map {
            PSBTKeyOrigin(key: $0, derivation: $1)
        }
        update.facts.tapOrigins = zip(tapOrigins, input.derivations.dropFirst(origins.count)).map {
            field,
            derivation in
            let count = Int(field.value[0])
            let hashes = (0..<count).map { place in
                Bytes32(copying: Array(field.value[(1 + 32 * place)..<(33 + 32 * place)]).span)
            }
            return PSBTKeyOrigin(key: field.keyData, derivation: derivation, leafHashes: hashes)
        }
        update.facts.tapInternalKey = map.value(PSBTFieldType.inputTapInternalKey).map {
            Bytes32(copying: $0.span)
        }
        update.tapMerkleRoot = map.value(PSBTFieldType.tapMerkleRoot).map {
            Bytes32(copying: $0.span)
        }
        update.tapLeaves = map.all(PSBTFieldType.tapLeafScript).map {
            PSBTTapLeaf(controlBlock: $0.keyData, script: $0.value.dropLast())
        }
        update.facts.participants = map.all(PSBTFieldType.inputMusigParticipants).map { field in
            let keys = stride(from: 0, to: field.value.count, by: 33).map {
                Bytes33(copying: Array(field.value[$0..<($0 + 33)]).span)
            }
            let aggregate = Bytes33(copying: field.keyData.span)
            return PSBTParticipants(aggregate: aggregate, keys: keys)
        }
        return update
    }
}
