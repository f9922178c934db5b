private import Bitcoin
private import Bytes

extension PSBT {
    package init(binary bytes: [UInt8]) throws(PSBTError) {
        guard bytes.count <= Self.byteCountMax else {
            throw PSBTError(.whole, .tooLong(count: bytes.count, limit: Self.byteCountMax))
        }
        guard bytes.starts(with: Self.magic) else { throw PSBTError(.whole, .notPSBT, at: 0) }
        var reader = ByteReader(bytes.span)
        do throws(ByteError) {
            _ = try reader.readSpan(Self.magic.count)
        } catch {
            throw PSBTError(.whole, .bytes(error))
        }
        var left = Self.fieldCountMax
        let global = try PSBTReadMap(
            bytes,
            reading: &reader,
            scope: .global,
            place: .global,
            fieldsLeft: &left
        )
        let version: PSBTVersion
        do throws(PSBTError) {
            version = try global.map.version()
        } catch {
            throw error.at(global.offset(of: PSBTFieldType.version))
        }
        try global.check(version)
        var maps = PSBTMaps(version, bytes.count - reader.position)
        switch version {
        case .v0: try maps.expect(try Self.unsignedTransaction(global))
        case .v2: try maps.expect(global)
        }
        for index in 0..<maps.inputCount {
            let read = try PSBTReadMap(
                bytes,
                reading: &reader,
                scope: .input,
                place: .input(index),
                fieldsLeft: &left
            )
            try maps.add(input: read)
        }
        for index in 0..<maps.outputCount {
            let read = try PSBTReadMap(
                bytes,
                reading: &reader,
                scope: .output,
                place: .output(index),
                fieldsLeft: &left
            )
            try read.check(version)
            maps.outputs.append(PSBTOutput(map: read.map))
        }
        let end = reader.position
        do throws(ByteError) {
            try reader.finish()
        } catch {
            throw PSBTError(.whole, .bytes(error), at: end)
        }
        try self.init(global.map, maps)
    }

    private init(_ global: PSBTMap, _ maps: PSBTMaps) throws(PSBTError) {
        let transaction: Transaction
        if let unsigned = maps.transaction {
            transaction = unsigned
        } else {
            transaction = try Self.transaction(global, maps.inputs, maps.outputs)
        }
        self.init(
            version: maps.version,
            global: global,
            transaction: transaction,
            inputs: maps.inputs,
            outputs: maps.outputs,
            parents: maps.parents
        )
    }

    private static func unsignedTransaction(
        _ global: PSBTReadMap
    ) throws(PSBTError) -> Transaction {
        let type = PSBTFieldType.unsignedTransaction
        guard let bytes = global.map.value(type) else {
            throw PSBTError(.global, .missingField(PSBTFieldName(.global, type)))
        }
        let offset = global.offset(of: type)
        let transaction: Transaction
        do throws(BitcoinError) {
            transaction = try Transaction(bytes, form: .legacy)
        } catch {
            throw PSBTError(.global, .unsignedTransaction(error), at: offset)
        }
        for (index, input) in transaction.inputs.enumerated() where !input.script.isEmpty {
            throw PSBTError(.global, .scriptInUnsignedTransaction(input: index), at: offset)
        }
        return transaction
    }
}

/// The maps of a PSBT while they are read.
private struct PSBTMaps {
    let version: PSBTVersion
    /// The bytes that follow the global map.
    let byteCount: Int
    /// Of version 0 only: it stands in front of the maps. Of version 2 it is made of them.
    var transaction: Transaction?
    var inputCount = 0
    var outputCount = 0
    var inputs: [PSBTInput] = []
    var outputs: [PSBTOutput] = []
    var parents = ParentTable()

    init(_ version: PSBTVersion, _ byteCount: Int) {
        self.version = version
        self.byteCount = byteCount
    }

    /// Of version 0: as many maps as the transaction has inputs and outputs.
    mutating func expect(_ transaction: Transaction) throws(PSBTError) {
        inputCount = transaction.inputs.count
        outputCount = transaction.outputs.count
        self.transaction = transaction
        reserve()
    }

    /// Of version 2: as many maps as the header says, if they can be there at all.
    mutating func expect(_ global: PSBTReadMap) throws(PSBTError) {
        // A map has its required fields and a separator: 43 bytes an input, 14 an output.
        inputCount = try count(global, PSBTFieldType.inputCount, leastBytes: 43, of: byteCount)
        let left = byteCount - 43 * inputCount
        outputCount = try count(global, PSBTFieldType.outputCount, leastBytes: 14, of: left)
        reserve()
    }

    private func count(
        _ global: PSBTReadMap,
        _ type: UInt64,
        leastBytes: Int,
        of byteCount: Int
    ) throws(PSBTError) -> Int {
        let name = PSBTFieldName(.global, type)
        let room = byteCount / leastBytes
        guard let value = global.map.value(type) else {
            throw PSBTError(.global, .missingField(name))
        }
        let count: UInt64
        do throws(ByteError) {
            var reader = ByteReader(value.span)
            count = try reader.readCompactSize()
        } catch {
            throw PSBTError(.global, .bytes(error), at: global.offset(of: type))
        }
        guard count <= UInt64(room) else {
            let problem = PSBTProblem.tooManyMaps(name, count: count, room: room)
            throw PSBTError(.global, problem, at: global.offset(of: type))
        }
        return Int(count)
    }

    private mutating func reserve() {
        inputs.reserveCapacity(inputCount)
        outputs.reserveCapacity(outputCount)
    }

    mutating func add(input read: PSBTReadMap) throws(PSBTError) {
        try read.check(version)
        var input = PSBTInput(map: read.map, provenCoin: nil, claimedCoin: nil)
        let previous: OutPoint
        if let transaction {
            previous = transaction.inputs[inputs.count].previous
        } else {
            previous = try read.map.previousOutput(read.place)
        }
        do throws(PSBTError) {
            try input.readCoins(spending: previous, read.place, &parents)
        } catch {
            throw error.at(error.field.flatMap { read.offset(of: $0.type) })
        }
        inputs.append(input)
    }
}
