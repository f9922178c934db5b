import Bitcoin
import Policy
import Wallet

/// The destination lists: addresses of the policy's network.
extension SourceReader {
    private static let form = "a list of addresses: addresses = [\"bc1q...\"]"

    /// Reads the lists, keeps their names, and gives every script with the lists it stands in.
    mutating func readDestinations() throws(PolicyError) -> [PolicyModel.Destination] {
        var found: [[UInt8]: UInt64] = [:]
        var expander = DescriptorExpander(network: network)
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
            try table.allowOnly(["addresses", "descriptors", "data"])
            let bit: UInt64 = 1 << UInt64(index)
            guard ["addresses", "descriptors", "data"].contains(where: table.contains) else {
                throw table.error("addresses", found: "no addresses", expected: Self.form)
            }
            let addresses =
                table.contains("addresses") ? try table.strings("addresses", form: Self.form) : []
            guard !table.contains("addresses") || !addresses.isEmpty else {
                throw table.error("addresses", found: "no address", expected: Self.form)
            }
            for address in addresses {
                let script = try script(of: address, table)
                guard found[script, default: 0] & bit == 0 else {
                    throw table.error(
                        "addresses",
                        found: "\(address) twice",
                        expected: "each address once"
                    )
                }
                found[script, default: 0] |= bit
            }
            for descriptor in try table.tables("descriptors") {
                for script in try expander.scripts(descriptor) { found[script, default: 0] |= bit }
            }
            for data in try table.tables("data") { try readShape(data, bit) }
        }
        shapes.sort { ($0.order).lexicographicallyPrecedes($1.order) }
        guard shapes.count <= 64 else {
            throw root.error(
                "destinations",
                found: "\(shapes.count) different shapes of data",
                expected: "at most 64"
            )
        }
        return found.map { PolicyModel.Destination(script: $0.key, lists: $0.value) }
            .sorted { Self.precedes($0.script, $1.script) }
    }

    /// `{ prefix = "6f6d6e69", min = 4, max = 80 }`: what one push behind OP_RETURN holds.
    private mutating func readShape(_ table: SourceTable, _ bit: UInt64) throws(PolicyError) {
        try table.allowOnly(["prefix", "min", "max"])
        let form = "hex digits of at most 80 bytes: prefix = \"6f6d6e69\""
        let text = try table.optionalString("prefix", form: form) ?? ""
        guard let prefix = hexBytes(text[...]), prefix.count <= 80 else {
            throw table.error("prefix", found: "\"\(text)\"", expected: form)
        }
        let most = try table.integer("max", in: prefix.count...10_000)
        let least =
            table.contains("min") ? try table.integer("min", in: prefix.count...most) : prefix.count
        let shape = PolicyModel.Shape(
            lists: bit,
            prefix: prefix,
            lengthMin: UInt16(least),
            lengthMax: UInt16(most)
        )
        if let known = shapes.firstIndex(where: { $0.order == shape.order }) {
            shapes[known].lists |= bit
        } else {
            shapes.append(shape)
        }
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

extension PolicyModel.Shape {
    /// What shapes are sorted by: the prefix as bytes, then the lengths.
    fileprivate var order: [Int] {
        // No byte is as low as the end of a prefix.
        prefix.map { Int($0) } + [-1, Int(lengthMin), Int(lengthMax)]
    }
}
