private import Policy
private import Wire

/// Every refusal in one list: what `portcullis refusals` prints and docs/refusals.md holds.
package struct RefusalPage: Encodable, Sendable {
    package struct Entry: Encodable, Sendable {
        package var name: String
        /// Nothing for what only front and command line say.
        package var code: UInt16?
        /// What `index` counts, if anything.
        package var subject: String?
        /// How `expected` and `found` read, if they mean something.
        package var unit: String?
        package var message: String
        package var remedy: String?
    }

    package var refusals: [Entry]

    package init() {
        refusals = (1...UInt16.max).compactMap { code in
            let name: String
            if let known = Refusal(rawValue: code) {
                name = "\(known.name)"
            } else if let known = PolicyRefusal(rawValue: code) {
                name = "\(known.name)"
            } else {
                return nil
            }
            guard let words = RefusalWords.table[name] else {
                preconditionFailure("every refusal has words")
            }
            return Entry(
                name: name,
                code: code,
                subject: words.subject == .nothing ? nil : words.subject.rawValue,
                unit: words.unit == .nothing ? nil : words.unit.rawValue,
                message: words.message,
                remedy: words.remedy
            )
        }
        refusals += OwnRefusal.allCases.map { Entry(name: $0.rawValue, message: $0.meaning) }
    }

    /// The page, in Markdown.
    package var text: String {
        let heading =
            "| code | name | means | index, numbers | what to do |\n|---|---|---|---|---|\n"
        let coded = refusals.filter { $0.code != nil }
        let groups: [(title: String, codes: ClosedRange<UInt16>)] = [
            ("The signer's checks of a request", 1...149), ("The signer's state", 150...199),
            ("The policy", 200...299), ("The gate", 300...399),
        ]
        var page = """
            # Refusals

            Made by `portcullis refusals > docs/refusals.md`; do not change it by hand. Names and
            codes are stable: log, protocol, JSON and tests share them. Every one ends a command
            with exit status 3, unless it says otherwise. `index` counts from 0. The front uses the
            signer's names for what it finds first; the signer looks again.


            """
        for group in groups {
            page += "## \(group.title)\n\n\(heading)"
            for entry in coded where group.codes.contains(entry.code ?? 0) {
                let numbers = [entry.subject, entry.unit].compactMap { $0 }.joined(separator: ", ")
                page += "| \(entry.code ?? 0) | `\(entry.name)` | \(entry.message) | \(numbers) "
                page += "| \(entry.remedy ?? "") |\n"
            }
            page += "\n"
        }
        page += "## Front and command line\n\nThese have no code; the log never holds them.\n\n"
        page += "| name | means |\n|---|---|\n"
        for entry in refusals where entry.code == nil {
            page += "| `\(entry.name)` | \(entry.message) |\n"
        }
        return page
    }
}
