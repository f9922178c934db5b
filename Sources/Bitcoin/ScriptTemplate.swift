package import BitcoinCrypto
package import Bytes

/// How a wallet of ours locks its coins. The raw value is its number in a bundle.
package enum OutputKind: UInt8, Sendable {
    /// `wpkh`: pay to the hash of one public key (BIP-141, BIP-84).
    case p2wpkh = 1
    /// `tr` without a tree: pay to one key, spent by its signature alone (BIP-341, BIP-86).
    case p2tr = 2
}

/// A scriptPubKey of a form that we build ourselves: at most 34 bytes, held in place.
package struct TemplateScript: Sendable {
    package static let byteCountMax = 34

    private var storage: InlineArray<34, UInt8>
    package let count: Int

    fileprivate init(opcode: UInt8, program: Span<UInt8>) {
        precondition(program.count == 20 || program.count == 32, "a witness program")
        storage = InlineArray(repeating: 0)
        count = 2 + program.count
        storage[0] = opcode
        storage[1] = UInt8(program.count)
        for index in program.indices {
            storage[2 + index] = program[index]
        }
    }

    package var bytes: Span<UInt8> {
        @_lifetime(borrow self) borrowing get {
            storage.span.extracting(0..<count)
        }
    }
}

/// Builds the scripts of our own wallets.
package enum ScriptTemplate {
    /// The script of one compressed public key, derived for one address.
    package static func script(
        _ kind: OutputKind,
        publicKey: Bytes33,
        curve: borrowing Curve
    ) throws(CryptoError) -> TemplateScript {
        switch kind {
        case .p2wpkh:
            return p2wpkh(keyHash: hash160(publicKey.span))
        case .p2tr:
            let output = try curve.taprootOutputKey(internalKey: publicKey, merkleRoot: nil)
            return p2tr(outputKey: output)
        }
    }

    package static func p2wpkh(keyHash: Bytes20) -> TemplateScript {
        TemplateScript(opcode: 0x00, program: keyHash.span)
    }

    package static func p2tr(outputKey: Bytes32) -> TemplateScript {
        TemplateScript(opcode: 0x51, program: outputKey.span)
    }
}
