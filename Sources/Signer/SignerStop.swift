package import BitcoinCrypto
package import LocalSocket
package import SecretMemory
package import Wire

/// Why the signer ends. Every one of them is final: nothing is answered, the process exits, its
/// memory is gone.
package enum SignerStop: Error, Equatable, Sendable {
    /// The gate closed its end between two frames; the ordinary end.
    case gateGone
    /// The gate sent what the protocol does not have.
    case breach(FrameError)
    /// A frame that is permitted, but whose payload is not of its form.
    case malformed(MessageKind)
    /// A socket failed.
    case socket(SocketError)
    /// The state record may not have reached the disk. Nothing may be signed on it.
    case stateNotStored(SocketError)
    /// A signature did not verify, or the curve library refused a key: memory is not to be trusted.
    case curve(CryptoError)
    /// Another process holds the home.
    case homeInUse
    /// A descriptor or file of the home is not what it must be.
    case home(Refusal)
    /// There was no memory, or not of the kind that keys need.
    case memory(SecretMemoryError)
    /// The words given to `init` are no mnemonic, or were too many.
    case mnemonic(CryptoError)
    /// The passphrase of the mnemonic is not of a form that can be hashed.
    case mnemonicPassphrase
    /// A keystore without a passphrase is not made.
    case emptyPassphrase
    /// A passphrase that no unlock has room for.
    case passphraseTooLong
    /// The passphrase does not open the keystore.
    case wrongPassphrase
    /// Two wallets share an address, or one key stands for two cosigners.
    case ambiguousWallets

    /// The policy asks for what this signer does not enforce.
    case unsupportedPolicy

    /// The status that the process ends with.
    package var exitStatus: Int32 { end.status }

    /// What the process says before it ends.
    package var text: StaticString { end.text }

    private var end: (status: Int32, text: StaticString) {
        switch self {
        case .gateGone: (0, "signer: the gate is gone\n")
        case .homeInUse: (10, "signer: another process holds this home\n")
        case .home: (11, "signer: a file of the home is damaged or missing\n")
        case .memory: (12, "signer: no memory of the kind that keys need\n")
        case .mnemonic: (13, "signer: the words are no mnemonic (BIP-39)\n")
        case .emptyPassphrase: (14, "signer: the passphrase is empty\n")
        case .passphraseTooLong: (15, "signer: the passphrase is longer than 2,045 bytes\n")
        case .mnemonicPassphrase: (16, "signer: the passphrase of the words cannot be taken\n")
        case .ambiguousWallets: (18, "signer: two wallets share an address, or cosigners a key\n")
        case .wrongPassphrase: (19, "signer: the passphrase does not open the keystore\n")
        case .unsupportedPolicy:
            (25, "signer: the policy asks for what is not enforced yet (unsupported-policy)\n")
        case .breach: (20, "signer: the gate broke the protocol\n")
        case .malformed: (21, "signer: a frame was malformed\n")
        case .socket: (22, "signer: a socket failed\n")
        case .stateNotStored: (23, "signer: the state record could not be stored\n")
        case .curve: (24, "signer: a signature did not verify\n")
        }
    }
}

extension SignerStop {
    /// Gives what `value` takes of memory, or of the kernel's randomness; that there is none ends
    /// the process.
    static func needing<Value: ~Copyable>(
        _ value: @autoclosure () throws(SecretMemoryError) -> Value
    ) throws(SignerStop) -> Value {
        do throws(SecretMemoryError) {
            return try value()
        } catch {
            throw .memory(error)
        }
    }

    /// Gives what `value` reads from or writes to a descriptor; that it fails ends the process.
    static func using<Value>(
        _ value: @autoclosure () throws(SocketError) -> Value
    ) throws(SignerStop) -> Value {
        do throws(SocketError) {
            return try value()
        } catch {
            throw .socket(error)
        }
    }

    /// Gives what `value` computes; that it cannot be computed ends the process.
    static func computing<Value: ~Copyable>(
        _ value: @autoclosure () throws(CryptoError) -> Value
    ) throws(SignerStop) -> Value {
        do throws(CryptoError) {
            return try value()
        } catch {
            throw .curve(error)
        }
    }

    /// Gives what `value` makes of words and passphrases that somebody typed.
    static func spelling<Value>(
        _ value: @autoclosure () throws(CryptoError) -> Value
    ) throws(SignerStop) -> Value {
        do throws(CryptoError) {
            return try value()
        } catch {
            throw .mnemonic(error)
        }
    }
}

extension Arena {
    /// Memory without which the signer ends.
    init(needing byteCount: Int) throws(SignerStop) {
        self = try SignerStop.needing(Arena(byteCount: byteCount))
    }
}
