import BitcoinCrypto
import Bytes
import Wallet

/// Runs the opcodes of wallets' scripts as consensus does, with stand-ins for signatures: that of a
/// key is the byte 0x51 and the key's own first 20 bytes. Written from the opcodes' definitions and
/// sharing nothing with the code that makes scripts and witnesses.
struct ScriptRunner {
    let isTapscript: Bool
    var lockTime: UInt32
    var sequence: UInt32
    var stack: [[UInt8]]
    private var other: [[UInt8]] = []

    struct Failure: Error {
        let why: String
    }

    init(isTapscript: Bool, lockTime: UInt32, sequence: UInt32, witness: [[UInt8]]) {
        self.isTapscript = isTapscript
        self.lockTime = lockTime
        self.sequence = sequence
        stack = witness
    }

    static func signature(_ key: [UInt8], isTapscript: Bool) -> [UInt8] {
        [0x51] + (isTapscript && key.count == 33 ? Array(key[1...]) : key).prefix(20)
    }

    /// Whether the script leaves exactly one item that is true.
    static func accepts(_ script: [UInt8], _ start: ScriptRunner) -> Bool {
        var runner = start
        do {
            try runner.run(script)
        } catch {
            return false
        }
        return runner.stack.count == 1 && isTrue(runner.stack[0])
    }

    private static func isTrue(_ item: [UInt8]) -> Bool { item.contains { $0 != 0 && $0 != 0x80 } }

    private mutating func pop() throws -> [UInt8] {
        guard let item = stack.popLast() else { throw Failure(why: "stack") }
        return item
    }

    private mutating func number() throws -> Int {
        let item = try pop()
        guard item.count <= 5 else { throw Failure(why: "number") }
        var value = 0
        for (place, byte) in item.enumerated() { value |= Int(byte) << (8 * place) }
        return value
    }

    private mutating func push(_ value: Int) {
        var bytes: [UInt8] = []
        var rest = value
        while rest > 0 {
            bytes.append(UInt8(rest & 0xff))
            rest >>= 8
        }
        if let last = bytes.last, last >= 0x80 { bytes.append(0) }
        stack.append(bytes)
    }

    private mutating func verify() throws {
        guard Self.isTrue(try pop()) else { throw Failure(why: "verify") }
    }

    mutating func run(_ script: [UInt8]) throws {
        var place = 0
        var branches: [Bool] = []
        while place < script.count {
            let opcode = script[place]
            place += 1
            let isRun = !branches.contains(false)
            if opcode <= 0x4d {
                var count = Int(opcode)
                if opcode == 0x4c {
                    count = Int(script[place])
                    place += 1
                } else if opcode == 0x4d {
                    count = Int(script[place]) | Int(script[place + 1]) << 8
                    place += 2
                }
                if isRun { stack.append(Array(script[place..<place + count])) }
                place += count
                continue
            }
            switch opcode {
            case 0x63, 0x64:
                guard isRun else {
                    branches.append(false)
                    continue
                }
                let item = try pop()
                // Policy in P2WSH, consensus in tapscript.
                guard item == [] || item == [1] else { throw Failure(why: "minimal if") }
                branches.append(Self.isTrue(item) == (opcode == 0x63))
            case 0x67:
                guard let last = branches.popLast() else { throw Failure(why: "else") }
                branches.append(!last)
            case 0x68: _ = branches.popLast()
            case _: if isRun { try step(opcode) }
            }
        }
        guard branches.isEmpty else { throw Failure(why: "unbalanced") }
    }

    private mutating func step(_ opcode: UInt8) throws {
        switch opcode {
        case 0x51...0x60: push(Int(opcode) - 0x50)
        case 0x69: try verify()
        case 0x6b: other.append(try pop())
        case 0x6c:
            guard let item = other.popLast() else { throw Failure(why: "alt") }
            stack.append(item)
        case 0x73:
            let item = try pop()
            stack.append(item)
            if Self.isTrue(item) { stack.append(item) }
        case 0x76:
            let item = try pop()
            stack += [item, item]
        case 0x7c:
            let (first, second) = (try pop(), try pop())
            stack += [first, second]
        case 0x82:
            let item = try pop()
            stack.append(item)
            push(item.count)
        case 0x87, 0x88:
            push(try pop() == (try pop()) ? 1 : 0)
            if opcode == 0x88 { try verify() }
        case 0x92: push(try number() == 0 ? 0 : 1)
        case 0x93: push(try number() + (try number()))
        case 0x9a:
            let (first, second) = (try number(), try number())
            push(first != 0 && second != 0 ? 1 : 0)
        case 0x9b:
            let (first, second) = (try number(), try number())
            push(first != 0 || second != 0 ? 1 : 0)
        case 0x9c, 0x9d:
            push(try number() == (try number()) ? 1 : 0)
            if opcode == 0x9d { try verify() }
        case 0xa6, 0xa8, 0xa9, 0xaa: stack.append(hash(opcode, try pop()))
        case 0xac, 0xad:
            push(try check(key: try pop(), try pop()) ? 1 : 0)
            if opcode == 0xad { try verify() }
        case 0xae, 0xaf:
            try checkMultisig()
            if opcode == 0xaf { try verify() }
        case 0xb1: try checkLockTime()
        case 0xb2: try checkSequence()
        case 0xba:
            let key = try pop()
            let sum = try number()
            push(sum + (try check(key: key, try pop()) ? 1 : 0))
        case _: throw Failure(why: "opcode \(opcode)")
        }
    }

    private func hash(_ opcode: UInt8, _ item: [UInt8]) -> [UInt8] {
        switch opcode {
        case 0xa6: RIPEMD160.hash(item.span).array
        case 0xa8: SHA256.hash(item.span).array
        case 0xa9: hash160(item.span).array
        case _: SHA256.doubleHash(item.span).array
        }
    }

    /// A wrong signature that is not empty fails the script, as NULLFAIL and tapscript demand.
    private func check(key: [UInt8], _ signature: [UInt8]) throws -> Bool {
        if signature.isEmpty { return false }
        guard signature == Self.signature(key, isTapscript: isTapscript) else {
            throw Failure(why: "signature")
        }
        return true
    }

    private mutating func checkMultisig() throws {
        var keys: [[UInt8]] = []
        for _ in 0..<(try number()) { keys.append(try pop()) }
        var signatures: [[UInt8]] = []
        for _ in 0..<(try number()) { signatures.append(try pop()) }
        guard try pop().isEmpty else { throw Failure(why: "dummy") }
        if signatures.allSatisfy(\.isEmpty) { return push(0) }
        var place = 0
        for signature in signatures {
            while place < keys.count,
                signature != Self.signature(keys[place], isTapscript: isTapscript)
            {
                place += 1
            }
            guard place < keys.count else { throw Failure(why: "multisig") }
            place += 1
        }
        push(1)
    }

    private mutating func checkLockTime() throws {
        let needed = try number()
        push(needed)
        let isTime = { (value: Int) in value >= 500_000_000 }
        guard isTime(needed) == isTime(Int(lockTime)), Int(lockTime) >= needed,
            sequence != 0xffff_ffff
        else { throw Failure(why: "lock time") }
    }

    private mutating func checkSequence() throws {
        let needed = try number()
        push(needed)
        let flag = 1 << 22
        guard sequence >> 31 == 0, needed & flag == Int(sequence) & flag,
            Int(sequence) & 0xffff >= needed & 0xffff
        else { throw Failure(why: "sequence") }
    }
}
