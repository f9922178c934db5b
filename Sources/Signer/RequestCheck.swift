import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Wire

/// The checks on a request that need neither its parents nor the policy, in the order in which they
/// refuse.
enum RequestCheck {
    /// Times begin here; below, a lock time is a block height (BIP-65).
    private static let lockTimeThreshold: UInt32 = 500_000_000
    /// An OP_RETURN output of 80 bytes of data.
    private static let dataScriptByteCountMax = 83

    /// The wallet of the request: one that we know, and only one.
    static func wallet(
        of request: borrowing ResolvedRequest,
        network: UInt8,
        _ wallets: borrowing WalletTable
    ) throws(RefusalDetail) -> OwnWallet {
        try require(request.network, equals: network, else: .wrongNetwork)
        for place in 0..<request.walletCount
        where wallets.wallet(id: request.walletID(at: place)) == nil {
            throw RefusalDetail(.unknownWallet, index: place)
        }
        guard request.walletCount == 1, let wallet = wallets.wallet(id: request.walletID(at: 0))
        else {
            throw RefusalDetail(.mixedWallets, expected: 1, found: request.walletCount)
        }
        return wallet
    }

    /// Version and lock time.
    static func form(
        _ request: borrowing ResolvedRequest,
        _ wallet: OwnWallet
    ) throws(RefusalDetail) {
        guard request.transactionVersion == 1 || request.transactionVersion == 2 else {
            throw RefusalDetail(.transactionVersion, expected: 2, found: request.transactionVersion)
        }
        // A script may ask for a time (BIP-65); nothing else does.
        guard wallet.kind.isOfOneKey else { return }
        try require(request.lockTime, atMost: lockTimeThreshold - 1, else: .timeLock)
    }

    /// Every input by itself: its claim, what of its wallet it is spent by, its sighash type, its
    /// amount.
    static func inputs(
        _ request: borrowing ResolvedRequest,
        _ wallet: OwnWallet,
        _ keys: borrowing PublicKeys
    ) throws(RefusalDetail) {
        let isTree = wallet.kind == .p2trTree
        let isKeyPathOurs = !isTree || keys.key(at: wallet.firstKey).isOwn
        for place in 0..<request.inputCount {
            let input = request.input(at: place)
            try claim(input.claim, place, wallet)
            let isThere = input.selector == 0 || isTree
            try require(isThere, else: .unsupportedSelector, at: place, found: input.selector)
            let isOurs = input.selector == 1 || isKeyPathOurs
            try require(isOurs, else: .cannotSignKeyPath, at: place)
            let type = SighashType(rawValue: UInt32(input.sighash))
            let isKnown = type.isKnown(for: wallet.kind)
            let sighash = input.sighash
            try require(isKnown, else: .sighashNotPermitted, at: place, expected: 1, found: sighash)
            try Self.sighash(type, place, request)
            guard input.amount > 0 else { throw RefusalDetail(.zeroValue, index: place) }
        }
    }

    /// The work to derive what the claims lead to, before any of it is done.
    static func work(
        _ request: borrowing ResolvedRequest,
        _ record: WalletRecord
    ) throws(RefusalDetail) {
        let work = request.addressCount * record.addressWork
        try require(work, atMost: WalletRecord.requestWorkMax, else: .tooMuchWork)
    }

    /// What a type needs of the rest. Signatures with ANYONECANPAY could be taken apart and put
    /// into transactions that do not exclude one another, so there is one in a request.
    private static func sighash(
        _ type: SighashType,
        _ place: Int,
        _ request: borrowing ResolvedRequest
    ) throws(RefusalDetail) {
        if type.signsSingleOutput {
            let most = request.outputCount - 1
            try require(place, atMost: most, else: .sighashSingleWithoutOutput, at: place)
        }
        if type.anyoneCanPay {
            try require(request.inputCount, equals: 1, else: .anyoneCanPayInputs, at: place)
        }
    }

    /// Every output by itself; one that is said to be ours must have the script that its claim
    /// leads to.
    static func outputs(
        _ request: borrowing ResolvedRequest,
        _ wallet: OwnWallet,
        _ record: WalletRecord,
        _ wallets: inout WalletTable,
        _ curve: borrowing Curve
    ) throws(RefusalDetail) {
        var outputs = request.outputs
        var place = 0
        var dataOutputs = 0
        while let output = outputs.next() {
            if let claim = output.claim {
                try Self.claim(claim, place, wallet)
                let isOurs = isOurs(output, claim, wallet, record, &wallets, curve)
                try require(isOurs, else: .fraudulentChange, at: place)
            }
            switch ScriptKind(of: output.script) {
            case .p2pkh, .p2sh, .p2wpkh, .p2wsh, .p2tr:
                guard output.amount > 0 else { throw RefusalDetail(.zeroValue, index: place) }
            case .opReturn:
                dataOutputs += 1
                let (count, limit) = (output.script.count, dataScriptByteCountMax)
                guard output.amount == 0, dataOutputs == 1, count <= limit else {
                    let refusal = Refusal.dataOutputNotPermitted
                    throw RefusalDetail(refusal, index: place, expected: limit, found: count)
                }
            case .unknown: throw RefusalDetail(.unknownOutputScript, index: place)
            }
            place += 1
        }
    }

    /// Whether an output has the script that its claim leads to.
    private static func isOurs(
        _ output: borrowing RequestOutput,
        _ claim: OwnerClaim,
        _ wallet: OwnWallet,
        _ record: WalletRecord,
        _ wallets: inout WalletTable,
        _ curve: borrowing Curve
    ) -> Bool {
        do throws(CryptoError) {
            let address = try wallets.script(claim, wallet, record, curve)
            return output.script.equals(address.script)
        } catch {
            // One index in 2^127 has no key; nothing can be change there.
            return false
        }
    }

    /// Whether branch and index of a claim are the wallet's.
    static func claim(
        _ claim: OwnerClaim,
        _ place: Int,
        _ wallet: OwnWallet
    ) throws(RefusalDetail) {
        try require(
            claim.branch,
            atMost: wallet.branchCount - 1,
            else: .branchOutOfRange,
            at: place
        )
        try require(claim.index, atMost: wallet.indexMax, else: .indexOutOfRange, at: place)
    }
}
