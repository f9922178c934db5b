import LocalSocket
import Signer

/// Descriptors as the CLI sets them up for `offline keystore|mnemonic xpub STEP…`, or
/// `offline keystore|mnemonic words|hex COUNT INDEX`.
private enum OfflineDescriptor {
    static let output: Int32 = 1
    static let keystore: Int32 = 3
    /// Two that nothing is asked of; the filter of a sealed signer names two.
    static let state: Int32 = 4
    static let listener: Int32 = 5
    static let passphrase: Int32 = 6
    static let mnemonic: Int32 = 7
    static let mnemonicPassphrase: Int32 = 8
    static let child: Int32 = 9
}

private enum OfflineQuestion {
    case key(KeySteps)
    case child(ChildForm, UInt32)
}

/// Says a public key, or the seed of a child; gives the status to exit with.
func runOffline() -> Int32 {
    let isKeystore = Arguments.isArgument(2, "keystore")
    guard isKeystore || Arguments.isArgument(2, "mnemonic"), let question = question() else {
        return end(
            """
            usage: portcullis-signer offline keystore|mnemonic xpub STEP... | words|hex COUNT INDEX

            """,
            2
        )
    }
    do throws(SignerStop) {
        return try answer(question, isKeystore: isKeystore)
    } catch {
        return end(error.text, error.exitStatus)
    }
}

private func question() -> OfflineQuestion? {
    if Arguments.isArgument(3, "xpub") { return Arguments.steps(from: 4).map { .key($0) } }
    guard let count = Arguments.number(4), let index = Arguments.number(5) else { return nil }
    if Arguments.isArgument(3, "words"), count == 12 || count == 18 || count == 24 {
        return .child(.words(Int(count)), index)
    }
    guard Arguments.isArgument(3, "hex"), (16...64).contains(count) else { return nil }
    return .child(.hex(Int(count)), index)
}

private func answer(
    _ question: OfflineQuestion,
    isKeystore: Bool
) throws(SignerStop) -> Int32 {
    var keys = try OfflineKeys()
    guard isKeystore else {
        if !confine() { return unconfined() }
        try keys.restore(
            mnemonic: Descriptor(adopting: OfflineDescriptor.mnemonic),
            passphrase: Descriptor(adopting: OfflineDescriptor.mnemonicPassphrase)
        )
        return try answer(question, &keys)
    }
    let keystore = try KeystoreBytes(Descriptor(adopting: OfflineDescriptor.keystore))
    if !confine() { return unconfined() }
    try keys.open(keystore, passphrase: Descriptor(adopting: OfflineDescriptor.passphrase))
    return try answer(question, &keys)
}

private func answer(
    _ question: OfflineQuestion,
    _ keys: inout OfflineKeys
) throws(SignerStop) -> Int32 {
    switch question {
    case .key(let steps):
        try keys.describe(steps, to: Descriptor(adopting: OfflineDescriptor.output))
    case .child(let form, let index):
        let child = Descriptor(adopting: OfflineDescriptor.child)
        try keys.writeChild(form, index, to: child)
    }
    return 0
}

private func confine() -> Bool {
    confineOnce(state: OfflineDescriptor.state, operator: OfflineDescriptor.listener)
}
