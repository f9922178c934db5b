import Policy

/// Who may ask, and when: `[requesters]`, `[zones]`, and what rules say of them.
extension SourceReader {
    private static let uidMax = 4_294_967_294
    private static let requesterForm =
        "names of [requesters] and uids: requesters = [\"payments\", 1001]"

    /// `[requesters]`: names of uids.
    mutating func readRequesterNames() throws(PolicyError) {
        guard let table = try root.table("requesters") else { return }
        guard table.keys.count <= 64 else {
            let found = "\(table.keys.count) names"
            throw root.error("requesters", found: found, expected: "at most 64")
        }
        for name in table.keys {
            guard Spelling.isName(name) else {
                throw table.error(name, found: "the name \(name)", expected: Spelling.nameForm)
            }
            requesters[name] = UInt32(try table.integer(name, in: 0...Self.uidMax))
        }
    }

    /// `[zones]`: names of time zones; `utc` needs none.
    mutating func readZones() throws(PolicyError) {
        guard let table = try root.table("zones") else { return }
        for name in table.keys {
            guard Spelling.isName(name), name != "utc" else {
                let expected = "another name: \(Spelling.nameForm)"
                throw table.error(name, found: "the name \(name)", expected: expected)
            }
            let text = try table.string(name, form: "\(ZoneText.form): \(name) = \"...\"")
            guard let zone = ZoneText(text) else {
                let isName = text.contains("/") && !text.contains(",")
                let how = "run `portcullis policy zone \(text)` and write what it prints"
                throw table.error(
                    name,
                    found: "\"\(text)\"\(isName ? ", the name of a zone, not its rule" : "")",
                    expected: isName
                        ? "its rule, the last line of its zoneinfo file: \(how)" : ZoneText.form
                )
            }
            zones[name] = zone
        }
    }

    /// Uids, ascending; nil where the rule says nothing of them.
    func readRequesters(_ table: SourceTable) throws(PolicyError) -> [UInt32]? {
        guard table.contains("requesters") else { return nil }
        let key = "requesters"
        var found: Set<UInt32> = []
        for item in try table.namesAndNumbers(key, form: Self.requesterForm) {
            let uid: UInt32
            switch item {
            case .name(let name):
                guard let known = requesters[name] else {
                    guard name != "front" else {
                        throw table.error(
                            key,
                            found: "front, whose uid [requesters] does not say",
                            expected: "the uid that the front runs as, under [requesters]: "
                                + "front = 64103, unless `init` is given --front-uid"
                        )
                    }
                    let names = requesters.keys.sorted()
                    _ = try place(of: name, among: names, key, table)
                    preconditionFailure("a name without a place")
                }
                uid = known
            case .number(let number):
                guard (0...Self.uidMax).contains(number) else {
                    throw table.error(key, found: "\(number)", expected: Self.requesterForm)
                }
                uid = UInt32(number)
            }
            guard found.insert(uid).inserted else {
                throw table.error(key, found: "uid \(uid) twice", expected: "each once")
            }
        }
        guard (1...64).contains(found.count) else {
            let count = found.isEmpty ? "nobody" : "\(found.count) requesters"
            throw table.error(key, found: count, expected: "1 to 64: \(Self.requesterForm)")
        }
        return found.sorted()
    }

    /// `times` with its `zone`.
    func readTimes(_ table: SourceTable) throws(PolicyError) -> PolicyCondition? {
        guard table.contains("times") else {
            guard !table.contains("zone") else {
                let expected = "times = [\"Mon-Fri 09:00-17:00\"] beside it"
                throw table.error("zone", found: "a zone without times", expected: expected)
            }
            return nil
        }
        let known = ["utc"] + zones.keys.sorted()
        let form = "the zone of the times, one of \(known.joined(separator: ", ")): zone = \"utc\""
        let name = try table.string("zone", form: form)
        _ = try place(of: name, among: known, "zone", table)
        let zone = zones[name] ?? .utc
        var week = TimesText.Week()
        let texts = try table.strings("times", form: "a list of \(TimesText.form)")
        for text in texts {
            guard TimesText.add(text, to: &week) else {
                throw table.error("times", found: "\"\(text)\"", expected: TimesText.form)
            }
        }
        let spans = week.spans
        guard !spans.isEmpty else {
            throw table.error("times", found: "no time", expected: TimesText.form)
        }
        guard spans.count <= 28 else {
            let found = "\(spans.count) different times"
            throw table.error("times", found: found, expected: "at most 28 in a week")
        }
        return .times(zone, spans)
    }
}
