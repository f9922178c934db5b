package import Bytes

/// Writes a bundle section by section, in the order of protocol.md, section 4.
///
/// It lays bytes out and counts; it does not sort or judge. What it wrote is a bundle once
/// `CheckedBundle.init(checking:)` takes it; whoever holds such a bundle can write it again from
/// its accessors byte for byte.
package struct BundleWriter: ~Copyable, ~Escapable {
    private var writer: ByteWriter

    /// Writes into `bytes`, which must have room for the whole bundle.
    @_lifetime(copy bytes)
    package init(_ bytes: consuming MutableSpan<UInt8>) {
        writer = ByteWriter(bytes)
    }

    /// The number of bytes written so far; after `finish` the length of the bundle.
    package var count: Int { writer.count }

    /// The header; the admin keys follow.
    @_lifetime(self: copy self)
    package mutating func writeHeader(_ header: BundleHeaderFields) throws(ByteError) {
        try writer.write(BundleHeader.magic)
        try writer.writeUInt16(header.version)
        try writer.writeUInt8(header.networkCode)
        try writer.writeUInt64(header.epoch)
        try writer.write(header.parentHash)
        try writer.write(header.sourceHash)
        try writer.writeUInt64(header.allowance)
        try writer.writeUInt8(header.adminThreshold)
        try writer.writeUInt8(header.adminCount)
    }

    /// One admin key in SSH wire form, `adminCount` in all.
    @_lifetime(self: copy self)
    package mutating func writeAdminKey(_ key: Span<UInt8>) throws(ByteError) {
        try writer.writeVec16(key)
    }

    /// Begins the wallets, lists, limits or rules, of which there will be `count`.
    @_lifetime(self: copy self)
    package mutating func beginSection(count: UInt16) throws(ByteError) {
        try writer.writeUInt16(count)
    }

    /// Begins the destinations, of which there will be `count`.
    @_lifetime(self: copy self)
    package mutating func beginDestinations(count: UInt32) throws(ByteError) {
        try writer.writeUInt32(count)
    }

    /// One wallet: `template` from the output kind to the end of the scripts.
    @_lifetime(self: copy self)
    package mutating func writeWallet(
        name: Span<UInt8>,
        template: Span<UInt8>,
        descriptor: Span<UInt8>
    ) throws(ByteError) {
        try writer.writeVec8(name)
        try writer.write(template)
        try writer.writeVec16(descriptor)
    }

    /// The name of one destination list.
    @_lifetime(self: copy self)
    package mutating func writeListName(_ name: Span<UInt8>) throws(ByteError) {
        try writer.writeVec8(name)
    }

    /// One destination and the lists it stands in.
    @_lifetime(self: copy self)
    package mutating func writeDestination(
        script: Span<UInt8>,
        lists: UInt64
    ) throws(ByteError) {
        try writer.writeVec16(script)
        try writer.writeUInt64(lists)
    }

    /// One limit; nil for a cap it does not have.
    @_lifetime(self: copy self)
    package mutating func writeLimit(
        name: Span<UInt8>,
        scope: LimitScope,
        windowSeconds: UInt32,
        amountMax: UInt64?,
        countMax: UInt32?
    ) throws(ByteError) {
        try writer.writeVec8(name)
        try writer.writeUInt8(scope.code)
        try writer.writeUInt16(scope.index)
        try writer.writeUInt32(windowSeconds)
        try writer.writeUInt64(amountMax ?? LimitRecord.noAmount)
        try writer.writeUInt32(countMax ?? LimitRecord.noCount)
    }

    /// One rule; `RuleRecord.noCap` for a cap it does not have, no lists for any destination.
    @_lifetime(self: copy self)
    package mutating func writeRule(name: Span<UInt8>, _ rule: RuleFields) throws(ByteError) {
        try writer.writeVec8(name)
        try writer.writeUInt8(rule.effect.rawValue)
        try writer.writeUInt64(rule.wallets)
        try writer.writeUInt64(rule.outflowMax)
        try writer.writeUInt64(rule.feeMax)
        try writer.writeUInt64(rule.feerateMax)
        try writer.writeUInt8(rule.lists == 0 ? 0 : 1)
        try writer.writeUInt64(rule.lists)
        if rule.effect == .allowSighashes { try writer.writeUInt8(rule.sighashes) }
    }

    /// One rule about messages.
    @_lifetime(self: copy self)
    package mutating func writeMessageRule(
        name: Span<UInt8>,
        wallets: UInt64,
        formats: UInt8,
        branches: UInt8,
        indexes: ClosedRange<UInt32>,
        pattern: Span<UInt8>
    ) throws(ByteError) {
        try writer.writeVec8(name)
        try writer.writeUInt8(RuleEffect.allowMessages.rawValue)
        try writer.writeUInt64(wallets)
        try writer.writeUInt8(formats)
        try writer.writeUInt8(branches)
        try writer.writeUInt32(indexes.lowerBound)
        try writer.writeUInt32(indexes.upperBound)
        try writer.writeVec8(pattern)
    }

    /// One rule of conditions, which are written as they stand in a bundle.
    @_lifetime(self: copy self)
    package mutating func writeConditionRule(
        name: Span<UInt8>,
        effect: RuleEffect,
        wallets: UInt64,
        conditions: Span<UInt8>
    ) throws(ByteError) {
        try writer.writeVec8(name)
        try writer.writeUInt8(effect.rawValue)
        try writer.writeUInt64(wallets)
        try writer.writeVec16(conditions)
    }

    /// The sections of version 2, as they stand in a bundle.
    @_lifetime(self: copy self)
    package mutating func writeExtensions(_ bytes: Span<UInt8>) throws(ByteError) {
        try writer.write(bytes)
    }

    /// The source, which ends the bundle.
    @_lifetime(self: copy self)
    package mutating func finish(source: Span<UInt8>) throws(ByteError) {
        try writer.writeVec32(source)
    }
}

/// The fixed part of a bundle.
package struct BundleHeaderFields: Sendable {
    package var networkCode: UInt8
    package var epoch: UInt64
    package var parentHash: Bytes32
    package var sourceHash: Bytes32
    package var allowance: UInt64
    package var adminThreshold: UInt8
    package var adminCount: UInt8
    /// 1, or 2 with the sections behind the rules.
    package var version: UInt16

    package init(
        networkCode: UInt8,
        epoch: UInt64,
        parentHash: Bytes32,
        sourceHash: Bytes32,
        allowance: UInt64,
        adminThreshold: UInt8,
        adminCount: UInt8,
        version: UInt16 = 1
    ) {
        self.networkCode = networkCode
        self.epoch = epoch
        self.parentHash = parentHash
        self.sourceHash = sourceHash
        self.allowance = allowance
        self.adminThreshold = adminThreshold
        self.adminCount = adminCount
        self.version = version
    }
}

/// What a rule says, without its name.
package struct RuleFields: Equatable, Sendable {
    package var effect: RuleEffect
    package var wallets: UInt64
    package var outflowMax: UInt64
    package var feeMax: UInt64
    package var feerateMax: UInt64
    package var lists: UInt64
    /// Of effect 3 alone.
    package var sighashes: UInt8

    package init(
        effect: RuleEffect,
        wallets: UInt64,
        outflowMax: UInt64 = RuleRecord.noCap,
        feeMax: UInt64 = RuleRecord.noCap,
        feerateMax: UInt64 = RuleRecord.noCap,
        lists: UInt64 = 0,
        sighashes: UInt8 = 0
    ) {
        self.effect = effect
        self.wallets = wallets
        self.outflowMax = outflowMax
        self.feeMax = feeMax
        self.feerateMax = feerateMax
        self.lists = lists
        self.sighashes = sighashes
    }
}

extension LimitScope {
    package var code: UInt8 {
        switch self {
        case .global: 0
        case .wallet: 1
        case .rule: 2
        case .list: 3
        case .each: 4
        case .fees: 16
        case .feesOfWallet: 17
        case .feesOfRule: 18
        }
    }

    package var index: UInt16 {
        switch self {
        case .global, .fees: 0
        case .wallet(let index), .rule(let index), .list(let index), .each(let index),
            .feesOfWallet(let index), .feesOfRule(let index):
            UInt16(index)
        }
    }
}
