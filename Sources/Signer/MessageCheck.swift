import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// The checks on a message, in the order in which they refuse.
enum MessageCheck {
    /// The wallet whose address signs.
    static func wallet(
        of message: borrowing MessageRequest,
        network: UInt8,
        _ wallets: borrowing WalletTable
    ) throws(RefusalDetail) -> OwnWallet {
        try require(message.network, equals: network, else: .wrongNetwork)
        guard let wallet = wallets.wallet(id: message.walletID) else {
            throw RefusalDetail(.unknownWallet)
        }
        return wallet
    }

    /// What the format and the kind of wallet permit, the address, and the text.
    static func form(
        _ message: borrowing MessageRequest,
        _ wallet: OwnWallet
    ) throws(RefusalDetail) {
        let isLegacy = message.format == .legacy
        let format = message.format.rawValue
        try require(!isLegacy || wallet.hasLegacyMessages, else: .messageFormat, found: format)
        guard message.transactionVersion == 0 || message.transactionVersion == 2 && !isLegacy else {
            let (expected, found) = (isLegacy ? 0 : 2, message.transactionVersion)
            throw RefusalDetail(.messageForm, index: 1, expected: expected, found: found)
        }
        // Only a script can ask for a time.
        if isLegacy || wallet.kind.isOfOneKey {
            try require(message.lockTime, equals: 0, else: .messageForm, at: 2)
            try require(message.sequence, equals: 0, else: .messageForm, at: 3)
        }
        try RequestCheck.claim(message.claim, 0, wallet)
        if let fault = PrintableText.firstMessageFault(in: message.text) {
            throw RefusalDetail(.messageText, expected: message.text.count, found: fault)
        }
    }

    /// The inputs of `to_sign`, of which the first is the address itself.
    static func inputs(
        _ toSign: borrowing ResolvedRequest,
        _ wallet: OwnWallet,
        _ keys: borrowing PublicKeys
    ) throws(RefusalDetail) {
        let isTree = wallet.kind == .p2trTree
        let isKeyPathOurs = !isTree || keys.key(at: wallet.firstKey).isOwn
        for place in 0..<toSign.inputCount {
            let input = toSign.input(at: place)
            try RequestCheck.claim(input.claim, place, wallet)
            let isKnown = input.selector == 0 || isTree
            try require(isKnown, else: .unsupportedSelector, at: place, found: input.selector)
            let isOurs = input.selector == 1 || isKeyPathOurs
            try require(isOurs, else: .cannotSignKeyPath, at: place)
            // Whatever the rules about payments permit: nothing of a message is left open.
            let isAll = input.sighash == 1 || (input.sighash == 0 && wallet.isTaproot)
            let sighash = input.sighash
            try require(isAll, else: .sighashNotPermitted, at: place, expected: 1, found: sighash)
            guard place == 0 || input.amount > 0 else {
                throw RefusalDetail(.zeroValue, index: place)
            }
        }
    }
}

extension OwnWallet {
    /// Whether an address stands for one key that signs by ECDSA: the only ones that messages in
    /// the legacy format were ever verified against.
    var hasLegacyMessages: Bool {
        switch kind {
        case .p2pkh, .p2shP2WPKH, .p2wpkh: true
        case .p2tr, .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree: false
        }
    }
}
