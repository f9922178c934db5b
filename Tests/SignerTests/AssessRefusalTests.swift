import BitcoinCrypto
import Bytes
import Signer
import TestSupport
import Testing
import Wire

enum SHA256Double {
    static func hash(_ bytes: [UInt8]) -> [UInt8] { SHA256.doubleHash(bytes.span).span.array }
}

/// One lie about an honest request, and the name it is refused by.
struct Lie: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let name: Refusal
    let wallet: Int
    let change: @Sendable (inout TestRequest) -> Void

    init(
        _ text: String,
        _ name: Refusal,
        wallet: Int = 0,
        _ change: @escaping @Sendable (inout TestRequest) -> Void
    ) {
        testDescription = text
        self.name = name
        self.wallet = wallet
        self.change = change
    }

    static let money: UInt64 = 2_100_000_000_000_000
    static let unknownScript: [UInt8] = [0x52, 0x20] + [UInt8](repeating: 1, count: 32)

    static let aboutForm: [Lie] = [
        Lie("another version", .unsupportedVersion) { $0.version = 3 },
        Lie("another network", .wrongNetwork) { $0.network = 0 },
        Lie("a network that there is not", .wrongNetwork) { $0.network = 5 },
        Lie("anti-exfil", .unsupportedAntiExfil) { $0.antiExfil = 2 },
        Lie("a replacement", .unsupportedReplacement) { $0.replaces = 2 },
        Lie("selector 2", .unsupportedSelector) { $0.inputs[0].selector = 2 },
        Lie("a leaf of a wallet without a tree", .unsupportedSelector) {
            for place in $0.inputs.indices {
                $0.inputs[place].selector = 1
                $0.inputs[place].leafHash = [UInt8](repeating: 7, count: 32)
            }
        },
        Lie("a leaf for one input alone", .mixedSelectors) {
            $0.inputs[1].selector = 1
            $0.inputs[1].leafHash = [UInt8](repeating: 7, count: 32)
        },
        Lie("an unknown wallet", .unknownWallet) { $0.wallets[0][0] ^= 1 },
        Lie("two wallets", .mixedWallets) {
            $0.wallets.append(TestRequest.walletIDs[1])
            $0.inputs[1].wallet = 1
        },
        Lie("a wallet that nothing names", .nonCanonicalRequest) {
            $0.wallets.append(TestRequest.walletIDs[1])
        },
        Lie("no inputs", .nothingToSign) { $0.inputs = [] },
        Lie("no outputs", .tooManyOutputs) { $0.outputs = [] },
        Lie("transaction version 0", .transactionVersion) { $0.transactionVersion = 0 },
        Lie("transaction version 3", .transactionVersion) { $0.transactionVersion = 3 },
        Lie("a lock time in seconds", .timeLock) { $0.lockTime = 500_000_000 },
        Lie("a byte after the parents", .trailingBytes) { $0.trailing = [0] },
    ]

    static let aboutInputs: [Lie] = [
        Lie("a lied amount", .amountMismatch) { $0.inputs[0].amount += 1 },
        Lie("a lied amount of a taproot coin", .amountMismatch, wallet: 1) {
            $0.inputs[0].amount -= 1
        },
        Lie("another index", .foreignInput) { $0.inputs[0].index = 77 },
        Lie("another branch", .foreignInput) { $0.inputs[0].branch = 1 },
        Lie("a branch that there is not", .branchOutOfRange) { $0.inputs[0].branch = 2 },
        Lie("an index over the wallet's", .indexOutOfRange) { $0.inputs[0].index = 1_000_001 },
        Lie("a hardened index", .indexOutOfRange) { $0.inputs[0].index = 1 << 31 },
        Lie("SIGHASH_SINGLE without its output", .sighashSingleWithoutOutput) {
            $0.inputs[1].sighash = 3
            $0.outputs.removeLast()
        },
        Lie("SIGHASH_SINGLE without its output in taproot", .sighashSingleWithoutOutput, wallet: 1)
        {
            $0.inputs[1].sighash = 3
            $0.outputs.removeLast()
        },
        Lie("ANYONECANPAY for one of two", .anyoneCanPayInputs) { $0.inputs[1].sighash = 0x81 },
        Lie("ANYONECANPAY for two of two", .anyoneCanPayInputs, wallet: 1) {
            $0.inputs[0].sighash = 0x82
            $0.inputs[1].sighash = 0x83
        },
        Lie("DEFAULT on segwit v0", .sighashNotPermitted) { $0.inputs[1].sighash = 0 },
        Lie("a sighash of no type", .sighashNotPermitted) { $0.inputs[1].sighash = 0x80 },
        Lie("a sighash that counts as ALL", .sighashNotPermitted) { $0.inputs[1].sighash = 0x41 },
        Lie("an undefined sighash", .sighashNotPermitted, wallet: 1) { $0.inputs[1].sighash = 4 },
        Lie("a coin of nothing", .zeroValue) { $0.inputs[0].amount = 0 },
        Lie("a coin over 21 million", .amountOutOfRange) { $0.inputs[0].amount = money + 1 },
        Lie("coins of more than 21 million in all", .amountOutOfRange) {
            $0.inputs[0].amount = money
        },
        Lie("a coin twice", .duplicateInput) { $0.inputs[1] = $0.inputs[0] },
    ]

    static let aboutParents: [Lie] = [
        Lie("a missing parent", .missingParent) { $0.parents.removeFirst() },
        Lie("a parent twice", .duplicateParent) { $0.parents.append($0.parents[0]) },
        Lie("a parent that nothing spends", .unusedParent) {
            $0.parents.append(TestRequest.parent(salt: [9], outputs: [(1, [0x51])]))
        },
        Lie("a parent with one bit changed", .unusedParent) {
            $0.parents[0][$0.parents[0].count - 1] ^= 1
        },
        Lie("a parent cut short", .malformedParent) { $0.parents[1].removeLast() },
        Lie("a parent with a byte too many", .malformedParent) { $0.parents[1].append(0) },
        Lie("a parent too small to be one", .malformedParent) {
            $0.parents[1] = [UInt8](repeating: 0, count: 59)
        },
        Lie("a parent of more than 4 MiB", .malformedParent) {
            $0.parents[1] = [UInt8](repeating: 0, count: 4_194_305)
        },
        Lie("a parent with a witness", .malformedParent) {
            $0.parents[0].insert(contentsOf: [0, 1], at: 4)
        },
        Lie("an output that the parent has not", .outpointOutOfRange) { $0.inputs[0].vout = 2 },
        Lie("an output that no parent can have", .outpointOutOfRange) {
            $0.inputs[0].vout = .max
        },
        Lie("somebody else's output", .foreignInput) {
            $0.inputs[0].vout = 0
            $0.inputs[0].amount = 7_000
            $0.outputs[1].amount = 40_000
        },
        Lie("an output of another form", .scriptMismatch) {
            let parent = TestRequest.parent(salt: [8], outputs: [(100_000, unknownScript)])
            $0.parents[0] = parent
            $0.inputs[0].txid = SHA256Double.hash(parent)
            $0.inputs[0].vout = 0
        },
        Lie("a new coin", .coinbaseInput) {
            let parent = TestRequest.parent(
                salt: [7, 7],
                outputs: [(100_000, [0x51])],
                isCoinbase: true
            )
            $0.parents[0] = parent
            $0.inputs[0].txid = SHA256Double.hash(parent)
            $0.inputs[0].vout = 0
        },
    ]

    static let aboutOutputs: [Lie] = [
        Lie("change to somebody else", .fraudulentChange) {
            $0.outputs[1].script = TestRequest.foreignScript
        },
        Lie("change at another index", .fraudulentChange) { $0.outputs[1].owner?.2 = 5 },
        Lie("change on the other branch", .fraudulentChange) { $0.outputs[1].owner?.1 = 0 },
        Lie("change on a branch that there is not", .branchOutOfRange) {
            $0.outputs[1].owner?.1 = 2
        },
        Lie("change over the wallet's index", .indexOutOfRange) {
            $0.outputs[1].owner?.2 = 1_000_001
        },
        Lie("eleven change outputs", .tooManyChangeOutputs) {
            $0.outputs[1].amount = 1_000
            $0.outputs += [TestRequest.Output](repeating: $0.outputs[1], count: 10)
        },
        Lie("more out than in", .outputsExceedInputs) { $0.outputs[0].amount = 60_001 },
        Lie("an output over 21 million", .amountOutOfRange) { $0.outputs[0].amount = money + 1 },
        Lie("outputs that wrap around", .amountOutOfRange) { $0.outputs[0].amount = .max },
        Lie("a payment of nothing", .zeroValue) { $0.outputs[0].amount = 0 },
        Lie("change of nothing", .zeroValue) { $0.outputs[1].amount = 0 },
        Lie("an unknown script", .unknownOutputScript) { $0.outputs[0].script = unknownScript },
        Lie("an empty script", .unknownOutputScript) { $0.outputs[0].script = [] },
        Lie("value in an OP_RETURN", .dataOutputNotPermitted) {
            $0.outputs[0].script = [0x6A, 1, 1]
        },
        Lie("two OP_RETURNs", .dataOutputNotPermitted) {
            $0.outputs += [.init(amount: 0, script: [0x6A, 1, 1])]
            $0.outputs += [.init(amount: 0, script: [0x6A, 1, 2])]
        },
        Lie("an OP_RETURN of 84 bytes", .dataOutputNotPermitted) {
            let data = [UInt8](repeating: 1, count: 81)
            $0.outputs += [.init(amount: 0, script: [0x6A, 0x4C, 81] + data)]
        },
    ]
}

@Suite("What a front may claim, and is refused for")
struct AssessRefusalTests {
    private func check(_ lies: [Lie]) throws {
        let (signer, _) = try TestHome(.bothWallets).ready()
        for lie in lies {
            var request = try TestRequest(signer, wallet: lie.wallet)
            #expect(try signer.assess(request).verdict == .allow, "\(lie.testDescription)")
            lie.change(&request)
            let answer = try signer.assess(request, slot: 1)
            #expect(answer.name == lie.name, "\(lie.testDescription)")
            #expect(answer.verdict == .refuse)
            let leaf = try DecisionLeaf(reading: answer.leaf.span)
            #expect(leaf.head.refusal == answer.refusal)
        }
    }

    @Test("Lies about the form of a request are refused by name")
    func form() throws { try check(Lie.aboutForm) }

    @Test("Lies about inputs are refused by name")
    func inputs() throws { try check(Lie.aboutInputs) }

    @Test("Lies about parents are refused by name")
    func parents() throws { try check(Lie.aboutParents) }

    @Test("Lies about outputs are refused by name")
    func outputs() throws { try check(Lie.aboutOutputs) }

    @Test("Ten change outputs, an OP_RETURN of 83 bytes and the last block height are allowed")
    func otherSides() throws {
        let (signer, _) = try TestHome(.bothWallets).ready()
        var request = try TestRequest(signer)
        request.lockTime = 499_999_999
        request.transactionVersion = 1
        request.outputs[1].amount = 1_000
        request.outputs += [TestRequest.Output](repeating: request.outputs[1], count: 9)
        let data = [UInt8](repeating: 1, count: 80)
        request.outputs += [.init(amount: 0, script: [0x6A, 0x4C, 80] + data)]
        #expect(try signer.assess(request).verdict == .allow)
    }

    @Test("A refused request leaves its slot empty")
    func slotAfterRefusal() throws {
        let (signer, log) = try TestHome(.bothWallets).ready()
        var request = try TestRequest(signer)
        let allowed = try signer.assess(request, slot: 5)
        log.charge(allowed.leaf)
        let release = try log.release([(request, 5)])
        request.network = 0
        _ = try signer.assess(request, slot: 5)
        #expect(try signer.ask(.release, release).name == .slotEmpty)
    }
}
