/// The opcodes that scripts of wallets use.
package enum Opcode: UInt8, Sendable {
    case pushZero = 0x00
    case pushData1 = 0x4c
    case pushData2 = 0x4d
    case pushOne = 0x51
    case `if` = 0x63
    case notIf = 0x64
    case `else` = 0x67
    case endIf = 0x68
    case verify = 0x69
    case toAltStack = 0x6b
    case fromAltStack = 0x6c
    case ifDup = 0x73
    case dup = 0x76
    case swap = 0x7c
    case size = 0x82
    case equal = 0x87
    case equalVerify = 0x88
    case zeroNotEqual = 0x92
    case add = 0x93
    case booleanAnd = 0x9a
    case booleanOr = 0x9b
    case numberEqual = 0x9c
    case numberEqualVerify = 0x9d
    case ripemd160 = 0xa6
    case sha256 = 0xa8
    case hash160 = 0xa9
    case hash256 = 0xaa
    case checkSignature = 0xac
    case checkSignatureVerify = 0xad
    case checkMultisig = 0xae
    case checkMultisigVerify = 0xaf
    case checkLockTime = 0xb1
    case checkSequence = 0xb2
    case checkSignatureAdd = 0xba
}

extension [UInt8] {
    mutating func append(_ opcode: Opcode) {
        append(opcode.rawValue)
    }

    /// Adds a push of bytes in the shortest form; numbers have their own.
    mutating func append(push bytes: [UInt8]) {
        switch bytes.count {
        case ..<0x4c: append(UInt8(bytes.count))
        case ...0xff:
            append(.pushData1)
            append(UInt8(bytes.count))
        case _:
            append(.pushData2)
            append(number: UInt16(bytes.count))
        }
        append(contentsOf: bytes)
    }

    /// Adds a push of a number in the shortest form: an opcode up to 16, else the fewest bytes
    /// that hold it with its sign.
    mutating func append(pushNumber number: UInt32) {
        guard number > 0 else { return append(Opcode.pushZero.rawValue) }
        guard number > 16 else { return append(Opcode.pushOne.rawValue + UInt8(number) - 1) }
        var bytes: [UInt8] = []
        var rest = number
        while rest > 0 {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
        if let last = bytes.last, last >= 0x80 { bytes.append(0) }
        append(push: bytes)
    }
}
