import CLinux
import SecretMemory
import Testing

@Suite("Secret memory", .timeLimit(.minutes(1)))
struct SecretMemoryTests {
    @Test("A pool hands out zeroed pieces that do not overlap")
    func pieces() throws {
        var pool = try SecretPool(byteCount: 4_096)
        var first = pool.take(32)
        var second = pool.take(65)
        #expect(first.count == 32 && second.count == 65)
        #expect(sum(first.bytes) == 0 && sum(second.bytes) == 0)
        fill(&first, with: 0xFF)
        #expect(sum(first.bytes) == 32 * 255 && sum(second.bytes) == 0)
        fill(&second, with: 1)
        #expect(sum(first.bytes) == 32 * 255 && sum(second.bytes) == 65)
        #expect(pool.left == 4_096 - 64 - 128)
    }

    @Test("A piece ends exactly at the pool's end; one byte more traps")
    func exhaustion() async throws {
        var pool = try SecretPool(byteCount: 100)
        let whole = pool.take(100)
        #expect(whole.count == 100 && pool.left == 0)
        await #expect(processExitsWith: .failure) {
            var pool = try SecretPool(byteCount: 100)
            _ = pool.take(101)
        }
        await #expect(processExitsWith: .failure) {
            var pool = try SecretPool(byteCount: 100)
            _ = pool.take(64)
            _ = pool.take(37)
        }
    }

    @Test("Wiping zeroes the bytes, and a pool may be dropped before its pieces")
    func wiping() throws {
        var piece = try onePiece(of: 48)
        fill(&piece, with: 7)
        #expect(sum(piece.bytes) == 48 * 7)
        piece.wipe()
        #expect(sum(piece.bytes) == 0)
    }

    @Test("A dropped piece leaves zeros behind")
    func dropping() throws {
        var pool = try SecretPool(byteCount: 64)
        var piece = pool.take(64)
        fill(&piece, with: 9)
        // The address is kept past the owner on purpose: the mapping stays until the end.
        let address = unsafe piece.bytes.withUnsafeBufferPointer {
            UInt(bitPattern: $0.baseAddress)
        }
        // SAFETY: 64 bytes of a mapping that is never unmapped; nothing writes to them now.
        let before = unsafe UnsafeBufferPointer<UInt8>(
            start: UnsafePointer(bitPattern: address),
            count: 64
        )
        #expect(unsafe [UInt8](before) == [UInt8](repeating: 9, count: 64))
        _ = consume piece
        #expect(unsafe [UInt8](before) == [UInt8](repeating: 0, count: 64))
    }

    @Test("An index outside a piece traps")
    func bounds() async {
        await #expect(processExitsWith: .failure) {
            var pool = try SecretPool(byteCount: 64)
            let piece = pool.take(32)
            _ = piece.bytes[32]
        }
    }

    @Test("An arena is zeroed, writable to its last byte, and wiped on demand")
    func arena() throws {
        var arena = try Arena(byteCount: 100_001)
        #expect(arena.count == 100_001 && sum(arena.bytes) == 0)
        var bytes = arena.mutableBytes
        bytes[100_000] = 5
        #expect(sum(arena.bytes) == 5)
        arena.wipe()
        #expect(sum(arena.bytes) == 0)
    }

    @Test("A span is wiped in place")
    func span() {
        var bytes: [UInt8] = [1, 2, 3]
        var span = bytes.mutableSpan
        span.wipe()
        wipeStack()
        #expect(bytes == [0, 0, 0])
    }

    @Test("More memory than RLIMIT_MEMLOCK allows is refused with its errno, not replaced")
    func refused() async {
        await #expect(processExitsWith: .success) {
            // Another uid than root's: root may lock as much as it likes.
            if linux_uid() == 0 { #expect(linux_become(65_534, 65_534) == 0) }
            #expect(linux_limit_set(LINUX_RLIMIT_MEMLOCK, 8_192) == 0)
            #expect(refusal(of: 8_192) == nil)
            #expect(refusal(of: 8_193) == .secretMemoryUnavailable(errno: LINUX_EAGAIN))
        }
    }
}

/// Takes a piece out of a pool that ends here.
private func onePiece(of count: Int) throws(SecretMemoryError) -> SecretBytes {
    var pool = try SecretPool(byteCount: count)
    return pool.take(count)
}

private func refusal(of byteCount: Int) -> SecretMemoryError? {
    do throws(SecretMemoryError) {
        _ = try SecretPool(byteCount: byteCount)
        return nil
    } catch {
        return error
    }
}

private func fill(_ piece: inout SecretBytes, with byte: UInt8) {
    var bytes = piece.mutableBytes
    for i in bytes.indices { bytes[i] = byte }
}

private func sum(_ bytes: Span<UInt8>) -> Int {
    var total = 0
    for i in bytes.indices { total += Int(bytes[i]) }
    return total
}
