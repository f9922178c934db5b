import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import TestSupport
import Testing

/// A payment from a wallet of any kind, and what its signatures must be.
struct TemplatePayment {
    let wallet: TestTemplate
    /// Branch and index of each input.
    let claims: [(UInt8, UInt32)]
    /// The leaf that the inputs spend; the key path or the only script where there is none.
    let leaf: Int?
    var request: TestRequest

    /// Pays 50,000 satoshi from coins of 100,000, with change on the wallet's last branch.
    init(_ wallet: TestTemplate, _ claims: [(UInt8, UInt32)], leaf: Int? = nil) throws {
        self.wallet = wallet
        self.claims = claims
        self.leaf = leaf
        request = TestRequest(wallet: wallet.id)
        for (place, (branch, index)) in claims.enumerated() {
            let script = try wallet.script(branch, index)
            let parent = TestRequest.parent(
                salt: little(UInt32(place)),
                outputs: [(7_000, TestRequest.foreignScript), (100_000, script)]
            )
            request.parents.append(parent)
            var input = TestRequest.Input(
                txid: SHA256.doubleHash(parent.span).array,
                vout: 1,
                amount: 100_000,
                branch: branch,
                index: index,
                sighash: wallet.isTaproot ? UInt8(place % 2) : 1
            )
            if let leaf {
                input.selector = 1
                input.leafHash = wallet.leafHash(leaf, try wallet.keys(branch, index))
            }
            request.inputs.append(input)
        }
        let (branch, index) = claims[claims.count - 1]
        request.outputs = [
            .init(amount: 50_000, script: TestRequest.foreignScript),
            .init(
                amount: UInt64(claims.count) * 100_000 - 60_000,
                script: try wallet.script(branch, index),
                owner: (0, branch, index)
            ),
        ]
    }

    /// Holds every signature against the key and the message that it must be of; gives how many
    /// there are.
    func check(_ signatures: [Bytes64]) throws -> Int {
        let verdicts = try verdicts(signatures)
        for (count, isGood) in verdicts.enumerated() {
            #expect(isGood, "\(wallet.kind), signature \(count)")
        }
        #expect(signatures.count == verdicts.count)
        return verdicts.count
    }

    /// Whether each signature is of the key and the message that it must be of.
    func verdicts(_ signatures: [Bytes64]) throws -> [Bool] {
        let naive = NaiveSighash(
            request: request,
            scripts: try claims.map { try wallet.script($0.0, $0.1) }
        )
        let curve = try Curve()
        var verdicts: [Bool] = []
        for (place, (branch, index)) in claims.enumerated() {
            let keys = try wallet.keys(branch, index)
            for (key, digest) in try expected(naive, place, keys) {
                let count = verdicts.count
                let signature = try #require(signatures.count > count ? signatures[count] : nil)
                let xOnly = Array(key.suffix(32))
                let isGood =
                    wallet.isTaproot
                    ? curve.verifySchnorr(
                        signature: signature,
                        digest: digest,
                        publicKey: Bytes32(copying: xOnly.span)
                    )
                    : curve.verifyECDSA(signature: signature, digest: digest, publicKey: key.span)
                verdicts.append(isGood)
            }
        }
        return verdicts
    }

    /// The keys that sign an input in their order, each with its message.
    private func expected(
        _ naive: NaiveSighash,
        _ place: Int,
        _ keys: [[UInt8]]
    ) throws -> [([UInt8], Bytes32)] {
        let (branch, index) = claims[place]
        let keyCode: [UInt8] = [0x76, 0xa9, 20] + TestTemplate.shortHash(keys[0]) + [0x88, 0xac]
        switch wallet.kind {
        case .p2pkh: return [(keys[0], naive.legacy(place, keyCode))]
        case .p2wpkh, .p2shP2WPKH: return [(keys[0], naive.witness(place, keyCode))]
        case .p2tr: return [(try wallet.script(branch, index), naive.taproot(place, leafHash: nil))]
        case .p2trTree where leaf == nil:
            let output = try wallet.script(branch, index)
            return [(output, naive.taproot(place, leafHash: nil))]
        case .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree:
            let code = wallet.filled(leaf ?? 0, keys)
            let digest =
                switch wallet.kind {
                case .p2shScript: naive.legacy(place, code)
                case .p2trTree:
                    naive.taproot(place, leafHash: wallet.leafHash(leaf ?? 0, keys))
                default: naive.witness(place, code)
                }
            return wallet.leaf(leaf ?? 0).order(keys).filter { wallet.isOwn($0) }
                .map { (keys[$0], digest) }
        }
    }
}

extension TestTemplate {
    var isTaproot: Bool { kind == .p2tr || kind == .p2trTree }

    /// How many branches a claim may name.
    var branchCount: Int {
        template.keys.map { key in
            switch key {
            case .own(_, .branches(let branches)), .extended(_, _, .branches(let branches)),
                .aggregate(_, .branches(let branches)):
                branches.count
            case .own, .extended, .fixed, .aggregate: 1
            }
        }.max() ?? 1
    }

    func randomClaim(_ dice: inout Dice) -> (UInt8, UInt32) {
        (UInt8(dice.below(branchCount)), UInt32(dice.below(Int(template.indexMax) + 1)))
    }

    /// The leaves in which a key of ours stands.
    var ownLeaves: [Int] {
        template.leaves.indices.filter { place in
            template.leaves[place].holes.contains { isOwn($0.key) }
        }
    }
}
