import Gate
import Testing

@Suite("A flood of refusals")
struct CoalescerTests {
    private static let minute = Coalescer.minute

    @Test("Ten of a requester and code in a minute are logged one by one, the rest are counted")
    func ten() {
        var coalescer = Coalescer()
        for number in 0..<1_000 {
            let isAlone = coalescer.isLoggedAlone(
                requester: 1,
                code: 5,
                byteCount: 300,
                at: UInt64(number)
            )
            #expect(isAlone == (number < Coalescer.singlesMax))
        }
        let others = [
            coalescer.isLoggedAlone(requester: 1, code: 6, byteCount: 300, at: 0),
            coalescer.isLoggedAlone(requester: 2, code: 5, byteCount: 300, at: 0),
        ]
        #expect(others == [true, true])
        #expect(!coalescer.isEmpty)
        let early = coalescer.flush(at: Self.minute - 1)
        #expect(early.isEmpty)
        let counts = coalescer.flush(at: Self.minute)
        #expect(counts == [Coalescer.Count(requester: 1, code: 5, count: 990)])
        #expect(coalescer.isEmpty)
        let anew = coalescer.isLoggedAlone(
            requester: 1,
            code: 5,
            byteCount: 300,
            at: Self.minute
        )
        #expect(anew)
    }

    @Test("No refusal is lost: singles and counts add up over any length of time")
    func exact() {
        var random = SeededGenerator(seed: 5)
        var coalescer = Coalescer()
        var now: UInt64 = 0
        var logged: UInt64 = 0
        for _ in 0..<20_000 {
            now += UInt64.random(in: 0...(Self.minute / 500), using: &random)
            logged += coalescer.flush(at: now).reduce(0) { $0 + $1.count }
            let requester = UInt32.random(in: 0...3, using: &random)
            let isAlone = coalescer.isLoggedAlone(
                requester: requester,
                code: UInt16.random(in: 1...20, using: &random),
                byteCount: Int.random(in: 200...60_000, using: &random),
                at: now
            )
            if isAlone { logged += 1 }
        }
        logged += coalescer.flush(at: now, all: true).reduce(0) { $0 + $1.count }
        #expect(logged == 20_000)
    }

    @Test("Refusals with the largest leaves cannot fill the disk: 128 KiB a requester and minute")
    func largeLeaves() {
        var coalescer = Coalescer()
        var (bytes, logged, others) = (0, UInt64(0), 0)
        for second in 0..<600 {
            let now = UInt64(second) * 1_000_000_000
            logged += coalescer.flush(at: now).reduce(0) { $0 + $1.count }
            for code: UInt16 in 200..<230 {
                let isAlone = coalescer.isLoggedAlone(
                    requester: 1,
                    code: code,
                    byteCount: 60_000,
                    at: now
                )
                if isAlone { (bytes, logged) = (bytes + 60_000, logged + 1) }
            }
            // One who asks for little is not kept out by it.
            let isOther = coalescer.isLoggedAlone(
                requester: 2,
                code: 200,
                byteCount: 300,
                at: now
            )
            if isOther { (others, logged) = (others + 1, logged + 1) }
        }
        logged += coalescer.flush(at: 600_000_000_000, all: true).reduce(0) { $0 + $1.count }
        #expect(bytes <= 10 * Coalescer.bytesMax && bytes >= 10 * 60_000)
        #expect(others == 10 * Coalescer.singlesMax)
        #expect(logged == 600 * 31, "and every one is counted")
    }

    @Test("The largest leaves there are get one of their own a minute all the same")
    func larger() {
        var coalescer = Coalescer()
        let size = Coalescer.bytesMax + 1
        let first = coalescer.isLoggedAlone(requester: 1, code: 1, byteCount: size, at: 0)
        let second = coalescer.isLoggedAlone(requester: 1, code: 2, byteCount: 1, at: 0)
        #expect(first && !second)
    }

    @Test("What never was a request is counted from the first on")
    func counted() {
        var coalescer = Coalescer()
        coalescer.count(requester: 3, code: 302, at: 0)
        coalescer.count(requester: 3, code: 302, at: 0)
        let counts = coalescer.flush(at: 0, all: true)
        #expect(counts.map(\.count) == [2])
    }
}
