private import BitcoinCrypto
private import Bytes

/// Where each key of a descriptor is used, to find those that stand twice.
///
/// Two uses are the same if they have the same root and, at the same place of `<a;b>`, the same
/// steps. The same steps at different places are worse: one branch's address is another branch's.
struct KeyUses {
    private struct Use: Hashable {
        let root: [UInt8]
        let steps: [UInt32]
        let wildcard: KeyExpression.Wildcard
    }

    private(set) var findings: [DescriptorFinding] = []
    private var places: [Use: (key: Int, place: Int)] = [:]
    private let descriptor: OutputDescriptor

    init(_ descriptor: OutputDescriptor) {
        self.descriptor = descriptor
        for (number, key) in descriptor.keys.enumerated() {
            add(key, number)
            guard case .aggregate(let participants) = key.source else { continue }
            // The same key may be in several aggregates, but not twice in one, and not alone as
            // well.
            var inner = Set<[UInt8]>()
            for participant in participants {
                let root = Self.root(of: participant, steps: true)
                if !inner.insert(root).inserted { findings.append(duplicate(number)) }
                if participant.isRanged { add(participant, number) }
            }
        }
    }

    private mutating func add(_ key: KeyExpression, _ number: Int) {
        let root = Self.root(of: key, steps: false)
        for place in 0..<descriptor.placeCount {
            let steps = key.steps.map { step in
                switch step {
                case .one(let number): number
                case .many(let numbers): numbers[place]
                }
            }
            let use = Use(root: root, steps: steps, wildcard: key.wildcard)
            guard let other = places[use] else {
                places[use] = (number, place)
                continue
            }
            // A key without places is the same at all of them.
            if other.key == number, key.placeCounts.isEmpty { continue }
            let text = key.text(network: descriptor.network)
            let finding: DescriptorFinding =
                other.place == place ? duplicate(number) : .overlappingBranches(text)
            if !findings.contains(finding) { findings.append(finding) }
        }
    }

    private func duplicate(_ number: Int) -> DescriptorFinding {
        .duplicateKey(descriptor.keys[number].text(network: descriptor.network))
    }

    /// Bytes that are the same for the same key, however it was written.
    private static func root(of key: KeyExpression, steps: Bool) -> [UInt8] {
        var root: [UInt8]
        switch key.source {
        case .fixed(let fixed): root = [0] + fixed.bytes[1..<33]
        case .extended(let extended):
            root = [1] + extended.chainCode.array + extended.key.array
        case .own(let path):
            root = [2]
            for step in path { root.append(number: step) }
        case .secret(let secret):
            root = [3] + secret.secret + (secret.chainCode?.array ?? [])
        case .aggregate(let participants):
            let inner = participants.map { Self.root(of: $0, steps: true) }
            root = [4]
            for one in inner.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                root.append(vector: one)
            }
        }
        guard steps else { return root }
        return root + Array(key.stepsText.utf8)
    }
}
