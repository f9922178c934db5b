import Bitcoin
import BitcoinCrypto
import Bytes
import TestSupport

/// What an input signs, by laying out the messages of the original client, BIP-143, BIP-341 and
/// BIP-342.
struct NaiveSighash {
    let request: TestRequest
    /// The scripts that the inputs spend.
    let scripts: [[UInt8]]

    private func outpoint(_ input: TestRequest.Input) -> [UInt8] {
        input.txid + little(input.vout)
    }

    private var outputs: [UInt8] {
        request.outputs.flatMap {
            little($0.amount) + TestRequest.compact($0.script.count) + $0.script
        }
    }

    private func all(_ part: (TestRequest.Input) -> [UInt8]) -> [UInt8] {
        request.inputs.flatMap(part)
    }

    private func double(_ bytes: [UInt8]) -> [UInt8] { SHA256.doubleHash(bytes.span).array }

    private func once(_ bytes: [UInt8]) -> [UInt8] { SHA256.hash(bytes.span).array }

    /// One output as it is serialized.
    private func output(_ place: Int) -> [UInt8] {
        let output = request.outputs[place]
        return little(output.amount) + TestRequest.compact(output.script.count) + output.script
    }

    /// ALL, NONE or SINGLE, and whether this input stands alone.
    private func parts(_ place: Int) -> (base: UInt8, isAlone: Bool) {
        let sighash = request.inputs[place].sighash
        return (max(sighash & 0x7f, 1), sighash & 0x80 != 0)
    }

    func legacy(_ place: Int, _ code: [UInt8]) -> Bytes32 {
        let (base, isAlone) = parts(place)
        var inputs: [[UInt8]] = []
        for (number, input) in request.inputs.enumerated() where !isAlone || number == place {
            let script = number == place ? code : []
            let sequence = number == place || base == 1 ? input.sequence : 0
            inputs.append(
                outpoint(input) + TestRequest.compact(script.count) + script + little(sequence)
            )
        }
        var outputs: [[UInt8]] = []
        if base == 1 { outputs = request.outputs.indices.map(output) }
        if base == 3 {
            let blank = [UInt8](repeating: 0xff, count: 8) + [0]
            outputs = [[UInt8]](repeating: blank, count: place) + [output(place)]
        }
        var bytes = little(request.transactionVersion)
        bytes += TestRequest.compact(inputs.count) + inputs.flatMap(\.self)
        bytes += TestRequest.compact(outputs.count) + outputs.flatMap(\.self)
        bytes += little(request.lockTime) + [request.inputs[place].sighash, 0, 0, 0]
        return SHA256.doubleHash(bytes.span)
    }

    func witness(_ place: Int, _ code: [UInt8]) -> Bytes32 {
        let input = request.inputs[place]
        let (base, isAlone) = parts(place)
        let zero = [UInt8](repeating: 0, count: 32)
        var bytes = little(request.transactionVersion)
        bytes += isAlone ? zero : double(all(outpoint))
        bytes += isAlone || base != 1 ? zero : double(all { little($0.sequence) })
        bytes += outpoint(input) + TestRequest.compact(code.count) + code
        bytes += little(input.amount) + little(input.sequence)
        bytes += base == 1 ? double(outputs) : base == 3 ? double(output(place)) : zero
        bytes += little(request.lockTime) + [input.sighash, 0, 0, 0]
        return SHA256.doubleHash(bytes.span)
    }

    func taproot(_ place: Int, leafHash: [UInt8]?) -> Bytes32 {
        let input = request.inputs[place]
        let (base, isAlone) = parts(place)
        let lengths = scripts.map { TestRequest.compact($0.count) + $0 }
        var bytes = [0, input.sighash] + little(request.transactionVersion)
        bytes += little(request.lockTime)
        if !isAlone {
            bytes += once(all(outpoint)) + once(all { little($0.amount) })
            bytes += once(lengths.flatMap(\.self)) + once(all { little($0.sequence) })
        }
        if base == 1 { bytes += once(outputs) }
        bytes.append(leafHash == nil ? 0 : 2)
        if isAlone {
            bytes += outpoint(input) + little(input.amount) + lengths[place]
            bytes += little(input.sequence)
        } else {
            bytes += little(UInt32(place))
        }
        if base == 3 { bytes += once(output(place)) }
        if let leafHash { bytes += leafHash + [0] + [0xff, 0xff, 0xff, 0xff] }
        return TaggedHash.hash(tag: "TapSighash", bytes.span)
    }
}
