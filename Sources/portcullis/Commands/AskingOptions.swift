import ArgumentParser
import Front

/// Whom a command asks: the front, or the gate itself.
struct AskingOptions: ParsableArguments {
    @Flag(help: "Ask the gate without the front, as the user who runs this (clients.sock).")
    var direct = false

    func ask(
        _ request: Framed<FrontRequest>,
        of home: Home,
        _ patience: Patience
    ) throws(FrontError) -> Framed<FrontReply> {
        direct
            ? try DirectClient.ask(request, of: home, patience)
            : try FrontClient.ask(request, of: home, patience)
    }
}
