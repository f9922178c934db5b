package import Bytes

/// RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996). libsodium has none; Bitcoin needs it only for
/// hash160, so the message is given whole.
package enum RIPEMD160 {
    /// The digest of one message.
    package static func hash(_ message: Span<UInt8>) -> Bytes20 {
        var state = State()
        let wholeBlocks = message.count / 64
        for block in 0..<wholeBlocks {
            state.compress(message.extracting(64 * block..<64 * block + 64))
        }
        let tail = message.extracting((64 * wholeBlocks)...)
        var padded = InlineArray<128, UInt8>(repeating: 0)
        for index in tail.indices {
            padded[index] = tail[index]
        }
        padded[tail.count] = 0x80
        let end = tail.count < 56 ? 64 : 128
        let bits = UInt64(message.count) * 8
        for index in 0..<8 {
            padded[end - 8 + index] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * index))
        }
        state.compress(padded.span.extracting(0..<64))
        if end == 128 { state.compress(padded.span.extracting(64..<128)) }
        return state.digest
    }

    /// One of the two lines of computation in one of the five rounds.
    private struct Round {
        /// Which boolean function mixes, 1 to 5 as the paper numbers them.
        let function: Int
        let constant: UInt32
        /// For step n, four bits from bit 4n: the word of the block to add.
        let words: UInt64
        /// For step n, four bits from bit 4n: how far to rotate.
        let rotations: UInt64

        init(_ function: Int, _ constant: UInt32, _ words: UInt64, _ rotations: UInt64) {
            self.function = function
            self.constant = constant
            self.words = words
            self.rotations = rotations
        }
    }

    private static func left(_ round: Int) -> Round {
        switch round {
        case 0: Round(1, 0, 0xFEDC_BA98_7654_3210, 0x8976_FEDB_9785_CFEB)
        case 1: Round(2, 0x5A82_7999, 0x8BE2_590C_3F6A_1D47, 0xCD7B_9FC7_F79B_D867)
        case 2: Round(3, 0x6ED9_EBA1, 0xC5BD_6072_18F9_4EA3, 0x57C5_6D8E_FD9E_76DB)
        case 3: Round(4, 0x8F1B_BCDC, 0x265E_F73D_4C80_AB91, 0xC568_65E9_89FE_FECB)
        default: Round(5, 0xA953_FD4E, 0xDF6B_831E_A2C7_9504, 0x658B_EDC5_CD86_B5F9)
        }
    }

    private static func right(_ round: Int) -> Round {
        switch round {
        case 0: Round(5, 0x50A2_8BE6, 0xC3A1_8F6D_4B29_07E5, 0x6CEE_B877_5FFD_B998)
        case 1: Round(4, 0x5C4D_D124, 0x2194_C8FE_A5D0_73B6, 0xBDF6_7C77_B98C_7FD9)
        case 2: Round(3, 0x6D70_3EF3, 0xD40A_2C8B_96E7_315F, 0x57DD_E5DC_E668_BF79)
        case 3: Round(2, 0x7A6D_76E9, 0xEA79_D2C5_0FB3_1468, 0x8F5C_9C96_E6EE_B85F)
        default: Round(1, 0, 0xB930_ED26_7851_4AFC, 0xBBDF_56D8_6E5C_9C58)
        }
    }

    /// The five chaining words.
    private struct State {
        private var h0: UInt32 = 0x6745_2301
        private var h1: UInt32 = 0xEFCD_AB89
        private var h2: UInt32 = 0x98BA_DCFE
        private var h3: UInt32 = 0x1032_5476
        private var h4: UInt32 = 0xC3D2_E1F0

        /// Takes in one block of 64 bytes.
        mutating func compress(_ block: Span<UInt8>) {
            var words = InlineArray<16, UInt32>(repeating: 0)
            for index in 0..<64 {
                words[index / 4] |= UInt32(block[index]) << UInt32(8 * (index % 4))
            }
            var first = Line(h0, h1, h2, h3, h4)
            var second = first
            for round in 0..<5 {
                first.run(RIPEMD160.left(round), words)
                second.run(RIPEMD160.right(round), words)
            }
            let sum = h1 &+ first.c &+ second.d
            h1 = h2 &+ first.d &+ second.e
            h2 = h3 &+ first.e &+ second.a
            h3 = h4 &+ first.a &+ second.b
            h4 = h0 &+ first.b &+ second.c
            h0 = sum
        }

        /// The chaining words, little-endian.
        var digest: Bytes20 {
            var bytes = Bytes20.zero
            let words: InlineArray<5, UInt32> = [h0, h1, h2, h3, h4]
            for index in 0..<20 {
                let shift = UInt32(8 * (index % 4))
                bytes[index] = UInt8(truncatingIfNeeded: words[index / 4] >> shift)
            }
            return bytes
        }
    }

    /// The five working words of one line.
    private struct Line {
        var a, b, c, d, e: UInt32

        init(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ e: UInt32) {
            (self.a, self.b, self.c, self.d, self.e) = (a, b, c, d, e)
        }

        mutating func run(_ round: Round, _ words: InlineArray<16, UInt32>) {
            for step in 0..<16 {
                let place = UInt64(4 * step)
                let word = words[Int(truncatingIfNeeded: round.words >> place & 15)]
                let sum = a &+ mix(round.function) &+ word &+ round.constant
                let turn = UInt32(truncatingIfNeeded: round.rotations >> place & 15)
                let turned = (sum << turn | sum >> (32 - turn)) &+ e
                (a, e, d, c, b) = (e, d, c << 10 | c >> 22, b, turned)
            }
        }

        private func mix(_ function: Int) -> UInt32 {
            switch function {
            case 1: b ^ c ^ d
            case 2: b & c | ~b & d
            case 3: (b | ~c) ^ d
            case 4: b & d | c & ~d
            default: b ^ (c | ~d)
            }
        }
    }
}

/// RIPEMD-160 of SHA-256, the short hash of keys and scripts in addresses.
package func hash160(_ bytes: Span<UInt8>) -> Bytes20 {
    RIPEMD160.hash(SHA256.hash(bytes).span)
}
