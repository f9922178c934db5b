import Bitcoin
import BitcoinCrypto
import Bytes
import Signer
import TestSupport
import Testing
import Wire

/// The answer to `release`.
struct Released {
    let head: SignedHead
    let signatures: [[Bytes64]]

    init(_ frame: Frame) throws {
        try frame.expect(.released)
        var reader = ByteReader(frame.payload.span)
        head = try SignedHead(reading: &reader)
        var signatures: [[Bytes64]] = []
        for _ in 0..<(try reader.readUInt16()) {
            var row: [Bytes64] = []
            for _ in 0..<(try reader.readUInt16()) { row.append(try reader.readBytes64()) }
            signatures.append(row)
        }
        try reader.finish()
        self.signatures = signatures
    }
}

extension TestSigner {
    /// Assesses, logs, charges and releases one request; the log has seen it all afterwards.
    func pay(_ request: TestRequest, _ log: TestLog, slot: UInt16 = 0) throws -> Released {
        log.charge(try assess(request, slot: slot).leaf)
        let released = try Released(try ask(.release, try log.release([(request, slot)])))
        log.commit()
        return released
    }
}

@Suite("Releasing what was logged")
struct ReleaseTests {
    @Test("Every signature is valid for the key that its claim names", arguments: [0, 1])
    func signatures(wallet: Int) throws {
        let (signer, log) = try TestHome(.bothWallets).ready()
        let request = try TestRequest(signer, wallet: wallet, count: 3)
        let released = try signer.pay(request, log)
        #expect(released.signatures.count == 1)
        #expect(released.signatures[0].count == 3)
        let midstates = try Midstates(request, signer, wallet)
        for place in 0..<3 {
            #expect(try midstates.isGood(released.signatures[0][place], at: place))
        }
        #expect(try midstates.isGood(released.signatures[0][0], at: 1) == false)
    }

    @Test("An ECDSA signature has a low R, so that it never takes 72 bytes")
    func lowR() throws {
        let (signer, log) = try TestHome().ready()
        let request = try TestRequest(signer, count: 12)
        for signature in try signer.pay(request, log).signatures[0] {
            #expect(signature[0] < 0x80)
        }
    }

    @Test("The checkpoint names the tree with the decision and the charge in it")
    func checkpoint() throws {
        let (signer, log) = try TestHome().ready()
        let released = try signer.pay(try TestRequest(signer), log)
        #expect(released.head.size == UInt64(log.leaves.count))
        #expect(released.head.root == log.root(log.leaves.count))
        #expect(signer.record.logSize == UInt64(log.leaves.count))
    }

    @Test("What leaves is charged to the allowance, fee included, and stored")
    func allowance() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        _ = try signer.pay(try TestRequest(signer), log)
        #expect(signer.record.allowanceSpent == 60_000)
        let again = try home.unlockWhileHeld()
        #expect(again.record.allowanceSpent == 60_000)
    }

    @Test("The same request again gives the same signatures and one charge, by either mode")
    func again() throws {
        let (signer, log) = try TestHome().ready()
        let request = try TestRequest(signer)
        let first = try signer.pay(request, log)
        let second = try signer.pay(request, log, slot: 7)
        #expect(second.signatures == first.signatures)
        #expect(signer.record.allowanceSpent == 60_000)
        let assessed = try signer.assess(request, slot: 8)
        let index = try #require(log.leaves.firstIndex(of: assessed.leaf))
        let retry = log.retry(request, slot: 8, index: index)
        let third = try Released(try signer.ask(.release, retry))
        #expect(third.signatures == first.signatures)
        #expect(signer.record.allowanceSpent == 60_000)
        #expect(third.head.size == second.head.size)
    }

    @Test("A retry after a restart gives the same signatures, and is not charged again")
    func restart() throws {
        let home = try TestHome()
        let (signer, log) = try home.ready()
        let request = try TestRequest(signer)
        let first = try signer.pay(request, log)
        let later = try home.unlockWhileHeld()
        try later.resume(log)
        let leaf = try later.assess(request).leaf
        let index = try #require(log.leaves.firstIndex(of: leaf))
        let retry = log.retry(request, slot: 0, index: index)
        #expect(try Released(try later.ask(.release, retry)).signatures == first.signatures)
        #expect(later.record.allowanceSpent == 60_000)
    }

    @Test("Many requests share one release, each with its own decision and charge")
    func batch() throws {
        let (signer, log) = try TestHome().ready()
        var requests: [(TestRequest, UInt16)] = []
        for place in 0..<UInt8(64) {
            let request = try TestRequest(signer, count: 1, salt: place)
            var smaller = request
            smaller.outputs = [.init(amount: 90_000, script: TestRequest.foreignScript)]
            log.charge(try signer.assess(smaller, slot: UInt16(place)).leaf)
            requests.append((smaller, UInt16(place)))
        }
        let released = try Released(try signer.ask(.release, try log.release(requests)))
        #expect(released.signatures.count == 64)
        #expect(signer.record.allowanceSpent == 6_400_000)
    }

    @Test("The ring remembers the last 112 releases; the one before is charged again")
    func ring() throws {
        let (signer, log) = try TestHome().ready()
        var requests: [TestRequest] = []
        for place in 0..<UInt8(113) {
            var request = try TestRequest(signer, count: 1, salt: place)
            request.outputs = [.init(amount: 90_000, script: TestRequest.foreignScript)]
            requests.append(request)
            _ = try signer.pay(request, log)
        }
        #expect(signer.record.allowanceSpent == 113 * 100_000)
        _ = try signer.pay(requests[1], log)
        #expect(signer.record.allowanceSpent == 113 * 100_000)
        _ = try signer.pay(requests[0], log)
        #expect(signer.record.allowanceSpent == 114 * 100_000)
    }
}

/// The digests of a request, from the claims that the test itself made.
struct Midstates {
    let request: TestRequest
    let scripts: [[UInt8]]
    let wallet: Int
    private let midstates: SighashMidstates

    init(_ request: TestRequest, _ signer: TestSigner, _ wallet: Int) throws {
        self.request = request
        self.wallet = wallet
        scripts = try request.inputs.map {
            try signer.script(wallet, branch: $0.branch, index: $0.index)
        }
        var hasher = TransactionHasher(
            version: request.transactionVersion,
            lockTime: request.lockTime,
            inputCount: request.inputs.count,
            outputCount: request.outputs.count
        )
        for (place, input) in request.inputs.enumerated() {
            let script = scripts[place]
            hasher.addInput(Self.spent(input), script: script.span)
        }
        for output in request.outputs {
            let script = output.script
            hasher.addOutput(amount: output.amount, script: script.span)
        }
        midstates = hasher.finish().midstates
    }

    /// Whether a signature is good for the input at a place. For P2WPKH the key is derived from the
    /// seed here.
    func isGood(_ signature: Bytes64, at place: Int) throws -> Bool {
        let input = request.inputs[place]
        let script = scripts[place]
        let curve = try Curve()
        if wallet == 0 {
            let key = try Self.publicKey(index: input.index, curve)
            let hash = Bytes20(copying: script.span.extracting(2...))
            let digest = midstates.p2wpkhSighash(of: Self.spent(input), keyHash: hash)
            return curve.verifyECDSA(signature: signature, digest: digest, publicKey: key.span)
        }
        let digest = try midstates.taprootSighash(
            at: place,
            of: Self.spent(input),
            script: script.span,
            type: .default
        )
        let outputKey = Bytes32(copying: script.span.extracting(2...))
        return curve.verifySchnorr(signature: signature, digest: digest, publicKey: outputKey)
    }

    private static func spent(_ input: TestRequest.Input) -> SpentInput {
        let txid = input.txid
        return SpentInput(
            txid: Bytes32(copying: txid.span),
            vout: input.vout,
            sequence: input.sequence,
            amount: input.amount
        )
    }

    /// The public key at m/84'/1'/0'/0/index of the mnemonic.
    private static func publicKey(index: UInt32, _ curve: borrowing Curve) throws -> Bytes33 {
        var seed = [UInt8](repeating: 0, count: 64)
        var seedSpan = seed.mutableSpan
        let words = Array(TestHome.mnemonic.utf8)
        let nothing: [UInt8] = []
        try Mnemonic.seed(
            sentence: words.span,
            passphrase: nothing.span,
            into: &seedSpan
        )
        var node = [UInt8](repeating: 0, count: 64)
        var scratch = node
        var nodeSpan = node.mutableSpan
        var scratchSpan = scratch.mutableSpan
        try HD.master(seed: seedSpan.span, into: &nodeSpan, curve: curve)
        for step in [0x8000_0054, 0x8000_0001, 0x8000_0000, 0, index] {
            try HD.descend(&nodeSpan, index: step, scratch: &scratchSpan, curve: curve)
        }
        return try curve.publicKey(ofSecret: nodeSpan.span.extracting(0..<32))
    }
}
