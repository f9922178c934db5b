package import BitcoinCrypto
private import Bytes

/// Whose the addresses of several wallets are, to find one that is two wallets', and keys that are
/// one. The signer refuses both by itself; this says which they are.
///
/// Keys that derive from one key are the same at every index or at none, so the first address of
/// each branch shows most of it. The rest shows where a key that is the same everywhere was itself
/// derived: at the last step to it.
package struct OutputOwners {
    /// What speaks against a wallet beside the others.
    package enum Clash: Equatable, Sendable {
        /// An address of it is that wallet's as well; its own, where two branches share it.
        case address(of: String)
        /// Two of its keys are one, at some address.
        case key(String)
    }

    /// More places at which a constant key stands are not tried.
    private static let indexCountMax = 64

    private let indexes: [UInt32]
    private var owners: [[UInt8]: String] = [:]

    /// Takes the descriptors of all wallets, for the indexes of their constant keys.
    package init(_ descriptors: [OutputDescriptor]) {
        var indexes: Set<UInt32> = []
        for key in descriptors.flatMap(\.keys).flatMap(\.participants) {
            guard key.wildcard == .none, let last = key.lastStep, last < KeyPath.hardened else {
                continue
            }
            indexes.insert(last)
        }
        self.indexes = [0] + indexes.subtracting([0]).sorted().prefix(Self.indexCountMax)
    }

    /// Adds a wallet whose own keys are filled in; gives what speaks against it, if anything does.
    package mutating func add(
        _ descriptor: OutputDescriptor,
        of name: String,
        curve: borrowing Curve
    ) throws(DescriptorError) -> Clash? {
        let sorted = try descriptor.sortingKeys()
        for place in 0..<descriptor.placeCount {
            for index in descriptor.isRanged ? indexes : [0] {
                var keys: [DerivedKey] = []
                for key in sorted.keys {
                    keys.append(try key.derive(place: place, index: index, curve: curve))
                }
                if let twin = Self.twin(among: keys) {
                    return .key(descriptor.keys[twin].text(network: descriptor.network))
                }
                let script = try sorted.output(keys, curve: curve).script
                if let other = owners.updateValue(name, forKey: script) {
                    return .address(of: other)
                }
            }
        }
        return nil
    }

    /// The place of a key that is an earlier one, or whose participants are not all different.
    private static func twin(among keys: [DerivedKey]) -> Int? {
        var known = Set<[UInt8]>()
        for (place, key) in keys.enumerated() {
            guard known.insert(key.xOnly.array).inserted,
                Set(key.participants.map(\.xOnly.array)).count == key.participants.count
            else { return place }
        }
        return nil
    }
}

extension KeyExpression {
    /// The last step to a key, whoever wrote it.
    fileprivate var lastStep: UInt32? {
        if case .one(let number) = steps.last { return number }
        return steps.isEmpty ? origin?.path.last : nil
    }
}

extension OutputDescriptor {
    /// The same with all keys of each multi sorted: two that differ in their order alone share
    /// addresses if one of them is sorted.
    fileprivate func sortingKeys() throws(DescriptorError) -> OutputDescriptor {
        let form: Form =
            switch form {
            case .bare(let script): .bare(script.sortingKeys)
            case .scriptHash(let script): .scriptHash(script.sortingKeys)
            case .witnessScriptHash(let script): .witnessScriptHash(script.sortingKeys)
            case .nestedWitnessScriptHash(let script): .nestedWitnessScriptHash(script.sortingKeys)
            case .taproot(let key, let leaves):
                .taproot(
                    internalKey: key,
                    leaves.map { Leaf(depth: $0.depth, script: $0.script.sortingKeys) }
                )
            case .witnessKeyHash, .nestedWitnessKeyHash, .rawTaproot, .combo, .raw, .address: form
            }
        return try OutputDescriptor(network: network, form: form, keys: keys)
    }
}

extension Miniscript {
    fileprivate var sortingKeys: Miniscript {
        let nodes = nodes.map { node in
            let fragment: Fragment =
                switch node.fragment {
                case .multi(let needed, _): .multi(needed, sorted: true)
                case .multiA(let needed, _): .multiA(needed, sorted: true)
                case _: node.fragment
                }
            return Node(fragment: fragment, keys: node.keys, children: node.children)
        }
        do throws(MiniscriptError) {
            return try Miniscript(nodes, context: context)
        } catch {
            preconditionFailure("sorting changes no type")
        }
    }
}
