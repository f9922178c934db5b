import BitcoinCrypto
import Bytes
import Foundation
import LocalSocket
import SecretMemory
import Signer
import TestSupport
import Testing
import Wire

@Suite("The keystore")
struct KeystoreTests {
    @Test("The wrong passphrase leaves the signer sealed; the right one opens it afterwards")
    func wrongPassphrase() throws {
        let home = try TestHome()
        let sealed = try home.seal()
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            #expect(try sealed.unlock(wrong).name == .wrongPassphrase)
        }
        #expect(try sealed.askAsGate([1, 0, 0, 0, 1]).payload.first == 0)
        #expect(try sealed.unlock().kind == .unlocked)
        #expect(try sealed.open().record.sequence == 1)
    }

    @Test(
        "Each way in which the signer ends has a status of its own"
    )
    func statuses() {
        let stops: [SignerStop] = [
            .gateGone, .breach(.unknownKind(9)), .malformed(.assess), .socket(.wouldBlock),
            .stateNotStored(.wouldBlock), .curve(.signingFailed), .homeInUse,
            .home(.damagedKeystore),
            .memory(.notLocked(errno: 1)), .mnemonic(.wrongChecksum), .mnemonicPassphrase,
            .emptyPassphrase,
            .passphraseTooLong, .wrongPassphrase, .ambiguousWallets,
        ]
        let statuses = stops.map(\.exitStatus)
        #expect(Set(statuses).count == stops.count)
        // Usage, memory that is not locked, and a kernel that gives too little end it as well.
        #expect(Set(statuses).isDisjoint(with: [1, 2, 17, 30]))
        #expect(SignerStop.ambiguousWallets.exitStatus == 18)
        #expect(SignerStop.wrongPassphrase.exitStatus == 19)
    }

    @Test("Whoever unlocks is told number and key of the log by the signer itself")
    func namesTheLog() throws {
        let home = try TestHome()
        let auditKey = Array(home.description[32..<64])
        #expect(try home.seal().unlock().payload == [1] + little(UInt32(0)) + auditKey)
    }

    @Test("Any byte of the file changed, and it does not open")
    func everyByte() throws {
        let home = try TestHome()
        let good = try home.bytes("keystore")
        #expect(good.count == 304)
        // The header a byte at a time; of the rest a sample, for each try takes the work of
        // Argon2id.
        for place in Array(0..<24) + Array(stride(from: 24, to: 304, by: 16)) + [303] {
            try home.flip("keystore", place)
            let name = try home.sealAgain().unlock().name
            let isWork = (12..<20).contains(place)
            #expect(
                name == .wrongPassphrase || name == .damagedKeystore,
                "byte \(place)\(isWork ? ", work" : "")"
            )
            try home.put(good, "keystore")
        }
        #expect(try home.sealAgain().unlock().kind == .unlocked)
    }

    @Test("Work out of bounds is refused before any work is done")
    func boundedWork() throws {
        let home = try TestHome()
        let good = try home.bytes("keystore")
        let works: [[UInt32]] = [
            [0, 8 << 10], [17, 8 << 10], [1, (8 << 10) - 1], [1, (1 << 20) + 1], [.max, .max],
        ]
        for work in works {
            var bytes = good
            bytes.replaceSubrange(12..<20, with: little(work[0]) + little(work[1]))
            try home.put(bytes, "keystore")
            #expect(try home.sealAgain().unlock().name == .damagedKeystore)
        }
    }

    @Test("A file of another length is refused at once")
    func length() throws {
        let home = try TestHome()
        let good = try home.bytes("keystore")
        for bytes in [[], Array(good.dropLast()), good + [0]] {
            try home.put(bytes, "keystore")
            #expect(throws: SignerStop.home(.damagedKeystore)) { try home.sealAgain() }
        }
    }

    @Test("Nothing of seed, words or passphrase stands in the clear in any file")
    func nothingInTheClear() throws {
        let home = try TestHome()
        let seed = [UInt8](
            hex: "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1"
        )
        for name in ["keystore", "state", "output"] {
            let bytes = try home.bytes(name)
            for secret in [seed, Array("abandon".utf8), Array(TestHome.passphrase.utf8)] {
                #expect(!bytes.windows(secret.count).contains { $0.elementsEqual(secret) })
            }
        }
    }

    @Test("New words are written once, 12 or 24 of them, and open the wallets that they say")
    func newWords() throws {
        for count in [12, 24] {
            let home = try TestHome()
            for name in ["keystore", "state", "output", "words"] { try home.put([], name) }
            try home.make(.new(wordCount: count))
            let words = String(decoding: try home.bytes("words"), as: UTF8.self)
            #expect(words.split(separator: " ").count == count)
            let restored = try TestHome(mnemonic: words)
            #expect(restored.description.dropFirst(64) == home.description.dropFirst(64))
            #expect(restored.homeID != home.homeID)
        }
    }

    @Test("What init prints names the home, its audit key and the account of every wallet")
    func description() throws {
        let home = try TestHome()
        let bytes = home.description
        #expect(bytes.count == 32 + 32 + 4 + 2 + 2 * (32 + 74))
        #expect(Array(bytes[0..<32]) == home.homeID.span.array)
        // The master key of the well-known words has the fingerprint 73c5da0a.
        #expect(Array(bytes[64..<68]) == [0x73, 0xC5, 0xDA, 0x0A])
        #expect(Array(bytes[68..<70]) == [2, 0])
        #expect(Array(bytes[70..<102]) == TestRequest.walletIDs[0])
        #expect(bytes[102] == 3)
        let signer = try home.unlock()
        #expect(try signer.status().value?.auditPublicKey.span.array == Array(bytes[32..<64]))
        let xpub = try signer.ask(.xpub, TestRequest.walletIDs[1] + [0]).payload
        #expect(xpub == Array(bytes[64..<68]) + bytes.suffix(74))
        #expect(try signer.ask(.xpub, TestRequest.walletIDs[1] + [1]).name == .unknownWallet)
    }

    @Test("Words that are none, and an empty passphrase, make no home")
    func refusedWords() throws {
        let wrong = TestHome.mnemonic.replacingOccurrences(of: "about", with: "abandon")
        #expect(throws: SignerStop.mnemonic(.wrongChecksum)) { try TestHome(mnemonic: wrong) }
        let home = try TestHome()
        try home.put([0x0A], "passphrase")
        #expect(throws: SignerStop.emptyPassphrase) { try home.make(.restored) }
    }

    @Test("Init does not write over a home")
    func notOver() throws {
        let home = try TestHome()
        let before = try home.bytes("keystore")
        #expect(throws: SignerStop.homeInUse) { try home.make(.restored) }
        #expect(try home.bytes("keystore") == before)
    }
}

extension Array<UInt8> {
    /// Every run of `count` bytes in it.
    fileprivate func windows(_ count: Int) -> [ArraySlice<UInt8>] {
        self.count < count ? [] : (0...(self.count - count)).map { self[$0..<$0 + count] }
    }
}
