import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import TestSupport
import Testing

@Suite("A wallet's template is read as it was written")
struct WalletTemplateReadingTests {
    /// Laid out by hand from protocol.md, section 4.
    private static let tree =
        "08" + "07000000" + "07"
        // 0: extended, itself
        + "02" + String(repeating: "09", count: 32) + "03" + String(repeating: "09", count: 32)
        + "ff"
        // 1: extended, itself
        + "02" + String(repeating: "04", count: 32) + "02" + String(repeating: "04", count: 32)
        + "ff"
        // 2: fixed
        + "03" + "03" + String(repeating: "05", count: 32)
        // 3: own, <0;1>
        + "01" + "04" + "30000080" + "01000080" + "00000080" + "02000080"
        + "02" + "00000000" + "01000000"
        // 4: aggregate of 1 and 2, <0;1>
        + "04" + "02" + "0102" + "02" + "00000000" + "01000000"
        // 5: extended, one branch
        + "02" + String(repeating: "06", count: 32) + "02" + String(repeating: "06", count: 32)
        + "01" + "07000000"
        // 6: extended, the index alone
        + "02" + String(repeating: "07", count: 32) + "03" + String(repeating: "07", count: 32)
        + "00"
        + "04"
        + "01" + "c0" + "c4090000" + "2400" + "20" + String(repeating: "00", count: 32) + "ac7576"
        + "01" + "0100" + "03" + "01" + "00"
        + "02" + "c0" + "c4090000" + "2200" + "20" + String(repeating: "00", count: 32) + "ac"
        + "01" + "0100" + "04" + "01" + "00"
        + "03" + "c0" + "c4090000" + "2200" + "20" + String(repeating: "00", count: 32) + "ac"
        + "01" + "0100" + "05" + "01" + "00"
        + "03" + "c0" + "c4090000" + "2200" + "20" + String(repeating: "00", count: 32) + "ac"
        + "01" + "0100" + "06" + "01" + "00"

    @Test("The bytes are those of protocol.md, and the id is over them")
    func layout() throws {
        let bytes = [UInt8](hex: Self.tree)
        #expect(Sampled.tree.bytes == bytes)
        let bundle = Sampled.bundle(Sampled.tree).bytes
        let id = TaggedHash.hash(tag: "portcullis/wallet/1", bytes.span)
        #expect(try CheckedBundle(checking: bundle.span).walletID(at: 0) == id)
        #expect(Sampled.tree.id == id)
    }

    @Test("The model comes back whole", arguments: [Sampled.multi, Sampled.tree])
    func model(template: WalletTemplate) throws {
        let bytes = Sampled.bundle(template).bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(WalletTemplate(bundle.wallet(at: 0)) == template)
        #expect(try rewritten(bytes) == bytes)
    }

    @Test("Keys and scripts are read in place")
    func inPlace() throws {
        let bytes = Sampled.bundle(Sampled.tree).bytes
        let wallet = try CheckedBundle(checking: bytes.span).wallet(at: 0)
        let taking = [false, false, false, true, true, true, true]
        #expect(wallet.outputKind == .p2trTree)
        #expect(wallet.keyCount == 7)
        #expect(wallet.branchCount == 2)
        #expect(wallet.key(at: 3).kind == .own)
        #expect(wallet.key(at: 3).step(3) == 0x8000_0002)
        #expect(wallet.key(at: 4).participants.array == [1, 2])
        #expect(wallet.key(at: 5).branchCount == 1)
        #expect(wallet.key(at: 6).branchCount == 0)
        #expect((0..<7).map { wallet.key(at: $0).takesIndex } == taking)
        #expect(wallet.key(at: 2).key == Sampled.key(5))
        var leaves = wallet.leaves
        var depths: [Int] = []
        while let leaf = leaves.next() {
            depths.append(leaf.depth)
        }
        #expect(depths == [1, 2, 3, 3])
    }

    @Test("Every bit of a wallet flipped: refused, or a wallet that is written again as it is")
    func everyBit() throws {
        for template in [Sampled.multi, Sampled.tree] {
            let original = Sampled.bundle(template).bytes
            let start = 93 + 2 + 51 + 2 + 1 + 6
            var taken = 0
            for index in start..<start + template.bytes.count {
                for bit in 0..<8 {
                    var bytes = original
                    bytes[index] ^= 1 << UInt8(bit)
                    guard fault(of: bytes) == nil else { continue }
                    taken += 1
                    #expect(try rewritten(bytes) == bytes)
                }
            }
            #expect(taken > 100, "keys and scripts may change: \(taken)")
            #expect(taken < template.bytes.count * 8, "structure may not: \(taken)")
        }
    }

    @Test("A wallet cut anywhere is refused")
    func everyLength() {
        for template in [Sampled.multi, Sampled.tree] {
            var sample = Sampled.bundle(template)
            for count in 0..<template.bytes.count {
                sample.wallets[0].template = Array(template.bytes.prefix(count))
                #expect(fault(of: sample.bytes) != nil, "\(count) bytes")
            }
        }
    }
}
