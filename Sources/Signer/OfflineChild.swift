import BitcoinCrypto
import Bytes
package import LocalSocket
import SecretMemory

/// What is made of a child's entropy.
package enum ChildForm: Equatable, Sendable {
    /// English words: 12, 18 or 24.
    case words(Int)
    /// Bytes in hexadecimal: 16 to 64.
    case hex(Int)

    /// The steps of BIP-85 for the child of that form and number.
    func steps(_ index: UInt32) -> KeySteps {
        var steps = KeySteps()
        steps.append(ChildEntropy.purpose)
        switch self {
        case .words(let count):
            steps.append(39 | HD.hardened)
            steps.append(HD.hardened)
            steps.append(UInt32(count) | HD.hardened)
        case .hex(let count):
            steps.append(128_169 | HD.hardened)
            steps.append(UInt32(count) | HD.hardened)
        }
        steps.append(index | HD.hardened)
        return steps
    }
}

extension OfflineKeys {
    /// Writes the child of a form and number, then a line feed, and forgets the seed.
    package mutating func writeChild(
        _ form: ChildForm,
        _ index: UInt32,
        to output: borrowing Descriptor
    ) throws(SignerStop) {
        _ = try SignerStop.computing(derive(form.steps(index)))
        Self.replace(&secrets.node, &secrets.scratch)
        var count: Int
        switch form {
        case .words(let words):
            count = try HomeMaker.spell(secrets.node, words * 4 / 3, into: &secrets.moreWords)
        case .hex(let bytes):
            count = Self.digits(secrets.node, bytes, into: &secrets.moreWords)
        }
        var room = secrets.moreWords.mutableBytes
        room[count] = 0x0A
        count += 1
        try SignerStop.using(output.writeAll(secrets.moreWords.bytes.extracting(0..<count)))
        secrets.wipe()
    }

    private static func replace(_ node: inout SecretBytes, _ scratch: inout SecretBytes) {
        var bytes = node.mutableBytes
        var room = scratch.mutableBytes
        ChildEntropy.replace(&bytes, scratch: &room)
    }

    private static func digits(
        _ node: borrowing SecretBytes,
        _ count: Int,
        into text: inout SecretBytes
    ) -> Int {
        var room = text.mutableBytes
        return room.write { writer throws(ByteError) in
            try Hex.encode(node.bytes.extracting(0..<count), into: &writer)
        }
    }
}
