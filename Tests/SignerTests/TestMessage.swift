import BitcoinCrypto
import Bytes
import Policy
import TestSupport
import Wire

/// A request to sign a message, written by hand from protocol.md, section 3, and the virtual
/// transactions that it stands for, laid out.
struct TestMessage {
    var network: UInt8 = 4
    var antiExfil: UInt8 = 0
    var format: UInt8 = 1
    var walletID: [UInt8]
    var branch: UInt8 = 0
    var index: UInt32 = 0
    var leafHash: [UInt8] = []
    var selector: UInt8?
    var transactionVersion: UInt32 = 0
    var lockTime: UInt32 = 0
    var sequence: UInt32 = 0
    var text: [UInt8]
    var inputCount: UInt16?
    var inputs: [TestRequest.Input] = []
    var trailing: [UInt8] = []
    var parents: [[UInt8]] = []

    init(_ walletID: [UInt8] = TestRequest.walletIDs[0], _ text: String = "log in") {
        self.walletID = walletID
        self.text = Array(text.utf8)
    }

    var resolved: [UInt8] {
        var bytes = [2, network, antiExfil, format] + walletID + [branch] + little(index)
        bytes += [selector ?? (leafHash.isEmpty ? 0 : 1)] + leafHash
        bytes += little(transactionVersion) + little(lockTime) + little(sequence)
        bytes += vector32(text) + little(inputCount ?? UInt16(inputs.count))
        return bytes + inputs.flatMap(\.encoded) + trailing
    }

    /// The same as what the helpers of payments take.
    var request: TestRequest {
        var request = TestRequest(wallet: walletID)
        request.raw = resolved
        request.parents = parents
        return request
    }

    /// `to_spend` of BIP-322 for the address with a script.
    func toSpend(_ script: [UInt8]) -> [UInt8] {
        let tag = Array("BIP0322-signed-message".utf8)
        let tagHash = SHA256.hash(tag.span).array
        let tagged = tagHash + tagHash + text
        let hash = SHA256.hash(tagged.span).array
        var bytes = little(UInt32(0)) + [1] + [UInt8](repeating: 0, count: 32)
        bytes += little(UInt32.max) + [34, 0, 32] + hash + little(UInt32(0))
        bytes += [1] + little(UInt64(0)) + TestRequest.compact(script.count) + script
        return bytes + little(UInt32(0))
    }

    /// `to_sign`, as the request of a payment.
    func toSign(_ script: [UInt8], isTaproot: Bool) -> TestRequest {
        let spent = toSpend(script)
        var request = TestRequest(wallet: walletID)
        request.transactionVersion = transactionVersion
        request.lockTime = lockTime
        request.inputs = [
            TestRequest.Input(
                txid: SHA256.doubleHash(spent.span).array,
                vout: 0,
                sequence: sequence,
                amount: 0,
                branch: branch,
                index: index,
                sighash: isTaproot ? 0 : 1,
                selector: leafHash.isEmpty ? 0 : 1,
                leafHash: leafHash
            )
        ]
        request.inputs += inputs
        request.outputs = [.init(amount: 0, script: [0x6A])]
        return request
    }

    static let anything = SampleBundle.Rule.messages(
        "anything",
        "**",
        formats: 7,
        branches: 0xff,
        indexes: 0...0x7fff_ffff
    )

    /// A home whose wallets may sign any message, and pay.
    static func home(_ templates: [TestTemplate] = []) throws -> TestHome {
        var bundle = SampleBundle.bothWallets
        if !templates.isEmpty {
            bundle.wallets = templates.enumerated().map { place, template in
                var wallet = SampleBundle.Wallet()
                wallet.name = "wallet-\(100 + place)"
                wallet.template = template.template.bytes
                return wallet
            }
            bundle.rules[0].wallets = (1 << UInt64(templates.count)) - 1
        }
        bundle.rules.append(anything)
        bundle.rules[1].wallets = bundle.rules[0].wallets
        return try TestHome(bundle)
    }
}

extension TestSigner {
    /// Assesses, logs, charges and releases a message, by default under the second rule.
    func sign(
        _ message: TestMessage,
        _ log: TestLog,
        slot: UInt16 = 0,
        rule: UInt16 = 1
    ) throws -> Released {
        log.charge(try assess(message.request, slot: slot).leaf, rule: rule)
        let released = try Released(
            try ask(.release, try log.release([(message.request, slot)]))
        )
        log.commit()
        return released
    }
}
