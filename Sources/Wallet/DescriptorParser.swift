package import Bitcoin
package import BitcoinCrypto
private import Bytes

extension Descriptor {
    /// Reads a descriptor. A checksum may be there and must be right then. An extended key must be
    /// of the network: `xpub` on main, `tpub` elsewhere.
    package init(
        _ text: String,
        network: Network,
        curve: borrowing Curve
    ) throws(DescriptorError) {
        let body = try DescriptorChecksum.strip(text)
        let (kind, inner) = try Self.function(body)
        let parts = inner.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.last == "*" else { throw .noWildcard }
        let branches = try Self.branches(parts[parts.count - 2])
        if parts[0] == "self" {
            let path = try Self.ownPath(parts[1..<(parts.count - 2)], text: inner)
            self.init(kind: kind, key: .own(path: path), branches: branches)
            return
        }
        let keyText = inner[..<parts[parts.count - 2].startIndex].dropLast()
        let key = try Self.account(keyText, network: network, curve: curve)
        self.init(kind: kind, key: key, branches: branches)
    }

    private static func function(
        _ body: Substring
    ) throws(DescriptorError) -> (OutputKind, Substring) {
        for (name, kind) in [("wpkh(", OutputKind.p2wpkh), ("tr(", OutputKind.p2tr)] {
            if body.hasPrefix(name), body.hasSuffix(")") {
                let inner = body.dropFirst(name.count).dropLast()
                guard !inner.contains(where: { "(){},#".contains($0) }) else { break }
                return (kind, inner)
            }
        }
        throw .unsupportedForm(String(body))
    }

    /// `<0;1>`, or one number alone.
    private static func branches(_ text: Substring) throws(DescriptorError) -> [UInt32] {
        let isTuple = text.hasPrefix("<") && text.hasSuffix(">")
        let parts =
            isTuple
            ? text.dropFirst().dropLast().split(separator: ";", omittingEmptySubsequences: false)
            : [text]
        let numbers = parts.compactMap(KeyPath.number)
        guard numbers.count == parts.count, Set(numbers).count == numbers.count,
            !isTuple || (2...16).contains(numbers.count)
        else { throw .branches(String(text)) }
        return numbers
    }

    private static func ownPath(
        _ parts: ArraySlice<Substring>,
        text: Substring
    ) throws(DescriptorError) -> [UInt32] {
        let path = parts.compactMap(KeyPath.step)
        guard path.count == parts.count, !path.isEmpty,
            path.allSatisfy({ $0 >= KeyPath.hardened })
        else { throw .ownPath(String(text)) }
        return path
    }

    private static func account(
        _ text: Substring,
        network: Network,
        curve: borrowing Curve
    ) throws(DescriptorError) -> Key {
        var key = text
        var origin: KeyDerivation?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw .origin(String(text.dropFirst()))
            }
            origin = try Self.origin(text[..<end].dropFirst())
            key = text[text.index(after: end)...]
        }
        let account = try ExtendedKeyText.read(key, network: network, curve: curve)
        if let origin, origin.path.count != Int(account.depth) {
            throw .depth(origin: origin.path.count, key: Int(account.depth))
        }
        return .account(account, origin: origin)
    }

    /// `f5acc2fd/84h/1h/0h`.
    private static func origin(_ text: Substring) throws(DescriptorError) -> KeyDerivation {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let digits = (parts.first ?? "").utf8.compactMap(Hex.value)
        guard digits.count == 8, parts[0].utf8.count == 8 else { throw .origin(String(text)) }
        var fingerprint = Bytes4.zero
        for index in 0..<4 {
            fingerprint[index] = digits[2 * index] << 4 | digits[2 * index + 1]
        }
        var path: [UInt32] = []
        for part in parts.dropFirst() {
            guard let step = KeyPath.step(part) else { throw .step(String(part)) }
            path.append(step)
        }
        return KeyDerivation(fingerprint: fingerprint, path: path)
    }
}
