import Bitcoin
import Bytes
import TestSupport

/// A transaction taken apart by the reader under test, for the tests to look at.
struct ReadTransaction {
    var version: UInt32 = 0
    var inputs: [(txid: Bytes32, vout: UInt32, script: [UInt8], sequence: UInt32)] = []
    var outputs: [(amount: UInt64, script: [UInt8])] = []
    var witnesses: [[UInt8]] = []
    var lockTime: UInt32 = 0

    init(_ bytes: [UInt8], form: TransactionForm = .network) throws(BitcoinError) {
        var reader = try TransactionReader(bytes.span, form: form)
        version = reader.version
        for _ in 0..<reader.inputCount {
            let input = try reader.readInput()
            inputs.append((input.txid, input.vout, Array(bytes[input.script]), input.sequence))
        }
        for _ in 0..<(try reader.readOutputCount()) {
            let output = try reader.readOutput()
            outputs.append((output.amount.satoshis, Array(bytes[output.script])))
        }
        if reader.hasWitness {
            for _ in 0..<reader.inputCount {
                witnesses.append(Array(bytes[try reader.readWitness()]))
            }
        }
        lockTime = try reader.finish()
    }

    /// The serialization, with the witness only when asked for and there is one.
    func serialized(witness: Bool) throws -> [UInt8] {
        try written(capacity: 4_500_000) { (writer: inout ByteWriter) throws(ByteError) in
            try writer.writeUInt32(version)
            if witness, !witnesses.isEmpty {
                try writer.writeUInt16(0x0100)
            }
            try writer.writeCompactSize(UInt64(inputs.count))
            for input in inputs {
                try writer.write(input.txid)
                try writer.writeUInt32(input.vout)
                try writer.writeCompactSize(UInt64(input.script.count))
                try writer.write(input.script.span)
                try writer.writeUInt32(input.sequence)
            }
            try writer.writeCompactSize(UInt64(outputs.count))
            for output in outputs {
                try writer.writeUInt64(output.amount)
                try writer.writeCompactSize(UInt64(output.script.count))
                try writer.write(output.script.span)
            }
            if witness {
                for stack in witnesses {
                    try writer.write(stack.span)
                }
            }
            try writer.writeUInt32(lockTime)
        }
    }
}
