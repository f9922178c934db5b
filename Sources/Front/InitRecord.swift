private import Bitcoin
package import BitcoinCrypto
package import Bytes
private import Policy
private import Wallet

/// What the signer tells of a new home: the public half of all that it made.
///
/// `homeID[32] | auditPublicKey[32] | fingerprint[4] | u16 count | key*`, a key being
/// `walletID[32] | depth u8 | parentFingerprint[4] | childNumber u32 | chainCode[32] | key[33]`:
/// the own keys of each wallet in their order.
package struct InitRecord: Sendable {
    package let homeID: Bytes32
    package let auditKey: Bytes32
    package let fingerprint: FixedBytes<4>
    package let accounts: [(id: Bytes32, key: ExtendedPublicKey)]

    /// The most bytes of a record: as many own keys as a bundle has nodes for.
    package static let byteCountMax = 70 + 1_024 * 106

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

    /// The facts of the new home, with the own keys of each wallet of the policy.
    package func facts(
        _ bundle: BundleFacts,
        users: HomeFacts.Users?
    ) throws(FrontError) -> HomeFacts {
        guard let network = Network(rawValue: bundle.network) else {
            throw .failed("the policy is for network \(bundle.network), which there is not")
        }
        let curve: Curve
        do {
            curve = try Curve(blindingSeed: nil)
        } catch {
            throw .failed("the curve library does not start: \(error)")
        }
        var wallets: [RegisteredWallet] = []
        for wallet in bundle.wallets {
            let keys = accounts.filter { $0.id == wallet.template.id }.map(\.key)
            let filling = WalletFilling(
                wallet: wallet,
                network: network,
                fingerprint: fingerprint,
                keys: keys,
                allOwnKeys: accounts.map(\.key)
            )
            wallets.append(try filling.registered(curve))
        }
        try WalletFilling.requireOwnOutputs(wallets, curve)
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
            wallets: try wallets.map { wallet throws(FrontError) in
                try WalletFacts(wallet, network: network)
            },
            users: users
        )
    }
}
