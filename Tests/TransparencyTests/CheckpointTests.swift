import Bytes
import TestSupport
import Testing
import Transparency

private let root = "NBUVmC1lDiNSDb1U1/zwr6G3DMOhakEdRk3JwayWwwE="
private let emptyRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

@Suite("Checkpoint")
struct CheckpointTests {
    @Test("Size 5 is written as the golden log has it, and read back")
    func roundTrip() throws {
        let origin = [UInt8](text: "gate.example/audit-test")
        let root = try hash(root)
        let text = try CheckpointText(origin: origin.span, size: 5, root: root)
        let expected =
            "gate.example/audit-test\n5\nNBUVmC1lDiNSDb1U1/zwr6G3DMOhakEdRk3JwayWwwE=\n"
        #expect(text.bytes.array == [UInt8](text: expected))
        let again = try Checkpoint(text: text.bytes)
        #expect(again.size == 5)
        #expect(again.root == root)
        #expect(again.origin.array == origin)
    }

    @Test(
        "A line that is not as specified is refused by its number",
        arguments: [
            ("", 0), ("\n5\n\(root)\n", 0), ("a", 0), ("a\n", 1), ("a\n\n\(root)\n", 1),
            ("a\n05\n\(root)\n", 1), ("a\n+5\n\(root)\n", 1), ("a\n-5\n\(root)\n", 1),
            ("a\n5 \n\(root)\n", 1), ("a\n9223372036854775808\n\(root)\n", 1),
            ("a\n18446744073709551616\n\(root)\n", 1),
            ("a\n99999999999999999999\n\(root)\n", 1), ("a\n5\n", 2), ("a\n5\n\(root)", 2),
            ("a\n5\n\(root.dropLast())\n", 2),
            ("a\n5\nNBUVmC1lDiNSDb1U1/zwr6G3DMOhakEdRk3JwayWwwF=\n", 2),
            ("a\n5\nNBUVmC1lDiNSDb1U1/zwr6G3DMOhakEdRk3JwayWww==\n", 2),
            ("a\n0\n\(root)\n", 2), ("a\n5\n\(root)\nextension\n", 3), ("a\n5\n\(root)\n\n", 3),
        ]
    )
    func malformed(_ text: String, _ line: Int) {
        #expect(throws: TransparencyError.malformedCheckpoint(line: line)) {
            let bytes = [UInt8](text: text)
            _ = try Checkpoint(text: bytes.span)
        }
    }

    @Test("Size 0 takes the empty tree's root, and 2⁶³ − 1 is the largest size")
    func sizes() throws {
        let empty = [UInt8](text: "a\n0\n\(emptyRoot)\n")
        #expect(try Checkpoint(text: empty.span).size == 0)
        let largest = [UInt8](text: "a\n9223372036854775807\n\(root)\n")
        #expect(try Checkpoint(text: largest.span).size == UInt64(Int64.max))
    }

    @Test("An origin of 160 bytes is written and one of 161 is refused")
    func longestOrigin() throws {
        let longest = [UInt8](repeating: 0x61, count: 160)
        let text = try CheckpointText(origin: longest.span, size: 1, root: .zero)
        #expect(text.bytes.count == 160 + 1 + 2 + 45)
        #expect(throws: TransparencyError.tooLong(count: 161, limit: 160)) {
            let over = [UInt8](repeating: 0x61, count: 161)
            _ = try CheckpointText(origin: over.span, size: 1, root: .zero)
        }
    }

    @Test("The longest origin with the largest size fits")
    func longestText() throws {
        let longest = [UInt8](repeating: 0x61, count: 160)
        let size = UInt64(Int64.max)
        let text = try CheckpointText(origin: longest.span, size: size, root: .zero)
        #expect(text.bytes.count == 160 + 1 + 20 + 45)
        #expect(throws: TransparencyError.sizeTooLarge(size + 1)) {
            _ = try CheckpointText(origin: longest.span, size: size + 1, root: .zero)
        }
    }

    @Test("A log's origin names network, home and number")
    func origin() throws {
        let home = Bytes32(
            hex: "00112233445566778899aabbccddeeff" + String(repeating: "f", count: 32)
        )
        let names = ["main", "test", "testnet4", "signet", "regtest"]
        for (number, name) in names.enumerated() {
            let origin = try LogOrigin(network: UInt8(number), homeID: home, logNumber: 7)
            let expected = "portcullis/\(name)/00112233445566778899aabbccddeeff/7"
            #expect(origin.bytes.array == [UInt8](text: expected))
        }
        let longest = try LogOrigin(network: 2, homeID: home, logNumber: .max)
        #expect(longest.bytes.count == 63)
        #expect(throws: TransparencyError.unknownNetwork(5)) {
            _ = try LogOrigin(network: 5, homeID: home, logNumber: 0)
        }
    }

    @Test(
        "Numbers are written in decimal and read back",
        arguments: [0, 1, 9, 10, 99, 100, 1_234_067, UInt64(Int64.max), UInt64.max]
    )
    func decimals(_ value: UInt64) throws {
        let text = try written { writer throws(ByteError) in try Decimal.write(value, to: &writer) }
        #expect(text == [UInt8](text: String(value)))
        let again = Decimal.parse(text.span)
        #expect(again == value)
        let limited = Decimal.parse(text.span, limit: value)
        #expect(limited == value)
        guard value > 0 else { return }
        let over = Decimal.parse(text.span, limit: value - 1)
        #expect(over == nil)
    }
}
