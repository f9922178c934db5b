package import Bytes
import Transparency

/// What a quorum of admins signs to refill the allowance or to begin a new log (protocol.md,
/// section 8): the text, in memory of its own. Its SSH signatures are made under `namespace`.
package struct StatementText: Sendable {
    /// The namespace of the signatures (PROTOCOL.sshsig).
    package static let namespace: StaticString = "portcullis-admin"

    private var storage = InlineArray<512, UInt8>(repeating: 0)
    private var count = 0

    /// The statement that sets the allowance's total, in satoshi.
    package static func refill(_ place: StatementPlace, newTotal: UInt64) -> StatementText {
        StatementText("portcullis refill\n", place, newTotal: newTotal)
    }

    /// The statement that gives the log up and begins the next one.
    package static func recover(_ place: StatementPlace) -> StatementText {
        StatementText("portcullis recover\n", place, newTotal: nil)
    }

    /// The text, each line with its newline.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { storage.span.extracting(0..<count) }
    }

    private init(_ title: StaticString, _ place: StatementPlace, newTotal: UInt64?) {
        do throws(ByteError) {
            var room = storage.mutableSpan
            var writer = ByteWriter(&room)
            try writer.write(title)
            try writer.write("home ")
            try Hex.encode(place.homeID.span, into: &writer)
            try writer.write(" log ")
            try Decimal.write(UInt64(place.logNumber), to: &writer)
            try writer.write("\nsize ")
            try Decimal.write(place.logSize, to: &writer)
            try writer.write(" root ")
            try Hex.encode(place.root.span, into: &writer)
            try writer.write("\nepoch ")
            try Decimal.write(place.epoch, to: &writer)
            try writer.write("\n")
            if let newTotal {
                try writer.write("allowance ")
                try Decimal.write(newTotal, to: &writer)
                try writer.write(" sat\n")
            }
            count = writer.count
        } catch {
            preconditionFailure("a statement has fewer than 512 bytes")
        }
    }
}

/// The state of a signer that a statement is about; it holds for no other.
package struct StatementPlace: Equatable, Sendable {
    package let homeID: Bytes32
    package let logNumber: UInt32
    package let logSize: UInt64
    package let root: Bytes32
    package let epoch: UInt64

    package init(
        homeID: Bytes32,
        logNumber: UInt32,
        logSize: UInt64,
        root: Bytes32,
        epoch: UInt64
    ) {
        self.homeID = homeID
        self.logNumber = logNumber
        self.logSize = logSize
        self.root = root
        self.epoch = epoch
    }
}
