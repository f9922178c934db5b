package import Bytes

/// The transaction and its claims, as a view over the canonical bytes of protocol.md, section 3.
///
/// It has been checked for form only: what it says of amounts and ownership is a claim, which is
/// true where the signer verified it. The same request has exactly one spelling.
package struct ResolvedRequest: ~Escapable {
    package static let byteCountMax = 1 << 20
    package static let inputCountMax = 5_000
    package static let outputCountMax = 4_000
    package static let walletCountMax = 8

    /// All of the bytes; their tagged hash is the digest.
    package let bytes: Span<UInt8>
    /// The network's number (protocol.md, section 1), 0 to 4.
    package let network: UInt8
    package let transactionVersion: UInt32
    package let lockTime: UInt32
    /// What the host commits to contribute to every nonce (sign to contract).
    package let commitment: Bytes32?
    /// The digest of the request that this one replaces.
    package let replacedDigest: Bytes32?
    package let walletCount: Int
    package let inputCount: Int
    package let outputCount: Int
    private let inputsStart: Int
    private let outputsStart: Int
    /// All inputs have the same selector, and so the same size.
    private let inputByteCount: Int

    /// Where the table of wallet ids begins.
    private let walletsStart: Int

    /// Whether bytes that begin a resolved request say that a commitment is in them.
    package static func isOpened(_ bytes: Span<UInt8>) -> Bool { bytes.count > 2 && bytes[2] == 1 }

    /// Reads all of `bytes`, at most 1 MiB; a second spelling of the same request is refused.
    @_lifetime(copy bytes)
    package init(checking bytes: Span<UInt8>) throws(RefusalDetail) {
        try require(bytes.count, atMost: Self.byteCountMax, else: .requestTooLarge)
        var reader = ByteReader(bytes)
        let header: RequestHeader
        do throws(ByteError) {
            header = try RequestHeader(reading: &reader)
        } catch {
            throw RefusalDetail(.malformedRequest, found: reader.position)
        }
        try header.check()
        self.bytes = bytes
        network = header.network
        transactionVersion = header.transactionVersion
        lockTime = header.lockTime
        commitment = header.commitment
        replacedDigest = header.replacedDigest
        walletsStart =
            5 + (header.commitment == nil ? 0 : 32) + (header.replacedDigest == nil ? 0 : 32)
        walletCount = header.walletCount
        inputCount = header.inputCount
        inputsStart = reader.position
        var form = RequestForm(walletCount: header.walletCount)
        var (outputs, outputsPosition) = (0, 0)
        do throws(ByteError) {
            for place in 0..<header.inputCount {
                form.add(try RequestInput(reading: &reader), at: place)
            }
            outputs = Int(try reader.readUInt16())
            outputsPosition = reader.position
        } catch {
            throw RefusalDetail(.malformedRequest, found: reader.position)
        }
        outputCount = outputs
        outputsStart = outputsPosition
        inputByteCount = RequestInput.byteCount(selector: form.selector)
        try Self.checkOutputCount(outputs)
        do throws(ByteError) {
            for place in 0..<outputs {
                form.add(try RequestOutput(reading: &reader), at: place)
            }
        } catch {
            throw RefusalDetail(.malformedRequest, found: reader.position)
        }
        try require(reader.remaining == 0, else: .trailingBytes, found: reader.remaining)
        let ids = bytes.extracting(walletsStart...)
        try form.check(walletsDistinct: Self.areDistinct(ids, header.walletCount))
    }

    /// The id at a place of the wallet table.
    package func walletID(at place: Int) -> Bytes32 {
        precondition(place >= 0 && place < walletCount, "a place of the wallet table")
        return Self.walletID(bytes.extracting(walletsStart...), place)
    }

    /// The input at a place below `inputCount`.
    package func input(at place: Int) -> RequestInput {
        precondition(place >= 0 && place < inputCount, "a place of the input table")
        let start = inputsStart + place * inputByteCount
        var reader = ByteReader(bytes.extracting(start..<start + inputByteCount))
        do throws(ByteError) {
            return try RequestInput(reading: &reader)
        } catch {
            preconditionFailure("inputs were read once by the initializer")
        }
    }

    /// A walk over the outputs in their order.
    package var outputs: RequestOutputs {
        @_lifetime(copy self)
        get { RequestOutputs(bytes.extracting(outputsStart...), count: outputCount) }
    }

    private static func checkOutputCount(_ count: Int) throws(RefusalDetail) {
        guard count >= 1, count <= outputCountMax else {
            throw RefusalDetail(.tooManyOutputs, expected: outputCountMax, found: count)
        }
    }

    private static func walletID(_ ids: Span<UInt8>, _ place: Int) -> Bytes32 {
        Bytes32(copying: ids.extracting(32 * place..<32 * place + 32))
    }

    private static func areDistinct(_ ids: Span<UInt8>, _ count: Int) -> Bool {
        for one in 0..<count {
            for other in 0..<one where walletID(ids, one) == walletID(ids, other) {
                return false
            }
        }
        return true
    }
}

/// The outputs of a request, front to back.
package struct RequestOutputs: ~Escapable {
    private var reader: ByteReader
    private var left: Int

    @_lifetime(copy bytes)
    fileprivate init(_ bytes: Span<UInt8>, count: Int) {
        reader = ByteReader(bytes)
        left = count
    }

    /// The next output, or nothing at the end.
    @_lifetime(copy self)
    package mutating func next() -> RequestOutput? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return try RequestOutput(reading: &reader)
        } catch {
            preconditionFailure("outputs were read once by the request's initializer")
        }
    }
}

extension ResolvedRequest {
    /// How many addresses and leaves its claims name, of inputs one after the other each once.
    package var addressCount: Int {
        var count = 0
        for place in 0..<inputCount
        where place == 0 || !input(at: place).isSpent(like: input(at: place - 1)) {
            count += 1
        }
        var outputs = outputs
        while let output = outputs.next() {
            if output.claim != nil { count += 1 }
        }
        return count
    }
}
