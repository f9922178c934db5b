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

    @Test("Six types are known everywhere, DEFAULT for taproot alone, and no other byte anywhere")
    func known() {
        let kinds: [OutputKind] = [.p2wpkh, .p2pkh, .p2shP2WPKH, .p2shScript, .p2wshScript]
        for type in UInt32(0)...300 {
            let type = SighashType(rawValue: type)
            let isKnown = [1, 2, 3, 0x81, 0x82, 0x83].contains(type.rawValue)
            for kind in kinds { #expect(type.isKnown(for: kind) == isKnown) }
            #expect(type.isKnown(for: .p2tr) == (isKnown || type == .default))
            #expect(type.isKnown(for: .p2trTree) == (isKnown || type == .default))
        }
    }

    @Test("Only DEFAULT and ALL need no permission; each other type has a bit of its own")
    func permission() {
        let known: [UInt32: UInt8] = [2: 1, 3: 2, 0x81: 4, 0x82: 8, 0x83: 16]
        var every: UInt8 = 0
        for type in UInt32(0)...300 {
            let type = SighashType(rawValue: type)
            let bit = known[type.rawValue] ?? 0
            #expect(type.permission == bit)
            every |= bit
            guard bit != 0 else { continue }
            #expect((SighashPermission.openOutputs & bit != 0) == !type.signsAllOutputs)
            #expect((SighashPermission.openInputs & bit != 0) == type.anyoneCanPay)
        }
        #expect(every == SighashPermission.every)
    }

    @Test("The shortcut for taproot signs DEFAULT and ALL and nothing else")
    func shortcut() throws {
        for type in UInt32(0)...300 {
            if type <= 1 {
                let shortcut = midstates.taprootSighash(
                    at: 0,
                    type: SighashType(rawValue: type)
                )
                #expect(try shortcut == digest(type, single: nil))
            }
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
