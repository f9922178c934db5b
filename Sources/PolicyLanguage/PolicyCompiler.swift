private import Bitcoin
private import BitcoinCrypto
package import Bytes
private import Policy

/// Turns a policy source into the bundle that signer and gate use; the same source, keys, epoch
/// and parent always give the same bytes.
package enum PolicyCompiler {
    /// The longest source, in bytes.
    package static let sourceByteCountMax = 16 << 20
    /// The highest address index of a wallet that does not say: a search that far takes minutes,
    /// so nothing that is sent to it is lost.
    package static let indexMaxUsual: UInt32 = 1_000_000

    /// Compiles a source. `admins` are keys in SSH wire form that stand beside those of the source,
    /// as `init` adds the one it makes for throw-away networks.
    package static func compile(
        source: String,
        admins: [[UInt8]] = [],
        epoch: UInt64 = 1,
        parent: Bytes32 = .zero
    ) throws(PolicyError) -> [UInt8] {
        try checkText(source)
        var model = try SourceReader.read(source)
        for key in admins where !model.adminKeys.contains(key) {
            model.adminKeys.append(key)
        }
        model.adminKeys.sort { $0.lexicographicallyPrecedes($1) }
        let bytes = try encode(model, source: source, epoch: epoch, parent: parent)
        do throws(BundleError) {
            _ = try CheckedBundle(checking: bytes.span)
        } catch {
            throw PolicyError(
                line: nil,
                key: "",
                found: "a policy that makes no bundle (\(error))",
                expected: "one that does; please report this"
            )
        }
        return bytes
    }

    /// Reads a source into a model without compiling it.
    package static func read(_ source: String) throws(PolicyError) -> PolicyModel {
        try checkText(source)
        return try SourceReader.read(source)
    }

    /// Only text that shows as what it is: the source is what people review.
    private static func checkText(_ source: String) throws(PolicyError) {
        let bytes = Array(source.utf8)
        guard bytes.count <= sourceByteCountMax else {
            throw PolicyError(
                line: nil,
                key: "",
                found: "\(bytes.count) bytes",
                expected: "at most \(sourceByteCountMax)"
            )
        }
        if let fault = PrintableText.firstFault(in: bytes.span) {
            let line = 1 + bytes.prefix(fault).count { $0 == 0x0A }
            throw PolicyError(
                line: line,
                key: "",
                found: "an invisible or control character",
                expected: "printable text"
            )
        }
        let isEscaped = ["\\u", "\\U"].contains { source.contains($0) }
        guard !isEscaped else {
            throw PolicyError(
                line: nil,
                key: "",
                found: "a character written as \\u or \\U",
                expected: "the character itself"
            )
        }
    }

    private static func encode(
        _ model: PolicyModel,
        source: String,
        epoch: UInt64,
        parent: Bytes32
    ) throws(PolicyError) -> [UInt8] {
        let text = Array(source.utf8)
        guard model.adminKeys.count <= 255 else {
            throw PolicyError(
                line: nil,
                key: "admins.keys",
                found: "\(model.adminKeys.count) keys",
                expected: "at most 255"
            )
        }
        let threshold = model.adminKeys.isEmpty ? 0 : model.adminThreshold ?? 1
        let header = BundleHeaderFields(
            networkCode: model.network.rawValue,
            epoch: epoch,
            parentHash: parent,
            sourceHash: SHA256.hash(text.span),
            allowance: model.allowance,
            adminThreshold: UInt8(threshold),
            adminCount: UInt8(model.adminKeys.count),
            version: model.extensionBytes.isEmpty ? 1 : 2
        )
        var bytes = [UInt8](repeating: 0, count: BundleLayoutSize.most(model, source: text.count))
        var count = 0
        do throws(ByteError) {
            count = try ModelWriter(model: model, header: header, source: text)
                .write(into: bytes.mutableSpan)
        } catch {
            preconditionFailure("the room for a bundle was measured wrong")
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

/// How much room a bundle takes at most.
private enum BundleLayoutSize {
    static func most(_ model: PolicyModel, source: Int) -> Int {
        var count = 1_024 + source + 53 * model.adminKeys.count
        for wallet in model.wallets {
            count += 512 + wallet.template.bytes.count + wallet.descriptor.utf8.count
        }
        count += 65 * model.lists.count + 128 * model.limits.count + 128 * model.rules.count
        for rule in model.rules { count += rule.message?.pattern.count ?? 0 }
        let zones = model.zones
        for condition in model.rules.flatMap({ $0.conditions ?? [] }) {
            count += condition.bytes(zones).count
        }
        count += model.extensionBytes.count
        for destination in model.destinations { count += 10 + destination.script.count }
        return count
    }
}
