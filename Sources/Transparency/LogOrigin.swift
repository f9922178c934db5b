package import Bytes

/// The origin line and key name of one of our logs:
/// `portcullis/<network>/<first 16 bytes of homeID in hex>/<logNumber>` (protocol.md, section 6).
package struct LogOrigin: Sendable {
    private var storage = InlineArray<80, UInt8>(repeating: 0)
    private var count = 0

    /// The origin of log `logNumber` of a home; `network` is numbered as in protocol.md.
    package init(network: UInt8, homeID: Bytes32, logNumber: UInt32) throws(TransparencyError) {
        let name: StaticString
        switch network {
        case 0: name = "main"
        case 1: name = "test"
        case 2: name = "testnet4"
        case 3: name = "signet"
        case 4: name = "regtest"
        default: throw .unknownNetwork(network)
        }
        do throws(ByteError) {
            var room = storage.mutableSpan
            var writer = ByteWriter(&room)
            try writer.write("portcullis/")
            try writer.write(name)
            try writer.write("/")
            try Hex.encode(homeID.span.extracting(0..<16), into: &writer)
            try writer.write("/")
            try Decimal.write(UInt64(logNumber), to: &writer)
            count = writer.count
        } catch {
            throw .noRoom(error)
        }
    }

    package var bytes: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { storage.span.extracting(0..<count) }
    }
}
