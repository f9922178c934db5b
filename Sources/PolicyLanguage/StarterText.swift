import Bitcoin

/// Writes a starter policy, with the reason for every line.
struct StarterText {
    let network: Network
    let wallets: [StarterPolicy.Wallet]
    let fingerprint: String?
    let candidates: [String]
    let admins: [String]

    var text: String {
        let parts = [head, signer, allowance, adminPart, walletPart, limits, rules]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var head: String {
        """
        # A policy to start from, printed by `portcullis policy starter`. It is generous: read
        # it, tighten it, try it with `portcullis policy check FILE`, and then make the home:
        # `portcullis init --network \(network.name) --policy FILE`.
        # All that can be written here is in policies/README.md.

        version = 1
        network = "\(network.name)"

        """
    }

    private var signer: String {
        guard let fingerprint else { return "" }
        var text = """
            # The master key of the signer: keys that are written [\(fingerprint)/…] are its
            # own. `init` makes no home with a seed that has another key there.

            """
        if !candidates.isEmpty {
            text += """
                # It is the first of those that may be it: \(candidates.joined(separator: ", ")).
                # Change it if another one is yours.

                """
        }
        return text + "fingerprint = \"\(fingerprint)\"\n"
    }

    private var allowance: String {
        """
        # What the signer will ever release before the admins refill it. This is also the most
        # that a stolen gate can get signed, so choose what you could bear to lose.
        allowance = "100000 BTC"

        """
    }

    private var adminPart: String {
        guard !admins.isEmpty else {
            return """
                # No [admins]: on a throw-away network `init` makes an admin key and keeps it in
                # the home. On main they must be named here.

                """
        }
        let keys = admins.map { "  \"\($0)\",\n" }.joined()
        return """
            # Whoever may raise the allowance or begin a new log: SSH public keys, and how many
            # of them have to sign.
            [admins]
            threshold = \(admins.count / 2 + 1)
            keys = [
            \(keys)]

            """
    }

    private var walletPart: String {
        var text = """
            # The wallets: descriptors as of BIP-380 to 390. self/… is a key of the signer's own
            # seed by its steps from the master key; <0;1> are the branches for receiving and for
            # change.

            """
        for wallet in wallets {
            text += """
                [wallets.\(wallet.name)]
                descriptor = "\(wallet.descriptor)"


                """
        }
        return String(text.dropLast())
    }

    private var limits: String {
        """
        # Over all wallets together, in any hour, not only from one full hour to the next.
        [limits.hourly]
        scope = "global"
        window = "1h"
        transactions = 100000
        amount = "10000 BTC"

        """
    }

    private var rules: String {
        let names = wallets.map { "\"\($0.name)\"" }.joined(separator: ", ")
        return """
            # The only rule; what no rule allows is denied.
            [[rules]]
            name = "everyday"
            effect = "allow"
            wallets = [\(names)]
            destinations = "any"     # or names of lists: [destinations.NAME] with addresses
            max_outflow = "1 BTC"    # all that leaves a wallet in one transaction, the fee included
            max_fee = "0.01 BTC"

            """
    }
}
