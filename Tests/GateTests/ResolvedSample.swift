import BitcoinCrypto
import Bytes
import Gate
import TestSupport
import Wire

/// A request with as little in it as the form allows.
struct ResolvedSample {
    let inputs: [LeafOutpoint]
    /// Satoshi that leave.
    let amount: UInt64
    let resolved: [UInt8]
    let digest: Bytes32
    let replacedDigest: Bytes32?
    /// What only the leaf says, as a signer that looked it up: who is paid, the sighash types, and
    /// the charges that every rule shares.
    var destinations: [(amount: UInt64, script: [UInt8])] = []
    var sighashes: UInt8 = 0
    var shared: [LeafCharge] = []

    init(
        inputs: [LeafOutpoint],
        amount: UInt64,
        resolved: [UInt8],
        digest: Bytes32,
        replacedDigest: Bytes32? = nil
    ) {
        (self.inputs, self.amount) = (inputs, amount)
        (self.resolved, self.digest) = (resolved, digest)
        self.replacedDigest = replacedDigest
    }

    /// A request that spends these outpoints.
    init(spending numbers: [Int], amount: UInt64, wallet: UInt8 = 9, replacing: Bytes32? = nil) {
        let inputs = numbers.map {
            LeafOutpoint(txid: Bytes32(repeating: UInt8($0 % 251)), vout: UInt32($0))
        }
        self.init(spending: inputs, amount: amount, wallet: wallet, replacing: replacing)
    }

    init(
        spending inputs: [LeafOutpoint],
        amount: UInt64,
        wallet: UInt8 = 9,
        replacing: Bytes32? = nil
    ) {
        replacedDigest = replacing
        self.inputs = inputs
        self.amount = amount
        var bytes: [UInt8] = [1, 4, 0, replacing == nil ? 0 : 1]
        if let replacing { bytes += [UInt8](copying: replacing.span) }
        bytes += [1] + [UInt8](repeating: wallet, count: 32)
        bytes.append(2, bytes: 4)
        bytes.append(0, bytes: 4)
        bytes.append(UInt64(inputs.count), bytes: 2)
        for input in inputs {
            bytes += [UInt8](copying: input.txid.span)
            bytes.append(UInt64(input.vout), bytes: 4)
            bytes.append(0xFFFF_FFFD, bytes: 4)
            bytes.append(amount, bytes: 8)
            bytes += [0, 0, 0, 0, 0, 0, 1, 0]
        }
        bytes.append(1, bytes: 2)
        bytes.append(amount, bytes: 8)
        bytes += [1, 0, 0x51, 0]
        resolved = bytes
        digest = TaggedHash.hash(tag: "portcullis/request/1", bytes.span)
    }

    /// The request in the bytes of `sign`.
    init(request: [UInt8]) throws {
        let count = (0..<4).reduce(0) { $0 | Int(request[$1]) << (8 * $1) }
        let bytes = [UInt8](request[4..<4 + count])
        guard !MessageRequest.isMessage(bytes.span) else {
            try self.init(message: bytes)
            return
        }
        let view = try ResolvedRequest(checking: bytes.span)
        var inputs: [LeafOutpoint] = []
        for place in 0..<view.inputCount {
            let input = view.input(at: place)
            inputs.append(LeafOutpoint(txid: input.txid, vout: input.vout))
        }
        self.init(
            inputs: inputs,
            amount: view.input(at: 0).amount,
            resolved: bytes,
            digest: TaggedHash.hash(tag: "portcullis/request/1", bytes.span),
            replacedDigest: view.replacedDigest
        )
    }

    /// The payload of `sign`; `parents` make it another request with the same digest.
    func request(parents: [UInt8] = [0, 0]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(UInt64(resolved.count), bytes: 4)
        return bytes + resolved + parents
    }

    /// The decision that a signer builds, with rule 0 if it is allowed.
    func leaf(_ refusal: RefusalDetail, bundleHash: Bytes32, charges: [LeafCharge]) -> [UInt8] {
        let head = DecisionHead(
            salt: Bytes16(repeating: 1),
            verdict: refusal.code == 0 ? .allow : .refuse,
            refusal: refusal,
            digest: digest,
            bundleHash: bundleHash,
            network: 4
        )
        if isMessage { return messageLeaf(head, charges) }
        var anchor = inputs[0]
        for input in inputs where input.precedes(anchor) { anchor = input }
        let facts = DecisionFacts(
            txid: digest,
            outflow: amount,
            fee: 0,
            vsize: 100,
            anchor: anchor,
            inputCount: UInt16(inputs.count),
            inputsDigest: .zero,
            walletID: Bytes32(repeating: 9),
            ownOutputCount: 0,
            ownOutputAmount: 0
        )
        let room = destinations.reduce(2_000) { $0 + 10 + $1.script.count }
        return .written(limit: room) { writer throws(ByteError) in
            try head.write(to: &writer)
            try writer.writeUInt8((replacedDigest == nil ? 1 : 17) | (sighashes == 0 ? 0 : 4))
            if sighashes != 0 { try writer.writeUInt8(sighashes) }
            if let replacedDigest {
                try ReplacedPayment(digest: replacedDigest, outflow: 7).write(to: &writer)
            }
            try facts.write(to: &writer)
            try writer.writeUInt16(UInt16(destinations.count))
            for destination in destinations {
                try writer.writeUInt64(destination.amount)
                try writer.writeVec16(destination.script.span)
            }
            try writer.writeUInt16(1)
            try writer.writeUInt16(0)
            try writer.writeUInt8(UInt8(charges.count))
            for charge in charges { try charge.write(to: &writer) }
            try writer.writeUInt8(UInt8(shared.count))
            for charge in shared { try charge.write(to: &writer) }
            try writer.write(Bytes32(repeating: 0x7A))
        }
    }
}
