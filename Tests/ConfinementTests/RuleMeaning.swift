import CProbe

/// What a rule means for one call, worked out without the table or libseccomp.
extension Rule {
    /// The numbers of x86-64 Linux, written down here independently of the headers.
    static let constants: [String: UInt64] = [
        "PROT_EXEC": 4, "AT_EMPTY_PATH": 0x1000, "SOL_SOCKET": 1, "SO_PEERCRED": 17, "F_GETFL": 3,
        "F_SETFL": 4, "F_SETFD": 2, "AF_UNIX": 1, "PR_GET_DUMPABLE": 3, "PR_GET_SECCOMP": 21,
        "PR_CAPBSET_READ": 23, "PR_GET_NO_NEW_PRIVS": 39, "PR_CAP_AMBIENT": 47,
        "PR_CAP_AMBIENT_IS_SET": 1, "SECCOMP_SET_MODE_FILTER": 1,
        "CLOCK_MONOTONIC": 1,
    ]
    /// Where the probe puts the descriptors that profiles name.
    static let descriptors: [String: UInt64] = ["gate": 10, "state": 11, "operator": 12]

    struct Unknown: Error { let name: String }

    static func value(_ text: String) throws -> UInt64 {
        guard let value = UInt64(text) ?? constants[text] else { throw Unknown(name: text) }
        return value
    }

    /// The number of the call, which every rule of a profile must have here.
    func number() throws -> Int64 {
        // SAFETY: the name lives for the length of the call.
        let number = unsafe probe_number(call)
        guard number >= 0 else { throw Unknown(name: call) }
        return Int64(number)
    }

    func holds(_ arguments: [UInt64]) throws -> Bool {
        try conditions.allSatisfy { condition in
            let found = arguments[condition.argument]
            switch condition.kind {
            case .descriptor(let name):
                return found & 0xFFFF_FFFF == Self.descriptors[name]
            case .int(let text): return found & 0xFFFF_FFFF == (try Self.value(text))
            case .equal(let text): return found == (try Self.value(text))
            case .atMost(let text): return found <= (try Self.value(text))
            case .bits(let mask, let value):
                return found & (try Self.value(mask)) == (try Self.value(value))
            }
        }
    }

    /// Arguments for which the rule holds, at the limit where there is one; the rest all ones, so
    /// that no call does anything.
    func agreeable() throws -> [UInt64] {
        var arguments = [UInt64](repeating: .max, count: 6)
        for condition in conditions {
            switch condition.kind {
            case .descriptor(let name):
                guard let number = Self.descriptors[name] else { throw Unknown(name: name) }
                arguments[condition.argument] = number
            case .int(let text), .equal(let text), .atMost(let text), .bits(_, let text):
                arguments[condition.argument] = try Self.value(text)
            }
        }
        return arguments
    }

    /// The same with one argument put wrong, in several ways each.
    func disagreeable() throws -> [[UInt64]] {
        let good = try agreeable()
        return try conditions.flatMap { condition -> [[UInt64]] in
            let right = good[condition.argument]
            var wrong: [UInt64] = [right &+ 1, right | 1 << 32, .max]
            switch condition.kind {
            case .descriptor, .int, .equal: wrong.append(right &- 1)
            case .atMost: break
            case .bits(let mask, _): wrong = [try Self.value(mask), .max]
            }
            return wrong.map { value in
                var arguments = good
                arguments[condition.argument] = value
                return arguments
            }
        }
    }
}
