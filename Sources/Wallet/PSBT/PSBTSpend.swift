private import Bitcoin
private import BitcoinCrypto
import Bytes

/// What spends one input.
struct PSBTSpend {
    private(set) var scriptSig: [UInt8] = []
    private(set) var witness: [[UInt8]] = []

    /// The most bytes that a script can push.
    private static let pushByteCountMax = 520

    init(
        _ known: SpendKnowledge,
        _ place: PSBTPlace,
        _ satisfier: some ScriptSatisfier
    ) throws(PSBTError) {
        let input = known.input
        guard let coin = input.coin else {
            throw PSBTError(place, .incomplete(expected: "the spent output"))
        }
        try Self.checkTypes(input, place)
        switch ScriptKind(of: coin.script.span) {
        case .p2wpkh: witness = try Self.keyWitness(coin.script, known, place)
        case .p2wsh: witness = try Self.scriptWitness(known, place, satisfier)
        case .p2tr: witness = try Self.taprootWitness(known, place, satisfier)
        case .p2sh: try spendScriptHash(known, place, satisfier)
        case .p2pkh, .unknown:
            let items = satisfier.items(for: coin.script, in: .bare, knowing: known)
            scriptSig = try Self.pushes(try Self.demand(items, place), place)
        case .opReturn: throw PSBTError(place, .incomplete(expected: "an output of another kind"))
        }
    }

    private mutating func spendScriptHash(
        _ known: SpendKnowledge,
        _ place: PSBTPlace,
        _ satisfier: some ScriptSatisfier
    ) throws(PSBTError) {
        guard let redeem = known.input.redeemScript else {
            throw PSBTError(place, .incomplete(expected: "PSBT_IN_REDEEM_SCRIPT"))
        }
        switch ScriptKind(of: redeem.span) {
        case .p2wpkh:
            witness = try Self.keyWitness(redeem, known, place)
            scriptSig = try Self.pushes([redeem], place)
        case .p2wsh:
            witness = try Self.scriptWitness(known, place, satisfier)
            scriptSig = try Self.pushes([redeem], place)
        case .p2pkh, .p2sh, .p2tr, .opReturn, .unknown:
            let items = satisfier.items(for: redeem, in: .scriptHash, knowing: known)
            scriptSig = try Self.pushes(try Self.demand(items, place) + [redeem], place)
        }
    }

    /// The witness of a program of one key's hash.
    private static func keyWitness(
        _ program: [UInt8],
        _ known: SpendKnowledge,
        _ place: PSBTPlace
    ) throws(PSBTError) -> [[UInt8]] {
        // Only a compressed key may stand behind a witness program (BIP-143).
        guard let found = known.ecdsaSignature(ofKeyHash: Array(program[2...])),
            found.key.count == 33
        else { throw PSBTError(place, .noSignature) }
        return [found.signature, found.key]
    }

    private static func scriptWitness(
        _ known: SpendKnowledge,
        _ place: PSBTPlace,
        _ satisfier: some ScriptSatisfier
    ) throws(PSBTError) -> [[UInt8]] {
        guard let script = known.input.witnessScript else {
            throw PSBTError(place, .incomplete(expected: "PSBT_IN_WITNESS_SCRIPT"))
        }
        let items = satisfier.items(for: script, in: .witness, knowing: known)
        return try demand(items, place) + [script]
    }

    /// The key path if it is signed, else the leaf that is spent with the fewest bytes.
    private static func taprootWitness(
        _ known: SpendKnowledge,
        _ place: PSBTPlace,
        _ satisfier: some ScriptSatisfier
    ) throws(PSBTError) -> [[UInt8]] {
        if let signature = known.input.tapKeySignature { return [signature] }
        var best: [[UInt8]]?
        for field in known.input.map.all(PSBTFieldType.tapLeafScript) {
            let script = Array(field.value.dropLast())
            guard let version = field.value.last, version == field.keyData[0] & 0xfe else {
                let name = PSBTFieldName(.input, field.type)
                let expected = "the leaf version that its control block has"
                throw PSBTError(place, .value(name, expected: expected))
            }
            let context = SpendContext.tapscript(leafHash: leafHash(script, version: version))
            guard let items = satisfier.items(for: script, in: context, knowing: known) else {
                continue
            }
            let witness = items + [script, field.keyData]
            if best.map({ byteCount(witness) < byteCount($0) }) ?? true { best = witness }
        }
        guard let best else { throw PSBTError(place, .noSignature) }
        return best
    }

    /// The hash that names a leaf of a tree (BIP-341).
    static func leafHash(_ script: [UInt8], version: UInt8) -> Bytes32 {
        var leaf = [version]
        leaf.append(vector: script)
        return TaggedHash.hash(tag: "TapLeaf", leaf.span)
    }

    private static func byteCount(_ items: [[UInt8]]) -> Int {
        Transaction.serializedWitness(items).count
    }

    private static func demand(
        _ items: [[UInt8]]?,
        _ place: PSBTPlace
    ) throws(PSBTError) -> [[UInt8]] {
        guard let items else { throw PSBTError(place, .noSignature) }
        return items
    }

    /// Every signature must be of the type that the input asks for, if it does (BIP-174).
    private static func checkTypes(
        _ input: PSBTInput,
        _ place: PSBTPlace
    ) throws(PSBTError) {
        guard let expected = input.sighashType?.rawValue else { return }
        var found = input.partialSignatures.compactMap { $0.value.last }
        let schnorr = input.map.all(PSBTFieldType.tapScriptSignature).map(\.value)
        for signature in schnorr + (input.tapKeySignature.map { [$0] } ?? []) {
            found.append(signature.count == 65 ? signature[64] : 0)
        }
        for type in found where UInt32(type) != expected {
            throw PSBTError(place, .signatureType(expected: expected, found: UInt32(type)))
        }
    }

    /// A scriptSig that pushes the items, each in the shortest way.
    private static func pushes(
        _ items: [[UInt8]],
        _ place: PSBTPlace
    ) throws(PSBTError) -> [UInt8] {
        var script: [UInt8] = []
        for item in items {
            guard item.count <= pushByteCountMax else {
                let problem = PSBTProblem.pushTooLong(count: item.count, limit: pushByteCountMax)
                throw PSBTError(place, problem)
            }
            switch item.count {
            case 1 where (1...16).contains(item[0]):
                script.append(0x50 + item[0])
                continue
            case 1 where item[0] == 0x81:
                script.append(0x4f)
                continue
            case 0...75: script.append(UInt8(item.count))
            case 76...255: script += [0x4c, UInt8(item.count)]
            case _:
                script.append(0x4d)
                script.append(number: UInt16(item.count))
            }
            script += item
        }
        return script
    }
}
