private import Bytes
private import Wire

/// What the gate says of itself and of the signer, in words and numbers for JSON.
package struct GateStatusFacts: Codable, Equatable, Sendable {
    package struct Usage: Codable, Equatable, Sendable {
        /// Satoshi charged in the window that ends now.
        package var amount: UInt64
        package var count: UInt32
    }

    /// Whether the gate serves requests.
    package var serving: Bool
    /// `sealed`, `unresumed` or `ready`.
    package var signerPhase: String
    package var network: UInt8
    package var homeID: String
    package var logNumber: UInt32
    /// As the signer last vouched for.
    package var logSize: UInt64
    package var root: String
    package var epoch: UInt64
    package var policyHash: String
    package var allowanceTotal: UInt64
    package var allowanceSpent: UInt64
    package var auditKey: String
    package var kernelBits: UInt32
    package var build: UInt32
    package var landlockABI: UInt32
    /// Leaves in the gate's journal.
    package var journalSize: UInt64
    /// In the order of the limits in the policy.
    package var limits: [Usage]
    /// CLOCK_BOOTTIME when the gate started, nanoseconds.
    package var startedBoottime: UInt64

    /// Reads a `gate-status` reply (protocol.md, section 9).
    package init(reading payload: [UInt8]) throws(FrontError) {
        do {
            var reader = ByteReader(payload.span)
            serving = try reader.readUInt8() == 1
            let status = try SignerStatus(reading: try reader.readVec16())
            journalSize = try reader.readUInt64()
            limits = []
            for _ in 0..<(try reader.readUInt16()) {
                let amount = try reader.readUInt64()
                limits.append(Usage(amount: amount, count: try reader.readUInt32()))
            }
            startedBoottime = try reader.readUInt64()
            try reader.finish()
            signerPhase =
                switch status.phase {
                case .sealed: "sealed"
                case .unresumed: "unresumed"
                case .ready: "ready"
                case .closed: "closed"
                }
            network = status.network
            homeID = status.homeID.hexDigits
            logNumber = status.logNumber
            logSize = status.logSize
            root = status.root.hexDigits
            epoch = status.epoch
            policyHash = status.bundleHash.hexDigits
            allowanceTotal = status.allowanceTotal
            allowanceSpent = status.allowanceSpent
            auditKey = status.auditPublicKey.hexDigits
            kernelBits = status.kernel
            build = status.build
            landlockABI = status.landlockABI
        } catch {
            throw .failed("the gate's status cannot be read: \(error)")
        }
    }
}
