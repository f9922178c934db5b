import Bitcoin
import BitcoinCrypto
import Bytes
import Wire

/// What one input of a verified request signs.
enum InputDigest {
    /// By a key alone, whose script `address` is.
    static func ofKey(
        _ publicKey: Bytes33,
        _ address: AddressScript,
        _ input: RequestInput,
        at place: Int,
        _ request: borrowing ResolvedRequest,
        _ verified: VerifiedRequest
    ) -> Bytes32 {
        switch verified.wallet.kind {
        case .p2wpkh, .p2shP2WPKH:
            let keyHash = hash160(publicKey.span)
            return verified.midstates.p2wpkhSighash(of: SpentInput(input), keyHash: keyHash)
        case .p2pkh:
            var hasher = begin(request, before: place)
            hasher.addSigned(SpentInput(input), script: address.script)
            return finish(&hasher, request, after: place)
        case .p2tr, .p2trTree:
            let type = SighashType(rawValue: UInt32(input.sighash))
            return verified.midstates.taprootSighash(at: place, type: type)
        case .p2shScript, .p2wshScript, .p2shP2WSHScript:
            preconditionFailure("a script signs for itself")
        }
    }

    /// By a script.
    static func ofScript(
        _ script: borrowing FilledLeaf,
        _ input: RequestInput,
        at place: Int,
        _ request: borrowing ResolvedRequest,
        _ verified: VerifiedRequest
    ) -> Bytes32 {
        switch verified.wallet.kind {
        case .p2shScript:
            var hasher = begin(request, before: place)
            hasher.addSigned(SpentInput(input), script: script)
            return finish(&hasher, request, after: place)
        case .p2wshScript, .p2shP2WSHScript:
            return verified.midstates.witnessSighash(of: SpentInput(input), script: script)
        case .p2trTree:
            // The leaf was found by this hash among those that we filled ourselves.
            return verified.midstates.taprootSighash(
                at: place,
                type: SighashType(rawValue: UInt32(input.sighash)),
                leafHash: input.leafHash
            )
        case .p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH:
            preconditionFailure("a key signs for itself")
        }
    }

    private static func begin(
        _ request: borrowing ResolvedRequest,
        before place: Int
    ) -> LegacySighash {
        var hasher = LegacySighash(
            version: request.transactionVersion,
            inputCount: request.inputCount
        )
        for earlier in 0..<place {
            hasher.addInput(SpentInput(request.input(at: earlier)))
        }
        return hasher
    }

    private static func finish(
        _ hasher: inout LegacySighash,
        _ request: borrowing ResolvedRequest,
        after place: Int
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
