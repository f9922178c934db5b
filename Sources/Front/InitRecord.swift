private import Bitcoin
package import BitcoinCrypto
package import Bytes
private import Wallet

/// What the signer tells of a new home: the public half of all that it made.
///
/// `homeID[32] | auditPublicKey[32] | fingerprint[4] | u16 walletCount | wallet*`, a wallet being
/// `walletID[32] | depth u8 | parentFingerprint[4] | childNumber u32 | chainCode[32] | key[33]`.
package struct InitRecord: Sendable {
    package let homeID: Bytes32
    package let auditKey: Bytes32
    package let fingerprint: FixedBytes<4>
    package let accounts: [(id: Bytes32, key: ExtendedPublicKey)]

    /// The most bytes of a record: 64 wallets.
    package static let byteCountMax = 70 + 64 * 106

    /// Reads a whole record.
    package init(reading bytes: [UInt8]) throws(FrontError) {
        do {
            var reader = ByteReader(bytes.span)
            homeID = try reader.readBytes32()
            auditKey = try reader.readBytes32()
            fingerprint = FixedBytes<4>(copying: try reader.readSpan(4))
            var accounts: [(id: Bytes32, key: ExtendedPublicKey)] = []
            for _ in 0..<(try reader.readUInt16()) {
                let id = try reader.readBytes32()
                let depth = try reader.readUInt8()
                let parent = FixedBytes<4>(copying: try reader.readSpan(4))
                let child = try reader.readUInt32()
                let chainCode = try reader.readBytes32()
                let key = ExtendedPublicKey(
                    depth: depth,
                    parentFingerprint: parent,
                    childNumber: child,
                    chainCode: chainCode,
                    key: try reader.readBytes33()
                )
                accounts.append((id, key))
            }
            try reader.finish()
            self.accounts = accounts
        } catch {
            throw .failed("the signer's record of the new home cannot be read: \(error)")
        }
    }

    /// The facts of the new home, with one account key for each wallet of the policy.
    package func facts(
        _ bundle: BundleFacts,
        users: HomeFacts.Users?
    ) throws(FrontError) -> HomeFacts {
        guard let network = Network(rawValue: bundle.network) else {
            throw .failed("the policy is for network \(bundle.network), which there is not")
        }
        var wallets: [WalletFacts] = []
        for wallet in bundle.wallets {
            guard let account = accounts.first(where: { $0.id.hexDigits == wallet.id })?.key else {
                throw .failed("the signer derived no key for wallet \(wallet.name)")
            }
            wallets.append(try describe(wallet, account, network))
        }
        let name = "\(network.name)"
        let origin = "portcullis/\(name)/\(homeID.hexDigits.prefix(32))/0"
        return HomeFacts(
            network: name,
            homeID: homeID.hexDigits,
            fingerprint: fingerprint.hexDigits,
            auditKey: try Receipt.keyText(
                origin: [UInt8](origin.utf8),
                publicKey: [UInt8](copying: auditKey.span)
            ),
            policyHash: bundle.hash,
            wallets: wallets,
            users: users
        )
    }

    private func describe(
        _ wallet: BundleFacts.Wallet,
        _ account: ExtendedPublicKey,
        _ network: Network
    ) throws(FrontError) -> WalletFacts {
        let origin = KeyDerivation(fingerprint: fingerprint, path: wallet.steps)
        let kind: OutputKind = wallet.kind == "tr" ? .p2tr : .p2wpkh
        let texts = wallet.branches.map {
            Wallet.Descriptor(kind: kind, key: .account(account, origin: origin), branches: [$0])
                .textWithChecksum(network: network)
        }
        guard let receive = texts.first, let change = texts.last else {
            throw .failed("wallet \(wallet.name) has no branches")
        }
        return WalletFacts(
            name: wallet.name,
            id: wallet.id,
            kind: wallet.kind,
            fingerprint: fingerprint.hexDigits,
            account: "m/" + KeyPath.text(wallet.steps),
            xpub: ExtendedKeyText.write(account, network: network),
            receive: receive,
            change: change,
            branches: wallet.branches,
            indexMax: wallet.indexMax
        )
    }
}
