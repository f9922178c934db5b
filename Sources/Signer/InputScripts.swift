import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// What the claims of one request's inputs lead to: scripts, the leaves that are spent, and what
/// signing them takes.
struct InputScripts: ~Copyable {
    /// More signatures are not made for one request.
    static let signatureCountMax = 16_384
    /// More bytes are not hashed to sign outside of segwit.
    private static let legacyByteCountMax = 64 << 20

    /// `AddressScript | u8 place of the leaf`
    private static let stride = AddressScript.byteCount + 1

    private var memory: Arena
    private(set) var signatureCount = 0
    /// Of the signed transaction.
    private(set) var virtualByteCount = 0

    init() throws(SignerStop) {
        memory = try Arena(needing: ResolvedRequest.inputCountMax * Self.stride)
    }

    /// Derives for every input; the claims' branches and indexes were checked.
    mutating func load(
        _ request: borrowing ResolvedRequest,
        _ totals: RequestTotals,
        _ wallet: OwnWallet,
        _ record: WalletRecord,
        _ wallets: inout WalletTable,
        _ curve: borrowing Curve
    ) throws(RefusalDetail) {
        signatureCount = 0
        let areOutputsOpen = totals.areOutputsOpen
        var size = TransactionSize(
            inputCount: request.inputCount,
            outputCount: areOutputsOpen ? 1 : request.outputCount
        )
        for place in 0..<request.inputCount {
            let input = request.input(at: place)
            do throws(CryptoError) {
                let script = try wallets.script(input.claim, wallet, record, curve)
                script.store(in: &memory, at: place * Self.stride)
                if input.selector == 1 {
                    try wallets.keys.derive(input.claim, wallet, record, curve)
                }
            } catch {
                // One index in 2^127 has no key.
                let isAmbiguous = error == .invalidPublicKey
                throw RefusalDetail(isAmbiguous ? .ambiguousAddress : .foreignInput, index: place)
            }
            var known: Int?
            if place > 0, input.isSpent(like: request.input(at: place - 1)) {
                known = leaf(at: place - 1)
            }
            try add(input, place, known, wallet, record, wallets.keys, &size)
        }
        if areOutputsOpen {
            // Whatever is added, it is no smaller than with one output to nobody.
            size.addOutput(scriptByteCount: 0)
        } else {
            var outputs = request.outputs
            while let output = outputs.next() {
                size.addOutput(scriptByteCount: output.script.count)
            }
        }
        if request.commitment != nil {
            // The nonce is not ours alone, so no low R is looked for.
            size.addHighR(wallet.kind, signatureCount: signatureCount)
        }
        virtualByteCount = size.virtualByteCount
        if wallet.isLegacy {
            // A request has more bytes than its transaction.
            let byteCount = areOutputsOpen ? request.bytes.count : size.unsignedByteCount
            let work = request.inputCount * byteCount
            try require(work, atMost: Self.legacyByteCountMax, else: .legacyTooLarge)
        }
    }

    /// Finds the leaf that an input spends, or takes the `known` place of the one before, and
    /// counts its signatures and its size.
    private mutating func add(
        _ input: RequestInput,
        _ place: Int,
        _ known: Int?,
        _ wallet: OwnWallet,
        _ record: WalletRecord,
        _ keys: borrowing PublicKeys,
        _ size: inout TransactionSize
    ) throws(RefusalDetail) {
        if wallet.isSpentByKey(input) {
            size.addInput(wallet.kind, type: SighashType(rawValue: UInt32(input.sighash)))
            signatureCount += 1
        } else {
            var (leaves, number, isFound) = (record.leaves, 0, false)
            while !isFound, let leaf = leaves.next() {
                isFound =
                    input.selector == 0 || number == known
                    || known == nil
                        && FilledLeaf(leaf.template, keys: keys.derivedKeys)
                            .tapLeafHash(version: leaf.version) == input.leafHash
                guard isFound else {
                    number += 1
                    continue
                }
                let own = Self.ownHoleCount(leaf.template, wallet, keys)
                try require(own > 0, else: .cannotSignLeaf, at: place)
                signatureCount += own
                size.addInput(wallet.kind, satisfactionWeight: leaf.satisfactionWeight)
            }
            try require(isFound, else: .unknownLeaf, at: place)
            let start = place * Self.stride + AddressScript.byteCount
            memory.store(UInt64(number), at: start, byteCount: 1)
        }
        let limit = Self.signatureCountMax
        try require(signatureCount, atMost: limit, else: .tooManySignatures, at: place)
    }

    private static func ownHoleCount(
        _ template: LeafTemplate,
        _ wallet: OwnWallet,
        _ keys: borrowing PublicKeys
    ) -> Int {
        var count = 0
        for hole in 0..<template.holeCount
        where keys.key(at: wallet.firstKey + template.hole(at: hole).key).isOwn {
            count += 1
        }
        return count
    }

    /// The script that the input at a place must spend, with the root of its tree.
    func address(at place: Int) -> AddressScript {
        let start = place * Self.stride
        return AddressScript(memory.bytes.extracting(start..<start + AddressScript.byteCount))
    }

    /// The script that the input at a place must spend.
    @_lifetime(borrow self)
    func script(at place: Int) -> Span<UInt8> {
        let start = place * Self.stride
        return memory.bytes.extracting(start + 1..<start + 1 + Int(memory.bytes[start]))
    }

    /// The place in its wallet of the leaf that the input at a place spends.
    func leaf(at place: Int) -> Int {
        Int(memory.bytes[place * Self.stride + AddressScript.byteCount])
    }
}
