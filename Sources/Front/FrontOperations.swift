import Bitcoin
import BitcoinCrypto
import Bytes
import Wallet
import Wire

/// What is to be done for a request: it is answered at once, or the gate is asked first.
enum FrontStep {
    case done(Framed<FrontReply>)
    case ask(GateQuestion)
}

/// A question to the gate, and what its answer means.
struct GateQuestion {
    let kind: MessageKind
    let payload: [UInt8]
    let expected: MessageKind
    /// What the signer counts the inputs and outputs of, where that is not the whole PSBT.
    var part: SignedPart?
    let finish: ([UInt8]) throws(FrontError) -> Framed<FrontReply>

    /// How long the gate may take over it.
    func milliseconds(_ patience: Patience) -> Int64 {
        let signs = [.sign, .open, .signOpened].contains(kind)
        return signs ? patience.signMilliseconds : patience.gateMilliseconds
    }

    /// A refusal of the signer, with its place in the PSBT.
    func placed(_ error: FrontError) -> FrontError {
        guard case .refused(var report) = error, let part, let index = report.index else {
            return error
        }
        let places =
            switch report.subject {
            case "input": part.inputs
            case "output": part.outputs
            case _: [Int]()
            }
        if places.indices.contains(Int(index)) { report.index = UInt32(places[Int(index)]) }
        return .refused(report)
    }
}

/// The operations of the front. It remembers nothing but derived scripts.
final class FrontOperations {
    private let facts: HomeFacts
    /// For the names in it; nothing where it could not be read.
    let policy: BundleFacts?
    private let network: Network
    private let curve: Curve
    private var wallets: WalletSet

    init(_ facts: HomeFacts, policy: BundleFacts?) throws(FrontError) {
        let keys = try WalletKeys(facts)
        self.facts = facts
        self.policy = policy
        network = keys.network
        wallets = WalletSet(keys.wallets)
        do {
            curve = try Curve(blindingSeed: nil)
        } catch {
            throw .failed("the curve library does not start: \(error)")
        }
    }

    func begin(_ framed: Framed<FrontRequest>) throws(FrontError) -> FrontStep {
        let bytes = framed.attachment
        switch framed.document {
        case .status, .wallets, .address:
            guard bytes.isEmpty else { throw .usage("a PSBT with a request that takes none") }
        case .inspect, .sign, .message, .open, .signOpened: break
        }
        switch framed.document {
        case .status:
            return .ask(
                GateQuestion(kind: .gateStatus, payload: [], expected: .gateStatusReply) {
                    payload throws(FrontError) in
                    Framed(.status(try GateStatusFacts(reading: payload)))
                }
            )
        case .wallets: return .done(Framed(.wallets(facts.wallets)))
        case .address(let wallet, let branch, let index):
            return try address(Ownership(wallet: wallet, branch: branch, index: index))
        case .inspect:
            return .done(Framed(.inspected(try PSBTReading(bytes).inspect(with: facts))))
        case .sign(let finalize, let replaces):
            let payment = try PaymentToSign(bytes, replaces)
            return try sign(payment, finalize: finalize)
        case .message(let question): return try message(question, bytes)
        case .open(let commitment, let replaces):
            return try open(PaymentToSign(bytes, replaces), Self.fixed(commitment))
        case .signOpened(let finalize, let nonce, let replaces):
            let host = HostNonce(try Self.fixed(nonce))
            let payment = try PaymentToSign(bytes, replaces)
            return try sign(payment, finalize: finalize, host: host)
        }
    }

    /// The signer derives the same place, and both must agree.
    private func address(_ place: Ownership) throws(FrontError) -> FrontStep {
        let ours = try WalletKeys(facts).address(place)
        guard let id = [UInt8](hexDigits: try facts.wallet(named: place.wallet).id) else {
            throw .failed("home.json has a wallet without an id")
        }
        let index = (0..<4).map { UInt8(truncatingIfNeeded: place.index >> (8 * UInt32($0))) }
        return .ask(
            GateQuestion(
                kind: .gateAddress,
                payload: id + [place.branch] + index,
                expected: .gateAddressReply
            ) { payload throws(FrontError) in
                guard payload.count >= 2, [UInt8](payload[2...]).hexDigits == ours.script else {
                    throw .failed("THE SIGNER DERIVES ANOTHER SCRIPT: do not use this address")
                }
                var verified = ours
                verified.verified = true
                return Framed(.address(verified))
            }
        )
    }

    func request(
        _ psbt: PSBT,
        _ commitment: Bytes32?,
        replacing replaced: [UInt8]? = nil
    ) throws(FrontError) -> SigningRequest {
        do {
            return try SigningRequest(
                psbt,
                wallets: &wallets,
                network: network,
                curve: curve,
                commitment: commitment,
                replacing: replaced
            )
        } catch {
            throw .refused(RefusalReport(error))
        }
    }

    private func sign(
        _ payment: PaymentToSign,
        finalize: Bool,
        host: HostNonce? = nil
    ) throws(FrontError) -> FrontStep {
        let psbt = try PSBTReading(payment.psbt).psbt
        let replaced = try resolved(payment.replaced)
        let request = try request(psbt, host?.commitment, replacing: replaced)
        let kind: MessageKind = host == nil ? .sign : .signOpened
        let payload = (host?.bytes.array ?? []) + request.bytes
        return .ask(
            GateQuestion(kind: kind, payload: payload, expected: .signed, part: request.part) {
                [self] payload throws(FrontError) in
                let answer = try SignAnswer(reading: payload)
                var reply = try complete(psbt, request, answer, finalize: finalize)
                guard host != nil, case .signed(var facts) = reply.document else { return reply }
                facts.signatures = answer.signatures.map(\.hexDigits)
                reply = Framed(.signed(facts), attachment: reply.attachment)
                return reply
            }
        )
    }

    /// Asks for the points of the nonces, on which nothing is signed yet.
    private func open(
        _ payment: PaymentToSign,
        _ commitment: Bytes32
    ) throws(FrontError) -> FrontStep {
        let psbt = try PSBTReading(payment.psbt).psbt
        let replaced = try resolved(payment.replaced)
        let request = try request(psbt, commitment, replacing: replaced)
        return .ask(
            GateQuestion(
                kind: .open,
                payload: request.bytes,
                expected: .opened,
                part: request.part
            ) {
                payload throws(FrontError) in
                do {
                    var reader = ByteReader(payload.span)
                    var openings: [String] = []
                    for _ in 0..<(try reader.readUInt16()) {
                        openings.append(try reader.readBytes33().hexDigits)
                    }
                    try reader.finish()
                    return Framed(.opened(openings))
                } catch {
                    throw .failed("the gate's answer cannot be read: \(error)")
                }
            }
        )
    }

    /// What signatures make of a PSBT, each verified: for those who do not take a front's word.
    func result(
        of bytes: [UInt8],
        _ signatures: [Bytes64],
        host: HostNonce,
        finalize: Bool
    ) throws(FrontError) -> [UInt8] {
        let psbt = try PSBTReading(bytes).psbt
        let request = try request(psbt, host.commitment)
        let answer = SignAnswer(signatures: signatures)
        return try complete(psbt, request, answer, finalize: finalize).attachment
    }

    /// Of the signatures that a PSBT asks for: one wallet pays, so all are of one scheme.
    func scheme(of bytes: [UInt8], host: HostNonce) throws(FrontError) -> SignatureScheme {
        let request = try request(try PSBTReading(bytes).psbt, host.commitment)
        let script = request.plans.first?.owned.output.script ?? []
        return ScriptKind(of: script.span) == .p2tr ? .schnorr : .ecdsa
    }

    /// 32 bytes that the command line gave in hexadecimal digits.
    static func fixed(_ digits: String) throws(FrontError) -> Bytes32 {
        guard let bytes = [UInt8](hexDigits: digits), bytes.count == 32 else {
            throw .usage("32 bytes in hexadecimal digits are expected")
        }
        return Bytes32(copying: bytes.span)
    }
}

extension FrontOperations {
    private func message(
        _ question: MessageQuestion,
        _ bytes: [UInt8]
    ) throws(FrontError) -> FrontStep {
        let operations = MessageOperations(network: network, wallets: wallets)
        let psbt: PSBT
        let request: SigningRequest
        var owners: [Owner] = []
        do {
            if bytes.isEmpty {
                let order = try operations.order(question)
                guard !question.legacy else { return try legacy(order, operations) }
                psbt = try order.psbt(wallets, curve: curve)
                owners = order.owners
            } else {
                psbt = try PSBTReading(bytes).psbt
            }
            request = try SigningRequest(
                message: psbt,
                owners: owners,
                wallets: &wallets,
                network: network,
                curve: curve
            )
        } catch let error as FrontError {
            throw error
        } catch let error as RequestError {
            throw .refused(RefusalReport(error))
        } catch {
            throw .failed("the message cannot be asked for: \(error)")
        }
        return .ask(
            GateQuestion(kind: .sign, payload: request.bytes, expected: .signed) {
                [self] payload throws(FrontError) in
                let answer = try SignAnswer(reading: payload)
                return try operations.complete(psbt, request, answer, question, curve)
            }
        )
    }

    private func legacy(
        _ order: MessageOrder,
        _ operations: MessageOperations
    ) throws(FrontError) -> FrontStep {
        let payload: [UInt8]
        do throws(RequestError) {
            payload = try SigningRequest.legacyMessage(order, wallets, network: network)
        } catch {
            throw .refused(RefusalReport(error))
        }
        return .ask(
            GateQuestion(kind: .sign, payload: payload, expected: .signed) {
                [self] payload throws(FrontError) in
                let answer = try SignAnswer(reading: payload)
                return try operations.complete(legacy: order, answer, curve)
            }
        )
    }

    /// Puts the signatures back, verifies each, and finalizes if that was asked.
    private func complete(
        _ unsigned: PSBT,
        _ request: SigningRequest,
        _ answer: SignAnswer,
        finalize: Bool
    ) throws(FrontError) -> Framed<FrontReply> {
        var psbt = unsigned
        do {
            try psbt.insert(answer.signatures, for: request, wallets: wallets, curve: curve)
            try psbt.update(for: request, wallets: wallets, curve: curve)
        } catch {
            throw .failed("the signatures do not fit the transaction: \(error)")
        }
        let coins = request.part.inputs.compactMap { psbt.inputs[$0].coin }
        var fee: UInt64 = 0
        let result: [UInt8]
        do {
            let spent = try Amount.sum(coins)
            // As the signer counts it: what others can change can all become fee.
            fee =
                try request.areAllFixed
                ? spent.subtracting(Amount.sum(psbt.transaction.outputs)).satoshis
                : spent.satoshis
            if finalize {
                try psbt.finalize(with: request.satisfier(wallets))
                result = try psbt.extract().serialized()
            } else {
                result = psbt.bytes
            }
        } catch {
            throw .failed(
                "the signed transaction cannot be completed: \(error). Without --finalize the "
                    + "signed PSBT is given, for others to add their signatures; nothing is "
                    + "charged twice"
            )
        }
        let facts = SignedFacts(
            finalized: finalize,
            txid: psbt.transaction.id.description,
            fee: fee,
            seenBefore: answer.seenBefore,
            receipt: answer.receipt
        )
        return Framed(.signed(facts), attachment: result)
    }
}

/// The payload of a `sign` reply (protocol.md, section 9).
struct SignAnswer {
    let seenBefore: Bool
    let signatures: [Bytes64]
    let receipt: String

    /// Signatures alone.
    init(signatures: [Bytes64]) {
        (seenBefore, receipt) = (false, "")
        self.signatures = signatures
    }

    init(reading payload: [UInt8]) throws(FrontError) {
        do {
            var reader = ByteReader(payload.span)
            seenBefore = try reader.readUInt8() & 1 != 0
            var signatures: [Bytes64] = []
            for _ in 0..<(try reader.readUInt16()) { signatures.append(try reader.readBytes64()) }
            self.signatures = signatures
            let text = try reader.readVec32(limit: Receipt.byteCountMax)
            receipt = String(decoding: [UInt8](copying: text), as: UTF8.self)
            try reader.finish()
        } catch {
            throw .failed("the gate's answer cannot be read: \(error)")
        }
    }
}
