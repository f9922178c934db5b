import LocalSocket
import Signer

/// Descriptors as the CLI sets them up for `init new24|new12|restore PASSES MEMORYKIB`.
private enum InitDescriptor {
    static let output: Int32 = 1
    static let keystore: Int32 = 3
    static let state: Int32 = 4
    static let bundle: Int32 = 5
    static let passphrase: Int32 = 6
    static let mnemonic: Int32 = 7
    static let mnemonicPassphrase: Int32 = 8
    static let words: Int32 = 9
}

/// Makes a new home; gives the status to exit with.
func runInit() -> Int32 {
    guard let source = seedSource(), let passes = Arguments.number(3),
        let memoryKiB = Arguments.number(4)
    else {
        return end("usage: portcullis-signer init new24|new12|restore PASSES MEMORYKIB\n", 2)
    }
    do throws(SignerStop) {
        return try make(source, passes, memoryKiB)
    } catch {
        return end(error.text, error.exitStatus)
    }
}

private func seedSource() -> SeedSource? {
    if Arguments.isArgument(2, "new24") { return .new(wordCount: 24) }
    if Arguments.isArgument(2, "new12") { return .new(wordCount: 12) }
    return Arguments.isArgument(2, "restore") ? .restored : nil
}

private func make(
    _ source: SeedSource,
    _ passes: UInt32,
    _ memoryKiB: UInt32
) throws(SignerStop) -> Int32 {
    var maker = try HomeMaker(bundle: Descriptor(adopting: InitDescriptor.bundle))
    let isConfined = confineOnce(state: InitDescriptor.state, operator: InitDescriptor.bundle)
    guard isConfined else { return unconfined() }
    try maker.makeSeed(
        source,
        mnemonic: Descriptor(adopting: InitDescriptor.mnemonic),
        passphrase: Descriptor(adopting: InitDescriptor.mnemonicPassphrase),
        wordsOut: Descriptor(adopting: InitDescriptor.words)
    )
    let homeID = try maker.write(
        keystore: Descriptor(adopting: InitDescriptor.keystore),
        state: Descriptor(adopting: InitDescriptor.state),
        passphrase: Descriptor(adopting: InitDescriptor.passphrase),
        passes: passes,
        memoryKiB: memoryKiB
    )
    try maker.describe(homeID, to: Descriptor(adopting: InitDescriptor.output))
    return 0
}
