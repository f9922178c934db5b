import BitcoinCrypto
import Bytes
import TestSupport

/// A SigningRequest written by hand from protocol.md, section 3; every part may be changed into
/// nonsense.
struct TestRequest {
    struct Input {
        var txid: [UInt8]
        var vout: UInt32
        var sequence: UInt32 = 0xFFFF_FFFD
        var amount: UInt64
        var wallet: UInt8 = 0
        var branch: UInt8 = 0
        var index: UInt32
        var sighash: UInt8
        var selector: UInt8 = 0
        /// Follows the selector; empty where there is none.
        var leafHash: [UInt8] = []

        var encoded: [UInt8] {
            txid + little(vout) + little(sequence) + little(amount) + [wallet, branch]
                + little(index) + [sighash, selector] + leafHash
        }
    }

    struct Output {
        var amount: UInt64
        var script: [UInt8]
        /// wallet, branch, index
        var owner: (UInt8, UInt8, UInt32)?
    }

    /// The ids of the sample bundle's wallets, `segwit` and `taproot`.
    static let walletIDs = [walletID(kind: 1, purpose: 84), walletID(kind: 2, purpose: 86)]
    /// Pay to the hash of a key that nobody has.
    static let foreignScript: [UInt8] = [0x00, 0x14] + [UInt8](repeating: 0x42, count: 20)

    var version: UInt8 = 1
    var network: UInt8 = 4
    var antiExfil: UInt8 = 0
    /// Follows antiExfil; empty where there is none.
    var commitment: [UInt8] = []
    /// Goes with a release; empty where there is none.
    var hostNonce: [UInt8] = []
    var replaces: UInt8 = 0
    /// Follows replaces; empty where there is none.
    var replacedDigest: [UInt8] = []
    /// The request that is replaced; it follows the parents.
    var replaced: [UInt8]?
    var wallets: [[UInt8]]
    var transactionVersion: UInt32 = 2
    var lockTime: UInt32 = 0
    var inputs: [Input] = []
    var outputs: [Output] = []
    var parents: [[UInt8]] = []
    var trailing: [UInt8] = []
    /// All of the resolved bytes, in place of what is above.
    var raw: [UInt8]?

    /// An empty request about one wallet.
    init(wallet: [UInt8]) {
        wallets = [wallet]
    }

    /// A payment of 50,000 satoshi with change at index 4, from `count` coins of 100,000 at indexes
    /// 0 on, each with a parent of its own.
    init(_ signer: TestSigner, wallet: Int = 0, count: Int = 2, salt: UInt8 = 0) throws {
        wallets = [Self.walletIDs[wallet]]
        for index in 0..<UInt32(count) {
            let script = try signer.script(wallet, index: index)
            let parent = Self.parent(
                salt: [salt] + little(index),
                outputs: [(7_000, Self.foreignScript), (100_000, script)]
            )
            parents.append(parent)
            inputs.append(
                Input(
                    txid: SHA256.doubleHash(parent.span).span.array,
                    vout: 1,
                    amount: 100_000,
                    index: index,
                    sighash: wallet == 0 ? 1 : 0
                )
            )
        }
        let change = UInt64(count) * 100_000 - 60_000
        outputs = [
            Output(amount: 50_000, script: Self.foreignScript),
            Output(
                amount: change,
                script: try signer.script(wallet, branch: 1, index: 4),
                owner: (0, 1, 4)
            ),
        ]
    }

    var resolved: [UInt8] {
        if let raw { return raw }
        var bytes = [version, network, antiExfil] + commitment + [replaces] + replacedDigest
        bytes += [UInt8(wallets.count)]
        bytes += wallets.flatMap(\.self) + little(transactionVersion) + little(lockTime)
        bytes += little(UInt16(inputs.count))
        bytes += inputs.flatMap(\.encoded)
        bytes += little(UInt16(outputs.count))
        for output in outputs {
            bytes += little(output.amount) + vector16(output.script)
            guard let owner = output.owner else {
                bytes.append(0)
                continue
            }
            bytes += [1, owner.0, owner.1] + little(owner.2)
        }
        return bytes
    }

    var encoded: [UInt8] {
        vector32(resolved) + little(UInt16(parents.count)) + parents.flatMap(vector32)
            + (replaced.map(vector32) ?? []) + trailing
    }

    /// The same as a replacement of another.
    func replacing(_ old: TestRequest) -> TestRequest {
        let bytes = old.resolved
        var request = self
        request.replaces = 1
        request.replacedDigest =
            TaggedHash.hash(tag: "portcullis/request/1", bytes.span).span.array
        request.replaced = bytes
        return request
    }

    func assessPayload(
        slot: UInt16 = 0,
        time: UInt64 = 1_000,
        requester: UInt32 = 1_000
    ) -> [UInt8] {
        [1] + little(slot) + little(time) + little(requester) + little(UInt16(0)) + encoded
    }

    /// A release entry for a decision among the new leaves.
    func newEntry(slot: UInt16, offset: Int, charge: [UInt8]) -> [UInt8] {
        little(slot) + [1] + little(UInt32(offset)) + vector16(charge) + vector32(resolved)
            + hostNonce
    }

    /// A release entry for a decision that has been in the log.
    func retryEntry(
        slot: UInt16,
        index: Int,
        leaf: [UInt8],
        proof: [[UInt8]],
        charge: [UInt8],
        chargeProof: [[UInt8]]
    ) -> [UInt8] {
        little(slot) + [2] + little(UInt64(index)) + vector16(leaf) + [UInt8(proof.count)]
            + proof.flatMap(\.self) + vector16(charge) + [UInt8(chargeProof.count)]
            + chargeProof.flatMap(\.self) + vector32(resolved) + hostNonce
    }

    /// A transaction with one input of nobody's, in its legacy serialization.
    static func parent(
        salt: [UInt8],
        outputs: [(UInt64, [UInt8])],
        isCoinbase: Bool = false
    ) -> [UInt8] {
        var bytes = little(UInt32(2)) + [1]
        bytes += isCoinbase ? [UInt8](repeating: 0, count: 32) : [UInt8](repeating: 0xEE, count: 32)
        bytes += little(isCoinbase ? UInt32.max : 0) + [UInt8(salt.count)] + salt
        bytes += little(UInt32.max) + compact(outputs.count)
        for (amount, script) in outputs {
            bytes += little(amount) + compact(script.count) + script
        }
        return bytes + little(UInt32(0))
    }

    static func compact(_ count: Int) -> [UInt8] {
        count < 253 ? [UInt8(count)] : [0xFD] + little(UInt16(count))
    }

    private static func walletID(kind: UInt8, purpose: UInt32) -> [UInt8] {
        let hardened: UInt32 = 0x8000_0000
        var template: [UInt8] = [kind] + little(UInt32(1_000_000)) + [1, 1, 3]
        for step in [purpose, 1, 0] { template += little(step | hardened) }
        template += [2] + little(UInt32(0)) + little(UInt32(1))
        return TaggedHash.hash(tag: "portcullis/wallet/1", template.span).span.array
    }
}
