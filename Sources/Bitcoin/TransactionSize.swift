private import Bytes

/// Adds up the size of the signed transaction from the kinds of its inputs, before it is signed.
///
/// It is the largest size that our signatures can give: an ECDSA signature with low R and low S is
/// 70 bytes of DER at most, and its sighash byte makes 71. Units as in BIP-141.
package struct TransactionSize: Sendable {
    /// An input is an outpoint, an empty script and a sequence at least.
    static let inputByteCountMin = 41
    /// An output is an amount and an empty script at least.
    static let outputByteCountMin = 9

    /// The bytes before it is signed, all scripts of inputs empty.
    package private(set) var unsignedByteCount: Int
    private var witnessByteCount = 0
    /// What is known to weigh so much: scripts of inputs, satisfactions of scripts. Weight units.
    private var satisfactionWeight = 0
    private var hasWitness = false
    private var inputsLeft: Int
    private var outputsLeft: Int

    /// Begins a transaction of so many inputs and outputs.
    package init(inputCount: Int, outputCount: Int) {
        inputsLeft = inputCount
        outputsLeft = outputCount
        unsignedByteCount =
            8 + CompactSize.width(of: UInt64(inputCount))
            + CompactSize.width(of: UInt64(outputCount))
    }

    /// Adds an input of ours that is spent by the satisfaction of a script.
    package mutating func addInput(_ kind: OutputKind, satisfactionWeight weight: Int) {
        addInput()
        satisfactionWeight += weight
        hasWitness = hasWitness || kind != .p2shScript
    }

    private mutating func addInput() {
        precondition(inputsLeft > 0, "more inputs than announced")
        inputsLeft -= 1
        unsignedByteCount += Self.inputByteCountMin
    }

    /// Adds an input of ours that one key spends, signed with DEFAULT or ALL.
    package mutating func addInput(_ kind: OutputKind, type: SighashType) {
        addInput()
        hasWitness = hasWitness || kind != .p2pkh
        switch kind {
        case .p2wpkh: witnessByteCount += 1 + 1 + 71 + 1 + 33
        case .p2tr, .p2trTree: witnessByteCount += 1 + 1 + (type == .default ? 64 : 65)
        case .p2pkh: satisfactionWeight += 4 * (1 + 71 + 1 + 33)
        case .p2shP2WPKH:
            satisfactionWeight += 4 * (1 + 22)
            witnessByteCount += 1 + 1 + 71 + 1 + 33
        case .p2shScript, .p2wshScript, .p2shP2WSHScript:
            preconditionFailure("a script is satisfied")
        }
    }

    /// Adds what so many of our ECDSA signatures may have more than with a low R: one byte each.
    package mutating func addHighR(_ kind: OutputKind, signatureCount: Int) {
        guard kind != .p2tr, kind != .p2trTree else { return }
        let isLegacy = kind == .p2pkh || kind == .p2shScript
        satisfactionWeight += signatureCount * (isLegacy ? 4 : 1)
    }

    /// Adds an output with a script of so many bytes.
    package mutating func addOutput(scriptByteCount: Int) {
        precondition(outputsLeft > 0, "more outputs than announced")
        outputsLeft -= 1
        unsignedByteCount += 8 + CompactSize.width(of: UInt64(scriptByteCount)) + scriptByteCount
    }

    /// Four times the bytes outside of the witness and once those in it.
    package var weight: Int {
        precondition(inputsLeft == 0 && outputsLeft == 0, "parts not added")
        // A transaction with a witness has a marker and a flag as well.
        return 4 * unsignedByteCount + witnessByteCount + satisfactionWeight + (hasWitness ? 2 : 0)
    }

    /// Virtual bytes: the weight divided by four, rounded up.
    package var virtualByteCount: Int { (weight + 3) / 4 }
}
