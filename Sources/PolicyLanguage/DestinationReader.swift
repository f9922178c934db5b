import Bitcoin
import Policy
import Wallet

/// The destination lists: addresses of the policy's network.
extension SourceReader {
    private static let form = "a list of addresses: addresses = [\"bc1q...\"]"

    /// Reads the lists, keeps their names, and gives every script with the lists it stands in.
    mutating func readDestinations() throws(PolicyError) -> [PolicyModel.Destination] {
        var found: [[UInt8]: UInt64] = [:]
        let tables = try root.namedTables("destinations")
        guard tables.count <= BundleLayout.listCountMax else {
            throw root.error(
                "destinations",
                found: "\(tables.count) lists",
                expected: "at most \(BundleLayout.listCountMax)"
            )
        }
        for (index, (name, table)) in tables.enumerated() {
            lists.append(name)
            try table.allowOnly(["addresses"])
            let addresses = try table.strings("addresses", form: Self.form)
            guard !addresses.isEmpty else {
                throw table.error("addresses", found: "no address", expected: Self.form)
            }
            for address in addresses {
                let script = try script(of: address, table)
                let bit: UInt64 = 1 << UInt64(index)
                guard found[script, default: 0] & bit == 0 else {
                    throw table.error(
                        "addresses",
                        found: "\(address) twice",
                        expected: "each address once"
                    )
                }
                found[script, default: 0] |= bit
            }
        }
        return found.map { PolicyModel.Destination(script: $0.key, lists: $0.value) }
            .sorted { Self.precedes($0.script, $1.script) }
    }

    private func script(of address: String, _ table: SourceTable) throws(PolicyError) -> [UInt8] {
        do throws(BitcoinError) {
            return try AddressText.read(address, network: network)
        } catch .addressOfOtherNetwork {
            throw table.error(
                "addresses",
                found: "\(address), an address of another network",
                expected: "an address of network \(network.name)"
            )
        } catch {
            throw table.error(
                "addresses",
                found: "\"\(address)\", which is no address (mistyped?)",
                expected: "an address of network \(network.name)"
            )
        }
    }

    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count
            ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }
}
