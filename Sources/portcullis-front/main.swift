private import CLinux
private import Confinement
private import Front
private import LocalSocket

// The front: started by `portcullis up` with 3 the clients' listener, 4 public/, 5 run/, 6
// where it says that it is alive. Arguments: `own-user=UID` where it has a user of its own,
// `weaker`, `timeout=SECONDS`.

private func say(_ words: String) {
    var standardError = Descriptor(adopting: 2)
    standardError.pin()
    let text = [UInt8]("portcullis-front: \(words)\n".utf8)
    do {
        try standardError.writeAll(text.span)
    } catch {
        // Nobody listens.
        return
    }
}

private func fail(_ words: String) -> Never {
    say(words)
    linux_exit(1)
}

/// The policy, for the names in it. Without it refusals name places only; it is the signer that
/// refuses a policy that is damaged or another.
private func readPolicy() -> BundleFacts? {
    do {
        return try BundleFacts.read(publicFolder: 4)
    } catch {
        say("refusals will name no rule or limit: \(error.message)")
        return nil
    }
}

do {
    let options = try FrontOptions(CommandLine.arguments.dropFirst())
    let facts = try HomeFacts.read(publicFolder: 4)
    var service = try FrontService(
        facts,
        policy: readPolicy(),
        listener: Descriptor(adopting: 3),
        places: FrontPlaces(runFolder: 5),
        pulse: Descriptor(adopting: 6),
        patience: options.patience
    )
    _ = try Confinement.apply(
        ConfinementPlan(
            profile: .front(public: 4),
            descriptorsMax: 256,
            ownUser: options.ownUser,
            acceptsWeakerKernel: options.acceptsWeakerKernel
        )
    )
    try service.run()
} catch let error as FrontError {
    fail(error.message)
} catch {
    fail("\(error)")
}
