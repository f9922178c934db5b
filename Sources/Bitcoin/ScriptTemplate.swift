package import BitcoinCrypto
package import Bytes

/// How a wallet of ours locks its coins. The raw value is its number in a bundle.
package enum OutputKind: UInt8, Sendable {
    /// `wpkh`: pay to the hash of one public key (BIP-141, BIP-84).
    case p2wpkh = 1
    /// `tr` without a tree: pay to one key, spent by its signature alone (BIP-341, BIP-86).
    case p2tr = 2
    /// `pkh`: pay to the hash of one public key, signed in the script (BIP-44).
    case p2pkh = 3
    /// `sh(wpkh)`: the first inside P2SH (BIP-49).
    case p2shP2WPKH = 4
    /// `sh` of a script.
    case p2shScript = 5
    /// `wsh` of a script.
    case p2wshScript = 6
    /// `sh(wsh)` of a script.
    case p2shP2WSHScript = 7
    /// `tr` with a script tree, or with an internal key that is not one own key.
    case p2trTree = 8

    /// Whether one own key says it all, so that a bundle holds no script for it.
    package var isOfOneKey: Bool {
        switch self {
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH: true
        case .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree: false
        }
    }
}

/// A scriptPubKey of a form that we build ourselves: at most 34 bytes, held in place.
package struct TemplateScript: Sendable {
    package static let byteCountMax = 34

    private var storage = InlineArray<34, UInt8>(repeating: 0)
    package private(set) var count = 0

    /// `number`, of `byteCount` bytes, stands before the length and the bytes of `program`.
    fileprivate init(_ number: UInt64, byteCount: Int, program: Span<UInt8>) {
        append(number, byteCount: byteCount)
        append(UInt64(program.count), byteCount: 1)
        for index in program.indices {
            append(UInt64(program[index]), byteCount: 1)
        }
    }

    /// Appends opcodes, the first in the lowest byte.
    fileprivate mutating func append(_ number: UInt64, byteCount: Int) {
        for index in 0..<byteCount {
            storage[count] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
            count += 1
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
    /// The script of one compressed public key, derived for one address of a kind of one key.
    package static func script(
        _ kind: OutputKind,
        publicKey: Bytes33,
        curve: borrowing Curve
    ) throws(CryptoError) -> TemplateScript {
        switch kind {
        case .p2wpkh:
            return p2wpkh(keyHash: hash160(publicKey.span))
        case .p2pkh:
            return p2pkh(keyHash: hash160(publicKey.span))
        case .p2shP2WPKH:
            let inner = p2wpkh(keyHash: hash160(publicKey.span))
            return p2sh(scriptHash: hash160(inner.bytes))
        case .p2tr:
            let output = try curve.taprootOutputKey(internalKey: publicKey, merkleRoot: nil)
            return p2tr(outputKey: output)
        case .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree:
            preconditionFailure("a kind of one key")
        }
    }

    /// The script that pays to a script of ours; for a tree see `p2tr`.
    package static func script(
        _ kind: OutputKind,
        paying leaf: borrowing FilledLeaf
    ) -> TemplateScript {
        let hash = leaf.sha256
        switch kind {
        case .p2shScript:
            return p2sh(scriptHash: RIPEMD160.hash(hash.span))
        case .p2wshScript:
            return p2wsh(scriptHash: hash)
        case .p2shP2WSHScript:
            let inner = p2wsh(scriptHash: hash)
            return p2sh(scriptHash: hash160(inner.bytes))
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH, .p2trTree:
            preconditionFailure("a kind of one script")
        }
    }

    package static func p2pkh(keyHash: Bytes20) -> TemplateScript {
        var script = TemplateScript(0xa976, byteCount: 2, program: keyHash.span)
        script.append(0xac88, byteCount: 2)
        return script
    }

    package static func p2sh(scriptHash: Bytes20) -> TemplateScript {
        var script = TemplateScript(0xa9, byteCount: 1, program: scriptHash.span)
        script.append(0x87, byteCount: 1)
        return script
    }

    package static func p2wpkh(keyHash: Bytes20) -> TemplateScript {
        TemplateScript(0x00, byteCount: 1, program: keyHash.span)
    }

    package static func p2wsh(scriptHash: Bytes32) -> TemplateScript {
        TemplateScript(0x00, byteCount: 1, program: scriptHash.span)
    }

    package static func p2tr(outputKey: Bytes32) -> TemplateScript {
        TemplateScript(0x51, byteCount: 1, program: outputKey.span)
    }
}
