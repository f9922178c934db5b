package import Bytes

extension CompactRange {
    /// Writes the hashes one after the other, largest subtree first.
    package func writeHashes(to writer: inout ByteWriter) throws(ByteError) {
        for place in 0..<count {
            try writer.write(stack[place])
        }
    }

    /// The hashes, largest subtree first.
    package var hashes: Span<Bytes32> {
        @_lifetime(borrow self) borrowing get { stack.span.extracting(0..<count) }
    }
}
