private import CLinux
import Front
import LocalSocket

/// The two ends of a pipe, close-on-exec.
struct Pipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    init() throws(FrontError) {
        var first: Int32 = -1
        var second: Int32 = -1
        // SAFETY: the call writes one number to each address.
        let result = unsafe linux_pipe(&first, &second)
        guard result == 0 else { throw .failed("cannot make a pipe: error \(-result)") }
        reading = Descriptor(adopting: first)
        writing = Descriptor(adopting: second)
    }

    /// The reading end of a pipe that holds `bytes` and ends there; for a child's descriptor. At
    /// most 4,096 bytes, which a pipe takes without a reader.
    static func holding(_ bytes: borrowing Secret) throws(FrontError) -> Descriptor {
        precondition(bytes.count <= 4_096, "what a pipe holds at least")
        let pipe = try Pipe()
        do {
            try pipe.writing.writeAll(bytes.span)
        } catch {
            throw .failed("cannot write into a pipe: \(error)")
        }
        return pipe.keepReading()
    }

    /// Closes our writing end and reads until the other writers have closed theirs.
    consuming func readToEnd(limit: Int) throws(FrontError) -> [UInt8] {
        try Files.read(keepReading(), limit: limit, name: "the answer")
    }

    /// Keeps the reading end and closes the other.
    consuming func keepReading() -> Descriptor { reading }
}
