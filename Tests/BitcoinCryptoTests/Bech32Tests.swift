import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

/// The data of a text, as its own lower-case spelling made again from its parts.
private func respelled(_ text: [UInt8]) throws(CryptoError) -> (Bech32.Parts, String) {
    var data = [UInt8](repeating: 0, count: Bech32.dataCountMax)
    var span = data.mutableSpan
    let parts = try Bech32.decode(text.span, into: &span)
    let prefix = String(decoding: text[0..<parts.prefixCount], as: UTF8.self).lowercased()
    let values = [UInt8](data[0..<parts.dataCount])
    let again = try written { writer throws(CryptoError) in
        try Bech32.encode(
            parts.variant,
            prefix: [UInt8](text: prefix).span,
            data: values.span,
            into: &writer
        )
    }
    return (parts, String(decoding: again, as: UTF8.self))
}

/// The script of an address, or nil if it is none for the prefix.
private func script(_ address: [UInt8], prefix: String) throws(CryptoError) -> [UInt8] {
    var version: UInt8 = 0
    let program = try written { writer throws(CryptoError) in
        version = try SegwitAddress.decode(
            address.span,
            prefix: [UInt8](text: prefix).span,
            into: &writer
        )
    }
    return [version == 0 ? 0 : 0x50 + version, UInt8(program.count)] + program
}

private func address(
    prefix: String,
    version: UInt8,
    _ program: [UInt8]
) throws(CryptoError)
    -> String
{
    let text = try written { writer throws(CryptoError) in
        try SegwitAddress.encode(
            prefix: [UInt8](text: prefix).span,
            version: version,
            program: program.span,
            into: &writer
        )
    }
    return String(decoding: text, as: UTF8.self)
}

@Suite("Bech32")
struct Bech32Tests {
    @Test("Every witness version and length has an address that comes back, or none at all")
    func programs() throws {
        for version in UInt8(0)...18 {
            for count in 0...42 {
                let program = [UInt8]((0..<count).map { UInt8($0 &* 37 & 0xFF) })
                let isGood =
                    version == 0 ? [20, 32].contains(count) : (2...40).contains(count)
                if version <= 16 && isGood {
                    let text = try address(prefix: "bcrt", version: version, program)
                    let expected = [version == 0 ? 0 : 0x50 + version, UInt8(count)] + program
                    #expect(try script([UInt8](text: text), prefix: "bcrt") == expected)
                } else {
                    #expect(throws: CryptoError.invalidProgram(version: version, count: count)) {
                        try address(prefix: "bcrt", version: version, program)
                    }
                }
            }
        }
    }

    @Test("Any one changed character is noticed")
    func checksum() throws {
        let text = try [UInt8](text: address(prefix: "bc", version: 1, [UInt8](1...32)))
        for index in 3..<text.count {
            var other = text
            other[index] = text[index] == 0x71 ? 0x70 : 0x71
            #expect(throws: CryptoError.wrongChecksum) { try script(other, prefix: "bc") }
        }
    }

    @Test("An address of another network is refused, also one whose prefix is a part of ours")
    func network() throws {
        let text = try [UInt8](text: address(prefix: "bcrt", version: 1, [UInt8](1...32)))
        for prefix in ["bc", "tb", "bcrtx", ""] {
            #expect(throws: CryptoError.wrongPrefix) { try script(text, prefix: prefix) }
        }
    }

    @Test("An upper-case or empty prefix is not written")
    func prefixes() {
        #expect(throws: CryptoError.invalidCharacter(at: 1)) {
            try address(prefix: "bC", version: 0, [UInt8](1...20))
        }
        #expect(throws: CryptoError.malformedText) {
            try address(prefix: "", version: 0, [UInt8](1...20))
        }
    }
}

@Suite("Vectors: Bech32", .enabled(if: Vectors.present, Vectors.reason))
struct Bech32Conformance {
    struct Case: Decodable {
        let prefixByte: String?
        let string: String
        let suffixByte: String?
        let scriptPubKey: String?

        enum CodingKeys: String, CodingKey {
            case prefixByte = "prefix_byte"
            case suffixByte = "suffix_byte"
            case string, scriptPubKey
        }

        var bytes: [UInt8] {
            let ends = [prefixByte, suffixByte].map { text in
                text.map { [UInt8](hex: String($0.dropFirst(2))) } ?? []
            }
            return ends[0] + [UInt8](text: string) + ends[1]
        }
    }

    private func sections(_ bip: String) throws -> [[Case]] {
        let file: [String: [Case]] = try Vectors.json("bitcoin/\(bip)/bech32_vectors.json")
        let order = ["strings are valid", "not valid Bech32", "gives valid", "gives invalid"]
        return try order.map { part in
            let names = file.keys.filter {
                $0.contains(part) || part == order[1] && $0.contains("string are not")
            }
            return try file[#require(names.first)] ?? []
        }
    }

    @Test(
        "Strings: 7 valid and 12 invalid of Bech32, 7 and 14 of Bech32m",
        arguments: [("bip-0173", 12, Bech32.Variant.bech32), ("bip-0350", 14, .bech32m)]
    )
    func strings(bip: String, invalidCount: Int, variant: Bech32.Variant) throws {
        let sections = try sections(bip)
        for test in sections[0] {
            let (parts, text) = try respelled(test.bytes)
            #expect(parts.variant == variant)
            #expect(text == test.string.lowercased())
        }
        #expect(sections[0].count == 7)
        for test in sections[1] {
            #expect(throws: CryptoError.self, "\(test.string)") {
                let (parts, _) = try respelled(test.bytes)
                // A good checksum of the other kind is not valid in this one.
                guard parts.variant == variant else { throw CryptoError.wrongChecksum }
            }
        }
        #expect(sections[1].count == invalidCount)
        if bip == "bip-0173" {
            Vectors.report("bip-0173", "7 strings, 12 refused; 6 addresses, 10 refused")
        }
    }

    @Test("Addresses of BIP-350: 8 valid with their scripts, 15 invalid")
    func addresses() throws {
        let sections = try sections("bip-0350")
        for test in sections[2] {
            let prefix = String(test.string.prefix(2)).lowercased()
            let expected = try #require(test.scriptPubKey)
            let found = try script(test.bytes, prefix: prefix)
            #expect(found.hex == expected)
            let version = found[0] == 0 ? 0 : found[0] - 0x50
            let again = try address(prefix: prefix, version: version, [UInt8](found[2...]))
            #expect(again == test.string.lowercased())
        }
        #expect(sections[2].count == 8)
        for test in sections[3] {
            for prefix in ["bc", "tb"] {
                #expect(throws: CryptoError.self, "\(test.string)") {
                    try script(test.bytes, prefix: prefix)
                }
            }
        }
        #expect(sections[3].count == 15)
    }

    @Test("Addresses of BIP-173: the 10 invalid, and of the 6 valid the 3 of version 0")
    func olderAddresses() throws {
        let sections = try sections("bip-0173")
        var valid = 0
        for test in sections[2] {
            let prefix = String(test.string.prefix(2)).lowercased()
            if test.scriptPubKey?.hasPrefix("00") == true {
                #expect(try script(test.bytes, prefix: prefix).hex == test.scriptPubKey)
                valid += 1
            } else {
                #expect(throws: CryptoError.wrongChecksum) {
                    try script(test.bytes, prefix: prefix)
                }
            }
        }
        #expect(sections[2].count == 6 && valid == 3)
        for test in sections[3] {
            for prefix in ["bc", "tb"] {
                #expect(throws: CryptoError.self, "\(test.string)") {
                    try script(test.bytes, prefix: prefix)
                }
            }
        }
        #expect(sections[3].count == 10)
    }
}
