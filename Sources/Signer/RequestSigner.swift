import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// Signs the inputs of one request that was verified, logged and charged.
enum RequestSigner {
    /// The bytes of one signature.
    static let signatureByteCount = 64

    /// Writes `signature[64]*n`, or what else is asked, to the front of `room`: for each input
    /// those of our keys, in the order in which the keys stand in what is spent. Every signature
    /// is verified before it is written.
    @_lifetime(room: copy room)
    static func make(
        _ work: KeyWork,
        _ request: borrowing ResolvedRequest,
        _ verified: VerifiedRequest,
        _ scripts: borrowing InputScripts,
        _ home: inout Home,
        into room: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        let wallet = verified.wallet
        var count = 0
        // Walked beside the inputs: SINGLE signs the output at the input's place.
        var outputs = request.outputs
        var prefix = LegacyPrefix(
            version: request.transactionVersion,
            inputCount: request.inputCount
        )
        for place in 0..<request.inputCount {
            let input = request.input(at: place)
            if wallet.isLegacy { feed(&prefix, request, before: place) }
            let signed = InputDigest(
                input: input,
                place: place,
                singleOutput: singleOutput(outputs.next(), input),
                legacy: prefix.digest
            )
            let record = home.policy.bundle.wallet(at: wallet.place)
            try home.wallets.keys.derive(input.claim, wallet, record, home.curve)
            if wallet.isSpentByKey(input) {
                let address = scripts.address(at: place)
                let key = home.wallets.keys.derivedKey(0)
                let digest = signed.ofKey(key, scripts.script(at: place), request, verified)
                guard let signer = KeySigner(wallet, input, place: 0, home.wallets.keys) else {
                    preconditionFailure("a key of others is refused")
                }
                var rest = room._mutatingExtracting((work.byteCount * count)...)
                try signer.make(work, digest, address, &home.secrets, home.curve, into: &rest)
                count += 1
                continue
            }
            var rest = room._mutatingExtracting((work.byteCount * count)...)
            let leaf = Self.leaf(scripts.leaf(at: place), of: record)
            count += try makeOfScript(
                work,
                leaf.template,
                signed,
                scripts.script(at: place),
                request,
                verified,
                home.wallets.keys,
                &home.secrets,
                home.curve,
                into: &rest
            )
        }
        precondition(count == scripts.signatureCount, "as many as were counted")
    }

    /// What the digest of that input has in common with those before it.
    private static func feed(
        _ prefix: inout LegacyPrefix,
        _ request: borrowing ResolvedRequest,
        before place: Int
    ) {
        prefix.begin(
            SighashType(rawValue: UInt32(request.input(at: place).sighash)),
            before: place
        )
        while prefix.count < place {
            prefix.addInput(SpentInput(request.input(at: prefix.count)))
        }
    }

    /// Writes the same for our keys in a script, and gives their number.
    @_lifetime(room: copy room)
    private static func makeOfScript(
        _ work: KeyWork,
        _ template: LeafTemplate,
        _ signed: InputDigest,
        _ spent: Span<UInt8>,
        _ request: borrowing ResolvedRequest,
        _ verified: VerifiedRequest,
        _ keys: borrowing PublicKeys,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve,
        into room: inout MutableSpan<UInt8>
    ) throws(CryptoError) -> Int {
        let script = FilledLeaf(template, keys: keys.derivedKeys)
        let digest = signed.ofScript(script, spent, request, verified)
        var count = 0
        for hole in 0..<script.holeCount {
            let key = script.key(inHole: hole)
            guard let signer = KeySigner(verified.wallet, signed.input, place: key, keys)
            else {
                continue
            }
            var rest = room._mutatingExtracting((work.byteCount * count)...)
            try signer.make(work, digest, nil, &secrets, curve, into: &rest)
            count += 1
        }
        return count
    }

    /// The hash of an output if the type of the input is one that signs it alone.
    private static func singleOutput(
        _ output: RequestOutput?,
        _ input: RequestInput
    ) -> Bytes32? {
        guard SighashType(rawValue: UInt32(input.sighash)).signsSingleOutput else { return nil }
        guard let output else { preconditionFailure("SINGLE without an output is refused") }
        return SighashMidstates.outputHash(amount: output.amount, script: output.script)
    }

    @_lifetime(copy record)
    private static func leaf(_ place: Int, of record: WalletRecord) -> LeafRecord {
        var leaves = record.leaves
        for _ in 0..<place {
            _ = leaves.next()
        }
        guard let leaf = leaves.next() else { preconditionFailure("a leaf that was found") }
        return leaf
    }
}
