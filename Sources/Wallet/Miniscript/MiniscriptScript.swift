extension Miniscript {
    /// The script for public keys of 33 or 65 bytes, given for every key of the owner's list. A
    /// leaf of taproot takes their x coordinates.
    package func script(publicKeys: [[UInt8]]) -> [UInt8] {
        piece(publicKeys: publicKeys).bytes
    }

    /// The script with zeros where keys of 33 bytes belong, each node's keys in the order of the
    /// text.
    package var blank: ScriptPiece { piece(publicKeys: nil) }

    /// The same with the places of the keys.
    package func piece(publicKeys: [[UInt8]]?) -> ScriptPiece {
        let verified = verified
        var pieces: [ScriptPiece] = []
        pieces.reserveCapacity(nodes.count)
        for (place, node) in nodes.enumerated() {
            let children = node.children.map { pieces[$0] }
            // A child is used once: its bytes are handed on and not kept.
            for child in node.children { pieces[child] = ScriptPiece() }
            var piece = ScriptPiece()
            if node.keys.isEmpty {
                Self.write(node, children, isVerified: verified[place], types, &piece)
            } else {
                let keys = placed(node, publicKeys)
                Self.write(node.fragment, keys, isVerified: verified[place], &piece)
            }
            pieces.append(piece)
        }
        return pieces[pieces.count - 1]
    }

    /// The keys of a node as they stand in the script, sorted where the fragment says so.
    private func placed(_ node: Node, _ publicKeys: [[UInt8]]?) -> [ScriptPiece.Key] {
        var keys = node.keys.map { number in
            let bytes =
                if let publicKeys {
                    context.keyBytes(publicKeys[number])
                } else {
                    [UInt8](repeating: 0, count: context.keyByteCount - 1)
                }
            return ScriptPiece.Key(number: number, bytes: bytes, isBlank: publicKeys == nil)
        }
        if node.fragment.isSorted, publicKeys != nil {
            keys.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        }
        return keys
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
        _ keys: [ScriptPiece.Key],
        isVerified: Bool,
        _ script: inout ScriptPiece
    ) {
        switch fragment {
        case .keyHash:
            script.append(.dup)
            script.append(.hash160)
            script.append(hashOf: keys[0])
            script.append(.equalVerify)
        case .multi(let needed, let isSorted):
            script.append(pushNumber: UInt32(needed))
            script.append(keys, isSorted: isSorted)
            script.append(pushNumber: UInt32(keys.count))
            script.append(isVerified ? .checkMultisigVerify : .checkMultisig)
        case .multiA(let needed, let isSorted):
            script.append(keys, isSorted: isSorted, after: [.checkSignature, .checkSignatureAdd])
            script.append(pushNumber: UInt32(needed))
            script.append(isVerified ? .numberEqualVerify : .numberEqual)
        case _: script.append(keys, isSorted: false)
        }
    }

    /// A fragment without keys.
    private static func write(
        _ node: Node,
        _ children: [ScriptPiece],
        isVerified: Bool,
        _ types: [MiniscriptType],
        _ script: inout ScriptPiece
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
        case .andV:
            script += children[0]
            script += children[1]
        case .andB:
            script += children[0]
            script += children[1]
            script.append(.booleanAnd)
        case .orB:
            script += children[0]
            script += children[1]
            script.append(.booleanOr)
        case .orC: branch(children[0], [.notIf], children[1], &script)
        case .orD: branch(children[0], [.ifDup, .notIf], children[1], &script)
        case .orI: branch(ScriptPiece(), [.if], children[0], orElse: children[1], &script)
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
        _ condition: ScriptPiece,
        _ opcodes: [Opcode],
        _ first: ScriptPiece,
        orElse second: ScriptPiece? = nil,
        _ script: inout ScriptPiece
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
        _ child: ScriptPiece,
        _ isExpensive: Bool,
        isVerified: Bool,
        _ script: inout ScriptPiece
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
        case .duplicateIf: branch(ScriptPiece(), [.dup, .if], child, &script)
        case .verify:
            script += child
            if isExpensive { script.append(.verify) }
        case .nonZero: branch(ScriptPiece(), [.size, .zeroNotEqual, .if], child, &script)
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
