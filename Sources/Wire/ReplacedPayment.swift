package import Bytes

/// The payment that another one replaces, as a decision leaf names it.
package struct ReplacedPayment: Equatable, Sendable {
    static let byteCount = 40

    /// Of its resolved request.
    package let digest: Bytes32
    /// Satoshi that left with it.
    package let outflow: UInt64

    package init(digest: Bytes32, outflow: UInt64) {
        self.digest = digest
        self.outflow = outflow
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.write(digest)
        try writer.writeUInt64(outflow)
    }
}
