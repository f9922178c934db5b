import Bitcoin
import Bytes
import Testing

@Suite("Sighash types")
struct SighashTypeTests {
    private let midstates: SighashMidstates = {
        var hasher = TransactionHasher(version: 2, lockTime: 0, inputCount: 1, outputCount: 1)
        hasher.addInput(input, script: [0x51].span)
        hasher.addOutput(amount: 1, script: [0x51].span)
        return hasher.finish().midstates
    }()

    private static let input = SpentInput(txid: .zero, vout: 0, sequence: 0, amount: 1)

    private func digest(_ type: UInt32, single: Bytes32?) throws(BitcoinError) -> Bytes32 {
        try midstates.taprootSighash(
            at: 0,
            of: Self.input,
            script: [0x51].span,
            type: SighashType(rawValue: type),
            singleOutput: single
        )
    }

    @Test("Taproot knows seven types and refuses every other byte")
    func seven() throws {
        var known: [UInt32] = []
        for type in UInt32(0)...300 {
            do throws(BitcoinError) {
                _ = try digest(type, single: .zero)
                known.append(type)
            } catch {
                #expect(error == .unknownSighashType(type))
            }
        }
        #expect(known == [0, 1, 2, 3, 0x81, 0x82, 0x83])
    }

    @Test("SINGLE without an output at its place cannot be signed in taproot")
    func single() {
        #expect(throws: BitcoinError.noMatchingOutput) { try digest(3, single: nil) }
        #expect(throws: BitcoinError.noMatchingOutput) { try digest(0x83, single: nil) }
    }

    @Test("Only ALL, and DEFAULT for taproot, leave nothing open")
    func safe() {
        for type in UInt32(0)...300 {
            let type = SighashType(rawValue: type)
            #expect(type.isSafe(for: .p2wpkh) == (type.rawValue == 1))
            #expect(type.isSafe(for: .p2tr) == (type.rawValue <= 1))
        }
    }

    @Test("The shortcut for taproot signs DEFAULT and ALL and nothing else")
    func shortcut() throws {
        for type in UInt32(0)...300 {
            let make = { () throws(BitcoinError) in
                try midstates.taprootSighash(
                    at: 0,
                    of: Self.input,
                    script: [0x51].span,
                    type: SighashType(rawValue: type)
                )
            }
            if type <= 1 {
                #expect(try make() == digest(type, single: nil))
            } else {
                #expect(throws: BitcoinError.unknownSighashType(type)) { try make() }
            }
        }
    }
}
