import Bitcoin
import Bytes
import TestSupport
import Testing
import Wallet

@Suite("PSBT properties", .timeLimit(.minutes(3)))
struct PSBTPropertyTests {
    /// The fields of a PSBT that say what the payment is: every part must have them.
    private func isFrame(_ field: PSBTField, _ map: Int, _ psbt: PSBT) -> Bool {
        switch (map, psbt.version) {
        case (0, .v0):
            field.type == PSBTFieldType.unsignedTransaction
                || field.type == PSBTFieldType.version
        case (0, .v2): field.type <= 0x06 && field.type != 0x01 || field.type == 0xfb
        case (_, .v0): false
        case (let map, .v2) where map <= psbt.inputs.count: (0x0e...0x12).contains(field.type)
        case (_, .v2): field.type == 0x03 || field.type == 0x04
        }
    }

    /// The same payment with some of the fields only.
    private func part(_ psbt: PSBT, _ random: inout some RandomNumberGenerator) throws -> PSBT {
        var bytes: [UInt8] = [0x70, 0x73, 0x62, 0x74, 0xff]
        let maps = [psbt.global] + psbt.inputs.map(\.map) + psbt.outputs.map(\.map)
        for (index, map) in maps.enumerated() {
            var kept = map.fields.filter { isFrame($0, index, psbt) || random.next() % 3 != 0 }
            kept.shuffle(using: &random)
            PSBTMap(kept).write(to: &bytes)
        }
        return try PSBT(bytes)
    }

    private func combined(_ one: PSBT, _ two: PSBT) throws -> PSBT {
        var whole = one
        try whole.combine(with: two)
        return whole
    }

    @Test("Combining is commutative, associative and idempotent, and loses nothing")
    func combining() throws {
        var random = SystemRandomNumberGenerator()
        let all = try PSBTSamples.all()
        for psbt in all {
            // Read again, so that the table of parents is that of the fields.
            let whole = try PSBT(combined(psbt, psbt).bytes)
            #expect(whole.sorted == psbt.sorted)
            #expect(try combined(whole, whole) == whole)
            let parts = try (0..<3).map { _ in try part(psbt, &random) }
            let (one, two, three) = (parts[0], parts[1], parts[2])
            let pair = try combined(one, two)
            #expect(pair == (try combined(two, one)))
            let left = try combined(pair, three)
            #expect(left == (try combined(one, combined(two, three))))
            #expect(left == (try combined(left, two)))
            #expect(try combined(left, psbt) == whole)
        }
        print("combining: \(all.count) PSBTs, 3 random parts of each")
        #expect(all.count > 200 || !Vectors.present)
    }

    @Test("Two different signatures of one key: the same one stays, whoever combines")
    func choices() throws {
        let psbt = try #require(try PSBTSamples.all().first { $0.inputs.count > 1 })
        var (one, two) = (psbt, psbt)
        let key = [2] + [UInt8](repeating: 7, count: 32)
        for (number, s) in [(0, UInt8(1)), (1, UInt8(2))] {
            let der: [UInt8] = [0x30, 6, 2, 1, 1, 2, 1, s, 1]
            let field = PSBTField(PSBTFieldType.partialSignature, keyData: key, value: der)
            if number == 0 { one.inputs[0].map.set(field) } else { two.inputs[0].map.set(field) }
        }
        #expect(try combined(one, two) == combined(two, one))
    }

    @Test("Two that differ in what is spent, or how, are not combined in either order")
    func conflicts() throws {
        let samples = try RecordedPSBT.all().map { try PSBT(base64: $0.signed) }
        let psbt = try #require(samples.first { $0.inputs[0].claimedCoin != nil })
        for (type, value) in [
            (PSBTFieldType.sighashType, [UInt8]([2, 0, 0, 0])),
            (PSBTFieldType.witnessUTXO, [1, 0, 0, 0, 0, 0, 0, 0, 0]),
            (PSBTFieldType.witnessScript, [0x51]), (PSBTFieldType.redeemScript, [0x51]),
        ] {
            var (one, two) = (psbt, psbt)
            one.inputs[0].map.set(PSBTField(type, value: value))
            two.inputs[0].map.set(PSBTField(type, value: value.dropLast() + [9]))
            let name = PSBTFieldName(.input, type)
            for (left, right) in [(one, two), (two, one)] {
                #expect(throws: PSBTError(.input(0), .valuesDiffer(name))) {
                    try combined(left, right)
                }
            }
        }
        let two = try psbt.converted(to: .v2)
        #expect(throws: PSBTError(.whole, .otherVersion(.v2, expected: .v0))) {
            try combined(psbt, two)
        }
    }

    @Test("The flags of two: open only where both are, paired where one is")
    func flags() throws {
        let base = try PSBT(base64: RecordedPSBT.all()[2].two)
        for left in UInt8(0)...7 {
            for right in UInt8(0)...7 {
                var (one, two) = (base, base)
                one.global.set(PSBTField(PSBTFieldType.modifiable, value: [left]))
                two.global.set(PSBTField(PSBTFieldType.modifiable, value: [right]))
                let expected = (left & right & 3) | ((left | right) & 4)
                #expect(try combined(one, two).modifiable.rawValue == expected)
            }
        }
    }

    @Test("No damage crashes anything, and what is still read has one reading")
    func damage() throws {
        var random = SystemRandomNumberGenerator()
        var seeds = try PSBTSamples.all().map(\.bytes).filter { $0.count < 3_000 }
        if Vectors.present {
            for bip in ["bip-0174", "bip-0370", "bip-0371", "bip-0373"] {
                seeds += try PSBTCase.all(bip).map { [UInt8](hex: $0.hex) }
            }
        }
        var (read, refused) = (0, 0)
        for seed in seeds {
            for _ in 0..<25 {
                let damaged = LargePSBTTests.damage(seed, &random)
                do throws(PSBTError) {
                    let psbt = try PSBT(damaged)
                    read += 1
                    #expect(psbt.bytes == damaged)
                    #expect(try PSBT(base64: psbt.base64) == psbt)
                    use(psbt)
                } catch {
                    refused += 1
                    #expect(!error.description.isEmpty)
                    #expect(!error.remedy.isEmpty)
                }
            }
        }
        print("damage: \(seeds.count) seeds, \(read) read, \(refused) refused")
        #expect(read > 0)
        #expect(refused > 0)
    }

    /// Every role; what a role gives is itself read back as the same.
    private func use(_ psbt: PSBT) {
        for version in [PSBTVersion.v0, .v2] {
            do throws(PSBTError) {
                let other = try psbt.converted(to: version, dropping: true)
                #expect(try PSBT(other.bytes) == other)
                #expect(other.transaction == psbt.transaction)
                var final = other
                _ = final.finalizeWhatIsReady(with: KeySatisfier())
                #expect(try PSBT(final.bytes) == final)
                var whole = other
                try whole.combine(with: psbt)
                _ = try final.extract()
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
