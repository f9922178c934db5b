import Bitcoin
import PolicyLanguage
import Testing

@Suite("Starter policies")
struct StarterTests {
    @Test("The starter of the open example's wallets is that example")
    func open() throws {
        let starter = try StarterPolicy(
            network: .regtest,
            wallets: [
                StarterPolicy.Wallet(name: "segwit", descriptor: "wpkh(self/84h/1h/0h/<0;1>/*)"),
                StarterPolicy.Wallet(name: "taproot", descriptor: "tr(self/86h/1h/0h/<0;1>/*)"),
            ]
        )
        let example = try PolicyCompiler.read(try policyFile("examples/regtest-open.toml"))
        #expect(try PolicyCompiler.read(starter.text) == example)
        #expect(starter.fingerprint == nil)
    }

    @Test(
        "A text that would end the string of a descriptor gets nowhere",
        arguments: ["\"", "\\", "\n"]
    )
    func quotes(character: String) {
        #expect(throws: PolicyError.self) {
            try StarterPolicy(
                network: .regtest,
                wallets: [
                    StarterPolicy.Wallet(
                        name: "a",
                        descriptor: "wpkh(self/84h/1h/0h/<0;1>/*)\(character)"
                    )
                ]
            )
        }
    }

    @Test("Neither does an admin key that would add a line of its own")
    func adminLines() {
        #expect(throws: PolicyError.self) {
            try StarterPolicy(
                network: .regtest,
                wallets: [
                    StarterPolicy.Wallet(name: "a", descriptor: "wpkh(self/84h/1h/0h/<0;1>/*)")
                ],
                admins: ["ssh-ed25519 AAAA\"]\nthreshold = 1"]
            )
        }
    }
}
