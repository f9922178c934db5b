package import Bytes

/// What the signer remembers across restarts, without the ring of releases (protocol.md, section
/// 7).
package struct StateRecord: Equatable, Sendable {
    /// The program's build. A record that names a later one as the least is not opened.
    package static let build: UInt32 = 1
    static let magic: StaticString = "PCSTATE1"
    static let version: UInt32 = 1

    /// Rises by one with every write; its parity chooses the slot.
    package var sequence: UInt64 = 1
    package var leastBuild: UInt32 = 1
    package var homeID: Bytes32
    package var network: UInt8
    package var logNumber: UInt32 = 0
    package var logSize: UInt64 = 0
    package var root: Bytes32
    package var epoch: UInt64
    package var bundleHash: Bytes32
    /// Nanoseconds; the latest time that the gate has shown. It never goes back.
    package var lastTime: UInt64 = 0
    /// Satoshi that may leave in all until the next refill.
    package var allowanceTotal: UInt64
    /// Satoshi already charged; never above the total, never given back.
    package var allowanceSpent: UInt64 = 0
    /// Where the next released digest goes.
    package var ringNext: UInt32 = 0
    /// How many places of the ring are in use.
    package var ringCount: UInt32 = 0

    /// The first record of a new home: nothing logged, nothing spent.
    package init(
        homeID: Bytes32,
        network: UInt8,
        emptyRoot: Bytes32,
        epoch: UInt64,
        bundleHash: Bytes32,
        allowanceTotal: UInt64
    ) {
        self.homeID = homeID
        self.network = network
        root = emptyRoot
        self.epoch = epoch
        self.bundleHash = bundleHash
        self.allowanceTotal = allowanceTotal
    }

    /// Satoshi that may still leave.
    package var allowanceLeft: UInt64 { allowanceTotal - allowanceSpent }

    /// Reads the fields of an authenticated slot; `nil` where they are not of this format.
    init?(reading slot: Span<UInt8>) {
        var reader = ByteReader(slot)
        do throws(ByteError) {
            let magic = try reader.readSpan(8)
            guard magic.equals(Self.magic), try reader.readUInt32() == Self.version
            else { return nil }
            leastBuild = try reader.readUInt32()
            sequence = try reader.readUInt64()
            homeID = try reader.readBytes32()
            let network = try reader.readUInt32()
            guard network <= 0xFF else { return nil }
            self.network = UInt8(network)
            logNumber = try reader.readUInt32()
            logSize = try reader.readUInt64()
            root = try reader.readBytes32()
            epoch = try reader.readUInt64()
            bundleHash = try reader.readBytes32()
            lastTime = try reader.readUInt64()
            allowanceTotal = try reader.readUInt64()
            allowanceSpent = try reader.readUInt64()
            ringNext = try reader.readUInt32()
            ringCount = try reader.readUInt32()
        } catch {
            return nil
        }
        guard allowanceSpent <= allowanceTotal, ringNext < UInt32(StateSlot.ringCapacity),
            ringCount <= UInt32(StateSlot.ringCapacity)
        else { return nil }
    }

    /// Writes the fields in the order in which they are read.
    func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.write(Self.magic)
        try writer.writeUInt32(Self.version)
        try writer.writeUInt32(leastBuild)
        try writer.writeUInt64(sequence)
        try writer.write(homeID)
        try writer.writeUInt32(UInt32(network))
        try writer.writeUInt32(logNumber)
        try writer.writeUInt64(logSize)
        try writer.write(root)
        try writer.writeUInt64(epoch)
        try writer.write(bundleHash)
        try writer.writeUInt64(lastTime)
        try writer.writeUInt64(allowanceTotal)
        try writer.writeUInt64(allowanceSpent)
        try writer.writeUInt32(ringNext)
        try writer.writeUInt32(ringCount)
    }
}
