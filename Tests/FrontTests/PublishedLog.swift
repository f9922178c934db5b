import BitcoinCrypto
import Bytes
import Foundation
import Front
import Transparency
import Wire

/// A log on disk as the gate publishes it, made here from leaves, and signed with a key of our own.
struct PublishedLog {
    static let origin = "portcullis/regtest/000102030405060708090a0b0c0d0e0f/0"

    let folder: URL
    let key: String
    let publicKey: [UInt8]
    let leaves: [[UInt8]]
    private let secret: [UInt8]

    init(leaves: [[UInt8]]) throws {
        try BitcoinCrypto.initialize()
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        self.leaves = leaves
        let seed = [UInt8](repeating: 7, count: 32)
        var secret = [UInt8](repeating: 0, count: Ed25519.secretKeyCount)
        var room = secret.mutableSpan
        let made = Ed25519.makeKey(seed: seed.span, into: &room)
        publicKey = [UInt8](copying: made.span)
        self.secret = secret
        key = try Receipt.keyText(origin: Array(Self.origin.utf8), publicKey: publicKey)
        try publish()
    }

    func remove() throws { try FileManager.default.removeItem(at: folder) }

    var hashes: [Bytes32] { leaves.map { Merkle.leafHash($0.span) } }

    /// The signed checkpoint of all leaves.
    func checkpoint() throws -> [UInt8] {
        var range = CompactRange()
        for hash in hashes { range.append(leafHash: hash) }
        let name = Array(Self.origin.utf8)
        let text = try CheckpointText(
            origin: name.span,
            size: UInt64(leaves.count),
            root: range.root
        )
        let verifier = try VerifierKey(
            name: name.span,
            publicKey: Bytes32(copying: publicKey.span)
        )
        let signature = Ed25519.sign(message: text.bytes, secretKey: secret.span)
        return try [UInt8].written(limit: 1_000) { writer throws(ByteError) in
            try SignedNote.write(
                text: text.bytes,
                key: verifier,
                signature: signature,
                to: &writer
            )
        }
    }

    /// The receipt of a leaf; the proof is made by the definition, not by our code.
    func receipt(of index: Int) throws -> [UInt8] {
        let proof = Self.path(index, hashes).flatMap { [UInt8](copying: $0.span) }
        let note = try checkpoint()
        let extra = [1] + publicKey + leaves[index]
        return try [UInt8].written(limit: 200_000) { writer throws(ByteError) in
            try TlogProof.write(
                extra: extra.span,
                index: UInt64(index),
                proof: proof.span,
                checkpoint: note.span,
                to: &writer
            )
        }
    }

    /// RFC 6962, section 2.1.1: PATH(m, D[n]).
    private static func path(_ index: Int, _ hashes: [Bytes32]) -> [Bytes32] {
        guard hashes.count > 1 else { return [] }
        var split = 1
        while split * 2 < hashes.count { split *= 2 }
        let (left, right) = (Array(hashes[..<split]), Array(hashes[split...]))
        return index < split
            ? path(index, left) + [root(right)] : path(index - split, right) + [root(left)]
    }

    private static func root(_ hashes: [Bytes32]) -> Bytes32 {
        guard hashes.count > 1 else { return hashes[0] }
        var split = 1
        while split * 2 < hashes.count { split *= 2 }
        return Merkle.nodeHash(root(Array(hashes[..<split])), root(Array(hashes[split...])))
    }

    private func publish() throws {
        try write(try checkpoint(), to: "checkpoint")
        for start in stride(from: 0, to: leaves.count, by: 256) {
            let width = min(256, leaves.count - start)
            let name = String(format: "%03d", start / 256) + (width < 256 ? ".p/\(width)" : "")
            let rows = leaves[start..<start + width]
            let bundle = rows.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 255)] + $0 }
            try write(bundle, to: "tile/entries/\(name)")
            let tile = rows.flatMap { [UInt8](copying: Merkle.leafHash($0.span).span) }
            try write(tile, to: "tile/0/\(name)")
        }
        let full = leaves.count / 256
        guard full > 0 else { return }
        let above = (0..<full).flatMap {
            [UInt8](copying: Self.root(Array(hashes[$0 * 256..<$0 * 256 + 256])).span)
        }
        try write(above, to: "tile/1/000.p/\(full)")
    }

    private func write(_ bytes: [UInt8], to name: String) throws {
        let url = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
    }
}

/// Leaves in the order in which a log may have them.
enum SampleLeaves {
    static func time(_ seconds: UInt64) -> LeafTime {
        LeafTime(
            logTime: seconds * 1_000_000_000,
            realtime: 0,
            boottime: 0,
            bootID: Bytes16(repeating: 1),
            sync: 1,
            maxErrorMicroseconds: 5
        )
    }

    static func note(_ seconds: UInt64) throws -> [UInt8] {
        try [UInt8].written(limit: 200) { writer throws(ByteError) in
            try NoteLeaf(
                salt: Bytes16(repeating: 2),
                event: .heartbeat,
                detail: Span(),
                time: time(seconds)
            ).write(to: &writer)
        }
    }

    /// A decision that was refused before its facts were known.
    static func decision(_ number: UInt8) throws -> [UInt8] {
        let head = DecisionHead(
            salt: Bytes16(repeating: number),
            verdict: .refuse,
            refusal: RefusalDetail(.foreignInput, index: 3),
            digest: Bytes32(repeating: number),
            bundleHash: Bytes32(repeating: 9),
            network: 4
        )
        return try [UInt8].written(limit: 400) { writer throws(ByteError) in
            try head.write(to: &writer)
            try writer.writeUInt8(0)
            try writer.write(Bytes32(repeating: 0x77))
        }
    }

    /// A decision that says who asked, and when: refused by the policy, about nothing much.
    static func asked(by requester: UInt32, _ seconds: UInt64) throws -> [UInt8] {
        let head = DecisionHead(
            salt: Bytes16(repeating: 4),
            verdict: .refuse,
            refusal: RefusalDetail(rawCode: 221),
            digest: Bytes32(repeating: 4),
            bundleHash: Bytes32(repeating: 9),
            network: 4
        )
        let asked = AskedFacts(
            requester: requester,
            time: seconds * 1_000_000_000,
            lockTimes: 1,
            replaceable: 1
        )
        let facts = DecisionFacts(
            txid: .zero,
            outflow: 0,
            fee: 0,
            vsize: 100,
            anchor: LeafOutpoint(txid: .zero, vout: 0),
            inputCount: 1,
            inputsDigest: .zero,
            walletID: .zero,
            ownOutputCount: 1,
            ownOutputAmount: 1_000
        )
        return try [UInt8].written(limit: 600) { writer throws(ByteError) in
            try head.write(to: &writer)
            try writer.writeUInt8(DecisionBits.factsFollow | DecisionBits.askedFollows)
            try asked.write(to: &writer)
            try facts.write(to: &writer)
            // No destinations, no rules, no charges.
            for _ in 0..<5 { try writer.writeUInt8(0) }
            try writer.write(Bytes32(repeating: 0x77))
        }
    }

    static func charge(for index: UInt64, _ seconds: UInt64) throws -> [UInt8] {
        let leaf = ChargeLeaf(
            salt: Bytes16(repeating: 3),
            decisionIndex: index,
            outcome: .refusedBySigner,
            rule: ChargeLeaf.none,
            limit: ChargeLeaf.none,
            group: LeafOutpoint(txid: .zero, vout: 0),
            requester: 1_000,
            time: time(seconds)
        )
        return try [UInt8].written(limit: 400) { writer throws(ByteError) in
            try leaf.write(to: &writer)
        }
    }

    /// A good log of at least `count` leaves.
    static func good(_ count: Int) throws -> [[UInt8]] {
        var leaves = [try note(1)]
        while leaves.count < count {
            let place = UInt64(leaves.count)
            leaves.append(try decision(UInt8(truncatingIfNeeded: place)))
            leaves.append(try charge(for: place, 2 + place))
        }
        return leaves
    }
}
