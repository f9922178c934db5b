private import BitcoinCrypto
package import Bytes

/// The digest that one input signs with SIGHASH_ALL outside of segwit: the whole transaction, with
/// the script that is run in the place of that input's and nothing in the places of the others.
///
/// The transaction is fed anew for every input that signs, which makes the work quadratic. There is
/// no way around that; whoever signs bounds it.
package struct LegacySighash: Sendable {
    private var hasher = SHA256()

    package init(version: UInt32, inputCount: Int) {
        hasher.update(version)
        hasher.updateCompactSize(UInt64(inputCount))
    }

    /// Feeds the next input, one that is not signed.
    package mutating func addInput(_ input: SpentInput) {
        hasher.update(input.outpoint)
        hasher.updateCompactSize(0)
        hasher.update(input.sequence)
    }

    /// Feeds the next input, the one that is signed, with the output script it spends.
    package mutating func addSigned(_ input: SpentInput, script: Span<UInt8>) {
        hasher.update(input.outpoint)
        hasher.updateVector(script)
        hasher.update(input.sequence)
    }

    /// Feeds the next input, the one that is signed, with its redeem script.
    package mutating func addSigned(_ input: SpentInput, script: borrowing FilledLeaf) {
        hasher.update(input.outpoint)
        script.feedVector(to: &hasher)
        hasher.update(input.sequence)
    }

    /// Ends the inputs.
    package mutating func beginOutputs(count: Int) {
        hasher.updateCompactSize(UInt64(count))
    }

    /// Feeds the next output.
    package mutating func addOutput(amount: UInt64, script: Span<UInt8>) {
        hasher.update(amount)
        hasher.updateVector(script)
    }

    /// Ends the transaction. The hasher is used up.
    package mutating func finish(lockTime: UInt32) -> Bytes32 {
        hasher.update(lockTime)
        hasher.update(SighashType.all.rawValue)
        let once = hasher.finalize()
        return SHA256.hash(once.span)
    }
}
