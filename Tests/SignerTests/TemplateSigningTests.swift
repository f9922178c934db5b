import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Signer
import TestSupport
import Testing
import Wire

@Suite("Wallets of any kind")
struct TemplateSigningTests {
    @Test("A payment from each kind of one key is signed", arguments: TestTemplate.keyKinds)
    func oneKey(kind: OutputKind) throws {
        let wallet = TestTemplate.oneKey(kind)
        let (signer, log) = try wallet.home().ready()
        let payment = try TemplatePayment(wallet, [(0, 0), (1, 7), (0, 1_000)])
        let released = try signer.pay(payment.request, log)
        #expect(try payment.check(released.signatures[0]) == 3)
    }

    @Test(
        "Random wallets have the scripts that laying them out gives, and sign for their keys",
        arguments: TestTemplate.scriptKinds,
        0..<6
    )
    func random(kind: OutputKind, seed: Int) throws {
        var dice = Dice(seed: UInt64(seed) * 8 + UInt64(kind.rawValue))
        var wallets: [TestTemplate] = []
        for _ in 0..<6 { wallets.append(try TestTemplate.random(kind, &dice)) }
        let (signer, log) = try TestTemplate.home(wallets).ready()
        var signatures = 0
        for wallet in wallets {
            for _ in 0..<4 {
                let (branch, index) = wallet.randomClaim(&dice)
                let script = try wallet.script(branch, index)
                #expect(try signer.script(wallet.id, branch: branch, index: index) == script)
            }
            let claims = (0..<1 + dice.below(3)).map { _ in wallet.randomClaim(&dice) }
            var payments: [TemplatePayment] = []
            if wallet.isTree {
                if wallet.isOwn(0) { payments.append(try TemplatePayment(wallet, claims)) }
                for leaf in wallet.ownLeaves.prefix(3) {
                    payments.append(try TemplatePayment(wallet, claims, leaf: leaf))
                }
            } else {
                payments.append(try TemplatePayment(wallet, claims))
            }
            for payment in payments {
                let released = try signer.pay(payment.request, log)
                signatures += try payment.check(released.signatures[0])
            }
        }
        #expect(signatures > 10, "\(signatures)")
    }
}
