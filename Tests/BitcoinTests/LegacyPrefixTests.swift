import Bitcoin
import BitcoinCrypto
import Bytes
import Testing

/// What inputs share of their digests, against digests that share nothing.
@Suite("Legacy prefix")
struct LegacyPrefixTests {
    private static let types: [SighashType] = [1, 2, 3, 0x81, 0x82, 0x83].map {
        SighashType(rawValue: $0)
    }
    private static let count = 12

    private static func input(_ place: Int) -> SpentInput {
        SpentInput(
            txid: SHA256.hash([UInt8(place)].span),
            vout: UInt32(place) << 20,
            sequence: .max - UInt32(place),
            amount: 0
        )
    }

    /// The digest from the inputs before `place` on.
    private static func finish(_ started: LegacySighash, _ place: Int) -> Bytes32 {
        var hasher = started
        let script: [UInt8] = [0x51, UInt8(place)]
        hasher.addSigned(input(place), script: script.span)
        for later in place + 1..<count { hasher.addInput(input(later)) }
        hasher.beginOutputs(count: count)
        for output in 0..<count {
            hasher.addOutput(amount: UInt64(output), script: script.span)
        }
        return hasher.finish(lockTime: 7)
    }

    private static func anew(_ place: Int, _ type: SighashType) -> Bytes32 {
        var hasher = LegacySighash(version: 2, inputCount: count, type: type)
        for earlier in 0..<place { hasher.addInput(input(earlier)) }
        return finish(hasher, place)
    }

    @Test("In any order of places and types, a shared prefix gives the digest that none gives")
    func sharing() {
        var prefix = LegacyPrefix(version: 2, inputCount: Self.count)
        var digests: Set<[UInt8]> = []
        let forward = (0..<Self.count).map { ($0, SighashType.all) }
        let mixed = (0..<200).map { step in
            (step * 7 % Self.count, Self.types[step * 5 / 3 % Self.types.count])
        }
        for (place, type) in forward + forward + mixed {
            prefix.begin(type, before: place)
            while prefix.count < place { prefix.addInput(Self.input(prefix.count)) }
            let digest = Self.finish(prefix.digest, place)
            #expect(digest == Self.anew(place, type), "\(place) \(type.rawValue)")
            digests.insert((0..<32).map { digest.span[$0] })
        }
        #expect(digests.count > 40, "the control: places and types make a difference")
    }

    @Test("What was fed is fed once: for places in order, as many inputs as there are")
    func once() {
        var prefix = LegacyPrefix(version: 2, inputCount: Self.count)
        var fed = 0
        for place in 0..<Self.count {
            prefix.begin(.all, before: place)
            while prefix.count < place {
                prefix.addInput(Self.input(prefix.count))
                fed += 1
            }
        }
        #expect(fed == Self.count - 1)
    }
}
