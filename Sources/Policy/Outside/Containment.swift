private import Bytes

/// What of a new policy could not be proven to be as tight as in the old one.
package enum Loosening: Equatable, Sendable {
    case network
    case allowance
    /// Fewer admins are enough, or others.
    case admins
    /// A wallet of the new policy (its place) is not that of the old, or there are more or fewer.
    case wallet(Int)
    /// What stands behind zones and shapes is not the same.
    case extensions
    /// With so many lists, what payments are compared by depends on all of them.
    case lists
    /// A rule that allows (its place in the new policy) allows more, or is new.
    case rule(Int)
    /// A rule that denies (its place in the old policy) denies less, or is gone.
    case denial(Int)
    /// A limit (its place in the old policy) admits more, or is gone.
    case limit(Int)
}

/// Whether a policy tightens another: whatever it allows, in whatever state of the limits that one
/// history has led to, the other allows as well. It decides which change has to wait.
///
/// Proven rule by rule, list by list, limit by limit, all matched by name and rules in their order,
/// so the work is linear in the rules. What cannot be proven loosens.
///
/// *Why it suffices.* The wallets are the same, so a request has the same facts under both but for
/// the lists. A payment that the new policy allows matches one of its rules and none that denies.
/// The rule of that name in the old policy allows all that this one does, its lists having all that
/// these have; and each denying rule of the old denies no more than one of the new, whose lists
/// have all that its have. So the old policy allows it by that rule. There it is charged to that
/// rule's limits and the common ones; each has one of its name in the new policy with no more room:
/// a cap as low, a window as long, and lists with all that its have. History is matched by the same
/// names, so what is used of that is no less.
package enum Containment {
    /// The first thing that is not proven to be as tight, or nil: it tightens, or is the same.
    package static func loosening(
        from old: CheckedBundle,
        to new: CheckedBundle
    ) -> Loosening? {
        guard old.bytes[BundleHeader.networkOffset] == new.bytes[BundleHeader.networkOffset] else {
            return .network
        }
        guard new.allowance <= old.allowance else { return .allowance }
        guard areAdminsKept(old, new) else { return .admins }
        if let place = wallet(old, new) { return .wallet(place) }
        guard reserved(old, equals: new) else { return .extensions }
        guard areDemandsKept(old, new) else { return .lists }
        if let place = looserRule(old, new) { return .rule(place) }
        if let place = lostDenial(old, new) { return .denial(place) }
        if let place = looserLimit(old, new) { return .limit(place) }
        return nil
    }

    /// As many have to sign, and nobody else can. Nobody at all is as tight as can be.
    private static func areAdminsKept(_ old: CheckedBundle, _ new: CheckedBundle) -> Bool {
        if new.adminCount == 0 { return true }
        guard new.adminThreshold >= old.adminThreshold else { return false }
        for index in 0..<new.adminCount {
            var isKnown = false
            for place in 0..<old.adminCount where !isKnown {
                isKnown = old.adminKey(at: place).equals(new.adminKey(at: index))
            }
            guard isKnown else { return false }
        }
        return true
    }

    /// The first wallet that is not the same by name and template.
    private static func wallet(_ old: CheckedBundle, _ new: CheckedBundle) -> Int? {
        for index in 0..<min(old.walletCount, new.walletCount) {
            let isSame =
                old.wallet(at: index).name.equals(new.wallet(at: index).name)
                && old.walletID(at: index) == new.walletID(at: index)
            guard isSame else { return index }
        }
        let (fewer, more) = (old.walletCount, new.walletCount)
        return fewer == more ? nil : min(fewer, more)
    }

    /// What stands behind the shapes is of the same bytes, or nothing but zeros in both.
    private static func reserved(_ old: CheckedBundle, equals new: CheckedBundle) -> Bool {
        let (one, other) = (old.reservedBytes, new.reservedBytes)
        if one.equals(other) { return true }
        for place in one.indices where one[place] != 0 { return false }
        for place in other.indices where other[place] != 0 { return false }
        return true
    }

    /// Of outputs that stand in more than 64 sets of lists, none within another, the evaluator
    /// takes one for none: under the old policy, and maybe not under the new. Seven lists have no
    /// more than 35 such sets, 64 destinations no more than 64.
    private static func areDemandsKept(_ old: CheckedBundle, _ new: CheckedBundle) -> Bool {
        if old.listCount <= 7 { return true }
        if old.layout.shapeCount == 0, old.destinationCount <= 64 { return true }
        return old.layout.shapeCount == 0 && new.layout.shapeCount == 0
            && old.listBytes.equals(new.listBytes)
    }

    private static func looserRule(_ old: CheckedBundle, _ new: CheckedBundle) -> Int? {
        let images = ListImages(from: new, to: old, ofPossible: false)
        var place = 0
        var start = old.layout.rules
        var newStart = new.layout.rules
        for index in 0..<new.layout.ruleCount {
            let rule = RuleRecord(new.bytes, at: newStart)
            newStart = rule.end
            guard !rule.isDeny else { continue }
            var isProven = false
            while place < old.layout.ruleCount, !isProven {
                let other = RuleRecord(old.bytes, at: start)
                start = other.end
                place += 1
                guard !other.isDeny, other.name.equals(rule.name) else { continue }
                guard rule.wallets & ~other.wallets == 0,
                    rule.isAboutMessages == other.isAboutMessages
                else { return index }
                if rule.isAboutMessages {
                    guard other.message.isAbout(allOf: rule.message) else { return index }
                } else {
                    let pair = RuleInclusion(rule, of: new, in: other, of: old, images)
                    guard pair.allowsAll else { return index }
                }
                isProven = true
            }
            guard isProven else { return index }
        }
        return nil
    }

    private static func lostDenial(_ old: CheckedBundle, _ new: CheckedBundle) -> Int? {
        let images = ListImages(from: old, to: new, ofPossible: true)
        var place = 0
        var start = new.layout.rules
        var oldStart = old.layout.rules
        for index in 0..<old.layout.ruleCount {
            let rule = RuleRecord(old.bytes, at: oldStart)
            oldStart = rule.end
            guard rule.isDeny else { continue }
            var isProven = false
            while place < new.layout.ruleCount, !isProven {
                let other = RuleRecord(new.bytes, at: start)
                start = other.end
                place += 1
                guard other.isDeny, other.name.equals(rule.name) else { continue }
                let pair = RuleInclusion(rule, of: old, in: other, of: new, images)
                guard rule.wallets & ~other.wallets == 0, pair.deniesAll else { return index }
                isProven = true
            }
            guard isProven else { return index }
        }
        return nil
    }
}

extension CheckedBundle {
    /// What stands between the shapes and the source; nothing in version 1.
    fileprivate var reservedBytes: Span<UInt8> {
        @_lifetime(copy self) get {
            let end = layout.source - 4
            guard version == BundleHeader.versionWithExtensions else {
                return bytes.extracting(end..<end)
            }
            var start = layout.shapes
            for _ in 0..<layout.shapeCount { start = DataShape(bytes, at: start).end }
            return bytes.extracting(start..<end)
        }
    }

    /// The names of the lists and all destinations.
    fileprivate var listBytes: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting(layout.lists..<(layout.limits - 2)) }
    }

    /// The list of a name, or nil.
    func list(named name: Span<UInt8>) -> Int? {
        for index in 0..<listCount where listName(at: index).equals(name) { return index }
        return nil
    }
}
