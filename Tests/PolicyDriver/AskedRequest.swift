import Bytes
import Policy

/// A payment or a message as policy_bundle.py writes it, made into facts as the signer does.
enum AskedRequest {
    case payment(Facts)
    case message(AskedMessage)

    init(reading bytes: [UInt8], under bundle: CheckedBundle) throws(ByteError) {
        var reader = ByteReader(bytes.span)
        let kind = try reader.readUInt8()
        let wallet = Int(try reader.readUInt8())
        let requester = try reader.readUInt8() == 0 ? nil : try reader.readUInt32()
        let seconds = try reader.readUInt8() == 0 ? nil : try reader.readUInt64()
        let asking = Asking(requester: requester, seconds: seconds, under: bundle)
        if kind == 1 {
            self = .payment(try Self.facts(&reader, wallet, asking, bundle))
        } else {
            self = .message(try AskedMessage(&reader, wallet, asking))
        }
        try reader.finish()
    }

    func evaluate(_ bundle: CheckedBundle, _ line: inout Line) -> PolicyVerdict {
        switch self {
        case .payment(let facts): bundle.evaluate(facts, into: &line)
        case .message(let message): message.evaluate(bundle, &line)
        }
    }

    private static func facts(
        _ reader: inout ByteReader,
        _ wallet: Int,
        _ asking: Asking,
        _ bundle: CheckedBundle
    ) throws(ByteError) -> Facts {
        var facts = Facts(
            wallet: wallet,
            outflow: try reader.readUInt64(),
            fee: try reader.readUInt64(),
            virtualSize: try reader.readUInt32(),
            sighashes: try reader.readUInt8()
        )
        facts.ask(asking)
        let outputCount = UInt32(try reader.readUInt16())
        let areOutputsOpen = try reader.readUInt8() == 1
        if areOutputsOpen { facts.payAnywhere(output: outputCount, under: bundle) }
        for output in 0..<UInt32(try reader.readUInt8()) {
            let amount = try reader.readUInt64()
            let script = try reader.readVec16()
            guard !areOutputsOpen else { continue }
            facts.pay(amount, to: script, output: output, under: bundle)
        }
        let replaces = try reader.readUInt8()
        if replaces < 2 { facts.replace(replaces == 1) }
        let isKnown = try reader.readUInt8() == 1
        let ownAmount = try reader.readUInt64()
        let outputAmount = try reader.readUInt64()
        let version = try reader.readUInt32()
        let lockTime = try reader.readUInt32()
        let inputCount = Int(try reader.readUInt16())
        var sequences = Sequences()
        for _ in 0..<inputCount { sequences.add(try reader.readUInt32()) }
        facts.count(
            inputs: inputCount,
            outputs: Int(outputCount),
            ownAmount: ownAmount,
            outputAmount: outputAmount
        )
        if isKnown {
            facts.lock(time: lockTime, version: version, sequences)
        } else {
            for fact in [NumericFact.inputs, .outputs, .ownShare] { facts.set(fact, .unknown) }
        }
        try widen(&facts, &reader)
        return facts
    }

    /// What is said to be less known than it is.
    private static func widen(_ facts: inout Facts, _ reader: inout ByteReader) throws(ByteError) {
        for _ in 0..<(try reader.readUInt8()) {
            guard let fact = NumericFact(rawValue: try reader.readUInt8()) else {
                preconditionFailure("a fact that is none")
            }
            let least = try reader.readUInt64()
            facts.set(fact, FactRange(least: least, most: try reader.readUInt64()))
        }
        guard try reader.readUInt8() == 1 else { return }
        let scripts = try reader.readUInt16()
        let lockTimes = try reader.readUInt8()
        let replaceable = try reader.readUInt8()
        facts.set(
            scripts: scripts,
            lockTimes: lockTimes,
            replaceable: replaceable,
            replacement: try reader.readUInt8()
        )
    }
}

/// A message with the bytes that its facts borrow.
struct AskedMessage {
    private let wallet: Int
    private let asking: Asking
    private let format: MessageFormat
    private let branch: UInt8
    private let index: UInt32
    private var coins = CoinAddresses()
    private let text: [UInt8]

    init(_ reader: inout ByteReader, _ wallet: Int, _ asking: Asking) throws(ByteError) {
        (self.wallet, self.asking) = (wallet, asking)
        guard let known = MessageFormat(rawValue: try reader.readUInt8()) else {
            preconditionFailure("a format that is none")
        }
        format = known
        branch = try reader.readUInt8()
        index = try reader.readUInt32()
        for _ in 0..<(try reader.readUInt8()) {
            let branch = try reader.readUInt8()
            coins.add(branch: branch, index: try reader.readUInt32())
        }
        text = copy(of: try reader.readVec16())
    }

    func evaluate(_ bundle: CheckedBundle, _ line: inout Line) -> PolicyVerdict {
        let facts = MessageFacts(
            wallet: wallet,
            format: format,
            branch: branch,
            index: index,
            coins: coins,
            text: text.span,
            asking: asking
        )
        return bundle.evaluate(facts, into: &line)
    }
}
