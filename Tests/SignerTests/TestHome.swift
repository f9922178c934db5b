import Bytes
import CLinux
import Foundation
import LocalSocket
import Signer
import TestSupport
import Testing
import Wire

/// The files of one home in a folder of its own, made by `HomeMaker` from a mnemonic that everybody
/// knows.
final class TestHome {
    static let mnemonic = String(repeating: "abandon ", count: 11) + "about"
    static let passphrase = "correct horse"

    let folder: URL
    let bundle: SampleBundle
    private(set) var homeID = Bytes32.zero
    /// What init printed about the home.
    private(set) var description: [UInt8] = []

    init(
        _ bundle: SampleBundle = SampleBundle(),
        mnemonic: String = mnemonic,
        keepsAmbiguous: Bool = false
    ) throws {
        let name = "portcullis-signer-\(UInt64.random(in: 0...UInt64.max))"
        folder = FileManager.default.temporaryDirectory.appending(path: name)
        self.bundle = bundle
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try put(bundle.bytes, "bundle")
        try put([], "keystore")
        try put([], "state")
        try put([], "words")
        try put([], "output")
        try put(Array((mnemonic + "\n").utf8), "mnemonic")
        try put([], "mnemonic-passphrase")
        try put(Array((Self.passphrase + "\n").utf8), "passphrase")
        do {
            try make(.restored)
        } catch SignerStop.ambiguousWallets where keepsAmbiguous {
            // Everything was written before.
        }
    }

    deinit {
        // A folder that stays behind in the temporary directory does no harm.
        do { try FileManager.default.removeItem(at: folder) } catch {}
    }

    /// Runs init over the files, which must be empty.
    func make(_ source: SeedSource) throws {
        var maker = try HomeMaker(bundle: try open("bundle"))
        try maker.makeSeed(
            source,
            mnemonic: try open("mnemonic"),
            passphrase: try open("mnemonic-passphrase"),
            wordsOut: try open("words", writing: true)
        )
        homeID = try maker.write(
            keystore: try open("keystore", writing: true),
            state: try open("state", writing: true),
            passphrase: try open("passphrase"),
            passes: 1,
            memoryKiB: 8 << 10
        )
        try maker.describe(homeID, to: try open("output", writing: true))
        description = try bytes("output")
    }

    func put(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: folder.appending(path: name))
    }

    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    /// Changes one byte of a file.
    func flip(_ name: String, _ place: Int) throws {
        var bytes = try bytes(name)
        bytes[place] ^= 1
        try put(bytes, name)
    }

    func open(_ name: String, writing: Bool = false) throws -> Descriptor {
        let path = folder.appending(path: name).path
        var opened: Descriptor?
        try unsafe path.withCString { opened = try unsafe Descriptor.open($0, writing: writing) }
        guard let descriptor = opened.take() else { throw SocketError.wouldBlock }
        return descriptor
    }

    /// A sealed signer over the files as they are.
    func seal(frameMilliseconds: Int64 = 60_000) throws -> TestSealed {
        try TestSealed.make(self, frameMilliseconds: frameMilliseconds)
    }

    /// A signer that was unlocked, before it greeted.
    func unlock() throws -> TestSigner {
        let sealed = try seal()
        let answer = try sealed.unlock()
        try answer.expect(.unlocked)
        return try sealed.open()
    }

    /// The same, resumed over an empty log, with its unlock's leaf shown.
    func ready() throws -> (TestSigner, TestLog) {
        let signer = try unlock()
        let log = TestLog(homeID: homeID)
        try signer.resume(log)
        return (signer, log)
    }
}

/// A frame, as one side sent it.
struct Frame {
    let kind: MessageKind
    let payload: [UInt8]

    /// The refusal in it, if it is one.
    var refusal: RefusalDetail? {
        guard kind == .refused else { return nil }
        var reader = ByteReader(payload.span)
        do {
            return try RefusalDetail(reading: &reader)
        } catch {
            return nil
        }
    }

    /// Throws unless it is of this kind.
    func expect(_ kind: MessageKind) throws {
        if self.kind != kind { throw Unexpected(self) }
    }

    /// The name of the refusal in it.
    var name: Refusal? { refusal.flatMap { Refusal(rawValue: $0.code) } }

    static func bytes(_ kind: MessageKind, _ payload: [UInt8]) -> [UInt8] {
        little(UInt32(payload.count + 1)) + [kind.rawValue] + payload
    }
}

/// A status that was read, or nothing where it could not be.
final class StatusBox {
    let value: SignerStatus?

    init(_ frame: Frame) {
        do throws(ByteError) {
            value = try SignerStatus(reading: frame.payload.span)
        } catch {
            value = nil
        }
    }
}

/// A frame that a test did not expect.
struct Unexpected: Error, CustomStringConvertible {
    let frame: Frame

    init(_ frame: Frame) {
        self.frame = frame
    }

    var description: String { "\(frame.kind) \(String(describing: frame.name))" }
}

func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<(T.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
}

func vector16(_ bytes: [UInt8]) -> [UInt8] { little(UInt16(bytes.count)) + bytes }
func vector32(_ bytes: [UInt8]) -> [UInt8] { little(UInt32(bytes.count)) + bytes }

extension Descriptor {
    /// The next frame; throws at the end.
    func readFrame() throws -> Frame {
        var head = [UInt8](repeating: 0, count: FrameHeader.byteCount)
        var headSpan = head.mutableSpan
        try readExactly(into: &headSpan)
        let header = try FrameHeader(reading: head.span)
        var payload = [UInt8](repeating: 0, count: header.payloadCount)
        var payloadSpan = payload.mutableSpan
        try readExactly(into: &payloadSpan)
        return Frame(kind: header.kind, payload: payload)
    }
}

extension SampleBundle {
    /// The sample whose one rule allows payments of both wallets.
    static var bothWallets: SampleBundle {
        var bundle = SampleBundle()
        bundle.rules[0].wallets = 3
        return bundle
    }
}

extension TestHome {
    /// Another signer over the files as they are now, although the lock of the first is still held:
    /// a copy of the state file stands in for the restart of the machine.
    func unlockWhileHeld() throws -> TestSigner {
        try replaceState()
        return try unlock()
    }

    /// The same, sealed.
    func sealAgain() throws -> TestSealed {
        try replaceState()
        return try seal()
    }

    private func replaceState() throws {
        let state = try bytes("state")
        try FileManager.default.removeItem(at: folder.appending(path: "state"))
        try put(state, "state")
    }
}
