import ArgumentParser
import BitcoinCrypto
import Front

/// What a payment replaces.
struct ReplaceOptions: ParsableArguments {
    @Option(help: "The PSBT of the payment that is replaced, as it was given then.")
    var replaces: [String] = []

    @Option(help: "Of each --replaces what --again was then; - for one without --anti-exfil.")
    var replacesAgain: [String] = []

    /// The payment in full.
    func payment(_ psbt: [UInt8], at file: String) throws(FrontError) -> PaymentToSign {
        guard replacesAgain.isEmpty || replacesAgain.count == replaces.count else {
            throw .usage(
                "--replaces-again: \(replacesAgain.count) of them and \(replaces.count) of "
                    + "--replaces; give one for each, in the same order, or none"
            )
        }
        guard ([file] + replaces).count(where: { $0 == "-" }) <= 1 else {
            throw .usage("--replaces -: standard input can be read once")
        }
        var replaced: [PaymentToSign.Replaced] = []
        for (place, path) in replaces.enumerated() {
            var old = PaymentToSign.Replaced(psbt: try PSBTFile.read(path).bytes, commitment: nil)
            if !replacesAgain.isEmpty, replacesAgain[place] != "-" {
                guard let earlier = HostContribution(again: replacesAgain[place]) else {
                    throw .usage("--replaces-again takes 128 hexadecimal digits, or -")
                }
                old.commitment = earlier.nonce.commitment
            }
            replaced.append(old)
        }
        return PaymentToSign(psbt, replacing: replaced)
    }
}
