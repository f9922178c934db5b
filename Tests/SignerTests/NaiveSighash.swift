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

    func legacy(_ place: Int, _ code: [UInt8]) -> Bytes32 {
        var bytes = little(request.transactionVersion) + TestRequest.compact(request.inputs.count)
        for (number, input) in request.inputs.enumerated() {
            let script = number == place ? code : []
            bytes += outpoint(input) + TestRequest.compact(script.count) + script
            bytes += little(input.sequence)
        }
        bytes += TestRequest.compact(request.outputs.count) + outputs
        bytes += little(request.lockTime) + little(UInt32(1))
        return SHA256.doubleHash(bytes.span)
    }

    func witness(_ place: Int, _ code: [UInt8]) -> Bytes32 {
        let input = request.inputs[place]
        var bytes = little(request.transactionVersion)
        bytes += double(all(outpoint)) + double(all { little($0.sequence) })
        bytes += outpoint(input) + TestRequest.compact(code.count) + code
        bytes += little(input.amount) + little(input.sequence) + double(outputs)
        bytes += little(request.lockTime) + little(UInt32(1))
        return SHA256.doubleHash(bytes.span)
    }

    func taproot(_ place: Int, leafHash: [UInt8]?) -> Bytes32 {
        let scripts = scripts.flatMap { TestRequest.compact($0.count) + $0 }
        var bytes = [0, request.inputs[place].sighash] + little(request.transactionVersion)
        bytes += little(request.lockTime) + once(all(outpoint))
        bytes += once(all { little($0.amount) }) + once(scripts)
        bytes += once(all { little($0.sequence) }) + once(outputs)
        bytes += [leafHash == nil ? 0 : 2] + little(UInt32(place))
        if let leafHash { bytes += leafHash + [0] + [0xff, 0xff, 0xff, 0xff] }
        return TaggedHash.hash(tag: "TapSighash", bytes.span)
    }
}
