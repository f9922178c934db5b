import Bitcoin
import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing
import Wallet

/// The literals of Bitcoin Core's descriptor_tests.cpp.
@Suite("Bitcoin Core's descriptors", .enabled(if: Vectors.present, Vectors.reason))
struct CoreDescriptorTests {
    struct File: Decodable {
        let Check: [Expand]
        let CheckUnparsable: [Refuse]
        let CheckMultipath: [Multipath]
        let CheckInferDescriptor: [Infer]
        let CheckSingleUnparsable: [Single]
    }

    struct Expand: Decodable {
        let line: Int
        let prv: String
        let pub: String
        let norm_pub: String
        let flags: Set<String>
        let scripts: [[String]]
        let paths: [[UInt32]]?
        let spend_locktime: UInt32?
        let spend_sequence: UInt32?
        let preimages: [Preimage]?
    }

    struct Preimage: Decodable {
        let hash: String
        let preimage: String
    }

    struct Refuse: Decodable {
        let line: Int
        let prv: String
        let pub: String
        let error: String
    }

    struct Multipath: Decodable {
        let line: Int
        let prv: String
        let pub: String
        let expanded_pubs: [String]
        let scripts: [[[String]]]
        let paths: [[[UInt32]]]
    }

    struct Infer: Decodable {
        let line: Int
        let script: String
        let descriptor: String
    }

    struct Single: Decodable {
        let line: Int
        let descriptor: String
    }

    private static func file() throws -> File {
        try Vectors.json("bitcoin/core/descriptor_tests/descriptor_tests.json")
    }

    /// The path of every key, empty for one that stands alone, as Core lists them.
    private func paths(_ keys: [DerivedKey]) -> Set<[UInt32]> {
        var paths: Set<[UInt32]> = []
        for key in keys {
            paths.insert(key.derivation?.path ?? [])
            for participant in key.participants {
                paths.insert(participant.derivation?.path ?? [])
            }
        }
        return paths
    }

    @Test("71 descriptors give the scripts, from private keys and from public ones")
    func expand() throws {
        let curve = try Curve()
        let cases = try Self.file().Check
        #expect(cases.count == 71)
        var (scriptCount, pathCount, hardenedCount) = (0, 0, 0)
        for one in cases {
            let place: Comment = "line \(one.line)"
            let secret = try DescriptorVectorTests.read(one.prv, curve)
            let open = try DescriptorVectorTests.read(one.pub, curve)
            let normal = try DescriptorVectorTests.read(one.norm_pub, curve)
            #expect(open.isRanged == one.flags.contains("RANGE"), place)
            var expectedPaths = Set(one.paths ?? [])
            for (index, scripts) in one.scripts.enumerated() {
                let index = UInt32(index)
                let outputs = try secret.outputs(place: 0, index: index, curve: curve)
                #expect(outputs.map(\.script.hex) == scripts, place)
                scriptCount += scripts.count
                let found = paths(outputs[0].keys)
                if one.paths != nil {
                    #expect(found.isSubset(of: Set(one.paths ?? []).union([[]])), place)
                    expectedPaths.subtract(found)
                }
                if one.flags.contains("HARDENED") {
                    #expect(throws: DescriptorError.hardenedFromPublic, place) {
                        _ = try open.outputs(place: 0, index: index, curve: try Curve())
                    }
                    hardenedCount += 1
                } else {
                    let same = try open.outputs(place: 0, index: index, curve: curve)
                    #expect(same.map(\.script.hex) == scripts, place)
                }
                // Core's normal form has hardened steps above the key, so that it can be derived.
                guard !one.flags.contains("DERIVE_HARDENED") else { continue }
                let again = try normal.outputs(place: 0, index: index, curve: curve)
                #expect(again.map(\.script.hex) == scripts, place)
            }
            #expect(expectedPaths.isEmpty, place)
            pathCount += one.paths?.count ?? 0
        }
        print("core Check: 71 cases, \(scriptCount) scripts, \(pathCount) paths")
        #expect(hardenedCount == 12)
    }

    @Test("98 and 1 descriptors are refused, by the reader or by the judgement")
    func refuse() throws {
        let curve = try Curve()
        let file = try Self.file()
        #expect(file.CheckUnparsable.count == 98)
        #expect(file.CheckUnparsable.count { $0.prv.isEmpty } == 16)
        #expect(file.CheckSingleUnparsable.count == 1)
        var judged: [Int: [String]] = [:]
        for one in file.CheckUnparsable {
            for text in [one.prv, one.pub] where !text.isEmpty {
                guard let found = DescriptorVectorTests.reading(text, curve) else { continue }
                judged[one.line] = found.findings(ownFingerprint: nil).map(\.name).filter {
                    $0 != "descriptor-private-key" && $0 != "descriptor-timelock-mix"
                        || one.line == 1113
                }
            }
        }
        // These are well formed, and Core refuses them for what they mean.
        #expect(judged[1111] == ["descriptor-path-without-signature"])
        #expect(judged[1112]?.contains("descriptor-malleable") == true)
        #expect(judged[1113]?.contains("descriptor-timelock-mix") == true)
        #expect(judged[1114] == ["descriptor-duplicate-key"])
        #expect(judged.keys.sorted() == [1111, 1112, 1113, 1114])
        for one in file.CheckSingleUnparsable {
            #expect(DescriptorVectorTests.reading(one.descriptor, curve) == nil)
        }
        print("core CheckUnparsable: 98 + 1 cases, 95 refused by the reader, 4 by the judgement")
    }

    @Test("15 multipath descriptors split and give the scripts")
    func multipath() throws {
        let curve = try Curve()
        let cases = try Self.file().CheckMultipath
        #expect(cases.count == 15)
        var scriptCount = 0
        for one in cases {
            let place: Comment = "line \(one.line)"
            let open = try DescriptorVectorTests.read(one.pub, curve)
            let secret = try DescriptorVectorTests.read(one.prv, curve)
            #expect(open.placeCount == one.expanded_pubs.count, place)
            for (number, expected) in one.expanded_pubs.enumerated() {
                // Core's test writes the braces of trees as brackets there.
                let text = expected.replacing(",[pk", with: ",{pk").replacing(")])", with: ")})")
                #expect(try open.atPlace(number).text == text, place)
            }
            for (number, indices) in one.scripts.enumerated() {
                var found: Set<[UInt32]> = []
                for (index, scripts) in indices.enumerated() {
                    let index = UInt32(index)
                    let outputs = try secret.outputs(place: number, index: index, curve: curve)
                    #expect(outputs.map(\.script.hex) == scripts, place)
                    scriptCount += scripts.count
                    found.formUnion(paths(outputs[0].keys))
                }
                #expect(Set(one.paths[number]).isSubset(of: found), place)
            }
        }
        print("core CheckMultipath: 15 cases, \(scriptCount) scripts")
    }

    @Test("What Core infers from 6 scripts gives those scripts again")
    func infer() throws {
        let curve = try Curve()
        let cases = try Self.file().CheckInferDescriptor
        #expect(cases.count == 6)
        for one in cases {
            let found = try DescriptorVectorTests.read(one.descriptor, curve)
            let outputs = try found.outputs(place: 0, index: 0, curve: curve)
            #expect(outputs.map(\.script.hex) == [one.script], "line \(one.line)")
        }
        Vectors.report("core/descriptor_tests", "71 expand, 99 refused, 15 multipath, 6 inferred")
    }

    @Test("Where Core can finish a spend a witness is found, and where it cannot none is")
    func spend() throws {
        let curve = try Curve()
        var (good, bad) = (0, 0)
        for one in try Self.file().Check where one.spend_sequence != nil {
            let found = try DescriptorVectorTests.read(one.prv, curve)
            let output = try found.outputs(place: 0, index: 0, curve: curve)[0]
            var material = SpendingMaterial(publicKeys: output.keys.map(\.bytes))
            material.lockTime = one.spend_locktime ?? 0
            material.sequence = one.spend_sequence ?? 0
            for (number, key) in found.keys.enumerated() {
                if case .secret = key.source {
                    material.signatures[number] = Array(repeating: 1, count: 64)
                }
            }
            for preimage in one.preimages ?? [] {
                for kind in Miniscript.HashKind.allCases {
                    let lock = SpendingMaterial.HashLock(kind, [UInt8](hex: preimage.hash))
                    material.preimages[lock] = [UInt8](hex: preimage.preimage)
                }
            }
            let canSpend = found.scripts.contains { script in
                do throws(SatisfactionError) {
                    _ = try script.witness(material)
                    return true
                } catch {
                    return false
                }
            }
            #expect(canSpend == !one.flags.contains("SIGNABLE_FAILS"), "line \(one.line)")
            if canSpend { good += 1 } else { bad += 1 }
        }
        print("core spends: \(good) finished, \(bad) not")
        #expect(good == 6 && bad == 6)
    }
}
