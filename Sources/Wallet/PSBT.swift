private import Bitcoin
private import BitcoinCrypto
private import Bytes

/// A partially signed transaction, version 0 (BIP-174 with the fields of BIP-371).
///
/// Reading is strict: every known field has its form, no key stands there twice, nothing follows
/// the end, and every previous transaction is the one that is spent. Every field is kept, so
/// writing gives back what was read, byte for byte.
package struct PSBT: Equatable, Sendable {
    /// The most bytes of one PSBT in its binary form.
    package static let byteCountMax = 64 * 1024 * 1024

    static let magic: [UInt8] = [0x70, 0x73, 0x62, 0x74, 0xff]

    package var global: PSBTMap
    package private(set) var transaction: Transaction
    package var inputs: [PSBTInput]
    package var outputs: [PSBTOutput]
    /// The previous transactions that are given, each once.
    package private(set) var parents: ParentTable

    /// Reads a PSBT in its binary form or as base64, with white space around it.
    package init(_ bytes: [UInt8]) throws(PSBTError) {
        if bytes.starts(with: Self.magic) {
            try self.init(binary: bytes)
        } else {
            try self.init(binary: try Self.decodeBase64(bytes))
        }
    }

    package init(base64 text: String) throws(PSBTError) {
        try self.init(binary: try Self.decodeBase64(Array(text.utf8)))
    }

    package init(binary bytes: [UInt8]) throws(PSBTError) {
        guard bytes.count <= Self.byteCountMax else {
            throw PSBTError(.whole, .tooLong(count: bytes.count, limit: Self.byteCountMax))
        }
        guard bytes.starts(with: Self.magic) else { throw PSBTError(.whole, .notPSBT) }
        var reader = ByteReader(bytes.span)
        do throws(ByteError) {
            _ = try reader.readSpan(Self.magic.count)
        } catch {
            throw PSBTError(.whole, .bytes(error))
        }
        global = try PSBTMap(bytes, reading: &reader, scope: .global, place: .global)
        transaction = try Self.unsignedTransaction(global)
        parents = ParentTable()
        inputs = []
        inputs.reserveCapacity(transaction.inputs.count)
        for (index, input) in transaction.inputs.enumerated() {
            let place = PSBTPlace.input(index)
            let map = try PSBTMap(bytes, reading: &reader, scope: .input, place: place)
            inputs.append(try Self.input(map, spending: input.previous, place, &parents))
        }
        outputs = []
        outputs.reserveCapacity(transaction.outputs.count)
        for index in transaction.outputs.indices {
            let place = PSBTPlace.output(index)
            let map = try PSBTMap(bytes, reading: &reader, scope: .output, place: place)
            for field in map.fields {
                try PSBTFieldRules.check(field, .output, place: place)
            }
            outputs.append(PSBTOutput(map: map))
        }
        do throws(ByteError) {
            try reader.finish()
        } catch {
            throw PSBTError(.whole, .bytes(error))
        }
    }

    /// A PSBT for a transaction that nobody has signed, with nothing known about it yet.
    package init(unsigned transaction: Transaction) {
        precondition(!transaction.hasWitness, "a transaction without signatures")
        self.transaction = transaction
        global = PSBTMap()
        global.set(
            PSBTField(PSBTFieldType.unsignedTransaction, value: transaction.serialized())
        )
        inputs = transaction.inputs.map { _ in
            PSBTInput(map: PSBTMap(), provenCoin: nil, claimedCoin: nil)
        }
        outputs = transaction.outputs.map { _ in PSBTOutput(map: PSBTMap()) }
        parents = ParentTable()
    }

    /// The binary form.
    package var bytes: [UInt8] {
        var bytes = Self.magic
        global.write(to: &bytes)
        for input in inputs {
            input.map.write(to: &bytes)
        }
        for output in outputs {
            output.map.write(to: &bytes)
        }
        return bytes
    }

    /// The base64 form.
    package var base64: String {
        let bytes = bytes
        var text = [UInt8](repeating: 0, count: Base64.encodedCount(bytes.count))
        var room = text.mutableSpan
        var writer = ByteWriter(&room)
        do throws(ByteError) {
            try Base64.encode(bytes.span, into: &writer)
        } catch {
            preconditionFailure("the room was measured")
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension PSBT {
    private static func unsignedTransaction(_ global: PSBTMap) throws(PSBTError) -> Transaction {
        // The version first: it says what the other fields may be.
        if let version = global.value(PSBTFieldType.version), version.count == 4,
            version != [0, 0, 0, 0]
        {
            let number = version.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            throw PSBTError(.global, .unsupportedVersion(number))
        }
        for field in global.fields {
            try PSBTFieldRules.check(field, .global, place: .global)
        }
        guard let bytes = global.value(PSBTFieldType.unsignedTransaction) else {
            throw PSBTError(.global, .missingTransaction)
        }
        let transaction: Transaction
        do throws(BitcoinError) {
            transaction = try Transaction(bytes, form: .legacy)
        } catch {
            throw PSBTError(.global, .unsignedTransaction(error))
        }
        for (index, input) in transaction.inputs.enumerated() where !input.script.isEmpty {
            throw PSBTError(.global, .scriptInUnsignedTransaction(input: index))
        }
        return transaction
    }

    private static func input(
        _ map: PSBTMap,
        spending previous: OutPoint,
        _ place: PSBTPlace,
        _ parents: inout ParentTable
    ) throws(PSBTError) -> PSBTInput {
        for field in map.fields {
            try PSBTFieldRules.check(field, .input, place: place)
        }
        var proven: Coin?
        if let bytes = map.value(PSBTFieldType.nonWitnessUTXO) {
            proven = try parents.coin(spentBy: previous, in: bytes, place: place)
        }
        var claimed: Coin?
        if let bytes = map.value(PSBTFieldType.witnessUTXO) {
            claimed = try coin(bytes, place: place)
        }
        if let bytes = map.value(PSBTFieldType.finalScriptWitness) {
            do throws(BitcoinError) {
                _ = try Transaction.witnessItems(bytes)
            } catch {
                let name = PSBTFieldName(.input, PSBTFieldType.finalScriptWitness)
                throw PSBTError(place, .value(name, expected: "a count and the items of a witness"))
            }
        }
        return PSBTInput(map: map, provenCoin: proven, claimedCoin: claimed)
    }

    /// A serialized output and nothing after it.
    private static func coin(_ bytes: [UInt8], place: PSBTPlace) throws(PSBTError) -> Coin {
        let name = PSBTFieldName(.input, PSBTFieldType.witnessUTXO)
        let satoshis: UInt64
        let script: Range<Int>
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            satoshis = try reader.readUInt64()
            script = try reader.readRange()
            try reader.finish()
        } catch {
            throw PSBTError(place, .bytes(error))
        }
        do throws(BitcoinError) {
            return Coin(amount: try Amount(satoshis: satoshis), script: Array(bytes[script]))
        } catch {
            throw PSBTError(place, .value(name, expected: "at most 21 million bitcoin"))
        }
    }

    private static func decodeBase64(_ text: [UInt8]) throws(PSBTError) -> [UInt8] {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0d).contains(byte) }
        guard let first = text.firstIndex(where: { !isSpace($0) }),
            let last = text.lastIndex(where: { !isSpace($0) })
        else { throw PSBTError(.whole, .notPSBT) }
        let limit = Base64.encodedCount(byteCountMax)
        guard last - first < limit else {
            throw PSBTError(.whole, .tooLong(count: last - first + 1, limit: limit))
        }
        var bytes = [UInt8](repeating: 0, count: (last - first + 1) / 4 * 3 + 3)
        var room = bytes.mutableSpan
        var writer = ByteWriter(&room)
        do throws(ByteError) {
            try Base64.decode(text.span.extracting(first...last), into: &writer)
        } catch {
            throw PSBTError(.whole, .notBase64(error))
        }
        let count = writer.count
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
