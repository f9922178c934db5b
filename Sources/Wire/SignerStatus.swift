package import Bytes

/// The payload of a `status` reply: what the signer says of itself.
package struct SignerStatus: Equatable, Sendable {
    package static let byteCount = 1 + 1 + 32 + 4 + 8 + 32 + 8 + 32 + 8 + 8 + 8 + 32 + 4 + 4 + 4

    package var phase: Phase
    package var network: UInt8 = 0
    package var homeID = Bytes32.zero
    package var logNumber: UInt32 = 0
    package var logSize: UInt64 = 0
    package var root = Bytes32.zero
    package var epoch: UInt64 = 0
    package var bundleHash = Bytes32.zero
    /// Satoshi.
    package var allowanceTotal: UInt64 = 0
    package var allowanceSpent: UInt64 = 0
    /// Nanoseconds since 1970, as the last charge leaf had it.
    package var lastTime: UInt64 = 0
    package var auditPublicKey = Bytes32.zero
    /// Kernel bits of protocol.md, section 7.
    package var kernel: UInt32 = 0
    package var build: UInt32 = 0
    package var landlockABI: UInt32 = 0

    package init(phase: Phase) {
        self.phase = phase
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt8(phase.rawValue)
        try writer.writeUInt8(network)
        try writer.write(homeID)
        try writer.writeUInt32(logNumber)
        try writer.writeUInt64(logSize)
        try writer.write(root)
        try writer.writeUInt64(epoch)
        try writer.write(bundleHash)
        try writer.writeUInt64(allowanceTotal)
        try writer.writeUInt64(allowanceSpent)
        try writer.writeUInt64(lastTime)
        try writer.write(auditPublicKey)
        try writer.writeUInt32(kernel)
        try writer.writeUInt32(build)
        try writer.writeUInt32(landlockABI)
    }
}

/// What the kernel grants and a process found in force, as bits of leaves and status.
package enum KernelBits {
    package static let memfdSecret: UInt32 = 1
    package static let landlock: UInt32 = 2
    package static let seccomp: UInt32 = 4
    package static let notDumpable: UInt32 = 8
    package static let noNewPrivileges: UInt32 = 16
    package static let noCore: UInt32 = 32
    package static let noCapabilities: UInt32 = 64
    package static let ownUser: UInt32 = 128
    package static let weakerAccepted: UInt32 = 256
    package static let lockedMemory: UInt32 = 512
    package static let allMemoryLocked: UInt32 = 1_024
}

/// The tree as the signer vouches for it: `u64 size | root[32] | signature[64]`; the signature is
/// over the text of the checkpoint (protocol.md, section 6).
package struct SignedHead: Equatable, Sendable {
    package static let byteCount = 104

    package let size: UInt64
    package let root: Bytes32
    package let signature: Bytes64

    package init(size: UInt64, root: Bytes32, signature: Bytes64) {
        self.size = size
        self.root = root
        self.signature = signature
    }

    package init(reading reader: inout ByteReader) throws(ByteError) {
        size = try reader.readUInt64()
        root = try reader.readBytes32()
        signature = try reader.readBytes64()
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt64(size)
        try writer.write(root)
        try writer.write(signature)
    }
}
