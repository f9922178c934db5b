private import Bytes

/// What people say of a payment, each with a namespace of its own, so that nobody's approval is
/// ever taken for a rejection.
package enum ApprovalKind: Equatable, Sendable {
    case approval
    case rejection

    /// The namespace of the signatures (PROTOCOL.sshsig).
    package var namespace: StaticString {
        switch self {
        case .approval: "portcullis-approval"
        case .rejection: "portcullis-rejection"
        }
    }
}

/// Why approvals are not enough; codes and names as `Refusal` has them.
package enum ApprovalFault: Error, Equatable, Sendable {
    /// It is no SSH signature of a kind that is taken.
    case malformed
    /// It is for something else: made under another namespace.
    case namespace
    /// Nobody's key whom the policy names.
    case unknownKey
    /// It is of another text: another request, home, policy or time.
    case signature
    /// The authenticator was not touched.
    case withoutTouch
    /// It did not verify who touched it, as the policy asks of this key.
    case withoutVerification
    /// A second one by a person who approved already, with whatever key.
    case samePerson
    case tooEarly(seconds: UInt64, wait: UInt32)
    case expired(seconds: UInt64, expiry: UInt32)
    /// So many persons of a group are needed; so many approved.
    case missing(group: Int, expected: Int, found: Int)
}

/// The persons who approved one text, by their places.
package struct ApprovalCount: Sendable {
    private static let touched: UInt8 = 1
    private static let verified: UInt8 = 4

    private let text: MessageHashes
    private let kind: ApprovalKind
    /// Bit n for person n.
    package private(set) var persons: UInt64 = 0

    /// Nobody yet, of the text with these hashes.
    package init(_ kind: ApprovalKind, of text: MessageHashes) {
        (self.kind, self.text) = (kind, text)
    }

    /// Counts whoever made the signature, once it is found to be good and to be the first; the
    /// place of the person.
    package mutating func add(
        _ blob: Span<UInt8>,
        _ bundle: CheckedBundle
    ) throws(ApprovalFault) -> Int {
        let parts: SSHSignatureParts
        do throws(SSHSignatureError) {
            parts = try SSHSignatureParts(blob)
        } catch {
            throw error == .keyNotEd25519 ? .unknownKey : .malformed
        }
        guard parts.namespace.equals(kind.namespace) else { throw .namespace }
        guard let (person, verifies) = bundle.owner(of: parts.publicKey) else {
            throw .unknownKey
        }
        guard parts.isSigned(text, kind.namespace) else { throw .signature }
        if !parts.presence.isEmpty {
            guard parts.flags & Self.touched != 0 else { throw .withoutTouch }
            guard !verifies || parts.flags & Self.verified != 0 else { throw .withoutVerification }
        }
        guard persons >> UInt64(person) & 1 == 0 else { throw .samePerson }
        persons |= 1 << UInt64(person)
        return person
    }
}

extension CheckedBundle {
    /// Whose key it is, and whether its authenticator must verify who touches it.
    fileprivate func owner(of key: Span<UInt8>) -> (person: Int, verifies: Bool)? {
        for index in 0..<personCount {
            let person = person(at: index)
            for place in 0..<person.keyCount where person.key(at: place).equals(key) {
                return (index, person.verifies(at: place))
            }
        }
        return nil
    }
}

extension ConditionRecord {
    /// What a condition about approvals lacks, if anything, for a payment that was asked for at one
    /// time and is now to be signed; both in nanoseconds since 1970.
    package func approvalFault(
        _ persons: UInt64,
        askedAt asked: UInt64,
        now: UInt64,
        _ bundle: CheckedBundle
    ) -> ApprovalFault? {
        guard now >= asked else { return .tooEarly(seconds: 0, wait: waitSeconds) }
        let seconds = (now - asked) / 1_000_000_000
        if seconds >= UInt64(expirySeconds) {
            return .expired(seconds: seconds, expiry: expirySeconds)
        }
        for index in 0..<count {
            let (group, threshold) = quorum(at: index)
            let found = (bundle.group(at: group).persons & persons).nonzeroBitCount
            if found < threshold {
                return .missing(group: group, expected: threshold, found: found)
            }
        }
        return seconds < UInt64(waitSeconds)
            ? .tooEarly(seconds: seconds, wait: waitSeconds) : nil
    }
}
