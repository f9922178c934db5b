/// What a rule says of approvals, laid out by hand from protocol.md, section 4.
package struct SampleApprovals: Equatable, Sendable {
    package var quorums: [[UInt8]]
    package var veto: UInt8
    package var wait: UInt32
    package var expiry: UInt32

    package init(
        _ quorums: [[UInt8]],
        veto: UInt8 = 255,
        wait: UInt32 = 0,
        expiry: UInt32 = 86_400
    ) {
        (self.quorums, self.veto, self.wait, self.expiry) = (quorums, veto, wait, expiry)
    }

    var bytes: [UInt8] {
        [UInt8(quorums.count)] + quorums.joined() + [veto] + little(wait) + little(expiry)
    }
}

/// The extension about approvers.
package struct SampleApprovers: Equatable, Sendable {
    package struct Person: Equatable, Sendable {
        package var name: String
        /// Options and wire form.
        package var keys: [(options: UInt8, wire: [UInt8])]

        package init(_ name: String, _ keys: [(UInt8, [UInt8])]) {
            self.name = name
            self.keys = keys
        }

        package static func == (left: Person, right: Person) -> Bool { left.bytes == right.bytes }

        var bytes: [UInt8] {
            var bytes = [UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(keys.count)]
            for key in keys {
                bytes += [key.options] + little(UInt16(key.wire.count)) + key.wire
            }
            return bytes
        }
    }

    package var persons: [Person]
    package var groups: [(name: String, persons: UInt64)]
    package var kind: UInt16 = 1
    /// Added to the length that is said.
    package var excess: UInt32 = 0

    package init(_ persons: [Person], _ groups: [(name: String, persons: UInt64)]) {
        (self.persons, self.groups) = (persons, groups)
    }

    package static func == (left: SampleApprovers, right: SampleApprovers) -> Bool {
        left.bytes == right.bytes
    }

    /// Alice with a key and an authenticator, bob and carol with a key each; of one group and of
    /// another.
    package static var three: SampleApprovers {
        SampleApprovers(
            [
                Person("alice", [(0, plain(1)), (1, authenticator(2))]),
                Person("bob", [(0, authenticator(3))]), Person("carol", [(0, plain(4))]),
            ],
            [("security", 0b100), ("treasury", 0b011)]
        )
    }

    package static func plain(_ byte: UInt8) -> [UInt8] {
        SampleBundle.adminKey([UInt8](repeating: byte, count: 32))
    }

    package static func authenticator(
        _ byte: UInt8,
        application: String = "ssh:"
    ) -> [UInt8] {
        authenticator([UInt8](repeating: byte, count: 32), application: application)
    }

    package static func authenticator(_ key: [UInt8], application: String) -> [UInt8] {
        let kind = "sk-ssh-ed25519@openssh.com"
        var wire: [UInt8] = [0, 0, 0, 26] + Array(kind.utf8)
        wire += [0, 0, 0, 32] + key
        return wire + [0, 0, 0, UInt8(application.utf8.count)] + Array(application.utf8)
    }

    package var bytes: [UInt8] {
        var body = [UInt8(persons.count)]
        for person in persons { body += person.bytes }
        body.append(UInt8(groups.count))
        for group in groups {
            body += [UInt8(group.name.utf8.count)] + Array(group.name.utf8)
            body += little(group.persons)
        }
        return little(UInt16(1)) + little(kind) + little(UInt32(body.count) + excess) + body
    }
}

private func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<(T.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
}
