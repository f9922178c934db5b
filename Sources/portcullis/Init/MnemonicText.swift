private import CLinux
import Front
import LocalSocket

private import enum Wallet.NormalForm
private import enum Wallet.NormalFormError

/// A text that BIP-39 hashes, in the one form in which it is hashed (NFKD), on its way to the
/// signer: the words to restore, or their passphrase. It is wiped here once it is in the pipe.
enum MnemonicText {
    case words, passphrase

    /// The most bytes in the form in which it was typed, and in the form that is hashed.
    private static let typedByteCountMax = 8_192
    private static let byteCountMax = 2_048

    /// Reads it from the descriptor that was named, and gives one that holds the normal form.
    func normalized(descriptor number: Int32) throws(FrontError) -> Descriptor {
        let what =
            switch self {
            case .words: "the mnemonic of --mnemonic-fd"
            case .passphrase: "the words' passphrase of --mnemonic-passphrase-fd"
            }
        let typed = try Secret.readWhole(
            descriptor: number,
            limit: Self.typedByteCountMax,
            what: what
        )
        guard let typed else { throw refusal(.tooLong) }
        let text: Secret
        do throws(NormalFormError) {
            text = try Self.normalForm(of: typed)
        } catch {
            throw refusal(error)
        }
        return try Pipe.holding(text)
    }

    private static func normalForm(of typed: borrowing Secret) throws(NormalFormError) -> Secret {
        // A character has a byte at least: where the result has room, so have the characters.
        var scratch = [UInt32](repeating: 0, count: byteCountMax)
        defer { wipe(&scratch) }
        let text = typed.span
        return try Secret(limit: byteCountMax) { room throws(NormalFormError) in
            var characters = scratch.mutableSpan
            return try NormalForm.decompose(text, scratch: &characters, into: &room)
        }
    }

    private static func wipe(_ scratch: inout [UInt32]) {
        // SAFETY: the array is ours, and all its bytes are borrowed for the call.
        unsafe scratch.withUnsafeMutableBytes { bytes in
            unsafe linux_wipe(bytes.baseAddress, bytes.count)
        }
    }

    /// What is wrong with it, without a character of it.
    private func refusal(_ error: NormalFormError) -> FrontError {
        let reason =
            switch error {
            case .notUTF8(let place): "not UTF-8 text (byte \(place), counted from 0)"
            case .unknownCharacter(let place):
                "of a character that this version does not know (character \(place), counted from "
                    + "0), so that its normal form (NFKD) is not sure"
            case .tooLong: "over \(Self.byteCountMax) bytes in its normal form (NFKD)"
            }
        switch self {
        case .words: return MnemonicText.noWords("the words to restore are \(reason)")
        case .passphrase:
            return .refused(
                RefusalReport(
                    .mnemonicPassphraseInvalid,
                    message: "the passphrase of the mnemonic is \(reason)",
                    remedy: "give it in UTF-8, exactly as it was when the seed was made"
                )
            )
        }
    }

    static func noWords(_ message: String) -> FrontError {
        .refused(
            RefusalReport(
                .mnemonicInvalid,
                message: message,
                remedy: "compare each word with what was written down"
            )
        )
    }
}
