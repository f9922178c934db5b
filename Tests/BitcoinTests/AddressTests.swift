import Bitcoin
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Addresses", .enabled(if: Vectors.present, Vectors.reason))
struct AddressTests {
    private static let networks: [Network] = [.main, .test, .testnet4, .signet, .regtest]

    private struct Row: Decodable {
        let string: String
        let scriptPubKey: String?
    }

    private func script(_ text: [UInt8], _ network: Network) throws -> String {
        try written { (writer: inout ByteWriter) throws(BitcoinError) in
            try Address.readScript(text.span, network: network, to: &writer)
        }.hex
    }

    private func text(_ script: [UInt8], _ network: Network) throws -> String {
        let bytes = try written { (writer: inout ByteWriter) throws(BitcoinError) in
            try Address.write(script: script.span, network: network, to: &writer)
        }
        var shown = ShownText()
        let hasAddress = shown.put(addressOf: script.span, network)
        #expect(hasAddress && shown.bytes == bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func isAddress(_ text: [UInt8]) -> Bool {
        Self.networks.contains { network in
            (try? script(text, network)) != nil
        }
    }

    @Test("BIP-350: 8 addresses stand for their scripts and back, 15 texts are no addresses")
    func bip350() throws {
        let file: [String: [Row]] = try Vectors.json("bitcoin/bip-0350/bech32_vectors.json")
        let valid = file.values.joined().filter { $0.scriptPubKey != nil }
        #expect(valid.count == 8)
        for row in valid {
            let network: Network = row.string.lowercased().hasPrefix("bc1") ? .main : .test
            #expect(try script(Array(row.string.utf8), network) == row.scriptPubKey)
            let back = try text([UInt8](hex: row.scriptPubKey ?? ""), network)
            #expect(back == row.string.lowercased())
        }
        let invalid = file.first { $0.key.contains("invalid segwit addresses") }?.value ?? []
        #expect(invalid.count == 15)
        for row in invalid {
            #expect(!isAddress(Array(row.string.utf8)), "\(row.string)")
        }
        Vectors.report("bip-0350", "8 addresses, 15 refused; 7 strings, 14 refused")
    }

    @Test("Core: the addresses among 70 valid texts stand for their scripts on their networks")
    func coreValid() throws {
        let rows = try keyIO("key_io_valid.json")
        #expect(rows.count == 70)
        var count = 0
        for row in rows {
            let address = try #require(row[0] as? String)
            let expected = try #require(row[1] as? String)
            let detail = try #require(row[2] as? [String: Any])
            guard detail["isPrivkey"] as? Bool == false else {
                #expect(!isAddress(Array(address.utf8)))
                continue
            }
            count += 1
            let chain = try #require(detail["chain"] as? String)
            let network = try #require(
                Self.networks.first { "\($0.name)" == (chain == "testnet" ? "test" : chain) }
            )
            #expect(try script(Array(address.utf8), network) == expected)
            #expect(try text([UInt8](hex: expected), network) == address.lowercasedIfSegwit)
            let other: Network = network == .main ? .signet : .main
            #expect(throws: BitcoinError.addressOfOtherNetwork) {
                try script(Array(address.utf8), other)
            }
            let flips = detail["tryCaseFlip"] as? Bool ?? false
            let flipped = address.utf8.map {
                $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a ? $0 ^ 0x20 : $0
            }
            #expect(isAddress(flipped) == flips)
        }
        #expect(count > 40)
        Vectors.report("core/unit/key_io", "\(count) addresses of 70, 70 refused")
    }

    @Test("Core: none of 70 invalid texts is an address on any network")
    func coreInvalid() throws {
        let rows = try keyIO("key_io_invalid.json")
        #expect(rows.count == 70)
        for row in rows {
            let address = try #require(row[0] as? String)
            #expect(!isAddress(Array(address.utf8)), "\(address)")
        }
    }

    @Test("A script without an address has none, and a text of 91 characters is none")
    func none() throws {
        for hex in ["", "6a", "51", "0014", "00150000000000000000000000000000000000000000000000"] {
            #expect(throws: BitcoinError.noAddressForm) { try text([UInt8](hex: hex), .main) }
            var shown = ShownText()
            let hasAddress = shown.put(addressOf: [UInt8](hex: hex).span, .main)
            #expect(!hasAddress && shown.bytes.isEmpty)
        }
        #expect(throws: BitcoinError.notAnAddress) {
            try script([UInt8](repeating: 0x31, count: 91), .main)
        }
        #expect(throws: BitcoinError.notAnAddress) { try script([], .main) }
    }

    @Test("What is shown byte by byte is what is written at once, for 20,000 random scripts")
    func shown() throws {
        var dice = Dice(seed: 7)
        var tally: [Bool: Int] = [:]
        for number in 0..<20_000 {
            let network = Self.networks[number % 5]
            let zeros = dice.chance(1, of: 4) ? dice.below(20) : 0
            let count = dice.pick([20, 20, 32, 2 + dice.below(40)])
            let body = (0..<count).map { $0 < zeros ? 0 : UInt8(truncatingIfNeeded: dice.next()) }
            let script: [UInt8] =
                switch dice.below(4) {
                case 0: [0x76, 0xa9, UInt8(count)] + body + [0x88, 0xac]
                case 1: [0xa9, UInt8(count)] + body + [0x87]
                case 2: [0, UInt8(count)] + body
                default: [UInt8(0x4f + dice.below(20)), UInt8(count)] + body
                }
            var shown = ShownText()
            let hasAddress = shown.put(addressOf: script.span, network)
            tally[hasAddress, default: 0] += 1
            if hasAddress {
                #expect(try text(script, network) == shown.text)
            } else {
                #expect(throws: BitcoinError.noAddressForm) { try text(script, network) }
            }
        }
        #expect(tally.values.allSatisfy { $0 > 4_000 }, "\(tally)")
    }

    @Test("An address that does not fit its buffer is refused")
    func room() {
        let script = [UInt8](hex: "0014" + String(repeating: "11", count: 20))
        #expect(throws: BitcoinError.self) {
            try written(capacity: 41) { (writer: inout ByteWriter) throws(BitcoinError) in
                try Address.write(script: script.span, network: .main, to: &writer)
            }
        }
    }

    private func keyIO(_ file: String) throws -> [[Any]] {
        let data = try Vectors.data("bitcoin/core/unit/\(file)")
        return try JSONSerialization.jsonObject(with: data) as? [[Any]] ?? []
    }
}

extension String {
    /// Segwit addresses are written in lower case, whichever case they were read in.
    fileprivate var lowercasedIfSegwit: String {
        let lower = lowercased()
        return ["bc1", "tb1", "bcrt1"].contains { lower.hasPrefix($0) } ? lower : self
    }
}
