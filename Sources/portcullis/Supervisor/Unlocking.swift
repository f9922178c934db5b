import Front
import LocalSocket
private import Wire

/// The passphrase that `up --passphrase-fd` was given, until it was used once.
struct Unlocking: ~Copyable {
    /// Whether there was one.
    let wasAsked: Bool
    private var passphrase: Secret?
    private var connection: Descriptor?
    /// What to wait on; -1 for nothing.
    var connectionNumber: Int32 { Readiness.number(connection) }
    var hasReply = false

    init(_ passphrase: consuming Secret?) {
        wasAsked = passphrase != nil
        self.passphrase = passphrase
    }

    /// Sends it to the signer; from here on nobody has it.
    mutating func sendIfHeld(_ home: Home) throws(FrontError) {
        guard let secret = passphrase.take() else { return }
        connection = try OperatorClient.send(.unlock, OperatorClient.unlockPayload(secret), home)
    }

    /// Reads the answer when it is there; a refusal ends everything.
    mutating func readReply(_ home: Home) throws(FrontError) {
        guard hasReply, let socket = connection.take() else { return }
        hasReply = false
        try home.noteLogKey(unlocked: OperatorClient.receive(.unlocked, from: socket, home))
    }

    /// The signer that was to be unlocked is gone.
    mutating func forget() {
        passphrase = nil
        connection = nil
        hasReply = false
    }
}
