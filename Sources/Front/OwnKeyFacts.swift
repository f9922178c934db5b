private import Bitcoin
package import BitcoinCrypto
package import Bytes
import Wallet

/// A public key of the signer's, with its way from the master key: `[f5acc2fd/84h/1h/0h]tpub…`.
package struct OwnKeyFacts: Codable, Equatable, Sendable {
    /// Ready for a descriptor, but for the steps below it.
    package var key: String
    package var fingerprint: String
    /// Such as `m/84h/1h/0h`.
    package var path: String
    package var xpub: String

    package init(
        _ key: ExtendedPublicKey,
        fingerprint: Bytes4,
        path: [UInt32],
        isMain: Bool
    ) {
        let steps = KeyPath.text(path)
        self.fingerprint = fingerprint.hexDigits
        self.path = "m/\(steps)"
        xpub = ExtendedKeyText.write(key, network: isMain ? .main : .regtest)
        self.key = "[\(self.fingerprint)/\(steps)]\(xpub)"
    }

    /// The steps of a path as people write it, `m/84h/1'/0h` or without the `m/`.
    package static func path(_ text: String) throws(FrontError) -> [UInt32] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let names = parts.first == "m" ? parts.dropFirst() : parts[...]
        let steps = names.compactMap { KeyPath.step($0) }
        guard steps.count == names.count, (1...8).contains(steps.count),
            steps[0] >= KeyPath.hardened,
            steps.drop(while: { $0 >= KeyPath.hardened }).allSatisfy({ $0 < KeyPath.hardened })
        else {
            throw .usage(
                "the path \(text): expected 1 to 8 steps, the hardened ones first, such as "
                    + "48h/1h/0h/2h"
            )
        }
        return steps
    }

    /// The key at a path that is a wallet's own, or below one; nothing where there is none.
    package init?(_ path: [UInt32], in keys: WalletKeys) throws(FrontError) {
        for wallet in keys.wallets {
            for key in wallet.descriptor.keys.flatMap(\.participants) {
                guard let known = wallet.own.path(of: key), let origin = key.origin,
                    case .extended(var found) = key.source, path.starts(with: known)
                else { continue }
                let below = path.dropFirst(known.count)
                guard below.allSatisfy({ $0 < KeyPath.hardened }) else { continue }
                let curve = try WalletKeys.curve()
                do throws(CryptoError) {
                    for step in below { found = try found.child(step, curve: curve) }
                } catch {
                    throw .failed("no key can be derived there: \(error)")
                }
                self.init(
                    found,
                    fingerprint: origin.fingerprint,
                    path: path,
                    isMain: keys.network == .main
                )
                return
            }
        }
        return nil
    }

    /// What `portcullis-signer offline … xpub` writes: `fingerprint[4] | depth u8 |
    /// parentFingerprint[4] | childNumber u32 | chainCode[32] | key[33]`.
    package init(answer: [UInt8], path: [UInt32], isMain: Bool) throws(FrontError) {
        do throws(ByteError) {
            var reader = ByteReader(answer.span)
            let fingerprint = Bytes4(copying: try reader.readSpan(4))
            let depth = try reader.readUInt8()
            let parent = Bytes4(copying: try reader.readSpan(4))
            let child = try reader.readUInt32()
            let chainCode = try reader.readBytes32()
            let key = ExtendedPublicKey(
                depth: depth,
                parentFingerprint: parent,
                childNumber: child,
                chainCode: chainCode,
                key: try reader.readBytes33()
            )
            try reader.finish()
            self.init(key, fingerprint: fingerprint, path: path, isMain: isMain)
        } catch {
            throw .failed("the signer's answer cannot be read: \(error)")
        }
    }
}
