package import Bitcoin
package import BitcoinCrypto
package import Bytes
private import Wire

/// What the front asks the gate to sign (docs/protocol.md, section 3), with what is needed to put
/// the signatures back.
package struct SigningRequest: Equatable, Sendable {
    /// The transaction with its claims.
    package let resolved: [UInt8]
    /// The previous transactions, each once, without their witnesses.
    package let parents: [[UInt8]]
    /// Who owns each input, and how it is signed.
    package let plans: [InputPlan]
    /// Who owns each output, if we do.
    package let outputOwners: [Owner?]
    /// How each input is to be signed.
    package let sighashTypes: [SighashType]
    /// The unsigned transaction.
    package let transactionID: TransactionID
    /// What of the PSBT it is about, and the PSBT's own transaction.
    package let part: SignedPart
    package let psbtTransactionID: TransactionID
    /// The resolved bytes of the request that this one replaces.
    package let replaced: [UInt8]?

    /// The bytes of a SigningRequest.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        bytes.append(number: UInt32(resolved.count))
        bytes += resolved
        bytes.append(number: UInt16(parents.count))
        for parent in parents {
            bytes.append(number: UInt32(parent.count))
            bytes += parent
        }
        if let replaced {
            bytes.append(number: UInt32(replaced.count))
            bytes += replaced
        }
        return bytes
    }

    /// Whether every signature fixes all of the transaction.
    package var areAllFixed: Bool { sighashTypes.allSatisfy { $0.permission == 0 } }

    package var byteCount: Int {
        let replacedCount = replaced.map { 4 + $0.count } ?? 0
        return parents.reduce(6 + resolved.count + replacedCount) { $0 + 4 + $1.count }
    }

    /// The most bytes of a request: a frame is at most 64 MiB, its kind included.
    package static let byteCountMax = 64 * 1024 * 1024 - 1
    /// The most bytes of an output script in a request.
    package static let scriptByteCountMax = 10_000
    package static let parentCountMax = 5_000
    /// The most signatures of one request.
    package static let signatureCountMax = 16_384

    /// Makes the request that signs all inputs of a PSBT, which must all be ours, unless one alone
    /// is and its sighash type fixes no other (`SignedPart`); with a commitment to what the host
    /// contributes to every nonce, if there is one, and as the replacement of the request whose
    /// resolved bytes are given.
    package init(
        _ psbt: PSBT,
        wallets: inout WalletSet,
        network: Network,
        curve: borrowing Curve,
        commitment: Bytes32? = nil,
        replacing replaced: [UInt8]? = nil
    ) throws(RequestError) {
        try Self.checkCounts(psbt.transaction)
        do throws(PSBTError) {
            try psbt.checkForSigning()
        } catch {
            throw .psbt(error)
        }
        part = try SignedPart(of: psbt, &wallets, curve)
        let transaction = part.transaction
        let coins = try Self.coins(psbt, part)
        plans = try Self.plans(psbt, part, coins, &wallets, network, curve)
        outputOwners = try Self.outputOwners(psbt, part, &wallets, curve)
        let kinds = plans.map { wallets.wallets[$0.owned.owner.wallet].kind }
        sighashTypes = try Self.sighashTypes(psbt, part, kinds)
        // Where others add inputs, these may pay for the outputs.
        let isOpen = sighashTypes.contains(where: \.anyoneCanPay)
        try Self.checkSums(coins, transaction.outputs, mayExceed: isOpen)
        parents = try Self.parents(psbt, part, allTaproot: kinds.allSatisfy(\.isTaproot))
        var writer = ResolvedWriter(wallets.wallets)
        resolved = try writer.write(
            transaction,
            network: network,
            coins: coins,
            plans: plans,
            outputOwners: outputOwners,
            sighashTypes: sighashTypes,
            commitment: commitment,
            replacing: replaced.map(Self.digest)
        )
        (transactionID, psbtTransactionID) = (transaction.id, psbt.transaction.id)
        self.replaced = replaced
        guard byteCount <= Self.byteCountMax else {
            throw .count(.bytes, found: byteCount, least: 1, most: Self.byteCountMax)
        }
    }

    /// Of parts that fit together already.
    init(
        resolved: [UInt8],
        plans: [InputPlan],
        sighashTypes: [SighashType],
        transaction: Transaction
    ) {
        self.resolved = resolved
        self.plans = plans
        self.sighashTypes = sighashTypes
        part = SignedPart(all: transaction)
        transactionID = transaction.id
        psbtTransactionID = transactionID
        (parents, outputOwners, replaced) = ([], [nil], nil)
    }

    /// By which two requests are the same.
    package static func digest(_ resolved: [UInt8]) -> Bytes32 {
        TaggedHash.hash(tag: "portcullis/request/1", resolved.span)
    }

    private static func checkCounts(_ transaction: Transaction) throws(RequestError) {
        let (inputs, outputs) = (transaction.inputs.count, transaction.outputs.count)
        guard (1...ResolvedRequest.inputCountMax).contains(inputs) else {
            throw .count(.inputs, found: inputs, least: 1, most: ResolvedRequest.inputCountMax)
        }
        guard (1...ResolvedRequest.outputCountMax).contains(outputs) else {
            throw .count(.outputs, found: outputs, least: 1, most: ResolvedRequest.outputCountMax)
        }
        for (index, output) in transaction.outputs.enumerated()
        where output.script.count > scriptByteCountMax {
            throw .scriptTooLong(
                output: index,
                count: output.script.count,
                limit: scriptByteCountMax
            )
        }
    }

    /// What each input spends.
    private static func coins(
        _ psbt: PSBT,
        _ part: SignedPart
    ) throws(RequestError) -> [Coin] {
        var coins: [Coin] = []
        coins.reserveCapacity(part.inputs.count)
        for index in part.inputs {
            let input = psbt.inputs[index]
            guard !input.isFinal else { throw .alreadyFinal(input: index) }
            guard let coin = input.coin else { throw .coinUnknown(input: index) }
            coins.append(coin)
        }
        // An amount without its previous transaction is safe only where every signature commits to
        // every amount, that is, where all inputs are taproot.
        if coins.contains(where: { ScriptKind(of: $0.script.span) != .p2tr }) {
            for index in part.inputs where psbt.inputs[index].provenCoin == nil {
                throw .parentMissing(input: index)
            }
        }
        return coins
    }

    static func plans(
        _ psbt: PSBT,
        _ part: SignedPart,
        _ coins: [Coin],
        _ wallets: inout WalletSet,
        _ network: Network,
        _ curve: borrowing Curve,
        owners: [Owner] = []
    ) throws(RequestError) -> [InputPlan] {
        var plans: [InputPlan] = []
        plans.reserveCapacity(coins.count)
        var signatureCount = 0
        for (index, coin) in zip(part.inputs, coins) {
            let found: OwnOutput?
            if owners.isEmpty {
                found = try wallets.ownOutput(
                    of: coin.script,
                    derivations: psbt.inputs[index].derivations,
                    at: .input(index),
                    curve: curve
                )
            } else {
                let output = try wallets.output(of: owners[index], curve: curve)
                found = OwnOutput(owner: owners[index], output: output)
            }
            guard let found else {
                let address = AddressText.write(coin.script, network: network)
                throw .notOurs(input: index, address: address ?? "script \(hexText(coin.script))")
            }
            let wallet = wallets.wallets[found.owner.wallet]
            let choice = PathChoice(psbt, input: index).leaf(found, wallet)
            guard choice.isPossible else {
                throw .noSigningLeaf(input: index, wallet: wallet.name)
            }
            let plan = InputPlan(found, wallet, leaf: choice.leaf)
            // All inputs of a request have one size.
            guard plans.isEmpty || plans[0].isLeaf == plan.isLeaf else {
                throw .mixedSelectors(input: index)
            }
            signatureCount += plan.keys.count
            plans.append(plan)
        }
        guard signatureCount <= signatureCountMax else {
            throw .tooManySignatures(found: signatureCount, most: signatureCountMax)
        }
        return plans
    }

    private static func outputOwners(
        _ psbt: PSBT,
        _ part: SignedPart,
        _ wallets: inout WalletSet,
        _ curve: borrowing Curve
    ) throws(RequestError) -> [Owner?] {
        var owners: [Owner?] = []
        owners.reserveCapacity(part.outputs.count)
        for index in part.outputs {
            owners.append(
                try wallets.owner(
                    of: psbt.transaction.outputs[index].script,
                    derivations: psbt.outputs[index].derivations,
                    at: .output(index),
                    curve: curve
                )
            )
        }
        return owners
    }

    private static func checkSums(
        _ coins: [Coin],
        _ outputs: [Coin],
        mayExceed: Bool
    ) throws(RequestError) {
        let spent: Amount
        let paid: Amount
        do throws(BitcoinError) {
            spent = try Amount.sum(coins)
            paid = try Amount.sum(outputs)
        } catch {
            throw .sum(error)
        }
        guard paid <= spent || mayExceed else {
            throw .outputsExceedInputs(inputs: spent, outputs: paid)
        }
    }

    static func sighashTypes(
        _ psbt: PSBT,
        _ part: SignedPart,
        _ kinds: [OutputKind]
    ) throws(RequestError) -> [SighashType] {
        var types: [SighashType] = []
        types.reserveCapacity(kinds.count)
        for (index, kind) in zip(part.inputs, kinds) {
            let type = psbt.inputs[index].sighashType ?? (kind.isTaproot ? .default : .all)
            guard type.rawValue <= 0xff else {
                throw .sighashType(input: index, found: type.rawValue)
            }
            types.append(type)
        }
        return types
    }

    /// The previous transactions in the order of first use; none where all inputs are taproot.
    private static func parents(
        _ psbt: PSBT,
        _ part: SignedPart,
        allTaproot: Bool
    ) throws(RequestError) -> [[UInt8]] {
        guard !allTaproot else { return [] }
        var seen: Set<TransactionID> = []
        var parents: [[UInt8]] = []
        for (index, input) in zip(part.inputs, part.transaction.inputs)
        where seen.insert(input.previous.txid).inserted {
            guard let parent = psbt.parents[input.previous.txid] else {
                throw .parentMissing(input: index)
            }
            guard parent.legacyBytes.count <= LegacyParent.byteCountMax else {
                throw .count(
                    .parentBytes,
                    found: parent.legacyBytes.count,
                    least: LegacyParent.byteCountMin,
                    most: LegacyParent.byteCountMax
                )
            }
            parents.append(parent.legacyBytes)
        }
        return parents
    }
}

extension Amount {
    /// The sum of all coins.
    package static func sum(_ coins: [Coin]) throws(BitcoinError) -> Amount {
        var total = Amount.zero
        for coin in coins {
            total = try total.adding(coin.amount)
        }
        return total
    }
}

extension OutputKind {
    var isTaproot: Bool { self == .p2tr || self == .p2trTree }
}
