package import Bitcoin
package import BitcoinCrypto
private import Policy

/// What a PSBT does, in plain terms, for a person or for a program that explains it.
package struct PSBTInspection: Equatable, Sendable {
    package struct Input: Equatable, Sendable {
        package let outPoint: OutPoint
        package let sequence: UInt32
        /// What is spent, if the PSBT says so.
        package let coin: Coin?
        package let coinSource: CoinSource?
        package let address: String?
        package let kind: ScriptKind?
        package let owner: NamedOwner?
        /// How it is spent, if we sign it or it is of a kind of one key that we could sign.
        package let spend: Spend?
        package let sighashType: SighashType?
        package let signatures: Signatures
    }

    package enum Spend: Equatable, Sendable {
        /// By one signature.
        case key(OutputKind)
        /// By a script, whose largest satisfaction weighs so many units.
        case script(OutputKind, weight: Int)
    }

    package struct Output: Equatable, Sendable {
        package let coin: Coin
        /// Nothing where the script has none.
        package let address: String?
        package let kind: ScriptKind
        package let owner: NamedOwner?
    }

    /// A key of one of our wallets.
    package struct NamedOwner: Equatable, Sendable {
        package let wallet: String
        package let place: KeyPlace
    }

    package enum Signatures: Equatable, Sendable {
        case none
        case partial(count: Int)
        case final
    }

    /// What the lock time means for this transaction.
    package enum Lock: Equatable, Sendable {
        case none
        /// There is a lock time, but every input's sequence switches it off.
        case withoutEffect(UInt32)
        case height(UInt32)
        /// Seconds since 1970.
        case time(UInt32)
    }

    package let transactionID: TransactionID
    /// Derivations that say they lead to a key of ours, and do not.
    package let falseClaims: [RequestError]
    package let version: UInt32
    package let inputs: [Input]
    package let outputs: [Output]
    package let lock: Lock
    /// Whether any input lets the transaction be replaced (BIP-125).
    package let isReplaceable: Bool
    /// The spent amount, if every input's is known and the sum is one.
    package let spent: Amount?
    package let paid: Amount?
    /// Spent less paid, if both are known and the outputs do not exceed the inputs.
    package let fee: Amount?
    /// Whether every amount that the fee rests on comes from a previous transaction.
    package let feeIsProven: Bool
    /// The size of the signed transaction, if every input is of a kind that we sign.
    package let virtualByteCount: Int?

    /// Satoshi per 1,000 virtual bytes, rounded down.
    package var feerate: UInt64? {
        guard let fee, let virtualByteCount else { return nil }
        return fee.satoshis * 1_000 / UInt64(virtualByteCount)
    }

    /// Outflow: what leaves our wallets, the fee included; unknown if any of our amounts is.
    package var outflow: Amount? {
        let ours = inputs.filter { $0.owner != nil }
        let coins = ours.compactMap(\.coin)
        guard coins.count == ours.count else { return nil }
        do throws(BitcoinError) {
            let back = try Amount.sum(outputs.filter { $0.owner != nil }.map(\.coin))
            return try Amount.sum(coins).subtracting(back)
        } catch {
            return nil
        }
    }

    /// Looks at a PSBT. What a derivation claims falsely is told in `falseClaims`.
    package init(
        _ psbt: PSBT,
        wallets: inout WalletSet,
        network: Network,
        curve: borrowing Curve
    ) throws(RequestError) {
        let transaction = psbt.transaction
        var falseClaims: [RequestError] = []
        inputs = try Self.inputs(psbt, &wallets, network, curve, &falseClaims)
        outputs = try Self.outputs(psbt, &wallets, network, curve, &falseClaims)
        self.falseClaims = falseClaims
        transactionID = transaction.id
        version = transaction.version
        lock = Self.lock(transaction)
        isReplaceable = transaction.inputs.contains { $0.sequence < 0xffff_fffe }
        let coins = inputs.compactMap(\.coin)
        let spent = coins.count == inputs.count ? Self.sum(coins) : nil
        let paid = Self.sum(transaction.outputs)
        self.spent = spent
        self.paid = paid
        fee = Self.difference(spent, paid)
        feeIsProven = inputs.allSatisfy { $0.coinSource == .previousTransaction }
        virtualByteCount = Self.virtualByteCount(inputs, transaction.outputs)
    }
}

extension PSBTInspection {
    private static func inputs(
        _ psbt: PSBT,
        _ wallets: inout WalletSet,
        _ network: Network,
        _ curve: borrowing Curve,
        _ falseClaims: inout [RequestError]
    ) throws(RequestError) -> [Input] {
        var inputs: [Input] = []
        for (index, input) in psbt.inputs.enumerated() {
            var owner: NamedOwner?
            var spend = input.coin.flatMap { Spend(ScriptKind(of: $0.script.span)) }
            if let coin = input.coin {
                let found = try checkedOwner(
                    of: coin.script,
                    input.derivations,
                    .input(index),
                    &wallets,
                    curve,
                    &falseClaims
                )
                if let found {
                    owner = named(found.owner, wallets)
                    let wallet = wallets.wallets[found.owner.wallet]
                    spend = Spend(wallet, PathChoice(psbt, input: index).leaf(found, wallet).leaf)
                }
            }
            let count = input.partialSignatures.count + (input.tapKeySignature == nil ? 0 : 1)
            inputs.append(
                Input(
                    outPoint: psbt.transaction.inputs[index].previous,
                    sequence: psbt.transaction.inputs[index].sequence,
                    coin: input.coin,
                    coinSource: input.coinSource,
                    address: input.coin.flatMap { AddressText.write($0.script, network: network) },
                    kind: input.coin.map { ScriptKind(of: $0.script.span) },
                    owner: owner,
                    spend: spend,
                    sighashType: input.sighashType,
                    signatures: input.isFinal ? .final : count > 0 ? .partial(count: count) : .none
                )
            )
        }
        return inputs
    }

    private static func outputs(
        _ psbt: PSBT,
        _ wallets: inout WalletSet,
        _ network: Network,
        _ curve: borrowing Curve,
        _ falseClaims: inout [RequestError]
    ) throws(RequestError) -> [Output] {
        var outputs: [Output] = []
        for (index, output) in psbt.outputs.enumerated() {
            let coin = psbt.transaction.outputs[index]
            let found = try checkedOwner(
                of: coin.script,
                output.derivations,
                .output(index),
                &wallets,
                curve,
                &falseClaims
            )
            outputs.append(
                Output(
                    coin: coin,
                    address: AddressText.write(coin.script, network: network),
                    kind: ScriptKind(of: coin.script.span),
                    owner: found.map { named($0.owner, wallets) }
                )
            )
        }
        return outputs
    }

    /// The owner as the script tells, whatever the derivations claim.
    private static func checkedOwner(
        of script: [UInt8],
        _ derivations: [KeyDerivation],
        _ place: PSBTPlace,
        _ wallets: inout WalletSet,
        _ curve: borrowing Curve,
        _ falseClaims: inout [RequestError]
    ) throws(RequestError) -> OwnOutput? {
        do throws(RequestError) {
            return try wallets.ownOutput(
                of: script,
                derivations: derivations,
                at: place,
                curve: curve
            )
        } catch {
            switch error {
            case .claimMismatch, .indexOverMaximum: falseClaims.append(error)
            default: throw error
            }
            return try wallets.ownOutput(of: script, derivations: [], at: place, curve: curve)
        }
    }

    private static func named(_ owner: Owner, _ wallets: WalletSet) -> NamedOwner {
        NamedOwner(wallet: wallets.wallets[owner.wallet].name, place: owner.place)
    }

    private static func lock(_ transaction: Transaction) -> Lock {
        let lockTime = transaction.lockTime
        guard lockTime > 0 else { return .none }
        guard transaction.inputs.contains(where: { $0.sequence != 0xffff_ffff }) else {
            return .withoutEffect(lockTime)
        }
        return lockTime < 500_000_000 ? .height(lockTime) : .time(lockTime)
    }

    private static func sum(_ coins: [Coin]) -> Amount? {
        do throws(BitcoinError) {
            return try Amount.sum(coins)
        } catch {
            return nil
        }
    }

    private static func difference(_ spent: Amount?, _ paid: Amount?) -> Amount? {
        guard let spent, let paid else { return nil }
        do throws(BitcoinError) {
            return try spent.subtracting(paid)
        } catch {
            return nil
        }
    }

    private static func virtualByteCount(_ inputs: [Input], _ outputs: [Coin]) -> Int? {
        guard !inputs.isEmpty else { return nil }
        var size = TransactionSize(inputCount: inputs.count, outputCount: outputs.count)
        for input in inputs {
            switch input.spend {
            case .key(let kind):
                let usual: SighashType = kind.isTaproot ? .default : .all
                size.addInput(kind, type: input.sighashType ?? usual)
            case .script(let kind, let weight): size.addInput(kind, satisfactionWeight: weight)
            case nil: return nil
            }
        }
        for output in outputs {
            size.addOutput(scriptByteCount: output.script.count)
        }
        return size.virtualByteCount
    }
}

extension PSBTInspection.Spend {
    /// Of a wallet of ours; `leaf` where a script of a tree is chosen.
    fileprivate init(_ wallet: RegisteredWallet, _ leaf: Int?) {
        let isKey = wallet.kind.isOfOneKey || wallet.kind == .p2trTree && leaf == nil
        let weight = isKey ? 0 : Int(wallet.template.leaves[leaf ?? 0].satisfactionWeight)
        self = isKey ? .key(wallet.kind) : .script(wallet.kind, weight: weight)
    }

    /// Of a script of others, where its kind says it all.
    fileprivate init?(_ kind: ScriptKind) {
        switch kind {
        case .p2wpkh: self = .key(.p2wpkh)
        case .p2tr: self = .key(.p2tr)
        case .p2pkh, .p2sh, .p2wsh, .opReturn, .unknown: return nil
        }
    }
}
