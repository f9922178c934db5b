import Bitcoin
private import Policy
private import Wallet

/// Reads a file of cases: blocks of `key: value` lines, one for each `case:`.
package struct CaseReader {
    private let network: Network
    private let requesters: [String: UInt32]
    private var line = 0
    private var cases: [PolicyCase] = []

    private static let keys = [
        "case", "wallet", "pay", "data", "fee", "outflow", "returns", "vsize", "inputs", "outputs",
        "lock-time", "relative-lock", "replaceable", "replaces", "requester", "time", "sighash",
        "expect", "rule",
        "match", "charge",
    ]

    /// The cases of a text, for a policy.
    package static func read(
        _ text: String,
        for policy: PolicyModel
    ) throws(PolicyError) -> [PolicyCase] {
        var reader = CaseReader(network: policy.network, requesters: policy.requesters)
        try reader.read(text)
        return reader.cases
    }

    private init(network: Network, requesters: [String: UInt32]) {
        self.network = network
        self.requesters = requesters
    }

    private mutating func read(_ text: String) throws(PolicyError) {
        for row in text.split(separator: "\n", omittingEmptySubsequences: false) {
            line += 1
            guard !row.isEmpty, !row.hasPrefix("#") else { continue }
            guard let mark = row.firstRange(of: ": ") else {
                throw fault("", found: "\"\(row)\"", expected: "key: value, such as fee: 1000 sat")
            }
            let (key, value) = (String(row[..<mark.lowerBound]), String(row[mark.upperBound...]))
            guard key != "case" else {
                try endBlock()
                cases.append(PolicyCase(title: value, line: line))
                continue
            }
            guard !cases.isEmpty else {
                throw fault(key, found: key, expected: "case: what it shows, before anything else")
            }
            try set(key, value)
        }
        try endBlock()
        guard !cases.isEmpty else {
            throw fault("", found: "no case", expected: "case: what it shows")
        }
    }

    /// A case without a wallet or a verdict shows nothing; what is known of the sequence numbers
    /// says something of the lock time, and the other way round.
    private func endBlock() throws(PolicyError) {
        guard let last = cases.last else { return }
        let isHalf = (last.lockTime == nil) != (last.isReplaceable == nil)
        guard !isHalf, last.lockTime != nil || !last.isRelative else {
            throw PolicyError(
                line: last.line,
                key: "case",
                found: "the case \"\(last.title)\" without lock-time or replaceable",
                expected: "both, as in lock-time: 0 and replaceable: yes"
            )
        }
        for (key, value) in [("wallet", last.wallet), ("expect", last.expect)] where value.isEmpty {
            throw PolicyError(
                line: last.line,
                key: "case",
                found: "the case \"\(last.title)\" without \(key)",
                expected: "\(key): \(key == "wallet" ? "its name" : "allow, or a refusal's name")"
            )
        }
    }

    private mutating func set(_ key: String, _ value: String) throws(PolicyError) {
        let last = cases.count - 1
        switch key {
        case "wallet": cases[last].wallet = value
        case "pay": cases[last].payments.append(try payment(value))
        case "data": cases[last].payments.append(try data(value))
        case "fee": cases[last].fee = try amount(key, value)
        case "outflow": cases[last].outflow = try amount(key, value)
        case "returns": cases[last].returned = try amount(key, value)
        case "vsize": cases[last].virtualSize = try number(key, value)
        case "inputs": cases[last].inputs = Int(try number(key, value) as UInt32)
        case "outputs": cases[last].outputs = Int(try number(key, value) as UInt32)
        case "lock-time": cases[last].lockTime = try number(key, value)
        case "relative-lock": cases[last].isRelative = try either(key, value)
        case "replaceable": cases[last].isReplaceable = try either(key, value)
        case "replaces": cases[last].isReplacement = try either(key, value)
        case "requester": cases[last].requester = try requester(value)
        case "time": cases[last].seconds = try time(value)
        case "sighash": cases[last].sighashes = try sighashes(value)
        case "expect": cases[last].expect = try verdict(value)
        case "rule": cases[last].rule = value
        case "match": cases[last].matches.append(value)
        case "charge":
            let (name, text) = try pair(key, value, form: "a limit and an amount: daily 0.1 BTC")
            cases[last].charges.append("\(name) \(Written.amount(try amount(key, text)))")
        default:
            let near = Spelling.nearest(to: key, among: Self.keys)
            throw fault(
                key,
                found: "the unknown key \(key)",
                expected: near.map { "\($0) (did you mean it?)" }
                    ?? "one of \(Self.keys.joined(separator: ", "))"
            )
        }
    }
}

/// The values.
extension CaseReader {
    private func fault(_ key: String, found: String, expected: String) -> PolicyError {
        PolicyError(line: line, key: key, found: found, expected: expected)
    }

    private func pair(
        _ key: String,
        _ value: String,
        form: String
    ) throws(PolicyError) -> (String, String) {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { throw fault(key, found: "\"\(value)\"", expected: form) }
        return (String(parts[0]), String(parts[1]))
    }

    private func amount(_ key: String, _ value: String) throws(PolicyError) -> UInt64 {
        do throws(Units.Fault) {
            return try Units.amount(value)
        } catch {
            throw fault(key, found: "\"\(value)\"", expected: error.expected)
        }
    }

    private func number(_ key: String, _ value: String) throws(PolicyError) -> UInt32 {
        guard let number = UInt32(value) else {
            throw fault(key, found: "\"\(value)\"", expected: "a whole number below 2^32")
        }
        return number
    }

    private func either(_ key: String, _ value: String) throws(PolicyError) -> Bool {
        switch value {
        case "yes": return true
        case "no": return false
        default: throw fault(key, found: "\"\(value)\"", expected: "yes or no")
        }
    }

    private func payment(_ value: String) throws(PolicyError) -> PolicyCase.Payment {
        let (text, sum) = try pair("pay", value, form: "an address and an amount: bcrt1q… 0.1 BTC")
        let amount = try amount("pay", sum)
        do throws(BitcoinError) {
            let script = try AddressText.read(text, network: network)
            return PolicyCase.Payment(script: script, amount: amount)
        } catch {
            throw fault("pay", found: "\"\(text)\"", expected: "an address of \(network.name)")
        }
    }

    /// An OP_RETURN output that holds nothing but bytes.
    private func data(_ value: String) throws(PolicyError) -> PolicyCase.Payment {
        let digits = Array(value.utf8)
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count - digits.count % 2, by: 2) {
            let pair = String(decoding: digits[place..<(place + 2)], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { break }
            bytes.append(byte)
        }
        guard 2 * bytes.count == digits.count, (1...255).contains(bytes.count) else {
            throw fault("data", found: "\"\(value)\"", expected: "1 to 255 bytes in hexadecimal")
        }
        let length = UInt8(bytes.count)
        let push = bytes.count < 0x4C ? [length] : [0x4C, length]
        return PolicyCase.Payment(script: [0x6A] + push + bytes, amount: 0)
    }

    private func requester(_ value: String) throws(PolicyError) -> UInt32 {
        if let uid = requesters[value] ?? UInt32(value) { return uid }
        let names = requesters.keys.sorted().joined(separator: ", ")
        let known = names.isEmpty ? "a uid (the policy has no [requesters])" : "a uid or \(names)"
        throw fault("requester", found: "\"\(value)\"", expected: known)
    }

    private func sighashes(_ value: String) throws(PolicyError) -> UInt8 {
        let known = SighashPermission.names(SighashPermission.every)
        var mask: UInt8 = 0
        for name in value.split(separator: " ") {
            guard let place = known.firstIndex(of: String(name)) else {
                let expected = "of \(known.joined(separator: " ")), with spaces between"
                throw fault("sighash", found: "\"\(name)\"", expected: expected)
            }
            mask |= SighashPermission.types[place].permission
        }
        return mask
    }

    private func verdict(_ value: String) throws(PolicyError) -> String {
        let names = (200...255).compactMap { PolicyRefusal(rawValue: $0).map { "\($0.name)" } }
        guard value == "allow" || names.contains(value) else {
            let near = Spelling.nearest(to: value, among: names + ["allow"])
            throw fault(
                "expect",
                found: "\"\(value)\"",
                expected: near.map { "\($0) (did you mean it?)" } ?? "allow, or a refusal's name"
            )
        }
        return value
    }

    /// RFC 3339 in UTC, to the second: `2026-11-22T09:30:00Z`.
    private func time(_ value: String) throws(PolicyError) -> UInt64 {
        let wrong = fault(
            "time",
            found: "\"\(value)\"",
            expected: "a time in UTC from 1970 to 2105, such as 2026-11-22T09:30:00Z"
        )
        let form = Array("0000-00-00T00:00:00Z".utf8)
        let bytes = Array(value.utf8)
        guard bytes.count == form.count else { throw wrong }
        var numbers: [Int] = [0]
        for (byte, wanted) in zip(bytes, form) {
            if wanted == 0x30 {
                guard (0x30...0x39).contains(byte) else { throw wrong }
                numbers[numbers.count - 1] = 10 * numbers[numbers.count - 1] + Int(byte - 0x30)
            } else {
                guard byte == wanted else { throw wrong }
                numbers.append(0)
            }
        }
        let (year, month, day) = (numbers[0], numbers[1], numbers[2])
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1970...2105).contains(year), (1...12).contains(month),
            (1...lengths[month - 1]).contains(day), numbers[3] < 24, numbers[4] < 60,
            numbers[5] < 60
        else { throw wrong }
        let before = year - 1
        let leaps = before / 4 - before / 100 + before / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400)
        let days = 365 * (year - 1970) + leaps + lengths[..<(month - 1)].reduce(0, +) + day - 1
        return UInt64(((days * 24 + numbers[3]) * 60 + numbers[4]) * 60 + numbers[5])
    }
}
