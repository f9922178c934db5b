import Foundation
import TestSupport
import Testing

/// Every file of the shared vectors of Bitcoin is either read by a suite that prints its count, or
/// stands in the list of those that are not, with the reason.
@Suite("Vectors of Bitcoin", .enabled(if: Vectors.present, Vectors.reason))
struct VectorSuiteTests {
    /// The beginning of the files' names, the name that the suite prints, and the test that reads
    /// them. Where the name is put together in the test, its parts stand there.
    private static let suites: [(files: String, suite: String, test: String)] = [
        ("bip-0032/", "bip-0032", "BitcoinCryptoTests/KeyConformance"),
        ("bip-0039/", "bip-0039", "BitcoinCryptoTests/KeyConformance"),
        ("bip-0049/", "bip-0049", "WalletTests/DescriptorTests"),
        ("bip-0067/", "bip-0067", "BitcoinTests/FilledLeafTests"),
        ("bip-0084/", "bip-0084", "BitcoinCryptoTests/KeyConformance"),
        ("bip-0085/", "bip-0085", "BitcoinCryptoTests/ChildEntropyTests"),
        ("bip-0086/", "bip-0086", "BitcoinCryptoTests/KeyConformance"),
        ("bip-0143/sighash_cases.json", "bip-0143", "BitcoinTests/ScriptSighashTests"),
        ("bip-0173/", "bip-0173", "BitcoinCryptoTests/Bech32Tests"),
        ("bip-0174/psbt_vectors.json", "bip-0174", "WalletTests/PSBTVectorTests"),
        ("bip-0322/", "bip-0322", "BitcoinTests/SignedMessageTests"),
        ("bip-0327/key_", "bip-0327", "WalletTests/Descriptors/DescriptorVectorTests"),
        ("bip-0328/", "bip-0328", "WalletTests/Descriptors/DescriptorVectorTests"),
        ("bip-0340/", "bip-0340", "BitcoinCryptoTests/CurveConformance"),
        ("bip-0341/", "bip-0341", "WalletTests/Descriptors/DescriptorVectorTests"),
        ("bip-0350/", "bip-0350", "BitcoinTests/AddressTests"),
        ("bip-0370/", "bip-0370", "WalletTests/PSBTVectorTests"),
        ("bip-0371/", "bip-0371", "WalletTests/PSBTVectorTests"),
        ("bip-0373/psbt_vectors.json", "bip-0373", "WalletTests/PSBTVectorTests"),
        ("bip-0380/", "bip-0380", "WalletTests/Descriptors/DescriptorVectorTests"),
        ("bip-0388/", "bip-0388", "WalletTests/Descriptors/WalletPolicyTests"),
        ("bip-0389/", "bip-0389", "WalletTests/Descriptors/DescriptorVectorTests"),
        (
            "core/descriptor_tests/", "core/descriptor_tests",
            "WalletTests/Descriptors/CoreDescriptorTests"
        ),
        (
            "core/functional/rpc_bip67.json", "core/functional/rpc_bip67",
            "BitcoinTests/CoreVectorTests"
        ),
        (
            "core/functional/rpc_decodescript.json", "core/functional/rpc_decodescript",
            "BitcoinTests/CoreVectorTests"
        ),
        ("core/functional/util/", "core/functional/util", "BitcoinTests/CoreVectorTests"),
        (
            "core/unit/bip341_wallet_vectors.json", "core/unit/bip341_wallet_vectors",
            "BitcoinTests/CoreVectorTests"
        ),
        ("core/unit/tx_invalid.json", "core/unit/tx_invalid", "BitcoinTests/CoreVectorTests"),
        (
            "rust-bitcoin/bip341_tests.json", "rust-bitcoin/bip341_tests",
            "BitcoinTests/CoreVectorTests"
        ),
        ("core/functional/rpc_psbt.json", "core/functional", "WalletTests/PSBTVectorTests"),
        ("core/miniscript/", "core/miniscript", "WalletTests/Miniscript/MiniscriptVectorTests"),
        (
            "core/unit/base58_encode_decode.json", "core/unit/base58_encode_decode",
            "BitcoinCryptoTests/Base58Tests"
        ),
        ("core/unit/key_io_", "core/unit/key_io", "BitcoinTests/AddressTests"),
        ("core/unit/sighash.json", "core/unit/sighash", "BitcoinTests/ScriptSighashTests"),
        ("core/unit/tx_valid.json", "core/unit/tx_valid", "BitcoinTests/TransactionReaderTests"),
        ("core/unit/script_tests.json", "engine/script_tests", "SystemTests/test_judge.py"),
        ("hwi/bip32_vectors.json", "hwi/bip32_vectors", "BitcoinCryptoTests/KeyConformance"),
        ("hwi/test_bip32.json", "hwi/test_bip32", "BitcoinCryptoTests/KeyFormatConformance"),
        ("hwi/test_psbt.json", "hwi/test_psbt", "WalletTests/PSBTVectorTests"),
        ("jade/psbt_ss_p2wpkh.json", "jade", "WalletTests/SigningVectorTests"),
        ("jade/psbt_ss_p2tr_default_all.json", "jade", "WalletTests/SigningVectorTests"),
        (
            "rust-bitcoin/legacy_sighash.json", "rust-bitcoin/legacy_sighash",
            "BitcoinTests/ScriptSighashTests"
        ),
        ("rust-miniscript/", "rust-miniscript", "WalletTests/Miniscript/MiniscriptVectorTests"),
        ("wycheproof/ecdsa_", "wycheproof/ecdsa", "BitcoinCryptoTests/CurveConformance"),
        ("wycheproof/ed25519_", "wycheproof/ed25519", "BitcoinCryptoTests/AuthenticationTests"),
        ("wycheproof/hmac_", "wycheproof/hmac", "BitcoinCryptoTests/AuthenticationTests"),
        (
            "wycheproof/xchacha20_poly1305_", "wycheproof/xchacha20_poly1305",
            "BitcoinCryptoTests/SealingTests"
        ),
    ]

    /// Suites with one loop over several folders.
    private static let loops: [(files: String, name: String, test: String)] =
        [381, 382, 383, 384, 385, 386, 387, 390].map {
            ("bip-0\($0)/", "\($0)", "WalletTests/Descriptors/DescriptorVectorTests")
        }
        + [
            "combine_psbt_hex", "create_psbt_hex", "finalize_psbt_hex", "lex_", "psbt1.hex",
            "psbt2.hex", "psbt_base64.json", "psbt_combined.hex", "psbt_fuzz", "sign_", "update_",
        ].map { ("rust-bitcoin/\($0)", $0, "WalletTests/PSBTRoleVectorTests") }

    /// What nothing reads, and why.
    private static let unread: [(files: String, reason: String)] = [
        ("argon2/", "the memory of libsodium's Argon2id block by block, which it does not show"),
        ("bip-0143/vectors.txt", "the prose that sighash_cases.json was taken from"),
        ("bip-0158/", "block filters: no chain is read yet"),
        ("bip-0174/walkthrough.txt", "the prose of the cases in psbt_vectors.json"),
        ("bip-0327/det_sign", "MuSig2 is recognised, not signed (decision record 0016)"),
        ("bip-0327/nonce_", "MuSig2 is recognised, not signed (decision record 0016)"),
        ("bip-0327/sig", "MuSig2 is recognised, not signed (decision record 0016)"),
        ("bip-0327/tweak", "tweaks of signing; the taproot tweak has the cases of BIP-341"),
        ("bip-0329/", "labels of wallets: nothing keeps any yet"),
        ("bip-0373/keys.txt", "private keys for MuSig2 signing (decision record 0016)"),
        ("core/functional/mainnet_alt.json", "blocks: no chain is read yet"),
        ("core/functional/rpc_getblockstats.json", "blocks: no chain is read yet"),
        ("core/headers/", "block headers: no chain is read yet"),
        ("core/unit/blockfilters.json", "block filters: no chain is read yet"),
        ("frost-rfc9591/", "FROST: the signer has no threshold signatures"),
        ("hwi/coldcard_xpubs.json", "keys of one device whose seed is not given"),
        ("jade/msg_simple.json", "signed at the path m/0, where no wallet can be here"),
        ("jade/psbt_ss_p2wsh_multisig.json", "a registered multisig whose cosigner is not given"),
        ("jade/psbt_tm_wrong_network_type.json", "about Liquid, which no home can be for"),
        ("jade/signers.json", "which seed signs which file: TestSigner has it"),
        ("rust-bitcoin/block_13b8a.hex", "blocks: no chain is read yet"),
        ("rust-bitcoin/merkle_block.hex", "Merkle blocks: no chain is read yet"),
        ("rust-bitcoin/psbt_bincode", "a serialization of one Rust crate"),
        ("rust-bitcoin/testnet_block_", "blocks: no chain is read yet"),
        ("slip39/", "Shamir backups: seeds are restored from BIP-39 words alone"),
        ("spake2/", "password-authenticated key exchange: nothing is paired yet"),
        ("spv/", "Merkle proofs: no chain is read yet"),
        ("wycheproof/chacha20_", "the signer seals with XChaCha20-Poly1305, whose cases are read"),
        ("wycheproof/hkdf_", "no key is derived by HKDF"),
    ]

    private static func files() throws -> [String] {
        let root = Vectors.root.appending(path: "bitcoin")
        let found = try FileManager.default.subpathsOfDirectory(atPath: root.path)
        // A folder is what other paths begin with.
        let folders = Set(
            found.compactMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
        )
        return found.filter { path in
            !folders.contains(path) && !path.hasSuffix("SOURCE.txt") && path != "SHA256SUMS"
        }
    }

    @Test("Every file is read by a suite that prints its count, or is known not to be")
    func everyFile() throws {
        let files = try Self.files()
        #expect(files.count > 100)
        let known =
            Self.suites.map(\.files) + Self.loops.map(\.files) + Self.unread.map(\.files)
        for file in files {
            let places = known.filter { file.hasPrefix($0) }
            #expect(places.count == 1, "\(file) is in \(places)")
        }
        for name in known {
            #expect(files.contains { $0.hasPrefix(name) }, "\(name): there is no such file")
        }
        for one in Self.unread { #expect(one.reason.count > 15) }
        Vectors.report("bitcoin", "\(files.count) files, \(Self.unread.count) groups not read")
    }

    @Test("Every suite says how many cases ran")
    func everySuite() throws {
        for (files, suite, test) in Self.suites {
            let text = try Self.text(test)
            let names = [
                "Vectors.report(\"\(suite)\"", "            \"\(suite)\",\n",
                "figure(f\"vectors \(suite): ",
            ]
            let isNamed = names.contains { text.contains($0) }
            // Where the file is an argument of the test, so is the name.
            let isComputed =
                text.contains("Vectors.report(\n            String(file.dropLast(5))")
                && text.contains("\(suite).json")
            #expect(isNamed || isComputed, "\(files): \(test) reports no \(suite)")
        }
        for (files, name, test) in Self.loops {
            let text = try Self.text(test)
            #expect(text.contains(name) && text.contains("Vectors.report("), "\(files) in \(test)")
        }
    }

    private static func text(_ test: String) throws -> String {
        let path = test.hasSuffix(".py") ? "Tests/\(test)" : "Tests/\(test).swift"
        let url = Vectors.repository.appending(path: path)
        return try String(contentsOf: url, encoding: .utf8)
    }
}
