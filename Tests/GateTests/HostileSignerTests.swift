import Bytes
import Gate
import Testing
import Wire

@Suite("A signer that breaks the protocol")
struct HostileSignerTests {
    private static let sample = ResolvedSample(spending: [1], amount: 10)

    /// What becomes of the service when replies of a kind are spoiled.
    private static func fault(
        _ kind: MessageKind,
        asking sample: ResolvedSample = sample,
        _ spoil: @escaping ([UInt8]) -> [UInt8]
    ) throws -> SignerFault? {
        try fault(asking: sample) { frame in
            frame.kind == kind ? [Frame(kind, spoil(frame.payload))] : [frame]
        }
    }

    private static func fault(
        pieces: Int = .max,
        asking sample: ResolvedSample = sample,
        _ spoil: @escaping (Frame) -> [Frame]
    ) throws -> SignerFault? {
        let bench = try GateBench.serving()
        bench.pieceCount = pieces
        bench.signer.spoil = spoil
        do {
            try bench.ask(sample, client: 1)
            try bench.settle()
        } catch GateError.signerFault(let fault) {
            // Whatever it was, nobody was told that anything was signed.
            #expect(bench.replies.allSatisfy { $0.kind != .signed })
            return fault
        }
        return nil
    }

    private static func flip(_ place: Int) -> ([UInt8]) -> [UInt8] {
        { bytes in
            var bytes = bytes
            bytes[place] ^= 1
            return bytes
        }
    }

    @Test("Answers in pieces are the same answers", arguments: [1, 7, 109, 111])
    func pieces(count: Int) throws {
        let (whole, cut) = (try GateBench.serving(), try GateBench.serving())
        cut.pieceCount = count
        let reply = try whole.answer(Self.sample)
        #expect(reply.kind == .signed)
        // Salts are random, so receipts have another leaf hash; what they weigh is the same.
        let other = try cut.answer(Self.sample)
        #expect(other.kind == .signed)
        #expect(other.payload.prefix(67) == reply.payload.prefix(67))
        let spoiled = try Self.fault(pieces: count) { frame in
            frame.kind == .released ? [Frame(.released, Self.flip(40)(frame.payload))] : [frame]
        }
        #expect(spoiled == .wrongHeadSignature(size: 3))
        let sized = try Self.fault(pieces: count) { frame in
            frame.kind == .released ? [Frame(.released, Self.flip(0)(frame.payload))] : [frame]
        }
        #expect(sized == .wrongHeadSize(found: 2, expected: 3))
    }

    @Test("A leaf replaces what the request replaces, and nothing where that is nothing")
    func replacement() throws {
        let place = AssessHead.replyFrontByteCount + 2 + 16 + 1 + RefusalDetail.byteCount + 65
        let digest = Bytes32(repeating: 3)
        /// Puts a digest into a leaf that has none.
        func claim(_ payload: [UInt8]) -> [UInt8] {
            var bytes = payload
            bytes[place] = 17
            bytes.insert(contentsOf: [UInt8](repeating: 3, count: 40), at: place + 1)
            let length = AssessHead.replyFrontByteCount - 2
            let count = Int(bytes[length]) + Int(bytes[length + 1]) << 8 + 40
            (bytes[length], bytes[length + 1]) = (UInt8(count & 0xFF), UInt8(count >> 8))
            return bytes
        }
        /// And takes it out again.
        func deny(_ payload: [UInt8]) -> [UInt8] {
            var bytes = payload
            bytes[place] = 1
            bytes.removeSubrange(place + 1..<place + 41)
            let length = AssessHead.replyFrontByteCount - 2
            let count = Int(bytes[length]) + Int(bytes[length + 1]) << 8 - 40
            (bytes[length], bytes[length + 1]) = (UInt8(count & 0xFF), UInt8(count >> 8))
            return bytes
        }
        let plain = Self.sample
        let replacing = ResolvedSample(spending: [1], amount: 10, replacing: digest)
        #expect(try Self.fault(.assessed, asking: plain) { $0 } == nil)
        #expect(try Self.fault(.assessed, asking: replacing) { $0 } == nil)
        #expect(try Self.fault(.assessed, asking: plain) { deny(claim($0)) } == nil)
        #expect(try Self.fault(.assessed, asking: plain, claim) == .wrongLeaf)
        #expect(try Self.fault(.assessed, asking: replacing, deny) == .wrongLeaf)
        let other = Self.flip(place + 1)
        #expect(try Self.fault(.assessed, asking: replacing, other) == .wrongLeaf)
    }

    @Test("A leaf that says who asked names who did, or ends the service")
    func requester() throws {
        let place = AssessHead.replyFrontByteCount + 2 + 16 + 1 + RefusalDetail.byteCount + 65
        for (requester, fault) in [(1_000, nil), (1_001, .wrongLeaf), (0, .wrongLeaf)]
            as [(UInt64, SignerFault?)]
        {
            let found = try Self.fault(.assessed, asking: Self.sample) { payload in
                var asked: [UInt8] = []
                asked.append(requester, bytes: 4)
                asked.append(5, bytes: 8)
                var bytes = payload
                bytes[place] |= 32
                bytes.insert(contentsOf: asked + [1, 2], at: place + 1)
                let length = AssessHead.replyFrontByteCount - 2
                let count = Int(bytes[length]) + Int(bytes[length + 1]) << 8 + 14
                (bytes[length], bytes[length + 1]) = (UInt8(count & 0xFF), UInt8(count >> 8))
                return bytes
            }
            #expect(found == fault, "\(requester)")
        }
    }

    @Test("A checkpoint is verified before the signatures behind it are there")
    func early() throws {
        for place in [40, 104 + 5] {
            let bench = try GateBench.serving()
            bench.signer.spoil = { frame in
                guard frame.kind == .released else { return [frame] }
                return [Frame(.released, Self.flip(place)(frame.payload))]
            }
            bench.answerLimit = FrameHeader.byteCount + 104 + 2
            var found: SignerFault?
            do {
                try bench.ask(Self.sample, client: 1)
                try bench.settle()
            } catch GateError.signerFault(let fault) {
                found = fault
            }
            // A flip in what has not come yet cannot be seen.
            #expect(found == (place == 40 ? .wrongHeadSignature(size: 3) : nil))
            #expect(bench.replies.isEmpty)
        }
    }

    @Test("Nothing spoiled, nothing found")
    func control() throws {
        #expect(try Self.fault { [$0] } == nil)
    }

    @Test("An assessment of another slot, digest, verdict or leaf ends the service")
    func assessed() throws {
        // u16 slot | u8 verdict | refusal[22] | digest[32] | u32 resolved | vec16 leaf
        #expect(try Self.fault(.assessed, Self.flip(0)) == .wrongSlot)
        #expect(try Self.fault(.assessed, Self.flip(3)) == .wrongLeaf)
        #expect(try Self.fault(.assessed, Self.flip(30)) == .wrongLeaf)
        #expect(try Self.fault(.assessed, Self.flip(57)) == .wrongDigest)
        let leaf = 2 + 1 + 22 + 32 + 4 + 2
        #expect(try Self.fault(.assessed, Self.flip(leaf)) == .wrongLeaf)
        // The digest in the leaf, the bundle's hash, and the anchor's outpoint.
        #expect(try Self.fault(.assessed, Self.flip(leaf + 41)) == .wrongLeaf)
        #expect(try Self.fault(.assessed, Self.flip(leaf + 73)) == .wrongLeaf)
        let facts = leaf + 18 + 1 + 22 + 32 + 32 + 1 + 1
        #expect(try Self.fault(.assessed, Self.flip(facts + 52)) == .wrongLeaf)
        let cut = try Self.fault(.assessed) { Array($0.dropLast()) }
        #expect(cut == .malformed(kind: MessageKind.assessed.rawValue))
    }

    @Test("Both the reply's and the leaf's digest changed alike is still another request")
    func digest() throws {
        let found = try Self.fault(.assessed) { bytes in
            Self.flip(2 + 1 + 22)(Self.flip(2 + 1 + 22 + 32 + 4 + 2 + 41)(bytes))
        }
        #expect(found == .wrongDigest)
    }

    @Test("A head of another size or root, or with another signature, ends the service")
    func head() throws {
        let sizes = try Self.fault(.released, Self.flip(0))
        #expect(sizes == .wrongHeadSize(found: 2, expected: 3))
        #expect(try Self.fault(.released, Self.flip(8)) == .wrongRoot(size: 3))
        #expect(try Self.fault(.released, Self.flip(40)) == .wrongHeadSignature(size: 3))
    }

    @Test("Too few or too many signatures end the service")
    func signatures() throws {
        let none = try Self.fault(.released) { bytes in
            var bytes = Array(bytes[0..<104])
            bytes += [0, 0]
            return bytes
        }
        #expect(none == .wrongSignatureCount)
        let fewer = try Self.fault(.released) { Array($0[0..<104]) + [1, 0, 0, 0] }
        #expect(fewer == .wrongSignatureCount)
        let more = try Self.fault(.released) { $0 + [0] }
        #expect(more == .malformed(kind: MessageKind.released.rawValue))
    }

    @Test("A reply to something else, and a reply to nothing, end the service")
    func order() throws {
        let swapped = try Self.fault { frame in
            frame.kind == .assessed ? [Frame(.advanced, frame.payload)] : [frame]
        }
        #expect(swapped == .unexpected(kind: MessageKind.advanced.rawValue))
        let doubled = try Self.fault { $0.kind == .assessed ? [$0, $0] : [$0] }
        #expect(doubled == .unexpected(kind: MessageKind.assessed.rawValue))
        let asked = try Self.fault { frame in
            frame.kind == .assessed ? [Frame(.assess, frame.payload)] : [frame]
        }
        #expect(asked == .frame)
        let greeted = try Self.fault { frame in
            let status = [UInt8](repeating: 1, count: SignerStatus.byteCount)
            return frame.kind == .released ? [frame, Frame(.statusReply, status)] : [frame]
        }
        #expect(greeted == .unexpected(kind: MessageKind.statusReply.rawValue))
    }

    @Test("A refusal without a code ends the service; one with a code is told to the client")
    func refused() throws {
        let nothing = [UInt8](repeating: 0, count: RefusalDetail.byteCount)
        let found = try Self.fault { $0.kind == .assessed ? [Frame(.refused, nothing)] : [$0] }
        #expect(found == .refusedWithoutCode)
        let bench = try GateBench.serving()
        bench.signer.spoil = { frame in
            frame.kind == .assessed ? [Frame(.refused, [169, 0] + nothing[2...])] : [frame]
        }
        #expect(try bench.answer(Self.sample).refusal == [1, 169])
        bench.signer.spoil = { [$0] }
        #expect(try bench.answer(Self.sample).kind == .signed)
    }

    @Test("Every single bit flip in every reply ends the service or changes only signatures")
    func everyFlip() throws {
        for kind in [MessageKind.assessed, .released] {
            let bench = try GateBench.serving()
            var length = 0
            bench.signer.spoil = { frame in
                if frame.kind == kind { length = frame.payload.count }
                return [frame]
            }
            _ = try bench.answer(Self.sample)
            for place in 0..<length where try Self.fault(kind, Self.flip(place)) == nil {
                // What the gate cannot know: facts and tag, which the signer holds itself to at
                // the release, and the signatures.
                let leaf = 2 + 1 + 22 + 32 + 4 + 2
                let isUnknowable = kind == .released ? place >= 108 : place >= leaf + 2
                #expect(isUnknowable, "\(kind) byte \(place)")
            }
        }
    }
}
