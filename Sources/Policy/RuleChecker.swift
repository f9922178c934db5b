private import Bitcoin

/// The rules of a bundle, in the order of the source.
extension BundleChecker {
    mutating func checkRules() throws(BundleError) {
        let bytes = cursor.bytes
        let count = try readCount(of: .rules, limit: 0xFFFF)
        layout.rules = cursor.offset
        layout.ruleCount = count
        let wallets = CheckedBundle.mask(ofLowest: layout.walletCount)
        var messageRules = 0
        for item in 0..<count {
            let start = cursor.offset
            _ = try cursor.readName(.rules, item)
            let effect = bytes[try cursor.skip(1)]
            let isAboutMessages = effect == RuleEffect.allowMessages.rawValue
            let isDeny = effect == RuleEffect.denyConditions.rawValue
            if isDeny || effect == RuleEffect.allowConditions.rawValue {
                _ = try cursor.skip(8)
                let count = Int(try cursor.readUInt16())
                let rule = RuleRecord(bytes, at: start)
                guard rule.wallets != 0, rule.wallets & ~wallets == 0 else {
                    throw .unknownWallets(item: item, found: rule.wallets)
                }
                try checkConditions(item, isDeny: isDeny, byteCount: count)
                layout.note(rule, item)
                continue
            }
            let count = isAboutMessages ? MessageRuleRecord.offset : RuleRecord.byteCount
            _ = try cursor.skip(count - 1)
            if isAboutMessages { try skipMessageFields() }
            let rule = RuleRecord(bytes, at: start)
            try checkSighashes(of: rule, item)
            guard rule.wallets != 0, rule.wallets & ~wallets == 0 else {
                throw .unknownWallets(item: item, found: rule.wallets)
            }
            if isAboutMessages {
                messageRules += 1
                try checkMessages(of: rule.message, item, count: messageRules)
                continue
            }
            try checkLists(of: rule, item)
            try checkEffect(of: rule, item)
            layout.note(rule, item)
        }
    }

    private func checkLists(of rule: RuleRecord, _ item: Int) throws(BundleError) {
        let known = CheckedBundle.mask(ofLowest: layout.listCount)
        guard rule.destinationsCode <= 1 else {
            throw .unknownDestinations(item: item, found: rule.destinationsCode)
        }
        guard (rule.destinationsCode == 1) == (rule.lists != 0), rule.lists & ~known == 0 else {
            throw .unknownLists(section: .rules, item: item, found: rule.lists)
        }
    }

    private mutating func checkSighashes(of rule: RuleRecord, _ item: Int) throws(BundleError) {
        guard rule.effectCode == RuleEffect.allowSighashes.rawValue else { return }
        _ = try cursor.skip(1)
        let every = SighashPermission.every
        guard rule.sighashes != 0, rule.sighashes & ~every == 0 else {
            throw .unknownSighashes(item: item, found: rule.sighashes)
        }
    }

    /// A deny rule has no caps: "deny up to" and "deny over" would read alike.
    private func checkEffect(of rule: RuleRecord, _ item: Int) throws(BundleError) {
        guard let effect = RuleEffect(rawValue: rule.effectCode) else {
            throw .unknownEffect(item: item, found: rule.effectCode)
        }
        let capped =
            rule.outflowMax != RuleRecord.noCap || rule.feeMax != RuleRecord.noCap
            || rule.feerateMax != RuleRecord.noCap
        guard effect != .deny || !capped else { throw .capOnDeny(item: item) }
    }
}
