import Bytes
import TestSupport
import Testing
import Wire

@Suite("Leaves")
struct LeafTests {
    @Test("The allowed decision of the examples reads as its parts, to the last byte")
    func allowedDecision() throws {
        let bytes = try Examples.bytes("leaf-decision-allowed")
        let leaf = try DecisionLeaf(reading: bytes.span)
        #expect(leaf.head.verdict == .allow)
        #expect(leaf.head.refusal == .none)
        #expect(leaf.head.network == 4)
        let known = leaf.facts
        let facts = try #require(known)
        #expect(facts.outflow == 121_000)
        #expect(facts.fee == 1_000)
        #expect(facts.vsize == 209)
        #expect(facts.anchor == LeafOutpoint(txid: Bytes32(repeating: 0x10), vout: 0))
        #expect(facts.ownOutputAmount == 79_000)
        var destinations = leaf.destinations
        var paid: [(amount: UInt64, scriptByteCount: Int)] = []
        while let destination = destinations.next() {
            paid.append((destination.amount, destination.script.count))
        }
        #expect(paid.map(\.amount) == [120_000] && paid.map(\.scriptByteCount) == [34])
        #expect(destinations.left == 0)
        var rules = leaf.rules
        var own: [LeafCharge] = []
        if let rule = rules.next() {
            #expect(rule.rule == 0)
            var charges = rule.charges
            while let charge = charges.next() { own.append(charge) }
        }
        #expect(own == [LeafCharge(limit: 1, amount: 121_000)])
        var charges = leaf.charges
        #expect(charges.next() == LeafCharge(limit: 0, amount: 121_000))
        #expect(charges.next() == nil)
        #expect(leaf.untagged.count == bytes.count - 32)
    }

    @Test("What the signer takes back lists exactly the rules that matched; cut anywhere, none")
    func taggedRules() throws {
        let bytes = try Examples.bytes("leaf-decision-allowed")
        let leaf = try DecisionLeaf(reading: bytes.span)
        var rules = leaf.rules
        var matched: Set<UInt16> = []
        while let rule = rules.next() { matched.insert(rule.rule) }
        #expect(!matched.isEmpty)
        let tagged = try TaggedDecision(reading: bytes.span)
        for rule in UInt16(0)...64 {
            let isListed = tagged.lists(rule: rule)
            #expect(isListed == matched.contains(rule))
        }
        let isNoneListed = tagged.lists(rule: .max)
        #expect(!isNoneListed)
        let refused = try Examples.bytes("leaf-decision-refused")
        let isListed = try TaggedDecision(reading: refused.span).lists(rule: 0)
        #expect(!isListed)
        for count in 200..<bytes.count {
            let cut = Array(bytes[..<count])
            // Up to the first rule nothing can be listed; no cut traps.
            let isListed = try TaggedDecision(reading: cut.span).lists(rule: .max)
            #expect(!isListed)
        }
    }

    @Test("A refused decision has no facts and its refusal with numbers")
    func refusedDecision() throws {
        let bytes = try Examples.bytes("leaf-decision-refused")
        let leaf = try DecisionLeaf(reading: bytes.span)
        #expect(leaf.facts == nil)
        let expected = RefusalDetail(.amountMismatch, index: 1, expected: 50_000, found: 60_000)
        #expect(leaf.head.refusal == expected)
    }

    @Test("The gate's leaves are written as they are read")
    func gateLeavesRoundTrip() throws {
        let charge = try Examples.bytes("leaf-charge")
        let read = try ChargeLeaf(reading: charge.span)
        #expect(read.decisionIndex == 41 && read.rule == 0 && read.limit == ChargeLeaf.none)
        #expect(read.requester == 64103 && read.time.maxErrorMicroseconds == 1_500)
        #expect(charge.count == ChargeLeaf.byteCount)
        #expect(
            try written(capacity: 200) { writer throws(ByteError) in try read.write(to: &writer) }
                == charge
        )
        let coalesced = try Examples.bytes("leaf-coalesced")
        let counted = try CoalescedLeaf(reading: coalesced.span)
        #expect(counted.count == 990)
        #expect(
            try written(capacity: 200) { writer throws(ByteError) in try counted.write(to: &writer)
            }
                == coalesced
        )
        let note = try Examples.bytes("leaf-note")
        let start = try NoteLeaf(reading: note.span)
        #expect(start.event == .start && start.detail.isEmpty)
        var memory = [UInt8](repeating: 0, count: 200)
        var span = memory.mutableSpan
        var writer = ByteWriter(&span)
        try start.write(to: &writer)
        #expect(writer.written.count == note.count)
    }

    @Test("The signer's event is written as it is read, but for the tag")
    func eventRoundTrip() throws {
        let bytes = try Examples.bytes("leaf-event")
        let event = try EventLeaf(reading: bytes.span)
        let head = event.head
        #expect(head.event == .unlock && head.kernel == 0xFF && head.statement == nil)
        let left = event.signatures.left
        #expect(left == 0)
        #expect(bytes.count == EventHead.byteCount + 2 + 32)
        let written = try written(capacity: 400) { writer throws(ByteError) in
            try head.write(to: &writer)
        }
        #expect(written == Array(bytes.prefix(EventHead.byteCount)))
    }

    @Test("A refill carries the admins' signatures and the text that they signed; an unlock none")
    func eventSignatures() throws {
        let bytes = try Examples.bytes("leaf-event-refill")
        let event = try EventLeaf(reading: bytes.span)
        var signatures = event.signatures
        var found: [[UInt8]] = []
        while let next = signatures.next() { found.append(next.array) }
        #expect(found.map(\.count) == [26, 27])
        #expect(found.allSatisfy { $0.starts(with: Array("SSHSIG".utf8)) })
        let text = try #require(event.head.statement)
        let statement = String(decoding: text.bytes.array, as: UTF8.self)
        #expect(statement.hasPrefix("portcullis refill\nhome 8888"))
        #expect(statement.hasSuffix("\nepoch 1\nallowance 20000000000000 sat\n"))
        // The same bytes as an unlock: nobody has to sign that, so nothing may stand there.
        var unlock = bytes
        unlock[18] = SignerEvent.unlock.rawValue
        #expect(!reads(unlock))
        var fewer = bytes
        fewer[EventHead.byteCount] = 1
        #expect(!reads(fewer))
    }

    @Test("Bit 4 puts the sighash types before the facts, and only one that there is")
    func sighashBits() throws {
        let good = try Examples.bytes("leaf-decision-open")
        let place = 2 + 16 + 1 + RefusalDetail.byteCount + 32 + 32 + 1
        let leaf = try DecisionLeaf(reading: good.span)
        let (sighashes, facts, rules) = (leaf.sighashes, leaf.facts, leaf.rules.left)
        #expect(sighashes == 2 && facts?.outflow == 200_000 && facts?.fee == 200_000)
        #expect(rules == 1)
        let isListed = try TaggedDecision(reading: good.span).lists(rule: 0)
        let isOtherListed = try TaggedDecision(reading: good.span).lists(rule: 1)
        #expect(isListed && !isOtherListed)
        var bytes = good
        let without = try Examples.bytes("leaf-decision-allowed")
        let none = try DecisionLeaf(reading: without.span).sighashes
        #expect(none == 0)
        for (mask, isGood) in [(0, false), (1, true), (31, true), (32, false), (255, false)] {
            bytes[place + 1] = UInt8(mask)
            #expect(reads(bytes) == isGood, "\(mask)")
        }
        bytes[place + 1] = 2
        for bits: UInt8 in [5, 7] {
            bytes[place] = bits
            #expect(reads(bytes))
        }
        for bits: UInt8 in [4, 6] {
            bytes[place] = bits
            #expect(!reads(bytes))
        }
    }

    @Test("Bit 16 puts what is replaced before the facts of a payment, and of nothing else")
    func replacementBits() throws {
        let good = try Examples.bytes("leaf-decision-replacing")
        let place = 2 + 16 + 1 + RefusalDetail.byteCount + 32 + 32 + 1
        let leaf = try DecisionLeaf(reading: good.span)
        let (replaced, facts, rules) = (leaf.replaced, leaf.facts, leaf.rules.left)
        let digest = try Examples.bytes("request-digest")
        #expect(replaced?.digest.span.array == digest && replaced?.outflow == 121_000)
        #expect(facts?.outflow == 122_000 && facts?.fee == 2_000 && rules == 1)
        let isListed = try TaggedDecision(reading: good.span).lists(rule: 0)
        let isOtherListed = try TaggedDecision(reading: good.span).lists(rule: 1)
        #expect(isListed && !isOtherListed)
        var bytes = good
        #expect(bytes[place] == 19)
        bytes[place] = 17
        #expect(reads(bytes))
        for bits: UInt8 in [0, 1, 3, 7, 9, 16, 18, 20, 21, 23, 24, 25, 27, 51, 0xFF] {
            bytes[place] = bits
            #expect(!reads(bytes), "\(bits)")
        }
        // With the mask of sighash types that bit 4 asks for it is none either.
        bytes.insert(2, at: place + 1)
        for bits: UInt8 in [21, 23] {
            bytes[place] = bits
            #expect(!reads(bytes))
        }
        for count in 0..<good.count { #expect(!reads(Array(good.prefix(count)))) }
    }

    @Test("Bit 32 puts who asked, when, and what may be before the facts, and nothing that is not")
    func askedBits() throws {
        let good = try Examples.bytes("leaf-decision-asked")
        let place = 2 + 16 + 1 + RefusalDetail.byteCount + 32 + 32 + 1
        let leaf = try DecisionLeaf(reading: good.span)
        let (asked, outflow, rules) = (leaf.asked, leaf.facts?.outflow, leaf.rules.left)
        let time: UInt64 = 1_790_000_000_000_000_000
        #expect(asked == AskedFacts(requester: 64103, time: time, lockTimes: 2, replaceable: 2))
        #expect(outflow == 121_000 && rules == 1)
        let isListed = try TaggedDecision(reading: good.span).lists(rule: 0)
        let isOtherListed = try TaggedDecision(reading: good.span).lists(rule: 1)
        #expect(isListed && !isOtherListed)
        var bytes = good
        #expect(bytes[place] == 35)
        for bits: UInt8 in [0, 1, 2, 3, 32, 34, 39, 41, 43, 51, 64, 99, 163] {
            bytes[place] = bits
            #expect(!reads(bytes), "\(bits)")
        }
        bytes[place] = 33
        #expect(reads(bytes))
        for (offset, most) in [(13, 15), (14, 3)] as [(Int, UInt8)] {
            for set: UInt8 in 0...255 {
                bytes[place + offset] = set
                #expect(reads(bytes) == (1...most).contains(set), "\(offset) \(set)")
            }
            bytes[place + offset] = 1
        }
        // Without the bit it is the first example but for salt, bits and tag.
        let without = try Examples.bytes("leaf-decision-allowed")
        #expect(good.count == without.count + 14)
        let rest = Array(good[(place + 15)...].dropLast(32))
        #expect(rest == Array(without[(place + 1)...].dropLast(32)))
    }

    @Test("The bits before the facts are 0, 1 or 3")
    func factsBits() throws {
        var bytes = try Examples.bytes("leaf-decision-allowed")
        let place = 2 + 16 + 1 + RefusalDetail.byteCount + 32 + 32 + 1
        #expect(bytes[place] == 3)
        let checked = try DecisionLeaf(reading: bytes.span).areAmountsChecked
        #expect(checked)
        bytes[place] = 1
        let unchecked = try DecisionLeaf(reading: bytes.span).areAmountsChecked
        #expect(!unchecked)
        for bits: UInt8 in [0, 2, 4, 5, 7, 0xFF] {
            bytes[place] = bits
            #expect(!reads(bytes), "bits \(bits)")
        }
        let refused = try Examples.bytes("leaf-decision-refused")
        #expect(refused[place] == 0)
    }

    @Test("A clock is synchronised or not; what only a witness could say is not read")
    func clockSync() throws {
        var bytes = try Examples.bytes("leaf-charge")
        let place = bytes.count - 5
        #expect(bytes[place] == 1)
        for (sync, isRead) in [(0, true), (1, true), (2, false), (255, false)] {
            bytes[place] = UInt8(sync)
            #expect(reads(bytes) == isRead, "sync \(sync)")
        }
    }

    @Test(
        "No leaf cut short or with a byte too many is read",
        arguments: [
            "leaf-decision-allowed", "leaf-decision-refused", "leaf-charge", "leaf-coalesced",
            "leaf-note", "leaf-event", "leaf-event-refill", "leaf-decision-asked",
        ]
    )
    func everyCutIsRefused(name: String) throws {
        let bytes = try Examples.bytes(name)
        #expect(reads(bytes))
        for count in 0..<bytes.count {
            #expect(!reads(Array(bytes.prefix(count))), "\(count) bytes of \(bytes.count)")
        }
        #expect(!reads(bytes + [0]))
    }

    @Test("A leaf of another version or kind is not read")
    func otherVersions() throws {
        for name in ["leaf-decision-allowed", "leaf-charge", "leaf-event"] {
            var bytes = try Examples.bytes(name)
            bytes[1] = 2
            #expect(!reads(bytes))
            bytes[1] = 1
            bytes[0] = 9
            #expect(!reads(bytes))
        }
    }

    private func reads(_ bytes: [UInt8]) -> Bool {
        do throws(ByteError) {
            switch LeafKind(rawValue: bytes.first ?? 0) {
            case .decision: _ = try DecisionLeaf(reading: bytes.span)
            case .charge: _ = try ChargeLeaf(reading: bytes.span)
            case .coalescedRefusals: _ = try CoalescedLeaf(reading: bytes.span)
            case .note: _ = try NoteLeaf(reading: bytes.span)
            case .event: _ = try EventLeaf(reading: bytes.span)
            case nil: return false
            }
            return true
        } catch {
            return false
        }
    }
}
