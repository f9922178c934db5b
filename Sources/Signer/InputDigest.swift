import Bitcoin
import BitcoinCrypto
import Bytes
import Wire

/// What one input of a verified request signs.
struct InputDigest {
    let input: RequestInput
    let place: Int
    /// The hash of the output at the input's place, for the types that sign it alone.
    let singleOutput: Bytes32?
    /// Outside of segwit: the digest with the inputs before this one fed.
    let legacy: LegacySighash

    private var type: SighashType { SighashType(rawValue: UInt32(input.sighash)) }

    /// By a key alone; `spent` is the script that it spends.
    func ofKey(
        _ publicKey: Bytes33,
        _ spent: Span<UInt8>,
        _ request: borrowing ResolvedRequest,
        _ verified: VerifiedRequest
    ) -> Bytes32 {
        switch verified.wallet.kind {
        case .p2wpkh, .p2shP2WPKH:
            return verified.midstates.p2wpkhSighash(
                of: SpentInput(input),
                keyHash: hash160(publicKey.span),
                type: type,
                singleOutput: singleOutput
            )
        case .p2pkh:
            var hasher = legacy
            hasher.addSigned(SpentInput(input), script: spent)
            return finish(&hasher, request)
        case .p2tr, .p2trTree:
            return ofTaproot(spent, leafHash: nil, verified)
        case .p2shScript, .p2wshScript, .p2shP2WSHScript:
            preconditionFailure("a script signs for itself")
        }
    }

    /// By a script; `spent` is the one in the output.
    func ofScript(
        _ script: borrowing FilledLeaf,
        _ spent: Span<UInt8>,
        _ request: borrowing ResolvedRequest,
        _ verified: VerifiedRequest
    ) -> Bytes32 {
        switch verified.wallet.kind {
        case .p2shScript:
            var hasher = legacy
            hasher.addSigned(SpentInput(input), script: script)
            return finish(&hasher, request)
        case .p2wshScript, .p2shP2WSHScript:
            return verified.midstates.witnessSighash(
                of: SpentInput(input),
                script: script,
                type: type,
                singleOutput: singleOutput
            )
        case .p2trTree:
            // The leaf was found by this hash among those that we filled ourselves.
            return ofTaproot(spent, leafHash: input.leafHash, verified)
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH:
            preconditionFailure("a key signs for itself")
        }
    }

    private func ofTaproot(
        _ spent: Span<UInt8>,
        leafHash: Bytes32?,
        _ verified: VerifiedRequest
    ) -> Bytes32 {
        verified.midstates.taprootSighash(
            at: place,
            of: SpentInput(input),
            script: spent,
            type: type,
            singleOutput: singleOutput,
            leafHash: leafHash
        )
    }

    private func finish(
        _ hasher: inout LegacySighash,
        _ request: borrowing ResolvedRequest
    ) -> Bytes32 {
        for later in place + 1..<request.inputCount {
            hasher.addInput(SpentInput(request.input(at: later)))
        }
        hasher.beginOutputs(count: request.outputCount)
        var outputs = request.outputs
        while let output = outputs.next() {
            hasher.addOutput(amount: output.amount, script: output.script)
        }
        return hasher.finish(lockTime: request.lockTime)
    }
}
