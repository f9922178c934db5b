import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport
import Testing
import Wallet

/// Whatever comes in, the reader answers; and what it reads it writes so that it reads the same.
@Suite("Descriptors from anybody", .timeLimit(.minutes(5)))
struct DescriptorFuzzTests {
    private static let words: [String] = [
        "(", ")", "{", "}", ",", ":", "/", "*", "h", "'", "<", ">", ";", "[", "]", "#", "@", "0",
        "1", "2", "2147483648", "/**", "<0;1>", "deadbeef", "wsh(", "sh(", "tr(", "musig(", "pk(",
        "pkh(", "wpkh(", "multi(1,", "sortedmulti(1,", "multi_a(1,", "thresh(1,", "and_v(", "or_d(",
        "andor(", "or_i(", "v:", "sln:", "older(5)", "after(5)", "self/84h/1h/0h", "raw(", "addr(",
        "sha256(", "combo(", "rawtr(", "é", "\u{0}", " ",
        "03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd",
        "a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd",
        "[d34db33f/84h/1h]02a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd",
    ]

    private static let seeds: [String] = [
        "wsh(or_d(pk(%/<0;1>/*),and_v(v:pkh(%/<2;3>/*),older(144))))",
        "tr(%/<0;1>/*,{pk(%/<2;3>/*),{multi_a(1,%/0/*,%/1/*),sortedmulti_a(1,%/7/*)}})",
        "tr(musig(%/1,%/2)/<0;1>/*)", "sh(wsh(sortedmulti(2,%/<0;1>/*,%/<2;3>/*)))",
        "wsh(thresh(2,pk(%/0/*),s:pk(%/1/*),sln:after(500000001),a:hash160(%)))",
        "wpkh([d34db33f/84h/1h/0h]%/<0;1>/*)", "combo(%/*)", "raw(00)",
    ]

    private func check(_ text: String, _ curve: borrowing Curve) -> Bool {
        do throws(DescriptorError) {
            let found = try OutputDescriptor(text, network: .test, curve: curve)
            let again = try OutputDescriptor(found.textWithChecksum, network: .test, curve: curve)
            #expect(again == found, "\(text)")
            _ = found.findings(ownFingerprint: .zero)
            return true
        } catch {
            #expect(!error.description.isEmpty)
            return false
        }
    }

    @Test("10,000 strings of words never stop the reader")
    func words() throws {
        let curve = try Curve()
        var chance = SatisfierTests.Chance(state: 3)
        var good = 0
        for _ in 0..<10_000 {
            let count = Int.random(in: 1...14, using: &chance)
            var text = ""
            for _ in 0..<count { text += Self.words.randomElement(using: &chance) ?? "" }
            let open = text.count { $0 == "(" } - text.count { $0 == ")" }
            if open > 0, Bool.random(using: &chance) {
                text += String(repeating: ")", count: open)
            }
            if check(text, curve) { good += 1 }
        }
        print("fuzz words: 10000 strings, \(good) are descriptors")
        #expect(good > 0)
    }

    @Test("5,000 good descriptors with bytes changed, cut or doubled never stop the reader")
    func mutations() throws {
        let curve = try Curve()
        var chance = SatisfierTests.Chance(state: 4)
        let key = DescriptorSanityTests.keys[1].split(separator: "]").last ?? ""
        var good = 0
        for round in 0..<5_000 {
            let seed = Self.seeds.randomElement(using: &chance) ?? ""
            var bytes = Array(seed.replacing("%", with: key).utf8)
            if seed.contains("hash160") {
                let digest = String(repeating: "ab", count: 20)
                let text = String(decoding: bytes, as: UTF8.self)
                bytes = Array(text.replacing("hash160(\(key))", with: "hash160(\(digest))").utf8)
            }
            for _ in 0..<(round % 4) {
                let place = Int.random(in: 0..<bytes.count, using: &chance)
                switch Int.random(in: 0..<4, using: &chance) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &chance)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(bytes[place], at: place)
                case _: bytes[place] = Array("(){},:/*h<>;".utf8)[place % 12]
                }
            }
            if check(String(decoding: bytes, as: UTF8.self), curve) { good += 1 }
        }
        print("fuzz mutations: 5000 strings, \(good) are descriptors")
        #expect(good >= 1_250)
    }

    private func reads(_ text: String) throws -> Bool {
        let curve = try Curve()
        return check(text, curve)
    }

    @Test("402 brackets, wrappers and fragments deep is the most; a bomb is refused at once")
    func bombs() throws {
        let key = "a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd"
        func wrapped(_ count: Int) -> String {
            "tr(\(key),\(String(repeating: "n", count: count)):pk(\(key)))"
        }
        // pk is two fragments.
        #expect(try reads(wrapped(400)))
        #expect(!(try reads(wrapped(401))))
        func nested(_ count: Int) -> String {
            let inner = String(repeating: "and_v(v:pk(\(key)),", count: count)
            return "tr(\(key),\(inner)1\(String(repeating: ")", count: count)))"
        }
        // The innermost v:pk is three fragments.
        #expect(try reads(nested(399)))
        #expect(!(try reads(nested(400))))
        func tree(_ depth: Int) -> String {
            let open = String(repeating: "{pk(\(key)),", count: depth)
            return "tr(\(key),\(open)pk(\(key))\(String(repeating: "}", count: depth)))"
        }
        #expect(try reads(tree(128)))
        #expect(!(try reads(tree(129))))
        for bomb in ["(", "{", "wsh(", "tr(", "musig(", "n", "[", "/0", ",", "pk(", "thresh(1,"] {
            let text = String(repeating: bomb, count: 250_000 / bomb.utf8.count)
            #expect(!(try reads(text)))
            #expect(!(try reads("tr(\(key),\(text))")))
        }
        #expect(!(try reads(String(repeating: "a", count: 300_000))))
        let parts = String(repeating: ",a:0", count: 1_000)
        #expect(try reads("tr(\(key),thresh(1,pk(\(key))\(parts.dropLast(4))))"))
        #expect(!(try reads("tr(\(key),thresh(1,pk(\(key))\(parts)))")))
    }
}
