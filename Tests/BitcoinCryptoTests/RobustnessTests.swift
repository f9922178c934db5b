import BitcoinCrypto
import Bytes
import TestSupport
import Testing

/// Hostile text and bytes: whatever comes in, a function returns or throws, and what it accepts it
/// writes back the same. The generator is seeded, so a failure can be repeated.
@Suite("Hostile input")
struct RobustnessTests {
    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }

    /// The text with up to four bytes changed, put in or taken out.
    private func mutated(_ text: [UInt8], _ generator: inout Generator) -> [UInt8] {
        var text = text
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...text.count, using: &generator)
            let byte = UInt8.random(in: 0...255, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: text.insert(byte, at: place)
            case 1 where place < text.count: text.remove(at: place)
            default: if place < text.count { text[place] = byte }
            }
        }
        return text
    }

    @Test("20,000 bent addresses and extended keys are refused or come back the same")
    func texts() throws {
        var generator = Generator(state: 1)
        let curve = try Curve()
        let key = try TestNode(seed: [UInt8](repeating: 3, count: 32), curve).publicKey(curve)
        let originals = try [
            [UInt8](text: key.xpub()),
            [UInt8](text: base58Check([0] + [UInt8](repeating: 7, count: 20))),
        ]
        var accepted = 0
        for round in 0..<20_000 {
            let text = mutated(originals[round % 2], &generator)
            let string = String(decoding: text, as: UTF8.self)
            do throws(CryptoError) {
                let payload = try base58CheckBytes(string)
                #expect(try base58Check(payload) == string)
                accepted += 1
            } catch {}
        }
        // A mutation may change nothing; by chance a checksum fits once in 2^32.
        #expect(accepted < 1_000)
    }

    @Test("20,000 strings of random bytes are no Bech32, or are written back the same")
    func bech32() {
        var generator = Generator(state: 2)
        let alphabet = [UInt8](text: "qpzry9x8gf2tvdw0s3jn54khce6mua7l1BC\u{7f}")
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...100, using: &generator)
            let text = (0..<count).compactMap { _ in alphabet.randomElement(using: &generator) }
            var data = [UInt8](repeating: 0, count: Int.random(in: 0...90, using: &generator))
            let capacity = data.count
            var room = data.mutableSpan
            do throws(CryptoError) {
                let parts = try Bech32.decode(text.span, into: &room)
                #expect(parts.dataCount <= capacity)
            } catch {}
        }
    }

    @Test("20,000 bent sentences are refused, or give entropy that gives the sentence")
    func sentences() throws {
        var generator = Generator(state: 3)
        let original = try [UInt8](text: sentence([UInt8](1...16)))
        for _ in 0..<20_000 {
            let string = String(decoding: mutated(original, &generator), as: UTF8.self)
            do throws(CryptoError) {
                let bytes = try entropy(string)
                #expect(try sentence(bytes) == string)
            } catch {}
        }
    }

    @Test("A reader driven by random calls over random bytes never passes its end")
    func reader() {
        var generator = Generator(state: 4)
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...80, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var reader = ByteReader(bytes.span)
            for _ in 0..<10 {
                let before = reader.position
                let isRead = step(&reader, Int.random(in: 0..<9, using: &generator))
                #expect(reader.position + reader.remaining == count)
                #expect(isRead ? reader.position >= before : reader.position == before)
            }
        }
    }

    /// One read of some kind; whether it succeeded.
    private func step(_ reader: inout ByteReader, _ kind: Int) -> Bool {
        do throws(ByteError) {
            switch kind {
            case 0: _ = try reader.readUInt8()
            case 1: _ = try reader.readUInt16()
            case 2: _ = try reader.readUInt32()
            case 3: _ = try reader.readUInt64()
            case 4: _ = try reader.readCompactSize()
            case 5: _ = try reader.readVec8(limit: 9)
            case 6: _ = try reader.readVec16(limit: 9)
            case 7: _ = try reader.readVec32(limit: 9)
            default: _ = try reader.readBytes20()
            }
            return true
        } catch {
            return false
        }
    }
}
