import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing
import Wallet

@Suite("Miniscript satisfaction")
struct SatisfierTests {
    /// Numbers that are the same in every run.
    struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 32 | state << 32
        }
    }

    private static let preimage = [UInt8](repeating: 7, count: 32)

    /// A well-formed expression of the vectors, its hash replaced by one whose preimage is known.
    private func script(_ text: String, _ context: Miniscript.Context) -> BareScript? {
        let digest = SHA256.hash(Self.preimage.span).hex
        let known = "926a54995ca48600920a19bf7bc502ca5f2f7d07e6f804c4f00ebf0325084dbc"
        return BareScript.reading(text.replacing(known, with: digest), context)
    }

    private func material(
        _ script: BareScript,
        _ context: Miniscript.Context,
        _ chance: inout Chance
    ) -> SpendingMaterial {
        // The place in the alphabet is the key.
        let keys = script.keys.map { name in
            [UInt8](hex: "02" + SHA256.hash(Array(name.utf8).span).hex)
        }
        var material = SpendingMaterial(publicKeys: keys)
        for (number, key) in keys.enumerated() where Bool.random(using: &chance) {
            material.signatures[number] = ScriptRunner.signature(
                key,
                isTapscript: context == .tapscript
            )
        }
        if Bool.random(using: &chance) {
            let digest = [UInt8](hex: SHA256.hash(Self.preimage.span).hex)
            material.preimages[SpendingMaterial.HashLock(.sha256, digest)] = Self.preimage
        }
        material.lockTime = [0, 1, 500_000_001].randomElement(using: &chance) ?? 0
        material.sequence = [0, 5, 0xffff_ffff].randomElement(using: &chance) ?? 0
        return material
    }

    @Test(
        "Every witness found for rust-miniscript's scripts is accepted, and within its bounds",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func everyWitnessIsGood() throws {
        let data = try Vectors.data("bitcoin/rust-miniscript/ms_tests.jsonl")
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        let cases = try lines.map {
            try JSONDecoder().decode(MiniscriptVectorTests.TypedCase.self, from: Data($0.utf8))
        }
        var chance = Chance(state: 1)
        var counts: [Outcome: Int] = [:]
        for one in cases where one.valid {
            for context in [Miniscript.Context.segwit, .tapscript] {
                let text =
                    context == .segwit ? one.ms : one.ms.replacing("multi(", with: "multi_a(")
                guard let found = script(text, context) else { continue }
                let material = material(found, context, &chance)
                let outcome = judge(found.script, material)
                // What the policy permits has a witness, and what it does not has none.
                let isPermitted = permits(found.script, material)
                #expect(isPermitted == (outcome != .incomplete), "\(text)")
                if outcome == .malleable {
                    #expect(!found.script.type.contains(.nonMalleable), "\(text)")
                }
                counts[outcome, default: 0] += 1
            }
        }
        print("satisfier: \(counts.map { "\($0.value) \($0.key)" }.sorted())")
        #expect(counts[.accepted, default: 0] > 3_500)
        #expect(counts[.incomplete, default: 0] > 4_000)
        #expect(counts[.malleable, default: 0] > 1_500)
        #expect(counts[.wrong] == nil)
    }

    private enum Outcome {
        case accepted
        case incomplete
        case malleable
        case wrong
    }

    /// Makes a witness and runs the script with it, and once without its deepest item, which must
    /// fail: so the runner can say no.
    private func judge(_ script: Miniscript, _ material: SpendingMaterial) -> Outcome {
        let witness: [[UInt8]]
        do throws(SatisfactionError) {
            witness = try script.witness(material)
        } catch {
            return error == .malleable ? .malleable : .incomplete
        }
        let bytes = script.script(publicKeys: material.publicKeys)
        let runner = ScriptRunner(
            isTapscript: script.context == .tapscript,
            lockTime: material.lockTime,
            sequence: material.sequence,
            witness: witness
        )
        guard ScriptRunner.accepts(bytes, runner),
            witness.reduce(0, { $0 + $1.count + 1 }) <= script.witnessByteCountMax ?? 0,
            witness.count <= script.witnessItemCountMax ?? 0
        else { return .wrong }
        guard !witness.isEmpty else { return .accepted }
        var less = runner
        less.stack.removeFirst()
        return ScriptRunner.accepts(bytes, less) ? .wrong : .accepted
    }

    /// What the script means, without any thought of stacks.
    private func permits(_ script: Miniscript, _ material: SpendingMaterial) -> Bool {
        var truths: [Bool] = []
        for node in script.nodes {
            let children = node.children.map { truths[$0] }
            let signed = node.keys.count { material.signatures[$0] != nil }
            let truth =
                switch node.fragment {
                case .zero: false
                case .one: true
                case .key, .keyHash: signed == 1
                case .older(let number):
                    RelativeLock(number).isMet(sequence: material.sequence, version: 2)
                case .after(let number):
                    AbsoluteLock(number).isMet(
                        lockTime: material.lockTime,
                        sequence: material.sequence
                    )
                case .hash: !material.preimages.isEmpty
                case .wrap: children[0]
                case .andV, .andB: children[0] && children[1]
                case .orB, .orC, .orD, .orI: children[0] || children[1]
                case .andOr: children[0] && children[1] || children[2]
                case .threshold(let needed): children.count { $0 } >= needed
                case .multi(let needed, _), .multiA(let needed, _): signed >= needed
                }
            truths.append(truth)
        }
        return truths[truths.count - 1]
    }

    @Test("With everything at hand, every non-malleable script has a witness; with nothing, none")
    func allOrNothing() throws {
        for (text, context) in [
            ("or_d(pk(A),and_v(v:pkh(B),older(5)))", Miniscript.Context.segwit),
            ("thresh(2,pk(A),s:pk(B),sln:older(5))", .segwit),
            ("multi(2,A,B,C)", .segwit), ("sortedmulti(2,C,A,B)", .segwit),
            ("sortedmulti_a(2,C,A,B)", .tapscript), ("multi_a(3,A,B,C)", .tapscript),
            ("andor(pk(A),after(1),pk(B))", .tapscript),
        ] {
            let found = try BareScript(text, context: context)
            var chance = Chance(state: 2)
            var material = material(found, context, &chance)
            (material.lockTime, material.sequence) = (1, 5)
            for (number, key) in material.publicKeys.enumerated() {
                material.signatures[number] = ScriptRunner.signature(
                    key,
                    isTapscript: context == .tapscript
                )
            }
            let runner = ScriptRunner(
                isTapscript: context == .tapscript,
                lockTime: 1,
                sequence: 5,
                witness: try found.script.witness(material)
            )
            let bytes = found.script.script(publicKeys: material.publicKeys)
            #expect(ScriptRunner.accepts(bytes, runner), "\(text)")
            material.signatures = [:]
            #expect(throws: SatisfactionError.incomplete) { try found.script.witness(material) }
        }
    }

    @Test("The cheapest way is taken: one signature and not two, and the shorter signature")
    func cheapest() throws {
        let found = try BareScript("or_i(multi(2,A,B),pk(C))", context: .segwit)
        var material = SpendingMaterial(publicKeys: found.keys.map { _ in [UInt8(2)] })
        for number in 0..<3 { material.signatures[number] = Array(repeating: 9, count: 71) }
        #expect(try found.script.witness(material).count == 2)
        let multi = try BareScript("multi(1,A,B,C)", context: .segwit)
        material.signatures[1] = Array(repeating: 8, count: 70)
        #expect(try multi.script.witness(material) == [[], Array(repeating: 8, count: 70)])
    }
}
