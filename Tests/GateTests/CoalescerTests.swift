import Gate
import Testing

@Suite("A flood of refusals")
struct CoalescerTests {
    private static let minute = Coalescer.minute

    @Test("Ten of a requester and code in a minute are logged one by one, the rest are counted")
    func ten() {
        var coalescer = Coalescer()
        for number in 0..<1_000 {
            let isAlone = coalescer.isLoggedAlone(requester: 1, code: 5, at: UInt64(number))
            #expect(isAlone == (number < Coalescer.singlesMax))
        }
        let others = [
            coalescer.isLoggedAlone(requester: 1, code: 6, at: 0),
            coalescer.isLoggedAlone(requester: 2, code: 5, at: 0),
        ]
        #expect(others == [true, true])
        #expect(!coalescer.isEmpty)
        let early = coalescer.flush(at: Self.minute - 1)
        #expect(early.isEmpty)
        let counts = coalescer.flush(at: Self.minute)
        #expect(counts == [Coalescer.Count(requester: 1, code: 5, count: 990)])
        #expect(coalescer.isEmpty)
        let anew = coalescer.isLoggedAlone(requester: 1, code: 5, at: Self.minute)
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
            if coalescer.isLoggedAlone(requester: requester, code: 1, at: now) { logged += 1 }
        }
        logged += coalescer.flush(at: now, all: true).reduce(0) { $0 + $1.count }
        #expect(logged == 20_000)
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
