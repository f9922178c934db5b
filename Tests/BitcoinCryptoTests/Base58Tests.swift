import BitcoinCrypto
import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Base58")
struct Base58Tests {
    @Test("Every string of one or two bytes, and zeros in front, come back")
    func roundTrip() throws {
        for first in 0..<256 {
            for second in stride(from: 0, to: 256, by: 5) {
                let bytes = [0, 0, UInt8(first), UInt8(second)]
                #expect(try base58Bytes(base58(bytes)) == bytes)
            }
        }
    }

    @Test("Base58 is the number in base 58: compared with plain long division")
    func againstLongDivision() throws {
        let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
        for value: UInt64 in [1, 57, 58, 59, 255, 256, 3_363, 3_364, .max - 1, .max] {
            var text = ""
            var rest = value
            while rest > 0 {
                text = String(alphabet[Int(rest % 58)]) + text
                rest /= 58
            }
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
            let significant = [UInt8](bytes.drop { $0 == 0 })
            #expect(try base58(significant) == text)
        }
    }

    @Test(
        "Characters that Base58 has not are refused",
        arguments: ["0", "O", "I", "l", " 1", "1 ", "1\n", "+", "é"]
    )
    func foreign(text: String) {
        let place = text.utf8.firstIndex { !"1".utf8.contains($0) }
        let at = place.map { text.utf8.distance(from: text.utf8.startIndex, to: $0) } ?? -1
        #expect(throws: CryptoError.invalidCharacter(at: at)) { try base58Bytes(text) }
    }

    @Test("A result at the end of its room is written; a byte more, or a text over 359, is refused")
    func room() throws {
        let bytes = [UInt8](repeating: 0xFF, count: 260)
        let text = try base58(bytes)
        #expect(try base58Bytes(text, room: 260) == bytes)
        #expect(throws: CryptoError.tooLong(count: 260, limit: 259)) {
            try base58Bytes(text, room: 259)
        }
        #expect(throws: CryptoError.tooLong(count: 261, limit: 260)) { try base58(bytes + [0]) }
        #expect(try base58Bytes(String(repeating: "1", count: 260)).count == 260)
        #expect(throws: CryptoError.tooLong(count: 261, limit: 260)) {
            try base58Bytes(String(repeating: "1", count: 261))
        }
        #expect(throws: CryptoError.tooLong(count: 360, limit: 359)) {
            try base58Bytes(String(repeating: "1", count: 360))
        }
    }

    @Test("A checksum guards every character; a text too short to have one is refused")
    func checksum() throws {
        let text = try base58Check([0] + [UInt8](repeating: 7, count: 20))
        var refused = 0
        for index in text.indices {
            var other = text
            other.replaceSubrange(index...index, with: text[index] == "z" ? "y" : "z")
            #expect(throws: CryptoError.self) { try base58CheckBytes(other) }
            refused += 1
        }
        #expect(refused == text.count)
        #expect(throws: CryptoError.wrongLength(expected: 4, found: 0)) { try base58CheckBytes("") }
        #expect(throws: CryptoError.wrongLength(expected: 4, found: 3)) {
            try base58CheckBytes("111")
        }
        #expect(try base58CheckBytes(base58Check([])) == [])
    }

    @Test("A refused text leaves nothing of it behind")
    func wiped() {
        var room = [UInt8](repeating: 9, count: 100)
        var span = room.mutableSpan
        let text = [UInt8](text: "5HxWvvfubhXpYYpS3tJkw6fq9jE9j18THftkZjHHfmFiWtmAbrk")
        #expect(throws: CryptoError.wrongChecksum) {
            _ = try Base58Check.decode(text.span, into: &span)
        }
        #expect(room == [UInt8](repeating: 0, count: 100))
    }
}

@Suite("Vectors: Base58", .enabled(if: Vectors.present, Vectors.reason))
struct Base58Conformance {
    @Test("Bitcoin Core's Base58: 21 cases both ways")
    func core() throws {
        let cases: [[String]] = try Vectors.json("bitcoin/core/unit/base58_encode_decode.json")
        for test in cases {
            let bytes = [UInt8](hex: test[0])
            #expect(try base58(bytes) == test[1])
            #expect(try base58Bytes(test[1]) == bytes)
        }
        #expect(cases.count == 21)
        Vectors.report("core/unit/base58_encode_decode", "\(cases.count) texts")
    }
}
