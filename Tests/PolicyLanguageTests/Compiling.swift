import Foundation
import Policy
import PolicyLanguage
import TestSupport

/// A small policy that compiles; tests spoil one line of it.
let smallPolicy = """
    version = 1
    network = "regtest"
    allowance = "5 BTC"
    [wallets.segwit]
    descriptor = "wpkh(self/84h/1h/0h/<0;1>/*)"
    [destinations.payroll]
    addresses = ["bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"]
    [limits.hourly]
    scope = "global"
    window = "1h"
    transactions = 5
    amount = "0.2 BTC"
    [[rules]]
    name = "everyday"
    effect = "allow"
    wallets = ["segwit"]
    destinations = "any"
    max_outflow = "0.1 BTC"
    max_fee = "0.01 BTC"
    """

/// The text of an example or case of the repository.
func policyFile(_ path: String) throws -> String {
    let url = Vectors.repository.appending(path: "policies/\(path)")
    return try String(contentsOf: url, encoding: .utf8)
}

/// The error that compiling gives, or nil.
func fault(of source: String) -> PolicyError? {
    do throws(PolicyError) {
        _ = try PolicyCompiler.compile(source: source)
        return nil
    } catch {
        return error
    }
}
