import Bitcoin
import BitcoinCrypto
import Policy
import Wallet

/// The scripts of descriptors of others, at compile time: a bundle knows scripts alone.
struct DescriptorExpander: ~Copyable {
    /// The most scripts of all descriptors together.
    private static let scriptCountMax = 1_000_000
    private static let form =
        "a public descriptor of others: descriptor = \"wpkh(xpub.../<0;1>/*)\""
    private static let indexForm =
        "the indexes of a descriptor that ends with /*: indexes = \"0-999\""

    private let network: Network
    private let curve: Curve
    private var count = 0

    init(network: Network) {
        self.network = network
        do throws(CryptoError) {
            curve = try Curve(blindingSeed: nil)
        } catch {
            preconditionFailure("the curve library gives no context")
        }
    }

    /// `{ descriptor = "...", indexes = "0-999", branches = [0] }`
    mutating func scripts(_ table: SourceTable) throws(PolicyError) -> Set<[UInt8]> {
        try table.allowOnly(["descriptor", "indexes", "branches"])
        let descriptor = try read(table)
        let indexes = try indexes(descriptor, table)
        let branches = try branches(descriptor, table)
        let (added, over) = indexes.count.multipliedReportingOverflow(by: branches.count)
        guard !over, added <= Self.scriptCountMax - count else {
            throw table.error(
                "indexes",
                found: "more than \(Self.scriptCountMax) scripts in all",
                expected: "fewer indexes"
            )
        }
        count += added
        var scripts: Set<[UInt8]> = []
        for branch in branches {
            for index in indexes {
                do throws(DescriptorError) {
                    for output in try descriptor.outputs(place: branch, index: index, curve: curve)
                    {
                        scripts.insert(output.script)
                    }
                } catch {
                    throw table.error(
                        "descriptor",
                        found: "no script (\(error))",
                        expected: Self.form
                    )
                }
            }
        }
        return scripts
    }

    private func read(_ table: SourceTable) throws(PolicyError) -> OutputDescriptor {
        let text = try table.string("descriptor", form: Self.form)
        let descriptor: OutputDescriptor
        do throws(DescriptorError) {
            descriptor = try OutputDescriptor(text, network: network, curve: curve)
        } catch {
            throw table.error("descriptor", found: "\"\(text)\" (\(error))", expected: Self.form)
        }
        for key in descriptor.keys.flatMap(\.participants) {
            switch key.source {
            case .own:
                throw table.error("descriptor", found: "a key of our own", expected: Self.form)
            case .secret:
                throw table.error("descriptor", found: "a private key", expected: Self.form)
            case .aggregate, .extended, .fixed: continue
            }
        }
        return descriptor
    }

    private func indexes(
        _ descriptor: OutputDescriptor,
        _ table: SourceTable
    ) throws(PolicyError) -> ClosedRange<UInt32> {
        guard descriptor.isRanged else {
            guard !table.contains("indexes") else {
                throw table.error("indexes", found: "indexes", expected: "none: it has no /*")
            }
            return 0...0
        }
        let text = try table.string("indexes", form: Self.indexForm)
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in UInt32(part).flatMap { "\($0)" == part ? $0 : nil }
        }
        guard let low = numbers.first, let high = numbers.last, numbers.count == parts.count,
            numbers.count <= 2, low <= high, high < 1 << 31
        else { throw table.error("indexes", found: "\"\(text)\"", expected: Self.indexForm) }
        return low...high
    }

    /// All of `<0;1>` where the source does not say.
    private func branches(
        _ descriptor: OutputDescriptor,
        _ table: SourceTable
    ) throws(PolicyError) -> [Int] {
        let all = Array(0..<descriptor.placeCount)
        guard table.contains("branches") else { return all }
        let form = "places of <a;b>, counted from 0: branches = [0]"
        var branches: [Int] = []
        for item in try table.namesAndNumbers("branches", form: form) {
            guard case .number(let branch) = item, all.contains(branch), !branches.contains(branch)
            else { throw table.error("branches", found: "another branch", expected: form) }
            branches.append(branch)
        }
        guard !branches.isEmpty else {
            throw table.error("branches", found: "no branch", expected: form)
        }
        return branches
    }
}
