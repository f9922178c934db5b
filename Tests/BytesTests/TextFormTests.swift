import Bytes
import Foundation
import TestSupport
import Testing

@Suite("Hexadecimal and base64")
struct TextFormTests {
    @Test("Hexadecimal text is read in either case and written in lower case")
    func hex() throws {
        let bytes: [UInt8] = [0x00, 0x7F, 0xAB, 0xFF]
        #expect(try encodedHex(bytes) == "007fabff")
        #expect(try decodedHex("007fabff") == bytes)
        #expect(try decodedHex("007FAbfF") == bytes)
        #expect(try decodedHex("") == [])
    }

    @Test(
        "Text that is not hexadecimal is refused at its place",
        arguments: [
            ("0", ByteError.truncated(needed: 2, left: 1)), ("0g", .invalidCharacter(at: 1)),
            ("00/0", .invalidCharacter(at: 2)), ("00:0", .invalidCharacter(at: 2)),
            ("@0", .invalidCharacter(at: 0)), ("`0", .invalidCharacter(at: 0)),
            ("0x", .invalidCharacter(at: 1)), (" 0", .invalidCharacter(at: 0)),
        ]
    )
    func hexRefused(text: String, expected: ByteError) {
        #expect(failure { () throws(ByteError) in _ = try decodedHex(text) } == expected)
    }

    @Test(
        "Base64 of RFC 4648, section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ]
    )
    func base64Examples(plain: String, text: String) throws {
        #expect(try encodedBase64([UInt8](text: plain)) == text)
        #expect(try decodedBase64(text) == [UInt8](text: plain))
    }

    @Test("Base64 agrees with Foundation on every length up to 100 and on every byte")
    func base64AgainstFoundation() throws {
        var bytes: [UInt8] = []
        for index in 0..<256 {
            let text = try encodedBase64(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(try decodedBase64(text) == bytes)
            bytes.append(UInt8(truncatingIfNeeded: index &* 167 &+ 13))
        }
    }

    @Test(
        "Base64 with a second spelling, missing padding or foreign characters is refused",
        arguments: [
            ("Zg", ByteError.truncated(needed: 4, left: 2)),
            ("Zg=", .truncated(needed: 4, left: 3)),
            ("Zh==", .nonCanonical), ("Zm9=", .nonCanonical), ("Z===", .invalidCharacter(at: 1)),
            ("====", .invalidCharacter(at: 0)), ("Zg==Zg==", .invalidCharacter(at: 2)),
            ("Zm9v\n", .truncated(needed: 4, left: 1)), ("Zm 9", .invalidCharacter(at: 2)),
            ("Zm-_", .invalidCharacter(at: 2)), ("Zm=v", .invalidCharacter(at: 2)),
        ]
    )
    func base64Refused(text: String, expected: ByteError) {
        #expect(failure { () throws(ByteError) in _ = try decodedBase64(text) } == expected)
    }

    @Test("Text that does not fit is refused, text that just fits is not")
    func room() throws {
        let bytes: [UInt8] = [1, 2, 3]
        let fits = try written(capacity: 6) { writer throws(ByteError) in
            try Hex.encode(bytes.span, into: &writer)
        }
        #expect(fits.count == 6)
        let refused = failure { () throws(ByteError) in
            _ = try written(capacity: 5) { writer throws(ByteError) in
                try Hex.encode(bytes.span, into: &writer)
            }
        }
        #expect(refused == .full(needed: 6, left: 5))
        let refused64 = failure { () throws(ByteError) in
            _ = try written(capacity: 3) { writer throws(ByteError) in
                try Base64.encode(bytes.span, into: &writer)
            }
        }
        #expect(refused64 == .full(needed: 4, left: 3))
    }

    private func encodedHex(_ bytes: [UInt8]) throws -> String {
        let text = try written { writer throws(ByteError) in
            try Hex.encode(bytes.span, into: &writer)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func decodedHex(_ text: String) throws(ByteError) -> [UInt8] {
        let source = [UInt8](text: text)
        return try written { writer throws(ByteError) in
            try Hex.decode(source.span, into: &writer)
        }
    }

    private func encodedBase64(_ bytes: [UInt8]) throws -> String {
        let text = try written { writer throws(ByteError) in
            try Base64.encode(bytes.span, into: &writer)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func decodedBase64(_ text: String) throws(ByteError) -> [UInt8] {
        let source = [UInt8](text: text)
        return try written { writer throws(ByteError) in
            try Base64.decode(source.span, into: &writer)
        }
    }
}
