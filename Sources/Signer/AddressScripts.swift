import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// The scripts of the wallets' addresses, remembered as their keys are.
struct AddressScripts: ~Copyable {
    /// `u64 wallet, branch and index | AddressScript`
    private static let entryByteCount = 8 + AddressScript.byteCount
    private static let entryCount = 1 << 13

    private var entries: Arena

    init() throws(SignerStop) {
        entries = try Arena(needing: Self.entryCount * Self.entryByteCount)
    }

    /// The script that a claim leads to; its branch and index were checked.
    mutating func script(
        _ claim: OwnerClaim,
        _ wallet: OwnWallet,
        _ record: WalletRecord,
        _ keys: inout PublicKeys,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> AddressScript {
        let name = wallet.name(claim)
        let start =
            (Int(claim.index) + 2_531 * Int(name >> 32)) % Self.entryCount * Self.entryByteCount
        if entries.number(at: start, byteCount: 8) == name {
            return AddressScript(entries.bytes.extracting(start + 8..<start + Self.entryByteCount))
        }
        try keys.derive(claim, wallet, record, curve)
        let made = try Self.make(wallet.kind, record, keys, curve)
        entries.store(name, at: start, byteCount: 8)
        made.store(in: &entries, at: start + 8)
        return made
    }

    /// The script of the keys that were derived last.
    private static func make(
        _ kind: OutputKind,
        _ record: WalletRecord,
        _ keys: borrowing PublicKeys,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> AddressScript {
        let key = keys.derivedKey(0)
        var leaves = record.leaves
        switch kind {
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH:
            return AddressScript(try ScriptTemplate.script(kind, publicKey: key, curve: curve))
        case .p2shScript, .p2wshScript, .p2shP2WSHScript:
            guard let leaf = leaves.next() else { preconditionFailure("a checked wallet") }
            let filled = FilledLeaf(leaf.template, keys: keys.derivedKeys)
            return AddressScript(ScriptTemplate.script(kind, paying: filled))
        case .p2trTree:
            var tree = TapTree()
            while let leaf = leaves.next() {
                let filled = FilledLeaf(leaf.template, keys: keys.derivedKeys)
                tree.add(filled.tapLeafHash(version: leaf.version), depth: leaf.depth)
            }
            let root = tree.root
            let output = try curve.taprootOutputKey(internalKey: key, merkleRoot: root)
            return AddressScript(ScriptTemplate.p2tr(outputKey: output), merkleRoot: root)
        }
    }
}

/// The scriptPubKey of an address, and the root of the tree in it where there is one.
struct AddressScript: Sendable {
    static let byteCount = 67

    private let scriptByteCount: Int
    private let scriptBytes: FixedBytes<34>
    let merkleRoot: Bytes32

    init(_ script: TemplateScript, merkleRoot: Bytes32 = .zero) {
        scriptByteCount = script.count
        var bytes = FixedBytes<34>.zero
        var room = bytes.mutableSpan
        room.store(script.bytes, at: 0)
        scriptBytes = bytes
        self.merkleRoot = merkleRoot
    }

    /// Reads `u8 scriptByteCount | script[34] | merkleRoot[32]`, as `store` left it.
    init(_ record: Span<UInt8>) {
        scriptByteCount = Int(record[0])
        scriptBytes = FixedBytes<34>(copying: record.extracting(1..<35))
        merkleRoot = Bytes32(copying: record.extracting(35..<67))
    }

    /// The scriptPubKey.
    var script: Span<UInt8> {
        @_lifetime(borrow self) get { scriptBytes.span.extracting(0..<scriptByteCount) }
    }

    func store(in bytes: inout Arena, at place: Int) {
        bytes.store(UInt64(scriptByteCount), at: place, byteCount: 1)
        bytes.store(scriptBytes.span, at: place + 1)
        bytes.store(merkleRoot.span, at: place + 35)
    }
}
