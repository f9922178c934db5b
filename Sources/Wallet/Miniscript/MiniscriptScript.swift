private import BitcoinCrypto

extension Miniscript {
    /// The script for public keys of 33 or 65 bytes, given for every key of the owner's list. A
    /// leaf of taproot takes their x coordinates.
    package func script(publicKeys: [[UInt8]]) -> [UInt8] {
        let verified = verified
        var scripts: [[UInt8]] = []
        scripts.reserveCapacity(nodes.count)
        for (place, node) in nodes.enumerated() {
            var keys = node.keys.map { context.keyBytes(publicKeys[$0]) }
            if node.fragment.isSorted { keys.sort { $0.lexicographicallyPrecedes($1) } }
            let children = node.children.map { scripts[$0] }
            // A child is used once: its bytes are handed on and not kept.
            for child in node.children { scripts[child] = [] }
            var script: [UInt8] = []
            if keys.isEmpty {
                Self.write(node, children, isVerified: verified[place], types, &script)
            } else {
                Self.write(node.fragment, keys, isVerified: verified[place], &script)
            }
            scripts.append(script)
        }
        return scripts[scripts.count - 1]
    }

    /// Whether a VERIFY follows each node, which its last opcode can take in.
    private var verified: [Bool] {
        var verified = [Bool](repeating: false, count: nodes.count)
        for place in nodes.indices.reversed() {
            let children = nodes[place].children
            switch nodes[place].fragment {
            case .wrap(.verify): verified[children[0]] = true
            case .wrap(.swap): verified[children[0]] = verified[place]
            case .andV: verified[children[1]] = verified[place]
            case _: continue
            }
        }
        return verified
    }

    /// A fragment with keys.
    private static func write(
        _ fragment: Fragment,
        _ keys: [[UInt8]],
        isVerified: Bool,
        _ script: inout [UInt8]
    ) {
        switch fragment {
        case .keyHash:
            let key = keys[0]
            script.append(.dup)
            script.append(.hash160)
            script.append(push: hash160(key.span).array)
            script.append(.equalVerify)
        case .multi(let needed, _):
            script.append(pushNumber: UInt32(needed))
            for key in keys { script.append(push: key) }
            script.append(pushNumber: UInt32(keys.count))
            script.append(isVerified ? .checkMultisigVerify : .checkMultisig)
        case .multiA(let needed, _):
            for (place, key) in keys.enumerated() {
                script.append(push: key)
                script.append(place == 0 ? .checkSignature : .checkSignatureAdd)
            }
            script.append(pushNumber: UInt32(needed))
            script.append(isVerified ? .numberEqualVerify : .numberEqual)
        case _: script.append(push: keys[0])
        }
    }

    /// A fragment without keys.
    private static func write(
        _ node: Node,
        _ children: [[UInt8]],
        isVerified: Bool,
        _ types: [MiniscriptType],
        _ script: inout [UInt8]
    ) {
        switch node.fragment {
        case .key, .keyHash, .multi, .multiA: preconditionFailure("these have keys")
        case .zero: script.append(.pushZero)
        case .one: script.append(.pushOne)
        case .older(let number):
            script.append(pushNumber: number)
            script.append(.checkSequence)
        case .after(let number):
            script.append(pushNumber: number)
            script.append(.checkLockTime)
        case .hash(let kind, let digest):
            script.append(.size)
            script.append(pushNumber: 32)
            script.append(.equalVerify)
            script.append(kind.opcode)
            script.append(push: digest)
            script.append(isVerified ? .equalVerify : .equal)
        case .wrap(let wrapper):
            let isExpensive = types[node.children[0]].has(.expensiveVerify)
            wrap(wrapper, children[0], isExpensive, isVerified: isVerified, &script)
        case .andV: script += children[0] + children[1]
        case .andB:
            script += children[0] + children[1]
            script.append(.booleanAnd)
        case .orB:
            script += children[0] + children[1]
            script.append(.booleanOr)
        case .orC: branch(children[0], [.notIf], children[1], &script)
        case .orD: branch(children[0], [.ifDup, .notIf], children[1], &script)
        case .orI: branch([], [.if], children[0], orElse: children[1], &script)
        case .andOr: branch(children[0], [.notIf], children[2], orElse: children[1], &script)
        case .threshold(let needed):
            for (place, child) in children.enumerated() {
                script += child
                if place > 0 { script.append(.add) }
            }
            script.append(pushNumber: UInt32(needed))
            script.append(isVerified ? .equalVerify : .equal)
        }
    }

    private static func branch(
        _ condition: [UInt8],
        _ opcodes: [Opcode],
        _ first: [UInt8],
        orElse second: [UInt8]? = nil,
        _ script: inout [UInt8]
    ) {
        script += condition
        for opcode in opcodes { script.append(opcode) }
        script += first
        if let second {
            script.append(.else)
            script += second
        }
        script.append(.endIf)
    }

    private static func wrap(
        _ wrapper: Wrapper,
        _ child: [UInt8],
        _ isExpensive: Bool,
        isVerified: Bool,
        _ script: inout [UInt8]
    ) {
        switch wrapper {
        case .altStack:
            script.append(.toAltStack)
            script += child
            script.append(.fromAltStack)
        case .swap:
            script.append(.swap)
            script += child
        case .checkSignature:
            script += child
            script.append(isVerified ? .checkSignatureVerify : .checkSignature)
        case .duplicateIf: branch([], [.dup, .if], child, &script)
        case .verify:
            script += child
            if isExpensive { script.append(.verify) }
        case .nonZero: branch([], [.size, .zeroNotEqual, .if], child, &script)
        case .zeroNotEqual:
            script += child
            script.append(.zeroNotEqual)
        }
    }
}

extension Miniscript.Context {
    /// A public key as it stands in a script here.
    func keyBytes(_ publicKey: [UInt8]) -> [UInt8] {
        switch self {
        case .legacy, .segwit: publicKey
        case .tapscript: Array(publicKey[1..<33])
        }
    }
}

extension Miniscript.Fragment {
    /// Whether its keys stand in the order of their bytes.
    var isSorted: Bool {
        switch self {
        case .multi(_, let sorted), .multiA(_, let sorted): sorted
        case _: false
        }
    }
}

extension Miniscript.HashKind {
    var opcode: Opcode {
        switch self {
        case .sha256: .sha256
        case .hash256: .hash256
        case .ripemd160: .ripemd160
        case .hash160: .hash160
        }
    }
}
