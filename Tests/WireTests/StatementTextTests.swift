import Bytes
import TestSupport
import Testing
import Wire

@Suite("The text that admins sign")
struct StatementTextTests {
    private let place = StatementPlace(
        homeID: Bytes32(repeating: 0xAB),
        logNumber: 3,
        logSize: 1_234,
        root: Bytes32(repeating: 0x01),
        epoch: 7
    )

    @Test("A refill names home, log, size, root, epoch and the new total, a line each")
    func refill() {
        let text = StatementText.refill(place, newTotal: 500_000_000)
        let expected = """
            portcullis refill
            home \(String(repeating: "ab", count: 32)) log 3
            size 1234 root \(String(repeating: "01", count: 32))
            epoch 7
            allowance 500000000 sat

            """
        #expect(text.bytes.array == Array(expected.utf8))
    }

    @Test("A recovery has the same lines but for the allowance, and another title")
    func recover() {
        let text = StatementText.recover(place)
        let expected = """
            portcullis recover
            home \(String(repeating: "ab", count: 32)) log 3
            size 1234 root \(String(repeating: "01", count: 32))
            epoch 7

            """
        #expect(text.bytes.array == Array(expected.utf8))
    }

    @Test("The largest numbers fit")
    func largest() {
        let last = StatementPlace(
            homeID: .zero,
            logNumber: .max,
            logSize: .max,
            root: .zero,
            epoch: .max
        )
        let text = StatementText.refill(last, newTotal: .max)
        #expect(text.bytes.array.suffix(25) == Array("18446744073709551615 sat\n".utf8).suffix(25))
    }
}
