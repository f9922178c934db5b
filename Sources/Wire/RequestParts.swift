package import Bytes

/// An input with what the front claims of it: 56 bytes, or 88 with the hash of a leaf.
package struct RequestInput: Sendable {
    static let leafHashByteCount = 32
    static let byteCountMin = 56

    package let txid: Bytes32
    package let vout: UInt32
    package let sequence: UInt32
    /// Satoshi.
    package let amount: UInt64
    package let claim: OwnerClaim
    /// The sighash type as it would stand behind the signature; 0 is SIGHASH_DEFAULT.
    package let sighash: UInt8
    /// 0: the key path, or the only key or script.  1: the leaf of the script tree with `leafHash`.
    package let selector: UInt8
    /// Zero unless the selector is 1.
    package let leafHash: Bytes32

    package init(reading reader: inout ByteReader) throws(ByteError) {
        txid = try reader.readBytes32()
        vout = try reader.readUInt32()
        sequence = try reader.readUInt32()
        amount = try reader.readUInt64()
        claim = try OwnerClaim(reading: &reader)
        sighash = try reader.readUInt8()
        selector = try reader.readUInt8()
        leafHash = selector == 1 ? try reader.readBytes32() : .zero
    }

    /// Whether it spends the same address in the same way.
    package func isSpent(like other: RequestInput) -> Bool {
        claim == other.claim && selector == other.selector && leafHash == other.leafHash
    }

    /// The bytes of an input with a selector.
    static func byteCount(selector: UInt8) -> Int {
        byteCountMin + (selector == 1 ? leafHashByteCount : 0)
    }
}

/// Which key of ours is said to own a coin: wallet (a place of the request's table), branch, index.
package struct OwnerClaim: Equatable, Sendable {
    package let wallet: UInt8
    /// A place of the template's multipath tuple: 0 receive, 1 change.
    package let branch: UInt8
    package let index: UInt32

    package init(reading reader: inout ByteReader) throws(ByteError) {
        wallet = try reader.readUInt8()
        branch = try reader.readUInt8()
        index = try reader.readUInt32()
    }
}

/// An output with the claim that it is ours, or none.
package struct RequestOutput: ~Escapable {
    /// Satoshi.
    package let amount: UInt64
    package let script: Span<UInt8>
    package let claim: OwnerClaim?

    @_lifetime(copy reader)
    package init(reading reader: inout ByteReader) throws(ByteError) {
        amount = try reader.readUInt64()
        script = try reader.readVec16(limit: 10_000)
        switch try reader.readUInt8() {
        case 0: claim = nil
        case 1: claim = try OwnerClaim(reading: &reader)
        default: throw .nonCanonical
        }
    }
}

/// The fields before the inputs.
package struct RequestHeader: Sendable {
    package let version: UInt8
    package let network: UInt8
    package let antiExfil: UInt8
    /// What the host commits to contribute to every nonce; nothing where it does not.
    package let commitment: Bytes32?
    package let replaces: UInt8
    /// The digest of the request that this one replaces; nothing where it replaces none.
    package let replacedDigest: Bytes32?
    package let walletCount: Int
    package let transactionVersion: UInt32
    package let lockTime: UInt32
    package let inputCount: Int

    init(reading reader: inout ByteReader) throws(ByteError) {
        version = try reader.readUInt8()
        network = try reader.readUInt8()
        antiExfil = try reader.readUInt8()
        commitment = antiExfil == 1 ? try reader.readBytes32() : nil
        replaces = try reader.readUInt8()
        replacedDigest = replaces == 1 ? try reader.readBytes32() : nil
        walletCount = Int(try reader.readUInt8())
        _ = try reader.readSpan(32 * walletCount)
        transactionVersion = try reader.readUInt32()
        lockTime = try reader.readUInt32()
        inputCount = Int(try reader.readUInt16())
    }

    /// Refuses what version 1 does not have.
    func check() throws(RefusalDetail) {
        try require(version, equals: 1, else: .unsupportedVersion)
        try require(network, atMost: 4, else: .wrongNetwork)
        guard antiExfil <= 1 else { throw RefusalDetail(.unsupportedAntiExfil) }
        guard replaces <= 1 else { throw RefusalDetail(.unsupportedReplacement) }
        let limit = ResolvedRequest.walletCountMax
        guard (1...limit).contains(walletCount) else {
            throw RefusalDetail(.unknownWallet, expected: limit, found: walletCount)
        }
        guard inputCount >= 1 else { throw RefusalDetail(.nothingToSign) }
        try require(inputCount, atMost: ResolvedRequest.inputCountMax, else: .tooManyInputs)
    }
}

/// Watches, while the parts are read, for what would give a request a second spelling.
struct RequestForm {
    private let walletCount: Int
    private var walletsSeen = 0
    /// That of the first input.
    private(set) var selector: UInt8 = 0
    private var refusal: RefusalDetail?

    init(walletCount: Int) {
        self.walletCount = walletCount
    }

    mutating func add(_ input: RequestInput, at place: Int) {
        see(input.claim, at: place)
        if input.selector > 1 { note(RefusalDetail(.unsupportedSelector, index: place)) }
        if place == 0 { selector = input.selector }
        if input.selector != selector {
            let (expected, found) = (selector, input.selector)
            note(RefusalDetail(.mixedSelectors, index: place, expected: expected, found: found))
        }
    }

    mutating func add(_ output: borrowing RequestOutput, at place: Int) {
        if let claim = output.claim { see(claim, at: place) }
    }

    func check(walletsDistinct: Bool) throws(RefusalDetail) {
        if let refusal { throw refusal }
        guard walletsDistinct, walletsSeen == walletCount else {
            throw RefusalDetail(.nonCanonicalRequest, expected: walletsSeen, found: walletCount)
        }
    }

    /// Wallets stand in the table in the order in which inputs, then outputs, first name them.
    private mutating func see(_ claim: OwnerClaim, at place: Int) {
        guard Int(claim.wallet) < walletCount else {
            return note(RefusalDetail(.unknownWallet, index: place, found: claim.wallet))
        }
        guard Int(claim.wallet) <= walletsSeen else {
            return note(RefusalDetail(.nonCanonicalRequest, index: place))
        }
        walletsSeen = max(walletsSeen, Int(claim.wallet) + 1)
    }

    private mutating func note(_ found: RefusalDetail) {
        if refusal == nil { refusal = found }
    }
}
