import Bitcoin
import Bytes
import TestSupport
import Testing
import Wallet

@Suite("PSBT errors and limits")
struct PSBTErrorTests {
    private func failure(_ bytes: [UInt8]) -> PSBTError? {
        do throws(PSBTError) {
            _ = try PSBT(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "Every refused vector is told its map, its field with its number, the byte, and a remedy",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func words() throws {
        var (count, withOffset, withField) = (0, 0, 0)
        for bip in ["bip-0174", "bip-0370", "bip-0371", "bip-0373"] {
            for one in try PSBTCase.all(bip) where one.expect == "invalid" {
                let bytes = [UInt8](hex: one.hex)
                let error = try #require(failure(bytes), "\(one.case)")
                count += 1
                let text = error.description
                #expect(text.hasPrefix("\(error.place)"), "\(text)")
                #expect(!error.remedy.isEmpty)
                if let offset = error.offset {
                    withOffset += 1
                    #expect(text.contains("at byte \(offset)"), "\(text)")
                    #expect((0...bytes.count).contains(offset), "\(text)")
                } else {
                    // Only what is not there has no place.
                    var isMissing = false
                    if case .missingField = error.problem { isMissing = true }
                    if case .notBase64 = error.problem { isMissing = true }
                    #expect(isMissing, "\(one.index) \(text) \(error.problem)")
                }
                if let field = error.field {
                    withField += 1
                    let digits = String(field.type, radix: 16)
                    #expect(text.contains("PSBT_") || text.contains("transaction"), "\(text)")
                    #expect(field.description.hasSuffix("\(digits))"), "\(field)")
                }
            }
        }
        #expect(count == 20 + 24 + 11 + 10)
        #expect(withField > 50)
        print("errors: \(count) refused, \(withOffset) with a byte, \(withField) with a field")
    }

    @Test("The byte is the one where the wrong field begins")
    func offsets() throws {
        var bytes = try PSBT(base64: RecordedPSBT.all()[2].two).bytes
        // The magic, then the global fields in order: 0x02, 0x03, 0x04, 0x05, 0xfb.
        #expect(Array(bytes[5..<7]) == [1, 2])
        bytes[5 + 2] = 5
        let short = try #require(failure(bytes))
        #expect(short.place == .global)
        #expect(short.offset != nil)
        let fixed = try PSBT(base64: RecordedPSBT.all()[2].two)
        var broken = fixed
        broken.inputs[1].map.set(PSBTField(PSBTFieldType.sighashType, value: [1, 0, 0]))
        let whole = broken.bytes
        let needle: [UInt8] = [1, 3, 3, 1, 0, 0]
        let place = try #require(
            whole.indices.last { whole[$0...].starts(with: needle) }
        )
        let name = PSBTFieldName(.input, PSBTFieldType.sighashType)
        let problem = PSBTProblem.valueLength(name, expected: "4", found: 3)
        let error = try #require(failure(whole))
        #expect(error == PSBTError(.input(1), problem, at: place))
        #expect(
            error.description
                == "input 1, at byte \(place): the value of PSBT_IN_SIGHASH_TYPE (0x03) has 3 "
                + "bytes; expected 4"
        )
    }

    @Test("A count of maps for which there is no room is refused before any is made")
    func counts() throws {
        let one = try PSBT(base64: RecordedPSBT.all()[2].two)
        for (type, count) in [
            (PSBTFieldType.inputCount, UInt64.max), (PSBTFieldType.outputCount, UInt64.max),
            (PSBTFieldType.inputCount, 1 << 40), (PSBTFieldType.outputCount, 4_000),
        ] {
            var psbt = one
            var value: [UInt8] = []
            value.append(compactSize: count)
            psbt.global.set(PSBTField(type, value: value))
            let error = try #require(failure(psbt.bytes))
            #expect(error.field == PSBTFieldName(.global, type))
            guard case .tooManyMaps(_, count, let room) = error.problem else {
                Issue.record("\(error)")
                continue
            }
            #expect(room < psbt.bytes.count / 14)
        }
        // One more than there are is no question of room, and is refused where the data ends.
        var psbt = one
        psbt.global.set(PSBTField(PSBTFieldType.outputCount, value: [3]))
        #expect(failure(psbt.bytes)?.place == .output(2))
        psbt.global.set(PSBTField(PSBTFieldType.outputCount, value: [1]))
        #expect(failure(psbt.bytes)?.place == .whole)
    }

    @Test("500,000 fields are read; one more is refused", .timeLimit(.minutes(2)))
    func fields() throws {
        var bytes: [UInt8] = [0x70, 0x73, 0x62, 0x74, 0xff]
        var global = PSBTMap()
        let empty = Transaction(version: 2, inputs: [], outputs: [], lockTime: 0)
        global = PSBT(unsigned: empty).global
        var fields = global.fields
        for number in 0..<UInt32(PSBT.fieldCountMax - fields.count) {
            var key: [UInt8] = []
            key.append(number: number)
            fields.append(PSBTField(0xf0, keyData: key, value: []))
        }
        PSBTMap(fields).write(to: &bytes)
        #expect(try PSBT(bytes).global.fields.count == PSBT.fieldCountMax)
        fields.append(PSBTField(0xf1, value: []))
        var more: [UInt8] = [0x70, 0x73, 0x62, 0x74, 0xff]
        PSBTMap(fields).write(to: &more)
        let error = try #require(failure(more))
        #expect(error.problem == .tooManyFields(limit: PSBT.fieldCountMax))
        #expect(error.offset == more.count - 4)
    }

    @Test("A signature is in strict DER, and a taproot one has no byte for the default type")
    func signatures() throws {
        let psbt = try PSBT(base64: RecordedPSBT.all()[2].signed)
        let key = [2] + [UInt8](repeating: 7, count: 32)
        let good: [UInt8] = [0x30, 6, 2, 1, 1, 2, 1, 1, 1]
        let ders: [([UInt8], Bool)] = [
            (good, true),
            // A needless zero, a negative number, an empty one, one that is cut, one byte more.
            ([0x30, 7, 2, 2, 0, 1, 2, 1, 1, 1], false), ([0x30, 6, 2, 1, 0x81, 2, 1, 1, 1], false),
            ([0x30, 7, 2, 0, 2, 1, 1, 2, 1, 1], false), ([0x30, 6, 2, 1, 1, 2, 2, 1, 1], false),
            ([0x30, 7, 2, 1, 1, 2, 1, 1, 0, 1], false), ([0x31, 6, 2, 1, 1, 2, 1, 1, 1], false),
            ([0x30, 7, 2, 2, 0, 0x81, 2, 1, 1, 1], true),
        ]
        for (value, isGood) in ders {
            var one = psbt
            let field = PSBTField(PSBTFieldType.partialSignature, keyData: key, value: value)
            one.inputs[0].map.set(field)
            #expect((failure(one.bytes) == nil) == isGood, "\(value)")
        }
        for (type, isGood) in [
            (UInt8(0), false), (1, true), (0x83, true), (4, false), (0x80, false),
        ] {
            var one = psbt
            let value = [UInt8](repeating: 9, count: 64) + [type]
            one.inputs[0].map.set(PSBTField(PSBTFieldType.tapKeySignature, value: value))
            #expect((failure(one.bytes) == nil) == isGood, "\(type)")
        }
    }

    @Test("Neither version takes the other's fields; version 0 keeps what only looks like one")
    func exclusive() throws {
        let zero = try PSBT(base64: RecordedPSBT.all()[2].signed)
        for type in UInt64(0x0e)...0x12 {
            var alone = zero
            alone.inputs[0].map.set(PSBTField(type, value: [1, 0, 0, 0]))
            #expect(failure(alone.bytes)?.problem == .onlyInVersion2(PSBTFieldName(.input, type)))
            var longer = zero
            longer.inputs[0].map.set(PSBTField(type, keyData: [1], value: [1, 0, 0, 0]))
            #expect(failure(longer.bytes) == nil)
            let name = PSBTFieldName(.input, type)
            #expect(throws: PSBTError(.input(0), .conversionLoses(name))) {
                try longer.converted(to: .v2)
            }
            var two = try zero.converted(to: .v2)
            two.inputs[0].map.set(PSBTField(type, keyData: [1], value: [1, 0, 0, 0]))
            #expect(failure(two.bytes)?.field == name)
        }
    }
}
