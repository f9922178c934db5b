import Foundation
import Front
import Testing

@Suite("Base64 of a PSBT")
struct PSBTTextTests {
    @Test("What is written is Foundation's text, and is read back, at every length")
    func roundTrip() {
        var bytes: [UInt8] = []
        for number in 0..<300 {
            let text = PSBTText.encode(bytes)
            #expect(String(decoding: text, as: UTF8.self) == Data(bytes).base64EncodedString())
            #expect(PSBTText.decode(text) == bytes)
            bytes.append(UInt8(truncatingIfNeeded: number &* 167 &+ 89))
        }
    }

    @Test("White space may stand anywhere, in lines of any width")
    func whiteSpace() {
        let bytes = (0..<100).map { UInt8($0 * 2) }
        for extra in 0..<3 {
            let given = Array(bytes.dropLast(extra))
            let text = PSBTText.encode(given)
            for width in 1..<80 {
                var lines: [UInt8] = [0x20]
                for (place, character) in text.enumerated() {
                    lines.append(character)
                    if place % width == width - 1 { lines += [0x0D, 0x0A, 0x09] }
                }
                #expect(PSBTText.decode(lines) == given)
            }
        }
    }

    @Test(
        "What is no base64 is refused",
        arguments: [
            "cHNi!A==", "cHNiA", "cHNiAA", "cHNiAA=", "cHNiAA===", "=", "====", "cHNi=", "cHNi====",
            "cHN=cHNi", "cHNiAB==", "cHNiAAB=", "cHN-", "cHN_", "\u{e9}HNi", "cHNiAA=A",
        ]
    )
    func refused(text: String) {
        #expect(PSBTText.decode(Array(text.utf8)) == nil)
    }

    @Test("Nothing is nothing")
    func empty() {
        #expect(PSBTText.decode([]) == [])
        #expect(PSBTText.decode([0x0A]) == [])
        #expect(PSBTText.encode([]) == [])
    }
}
