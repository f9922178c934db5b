import Bytes
import Signer
import TestSupport
import Testing
import Wire

/// A change to an honest replacement that must be refused, and by which numbers.
struct BadBump: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let refusal: RefusalDetail
    let change: @Sendable (inout TestRequest) -> Void

    init(
        _ text: String,
        _ refusal: RefusalDetail,
        _ change: @escaping @Sendable (inout TestRequest) -> Void
    ) {
        testDescription = text
        self.refusal = refusal
        self.change = change
    }

    private static func input(_ place: Int) -> RefusalDetail {
        RefusalDetail(.replacementInput, index: place)
    }

    private static func output(_ place: Int, _ expected: UInt64, _ found: UInt64) -> RefusalDetail {
        RefusalDetail(.replacementOutput, index: place, expected: expected, found: found)
    }

    private static func lock(_ place: Int, _ expected: UInt64, _ found: UInt64) -> RefusalDetail {
        RefusalDetail(.replacementLockTime, index: place, expected: expected, found: found)
    }

    static let none = UInt64.max
    static let other: [UInt8] = [0x00, 0x14] + [UInt8](repeating: 0x43, count: 20)
    static let data: [UInt8] = [0x6A, 0x02, 0x11, 0x22]

    /// Of a payment of three coins at indexes 0 … 2, lock time 100, to: 30,000 to a destination,
    /// change at index 4, 20,000 to another, data; the bump takes 5,000 from the change.
    static let all: [BadBump] = [
        BadBump("another network", lock(0, 4, 0)) { $0.network = 0 },
        BadBump("another version", lock(1, 2, 1)) { $0.transactionVersion = 1 },
        BadBump("another lock time", lock(2, 100, 101)) { $0.lockTime = 101 },
        BadBump("no lock time", lock(2, 100, 0)) { $0.lockTime = 0 },
        BadBump("a type that leaves outputs open", .init(.replacementSighash, found: 1)) {
            $0.inputs[0].sighash = 2
        },
        BadBump("a dropped first input", input(0)) { $0.inputs.removeFirst() },
        BadBump("a dropped last input", input(2)) { $0.inputs.removeLast() },
        BadBump("inputs in another order", input(1)) { $0.inputs.swapAt(0, 1) },
        BadBump("another coin in the place of one", input(1)) { $0.inputs[1].vout = 0 },
        BadBump("another transaction's coin", input(1)) { $0.inputs[1].txid[31] ^= 1 },
        BadBump("another amount", input(1)) { $0.inputs[1].amount += 1 },
        BadBump("another sequence", input(2)) { $0.inputs[2].sequence -= 1 },
        BadBump("another branch", input(0)) { $0.inputs[0].branch = 1 },
        BadBump("another index", input(0)) { $0.inputs[0].index = 9 },
        BadBump("another wallet", input(0)) { $0.wallets[0][3] ^= 1 },
        BadBump("a leaf in place of the key", input(0)) {
            for place in 0..<3 {
                $0.inputs[place].selector = 1
                $0.inputs[place].leafHash = [UInt8](repeating: 1, count: 32)
            }
        },
        BadBump("a destination that grows", output(0, 30_000, 30_001)) {
            $0.outputs[0].amount += 1
        },
        BadBump("the second destination that grows", output(2, 20_000, 30_000)) {
            $0.outputs[2].amount = 30_000
        },
        BadBump("another destination", output(0, none, 30_000)) { $0.outputs[0].script = other },
        BadBump("a destination more", output(4, none, 1)) {
            $0.outputs.append(.init(amount: 1, script: other))
        },
        BadBump("a destination twice", output(2, none, 65_000)) {
            $0.outputs.insert(.init(amount: 1, script: TestRequest.foreignScript), at: 1)
        },
        BadBump("data more", output(4, none, 0)) {
            $0.outputs.append(.init(amount: 0, script: data + [0]))
        },
        BadBump("change more", output(4, none, 1)) {
            $0.outputs.append(.init(amount: 1, script: other, owner: (0, 1, 9)))
        },
        BadBump("change elsewhere", output(1, none, 65_000)) { $0.outputs[1].owner = (0, 1, 5) },
        BadBump("change on the other branch", output(1, none, 65_000)) {
            $0.outputs[1].owner = (0, 0, 4)
        },
        BadBump("change with another script", output(1, none, 65_000)) {
            $0.outputs[1].script = other
        },
        BadBump("change that is called a destination", output(1, none, 65_000)) {
            $0.outputs[1].owner = nil
        },
        BadBump("a destination that is called change", output(0, none, 30_000)) {
            $0.outputs[0].owner = (0, 1, 7)
        },
        BadBump("outputs in another order", output(0, none, 65_000)) { $0.outputs.swapAt(0, 1) },
        BadBump("a destination left out", output(0, none, 65_000)) { $0.outputs.removeFirst() },
        BadBump("the second destination left out", output(2, none, 0)) { $0.outputs.remove(at: 2) },
        BadBump("data left out", output(3, 0, none)) { $0.outputs.removeLast() },
        BadBump(
            "the same fee",
            RefusalDetail(.replacementFee, expected: UInt64(180_001), found: UInt64(180_000))
        ) { $0.outputs[1].amount += 5_000 },
        BadBump(
            "a destination's loss that comes back to us",
            RefusalDetail(.replacementFee, index: 1, expected: 230_000, found: 229_999)
        ) {
            $0.outputs[1].amount += 5_001
            $0.outputs[0].amount -= 10_000
        },
    ]
}

@Suite("What a replacement may change")
struct ReplacementRuleTests {
    /// The payment that `BadBump` speaks of.
    static var payment: TestRequest {
        var request = TestRequest(wallet: TestRequest.walletIDs[0])
        request.lockTime = 100
        for place in 0..<UInt32(3) {
            request.inputs.append(
                TestRequest.Input(
                    txid: [UInt8](repeating: UInt8(place), count: 32),
                    vout: 1,
                    amount: 100_000,
                    index: place,
                    sighash: 1
                )
            )
        }
        let ours: [UInt8] = [0, 20] + [UInt8](repeating: 4, count: 20)
        request.outputs = [
            .init(amount: 30_000, script: TestRequest.foreignScript),
            .init(amount: 70_000, script: ours, owner: (0, 1, 4)),
            .init(amount: 20_000, script: TestRequest.foreignScript),
            .init(amount: 0, script: BadBump.data),
        ]
        return request
    }

    /// What one request may or may not replace of another.
    static func check(_ new: TestRequest, _ old: TestRequest) -> Result<UInt64, RefusalDetail> {
        let (newBytes, oldBytes) = (new.resolved, old.resolved)
        do throws(RefusalDetail) {
            let request = try ResolvedRequest(checking: newBytes.span)
            let replaced = try ResolvedRequest(checking: oldBytes.span)
            return .success(try ReplacementCheck.outflow(of: replaced, replacedBy: request))
        } catch {
            return .failure(error)
        }
    }

    /// What may be done; each is a negative control of its neighbours above.
    @Test("More fee from the change, more coins, fewer outputs of ours, and less for others")
    func permitted() {
        let old = Self.payment
        var new = old
        new.outputs[1].amount -= 5_000
        #expect(Self.check(new, old) == .success(230_000))
        var more = new
        for place in [3, 1, 0] {
            var coin = old.inputs[0]
            coin.txid = [UInt8](repeating: UInt8(0x20 + place), count: 32)
            coin.index = 50
            more.inputs.insert(coin, at: place)
        }
        #expect(Self.check(more, old) == .success(230_000))
        var bare = new
        bare.outputs.remove(at: 1)
        #expect(Self.check(bare, old) == .success(230_000))
        var less = new
        less.outputs[0].amount -= 10_000
        less.outputs[1].amount += 5_000
        #expect(Self.check(less, old) == .success(230_000))
        // Anti-exfil is each one's own, and so is what it replaces in turn.
        less.antiExfil = 1
        less.commitment = [UInt8](repeating: 1, count: 32)
        #expect(Self.check(less.replacing(old), old) == .success(230_000))
        #expect(Self.check(less, old.replacing(new)) == .success(230_000))
    }

    @Test("Anything else is refused, by its place and amounts", arguments: BadBump.all)
    func refused(bad: BadBump) {
        let old = Self.payment
        var new = old
        new.outputs[1].amount -= 5_000
        bad.change(&new)
        #expect(Self.check(new, old) == .failure(bad.refusal))
    }

    @Test("A lock that a new input brings into effect, or an old one had, must stay as it was")
    func lockInEffect() {
        var old = Self.payment
        for place in old.inputs.indices { old.inputs[place].sequence = .max }
        var new = old
        new.outputs[1].amount -= 5_000
        #expect(Self.check(new, old) == .success(230_000))
        var coin = old.inputs[0]
        coin.txid[0] = 99
        new.inputs.append(coin)
        #expect(Self.check(new, old) == .success(230_000))
        new.inputs[3].sequence = 0
        let expected = RefusalDetail(.replacementLockTime, index: 3, expected: 0, found: 1)
        #expect(Self.check(new, old) == .failure(expected))
        // Without a lock time there is nothing to bring into effect.
        (new.lockTime, old.lockTime) = (0, 0)
        #expect(Self.check(new, old) == .success(230_000))
    }

    @Test("What was signed with other types is not replaced")
    func openOriginal() {
        var old = Self.payment
        var new = old
        new.outputs[1].amount -= 5_000
        for (type, bit) in [(UInt8(2), 1), (3, 2)] {
            old.inputs[2].sighash = type
            let expected = RefusalDetail(.replacementSighash, found: bit)
            #expect(Self.check(new, old) == .failure(expected))
        }
    }

    @Test("Wallets are compared by their ids, whatever their places in the tables")
    func tables() {
        var old = Self.payment
        old.wallets = TestRequest.walletIDs
        old.inputs[1].wallet = 1
        var new = old
        new.outputs[1].amount -= 5_000
        #expect(Self.check(new, old) == .success(230_000))
        // A coin in front that is the second wallet's turns the table around.
        var coin = old.inputs[1]
        coin.txid[0] = 77
        coin.wallet = 0
        new.inputs.insert(coin, at: 0)
        new.wallets.reverse()
        for place in 1...3 { new.inputs[place].wallet = 1 - new.inputs[place].wallet }
        new.outputs[1].owner = (1, 1, 4)
        #expect(Self.check(new, old) == .success(230_000))
        new.wallets.reverse()
        let expected = RefusalDetail(.replacementInput, index: 0)
        #expect(Self.check(new, old) == .failure(expected))
    }
}
