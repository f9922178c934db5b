import BitcoinCrypto
import Bytes
import TestSupport

// Array and String forms of the functions under test, which work on spans.

func base58(_ bytes: [UInt8]) throws(CryptoError) -> String {
    var room = [UInt8](repeating: 0, count: 400)
    var span = room.mutableSpan
    let count = try Base58.encode(bytes.span, into: &span)
    return String(decoding: room[0..<count], as: UTF8.self)
}

func base58Bytes(_ text: String, room count: Int = 260) throws(CryptoError) -> [UInt8] {
    var room = [UInt8](repeating: 0, count: count)
    var span = room.mutableSpan
    let characters = [UInt8](text: text)
    let length = try Base58.decode(characters.span, into: &span)
    return [UInt8](room[0..<length])
}

func base58Check(_ payload: [UInt8]) throws(CryptoError) -> String {
    var room = [UInt8](repeating: 0, count: 400)
    var span = room.mutableSpan
    let count = try Base58Check.encode(payload.span, into: &span)
    return String(decoding: room[0..<count], as: UTF8.self)
}

func base58CheckBytes(_ text: String) throws(CryptoError) -> [UInt8] {
    var room = [UInt8](repeating: 0, count: 260)
    var span = room.mutableSpan
    let characters = [UInt8](text: text)
    let count = try Base58Check.decode(characters.span, into: &span)
    return [UInt8](room[0..<count])
}

/// The steps of a path such as m/0'/1h.
func steps(_ path: String) -> [UInt32] {
    path.split(separator: "/").dropFirst().map { step in
        let isHardened = step.hasSuffix("'") || step.hasSuffix("h") || step.hasSuffix("H")
        let digits = isHardened ? step.dropLast() : step
        guard let number = UInt32(digits) else { preconditionFailure("no step: \(step)") }
        return isHardened ? number + HD.hardened : number
    }
}

/// A private node outside of secret memory, for tests alone.
struct TestNode {
    var bytes = [UInt8](repeating: 0, count: 64)
    var place = ExtendedKeyPlace(depth: 0, parentFingerprint: .zero, childNumber: 0)

    init(seed: [UInt8], _ curve: borrowing Curve) throws(CryptoError) {
        var room = bytes.mutableSpan
        try HD.master(seed: seed.span, into: &room, curve: curve)
    }

    init(xprv: String, _ curve: borrowing Curve) throws(CryptoError) {
        let payload = try base58CheckBytes(xprv)
        var room = bytes.mutableSpan
        place = try ExtendedKeyFormat.readPrivate(payload.span, into: &room, curve: curve)
    }

    func key(_ curve: borrowing Curve) throws(CryptoError) -> Bytes33 {
        try curve.publicKey(ofSecret: bytes.span.extracting(0..<32))
    }

    func publicKey(_ curve: borrowing Curve) throws(CryptoError) -> ExtendedPublicKey {
        ExtendedPublicKey(
            depth: place.depth,
            parentFingerprint: place.parentFingerprint,
            childNumber: place.childNumber,
            chainCode: Bytes32(copying: bytes.span.extracting(32..<64)),
            key: try key(curve)
        )
    }

    /// Passes the parent's key to the derivation, or leaves it to compute it.
    mutating func descend(
        _ index: UInt32,
        _ curve: borrowing Curve,
        passingKey: Bool
    ) throws(CryptoError) {
        let parent = bytes
        let key = try key(curve)
        var room = bytes.mutableSpan
        try HD.deriveChild(
            of: parent.span,
            parentPublicKey: passingKey ? key : nil,
            index: index,
            into: &room,
            curve: curve
        )
        place = ExtendedKeyPlace(
            depth: place.depth + 1,
            parentFingerprint: Bytes4(copying: hash160(key.span).span.extracting(0..<4)),
            childNumber: index
        )
    }

    func xprv(version: UInt32 = ExtendedKeyVersion.xprv.rawValue) throws(CryptoError) -> String {
        var payload = [UInt8](repeating: 0, count: 78)
        var room = payload.mutableSpan
        ExtendedKeyFormat.writePrivate(bytes.span, place: place, version: version, into: &room)
        return try base58Check(payload)
    }
}

extension ExtendedPublicKey {
    func xpub(version: UInt32 = ExtendedKeyVersion.xpub.rawValue) throws(CryptoError) -> String {
        var payload = [UInt8](repeating: 0, count: 78)
        var room = payload.mutableSpan
        ExtendedKeyFormat.write(self, version: version, into: &room)
        return try base58Check(payload)
    }

    init(xpub: String, _ curve: borrowing Curve) throws(CryptoError) {
        let payload = try base58CheckBytes(xpub)
        self = try ExtendedKeyFormat.readPublic(payload.span, curve: curve)
    }
}

func seed(_ sentence: String, _ passphrase: String = "") throws(CryptoError) -> [UInt8] {
    var seed = [UInt8](repeating: 0, count: 64)
    var room = seed.mutableSpan
    let (words, secret) = ([UInt8](text: sentence), [UInt8](text: passphrase))
    try Mnemonic.seed(sentence: words.span, passphrase: secret.span, into: &room)
    return seed
}

func entropy(_ sentence: String) throws(CryptoError) -> [UInt8] {
    var room = [UInt8](repeating: 0, count: 32)
    var span = room.mutableSpan
    let words = [UInt8](text: sentence)
    let count = try Mnemonic.read(words.span, into: &span)
    return [UInt8](room[0..<count])
}

func sentence(_ entropy: [UInt8]) throws(CryptoError) -> String {
    let text = try written { writer throws(CryptoError) in
        try Mnemonic.write(entropy: entropy.span, into: &writer)
    }
    return String(decoding: text, as: UTF8.self)
}
