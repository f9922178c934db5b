private import Bytes
import Policy
import Wire

extension LeafFacts.Message {
    init(_ leaf: borrowing MessageLeafFacts) {
        format = leaf.format.name
        text = String(decoding: [UInt8](copying: leaf.text), as: UTF8.self)
        script = [UInt8](copying: leaf.addressScript).hexDigits
        branch = leaf.branch
        index = leaf.index
        toSpend = leaf.format == .legacy ? leaf.anchor.hexDigits : leaf.anchor.reversedHexDigits
        coins = leaf.inputCount
        claimedAmount = leaf.inputAmount
    }

    /// In words; the text in quotes, so that nothing in it passes for what we say.
    var words: String {
        let proof = coins == 0 ? "" : ", with \(coins) coins said to hold \(claimedAmount) sat"
        let place = "branch \(branch), index \(index)"
        return "message \(text.debugDescription) as \(format), \(place)\(proof)"
    }
}

extension MessageFormat {
    /// As policy, JSON and command line spell it.
    package var name: String {
        switch self {
        case .bip322: "bip322"
        case .proofOfFunds: "proof-of-funds"
        case .legacy: "legacy"
        }
    }
}
