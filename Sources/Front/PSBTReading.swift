private import Bitcoin
private import BitcoinCrypto
package import Wallet

/// A PSBT that came from outside.
package struct PSBTReading: Sendable {
    package let psbt: PSBT

    /// Reads the binary form.
    package init(_ bytes: [UInt8]) throws(FrontError) {
        do {
            psbt = try PSBT(binary: bytes)
        } catch {
            throw .refused(RefusalReport(error))
        }
    }

    /// What it does, seen with the wallets of a home.
    package func inspect(with facts: HomeFacts) throws(FrontError) -> Inspection {
        let keys = try WalletKeys(facts)
        var wallets = WalletSet(keys.wallets)
        let found: PSBTInspection
        var obstacle: String?
        do throws(RequestError) {
            let curve = try RequestError.curve()
            found = try PSBTInspection(psbt, wallets: &wallets, network: keys.network, curve: curve)
            do throws(RequestError) {
                _ = try SigningRequest(psbt, wallets: &wallets, network: keys.network, curve: curve)
            } catch {
                obstacle = error.description
            }
        } catch {
            throw .refused(RefusalReport(error))
        }
        var inspection = Inspection(found, network: facts.network)
        inspection.signable = obstacle == nil
        inspection.remarks += found.falseClaims.map(\.description).filter { $0 != obstacle }
        if let obstacle { inspection.remarks.append("cannot be signed: \(obstacle)") }
        return inspection
    }
}

extension RequestError {
    /// The curve library, ready.
    fileprivate static func curve() throws(RequestError) -> Curve {
        do throws(CryptoError) {
            return try Curve(blindingSeed: nil)
        } catch {
            throw .crypto(error)
        }
    }
}

extension Inspection {
    /// The findings of the wallet module as plain values.
    init(_ found: PSBTInspection, network: String) {
        self.init(
            network: network,
            txid: found.transactionID.description,
            version: found.version,
            lockTime: found.lock.number
        )
        inputs = found.inputs.map(Input.init)
        outputs = found.outputs.map(Output.init)
        fee = found.fee?.satoshis
        outflow = found.outflow?.satoshis
        vsize = found.virtualByteCount.map(UInt64.init)
        feerate = found.feerate.map { Double($0) / 1_000 }
        let open = found.inputs.reduce(0) { $0 | ($1.sighashType?.permission ?? 0) }
        if open != 0 {
            let names = SighashPermission.names(open).joined(separator: ", ")
            remarks.append("signed with \(names), others can change it: all its coins count as out")
        }
        if found.isReplaceable { remarks.append("can be replaced by a higher fee (BIP-125)") }
        switch found.lock {
        case .none: break
        case .withoutEffect: remarks.append("the lock time has no effect")
        case .height(let height): remarks.append("not before block \(height)")
        case .time(let time): remarks.append("not before \(time) seconds after 1970")
        }
        if fee != nil, !found.feeIsProven {
            remarks.append("amounts are the PSBT's word: not all previous transactions are given")
        }
    }
}

extension PSBTInspection.Lock {
    /// The lock time as the transaction has it.
    fileprivate var number: UInt32 {
        switch self {
        case .none: 0
        case .withoutEffect(let value), .height(let value), .time(let value): value
        }
    }
}

extension Inspection.Input {
    fileprivate init(_ found: PSBTInspection.Input) {
        self.init(
            txid: found.outPoint.txid.description,
            vout: found.outPoint.vout,
            sequence: found.sequence,
            hasParent: found.coinSource == .previousTransaction
        )
        amount = found.coin?.amount.satoshis
        script = found.coin?.script.hexDigits
        address = found.address
        ours = found.owner.map(Ownership.init)
    }
}

extension Inspection.Output {
    fileprivate init(_ found: PSBTInspection.Output) {
        self.init(
            amount: found.coin.amount.satoshis,
            address: found.address,
            script: found.coin.script.hexDigits,
            ours: found.owner.map(Ownership.init)
        )
    }
}

extension Ownership {
    fileprivate init(_ owner: PSBTInspection.NamedOwner) {
        self.init(wallet: owner.wallet, branch: owner.place.branch, index: owner.place.index)
    }
}
