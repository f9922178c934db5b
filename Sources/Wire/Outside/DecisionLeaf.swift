package import Bytes

/// A decision leaf as a view over its bytes, checked for form to the last byte. Whether the tag is
/// the signer's only the signer can say.
package struct DecisionLeaf: ~Escapable {
    package let head: DecisionHead
    /// Nothing where the request was refused before the facts were established.
    package let facts: DecisionFacts?
    /// The same of a message; there are never both.
    package let message: MessageLeafFacts?
    /// Whether the amount of every input was checked against its parent.
    package let areAmountsChecked: Bool
    /// The sighash types beside ALL and DEFAULT that are used, as bits (protocol.md, section 4).
    package let sighashes: UInt8
    /// The payment that this one replaces, if it does.
    package let replaced: ReplacedPayment?
    /// What rules of conditions ask, under a bundle that has such.
    package let asked: AskedFacts?
    package let destinations: LeafDestinations
    package let rules: LeafRules
    /// Charges of the wallet, the destinations and the whole.
    package let charges: LeafCharges
    package let tag: Bytes32
    /// The bytes that the tag authenticates.
    package let untagged: Span<UInt8>

    @_lifetime(copy bytes)
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        head = try DecisionHead(reading: &reader)
        let bits = try reader.readUInt8()
        areAmountsChecked = bits & DecisionBits.amountsChecked != 0
        let known =
            DecisionBits.factsFollow | DecisionBits.amountsChecked | DecisionBits.sighashesFollow
            | DecisionBits.replacementFollows | DecisionBits.askedFollows
        let isMessage =
            bits & ~DecisionBits.askedFollows == DecisionBits.factsFollow | DecisionBits.message
        let isPayment = bits & ~known == 0 && bits & DecisionBits.factsFollow != 0
        guard bits == 0 || isMessage || isPayment else { throw .nonCanonical }
        let hasSighashes = bits & DecisionBits.sighashesFollow != 0
        sighashes = hasSighashes ? try reader.readUInt8() : 0
        guard hasSighashes == (sighashes != 0), sighashes <= DecisionBits.sighashesMax else {
            throw .nonCanonical
        }
        let isReplacement = bits & DecisionBits.replacementFollows != 0
        guard !isReplacement || !hasSighashes else { throw .nonCanonical }
        replaced = isReplacement ? try ReplacedPayment(reading: &reader) : nil
        let isAsked = bits & DecisionBits.askedFollows != 0
        asked = isAsked ? try AskedFacts(reading: &reader, ofMessage: isMessage) : nil
        switch bits {
        case _ where isMessage:
            facts = nil
            message = try MessageLeafFacts(reading: &reader)
            destinations = LeafDestinations(bytes.extracting(0..<0), count: 0)
            rules = try LeafRules(reading: &reader)
            charges = try LeafCharges(reading: &reader)
        case 0:
            facts = nil
            message = nil
            destinations = LeafDestinations(bytes.extracting(0..<0), count: 0)
            rules = LeafRules(bytes.extracting(0..<0), count: 0)
            charges = LeafCharges(bytes.extracting(0..<0), count: 0)
        case _:
            // A payment, as was seen above.
            facts = try DecisionFacts(reading: &reader)
            message = nil
            destinations = try LeafDestinations(reading: &reader)
            rules = try LeafRules(reading: &reader)
            charges = try LeafCharges(reading: &reader)
        }
        untagged = bytes.extracting(0..<reader.position)
        tag = try reader.readBytes32()
        try reader.finish()
    }
}
