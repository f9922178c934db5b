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
    mutating func sendIfHeld(_ operators: OperatorClient) throws(FrontError) {
        guard let secret = passphrase.take() else { return }
        connection = try operators.send(.unlock, OperatorClient.unlockPayload(secret))
    }

    /// Reads the answer when it is there; a refusal ends everything.
    mutating func readReply(_ operators: OperatorClient, _ home: Home) throws(FrontError) {
        guard hasReply, let socket = connection.take() else { return }
        hasReply = false
        try home.noteLogKey(unlocked: operators.receive(.unlocked, from: socket))
    }

    /// The signer that was to be unlocked is gone.
    mutating func forget() {
        passphrase = nil
        connection = nil
        hasReply = false
    }
}
