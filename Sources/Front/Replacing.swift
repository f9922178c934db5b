package import Bytes
import Wallet

/// A payment that is replaced, as it was asked for then. Its PSBT stands in the attachment, in
/// front of that of the payment to sign.
package struct ReplacedPSBT: Codable, Equatable, Sendable {
    package var byteCount: Int
    /// To the host's contribution then, hexadecimal; nothing where there was none.
    package var commitment: String?

    package init(byteCount: Int, commitment: String? = nil) {
        self.byteCount = byteCount
        self.commitment = commitment
    }
}

/// A PSBT to sign, and those that it replaces: the original, then each that replaced the one
/// before it.
package struct PaymentToSign: Sendable {
    package struct Replaced: Sendable {
        package var psbt: [UInt8]
        /// To what the host contributed to its nonces.
        package var commitment: Bytes32?

        package init(psbt: [UInt8], commitment: Bytes32?) {
            self.psbt = psbt
            self.commitment = commitment
        }
    }

    /// The most that one request may name: each is read and derived as if it were to be signed.
    package static let replacedCountMax = 16

    package let psbt: [UInt8]
    package let replaced: [Replaced]

    package init(_ psbt: [UInt8], replacing replaced: [Replaced]) {
        self.psbt = psbt
        self.replaced = replaced
    }

    /// What goes with a request.
    package var attachment: [UInt8] { replaced.flatMap(\.psbt) + psbt }

    /// What a request says of the attachment; nothing where that is the PSBT alone.
    package var replaces: [ReplacedPSBT]? {
        guard !replaced.isEmpty else { return nil }
        return replaced.map { one in
            ReplacedPSBT(byteCount: one.psbt.count, commitment: one.commitment?.hexDigits)
        }
    }

    /// Takes an attachment apart.
    package init(_ attachment: [UInt8], _ replaces: [ReplacedPSBT]?) throws(FrontError) {
        let count = replaces?.count ?? 0
        guard count <= Self.replacedCountMax else {
            throw .usage("\(count) replaced PSBTs; expected at most \(Self.replacedCountMax)")
        }
        var rest = attachment[...]
        var replaced: [Replaced] = []
        for one in replaces ?? [] {
            guard (0...rest.count).contains(one.byteCount) else {
                throw .usage("a replaced PSBT that is not all there")
            }
            var commitment: Bytes32?
            if let digits = one.commitment { commitment = try FrontOperations.fixed(digits) }
            let psbt = Array(rest.prefix(one.byteCount))
            replaced.append(Replaced(psbt: psbt, commitment: commitment))
            rest = rest.dropFirst(one.byteCount)
        }
        self.init(Array(rest), replacing: replaced)
    }
}

extension FrontOperations {
    /// The resolved request of the last of a chain, made as it was made then.
    func resolved(_ chain: [PaymentToSign.Replaced]) throws(FrontError) -> [UInt8]? {
        var last: [UInt8]?
        for (place, old) in chain.enumerated() {
            do throws(FrontError) {
                let psbt = try PSBTReading(old.psbt).psbt
                last = try request(psbt, old.commitment, replacing: last).resolved
            } catch .refused(var report) {
                let which = chain.count == 1 ? "" : " (number \(place + 1) of --replaces)"
                report.message = "of the payment that is replaced\(which): \(report.message)"
                throw .refused(report)
            }
        }
        return last
    }
}

extension PaymentToSign {
    /// The digest of what is replaced, in hexadecimal, seen with the wallets of a home; nothing
    /// where nothing is.
    package func replacedDigest(of home: HomeFacts) throws(FrontError) -> String? {
        guard !replaced.isEmpty else { return nil }
        let resolved = try FrontOperations(home, policy: nil).resolved(replaced)
        return resolved.map { SigningRequest.digest($0).hexDigits }
    }
}
