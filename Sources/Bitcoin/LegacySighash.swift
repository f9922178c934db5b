private import BitcoinCrypto
package import Bytes

/// The digest that one input signs outside of segwit: the whole transaction, with the script that
/// is run in the place of that input's and nothing in the places of the others; less what the type
/// leaves open.
///
/// What stands behind the input that signs is fed anew for each, which makes the work quadratic.
/// There is no way around that; whoever signs bounds it. What stands before it is the same for the
/// next: `LegacyPrefix`.
package struct LegacySighash: Sendable {
    private var hasher = SHA256()
    private let type: SighashType
    /// The inputs before the one that is signed, and then that one's place.
    private var place = 0
    private var isSignedFed = false
    private var outputsFed = 0

    package init(version: UInt32, inputCount: Int, type: SighashType = .all) {
        self.type = type
        hasher.update(version)
        hasher.updateCompactSize(type.anyoneCanPay ? 1 : UInt64(inputCount))
    }

    /// Feeds the next input, one that is not signed.
    package mutating func addInput(_ input: SpentInput) {
        if !isSignedFed { place += 1 }
        guard !type.anyoneCanPay else { return }
        // All of it at once, for this is where the time goes: outpoint, no script, sequence. In
        // the library's own array, since calls of ours for a size are not always made for it.
        var bytes = InlineArray<41, UInt8>(repeating: 0)
        var room = bytes.mutableSpan
        room.store(input.txid.span, at: 0)
        room.store(UInt64(input.vout), at: 32, byteCount: 4)
        room.store(UInt64(type.signsAllOutputs ? input.sequence : 0), at: 37, byteCount: 4)
        hasher.update(bytes.span)
    }

    /// Feeds the next input, the one that is signed, with the output script it spends.
    package mutating func addSigned(_ input: SpentInput, script: Span<UInt8>) {
        isSignedFed = true
        hasher.update(input.outpoint)
        hasher.updateVector(script)
        hasher.update(input.sequence)
    }

    /// Feeds the next input, the one that is signed, with its redeem script.
    package mutating func addSigned(_ input: SpentInput, script: borrowing FilledLeaf) {
        isSignedFed = true
        hasher.update(input.outpoint)
        script.feedVector(to: &hasher)
        hasher.update(input.sequence)
    }

    /// Ends the inputs. SINGLE has its output: without one the original client signs the number 1,
    /// which moves any coin of the key.
    package mutating func beginOutputs(count: Int) {
        precondition(isSignedFed, "one input is signed")
        precondition(!type.signsSingleOutput || place < count, "SINGLE needs its output")
        let signed = type.signsAllOutputs ? count : type.signsNoOutput ? 0 : place + 1
        hasher.updateCompactSize(UInt64(signed))
    }

    /// Feeds the next output.
    package mutating func addOutput(amount: UInt64, script: Span<UInt8>) {
        defer { outputsFed += 1 }
        if type.signsAllOutputs || (type.signsSingleOutput && outputsFed == place) {
            hasher.update(amount)
            hasher.updateVector(script)
        } else if type.signsSingleOutput, outputsFed < place {
            // An output that is not signed counts as -1 satoshi to nobody.
            hasher.update(UInt64.max)
            hasher.updateCompactSize(0)
        }
    }

    /// Ends the transaction. The hasher is used up.
    package mutating func finish(lockTime: UInt32) -> Bytes32 {
        hasher.update(lockTime)
        hasher.update(type.rawValue)
        let once = hasher.finalize()
        return SHA256.hash(once.span)
    }
}

/// What the digests of one transaction have in common: the inputs before the one that signs. Fed
/// once for all inputs of one type, if they sign in their order.
package struct LegacyPrefix: Sendable {
    private let version: UInt32
    private let inputCount: Int
    private var type: SighashType = .all
    /// The inputs that were fed.
    package private(set) var count = 0
    /// A digest to go on from.
    package private(set) var digest: LegacySighash

    package init(version: UInt32, inputCount: Int) {
        self.version = version
        self.inputCount = inputCount
        digest = LegacySighash(version: version, inputCount: inputCount)
    }

    /// Begins anew where what was fed is of no use for that type and place. From `count` to the
    /// place the inputs are then to be fed.
    package mutating func begin(_ type: SighashType, before place: Int) {
        guard type != self.type || count > place else { return }
        self.type = type
        count = 0
        digest = LegacySighash(version: version, inputCount: inputCount, type: type)
    }

    /// Feeds the next input.
    package mutating func addInput(_ input: SpentInput) {
        digest.addInput(input)
        count += 1
    }
}
