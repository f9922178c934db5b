import Bytes
import Foundation
import TestSupport
import Testing
import Wallet

/// A script expression on its own, its keys raw.
struct BareScript {
    let script: Miniscript
    let keys: [String]

    init(_ text: String, context: Miniscript.Context) throws(DescriptorError) {
        let tree = try ExpressionTree(text[...])
        do throws(MiniscriptError) {
            let (script, places) = try MiniscriptParser.read(
                tree,
                at: 0,
                context: context,
                firstKey: 0
            )
            self.script = script
            keys = places.map(tree.text)
        } catch {
            throw .script(error)
        }
    }

    /// The same, or nothing where it is refused.
    static func reading(_ text: String, _ context: Miniscript.Context) -> BareScript? {
        do throws(DescriptorError) {
            return try BareScript(text, context: context)
        } catch {
            return nil
        }
    }

    var bytes: [UInt8] { script.script(publicKeys: keys.map { [UInt8](hex: $0) }) }

    var text: String { script.text(keys: keys) }
}

@Suite("Miniscript vectors", .enabled(if: Vectors.present, Vectors.reason))
struct MiniscriptVectorTests {
    struct CoreCase: Decodable {
        let line: Int
        let ms: String
        let script_wsh: String
        let script_tapscript: String
        let mode: Set<String>
        let limits: [String: Int]
    }

    @Test("Bitcoin Core's 97 cases: script, type and limits, in wsh and in tapscript")
    func core() throws {
        let cases: [CoreCase] = try Vectors.json("bitcoin/core/miniscript/miniscript_tests.json")
        #expect(cases.count == 97)
        #expect(cases.count { $0.mode.contains("VALID") } == 65)
        #expect(cases.count { !$0.limits.isEmpty } == 33)
        var scriptCount = 0
        for one in cases {
            for context in [Miniscript.Context.segwit, .tapscript] {
                let isValid =
                    one.mode.contains("VALID")
                    && !one.mode.contains(
                        context == .segwit ? "P2WSH_INVALID" : "TAPSCRIPT_INVALID"
                    )
                let found = BareScript.reading(one.ms, context)
                // Core's P2WSH_INVALID of a well-typed script is about its type in wsh.
                #expect((found != nil) == isValid, "line \(one.line) \(context)")
                guard let found else { continue }
                scriptCount += check(one, found, context)
            }
        }
        Vectors.report("core/miniscript", "65 valid, 32 invalid, \(scriptCount) scripts")
        #expect(scriptCount == 63)
    }

    private func check(_ one: CoreCase, _ found: BareScript, _ context: Miniscript.Context) -> Int {
        let place: Comment = "line \(one.line) \(context)"
        let type = found.script.type
        #expect(type.contains(.nonMalleable) == one.mode.contains("NONMAL"), place)
        #expect(type.contains(.safe) == one.mode.contains("NEEDSIG"), place)
        #expect(type.contains(.noTimelockMix) != one.mode.contains("TIMELOCKMIX"), place)
        let isTapscript = context == .tapscript
        let witness = isTapscript ? "max_witness_tapscript" : "max_witness_wsh"
        for (name, value) in [
            ("ops", found.script.opcodeCount),
            ("stack", found.script.witnessItemCountMax),
            ("exec_stack", found.script.stackItemCountMax),
            (witness, found.script.witnessByteCountMax),
        ] {
            guard let expected = one.limits[name] else { continue }
            #expect(value == expected, "\(place) \(name)")
        }
        let again = BareScript.reading(found.text, context)
        #expect(again?.script == found.script, place)
        var expected = isTapscript ? one.script_tapscript : one.script_wsh
        if expected == "=" { expected = one.script_wsh }
        #expect(found.script.scriptByteCount == found.bytes.count, place)
        guard expected != "?" else { return 0 }
        #expect(found.bytes.hex == expected, place)
        return 1
    }

    struct TypedCase: Decodable {
        let ms: String
        let valid: Bool
        let type: String?
    }

    @Test("rust-miniscript's 12,000 cases: well typed or not, and with which properties")
    func rust() throws {
        let data = try Vectors.data("bitcoin/rust-miniscript/ms_tests.jsonl")
        let text = String(decoding: data, as: UTF8.self)
        let cases = try text.split(separator: "\n").map {
            try JSONDecoder().decode(TypedCase.self, from: Data($0.utf8))
        }
        #expect(cases.count == 12_000)
        #expect(cases.count { $0.valid } == 6_426)
        var weakerCount = 0
        let judged = MiniscriptType("BVKWzondufesm")
        for one in cases {
            let found = BareScript.reading(one.ms, .segwit)
            #expect((found != nil) == one.valid, "\(one.ms)")
            guard let found, let type = one.type else { continue }
            // BIP-379 gives some malleable expressions no e where rust-miniscript does, which
            // never matters: nothing that takes a malleable expression becomes non-malleable.
            let expected = MiniscriptType(type)
            var ours = found.script.type.intersection(judged)
            if !expected.contains(.nonMalleable), expected.contains(.expression),
                ours.insert(.expression).inserted
            {
                weakerCount += 1
            }
            #expect(ours == expected, "\(one.ms)")
            #expect(BareScript.reading(found.text, .segwit)?.script == found.script, "\(one.ms)")
        }
        Vectors.report("rust-miniscript", "6426 typed, 5574 invalid")
        #expect(weakerCount == 405)
    }
}
