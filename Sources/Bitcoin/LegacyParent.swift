private import BitcoinCrypto
package import Bytes

/// A parent transaction, read whole from its legacy serialization (docs/protocol.md, section 3).
///
/// Nothing that it says may be believed before its txid is the one that was asked for.
package struct LegacyParent: ~Escapable {
    /// The most bytes of one parent: what a block of legacy transactions could hold.
    package static let byteCountMax = 4 * 1024 * 1024

    /// The least: one input with an empty script and one output with an empty script.
    package static let byteCountMin = 60

    package let txid: Bytes32
    package let outputCount: Int
    /// Whether it makes new coins, which cannot be spent before they are 100 blocks old.
    package let isCoinbase: Bool
    private let outputBytes: Span<UInt8>

    /// Reads all of `bytes`.
    @_lifetime(copy bytes)
    package init(checking bytes: Span<UInt8>) throws(BitcoinError) {
        guard bytes.count <= Self.byteCountMax else {
            throw .transactionTooLong(count: bytes.count, limit: Self.byteCountMax)
        }
        guard bytes.count >= Self.byteCountMin else {
            throw .bytes(.truncated(needed: Self.byteCountMin, left: bytes.count))
        }
        var reader = ByteReader(bytes)
        _ = try Self.read(reader.readUInt32())
        isCoinbase = try Self.readInputs(&reader)
        outputCount = try Self.read(
            reader.readCount(itemByteCountMin: TransactionSize.outputByteCountMin)
        )
        guard outputCount > 0 else { throw .noOutput }
        outputBytes = bytes.extracting(reader.position...)
        var total = Amount.zero
        for _ in 0..<outputCount {
            total = try total.adding(Amount(satoshis: Self.read(reader.readUInt64())))
            _ = try Self.read(reader.readRange())
        }
        _ = try Self.read(reader.readUInt32())
        try Self.read(reader.finish())
        txid = SHA256.doubleHash(bytes)
    }

    /// A walk over the outputs in their order.
    package var outputs: ParentOutputs {
        @_lifetime(copy self) get { ParentOutputs(outputBytes, count: outputCount) }
    }

    /// Passes over the inputs. Whether they are a coinbase's: one that names no transaction.
    private static func readInputs(_ reader: inout ByteReader) throws(BitcoinError) -> Bool {
        let count = try read(
            reader.readCount(itemByteCountMin: TransactionSize.inputByteCountMin)
        )
        guard count > 0 else { throw .witnessOrNoInput }
        var namesAny = false
        for _ in 0..<count {
            let txid = try read(reader.readBytes32())
            namesAny = namesAny || !txid.isZero
            _ = try read(reader.readUInt32())
            _ = try read(reader.readRange())
            _ = try read(reader.readUInt32())
        }
        return count == 1 && !namesAny
    }

    private static func read<Value>(
        _ value: @autoclosure () throws(ByteError) -> Value
    ) throws(BitcoinError) -> Value {
        do throws(ByteError) {
            return try value()
        } catch {
            throw .bytes(error)
        }
    }
}

/// One output of a parent.
package struct ParentOutput: ~Escapable {
    /// Satoshi.
    package let amount: UInt64
    package let script: Span<UInt8>

    @_lifetime(copy reader)
    fileprivate init(reading reader: inout ByteReader) throws(ByteError) {
        amount = try reader.readUInt64()
        script = try reader.readSpan(try reader.readCount(itemByteCountMin: 1))
    }
}

/// The outputs of a parent, front to back.
package struct ParentOutputs: ~Escapable {
    private var reader: ByteReader
    private var left: Int

    @_lifetime(copy bytes)
    fileprivate init(_ bytes: Span<UInt8>, count: Int) {
        reader = ByteReader(bytes)
        left = count
    }

    /// The next output, or nothing at the end.
    @_lifetime(copy self)
    package mutating func next() -> ParentOutput? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return try ParentOutput(reading: &reader)
        } catch {
            preconditionFailure("outputs were read once by the parent's initializer")
        }
    }
}
