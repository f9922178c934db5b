import Front
import LocalSocket

/// What the three processes say on standard error. They say it into a pipe and never hold the
/// terminal itself: whoever took one of them over could steer it, and read what is typed there.
struct ChildWords: ~Copyable {
    /// Reads before others have their turn.
    private static let readsMax = 16

    private let pipe: Pipe

    init() throws(FrontError) {
        let pipe = try Pipe()
        do throws(SocketError) {
            try pipe.reading.setNonblocking(true)
        } catch {
            throw .failed("a pipe cannot be set up: \(SystemWords.reason(error))")
        }
        self.pipe = pipe
    }

    /// What to wait on.
    var number: Int32 { pipe.reading.number }
    /// What the processes write to.
    var writingNumber: Int32 { pipe.writing.number }

    /// Passes on what was said so far, without what would steer a terminal.
    func relay() {
        var piece = [UInt8](repeating: 0, count: Descriptor.callBytesMax)
        for _ in 0..<Self.readsMax {
            do throws(SocketError) {
                var room = piece.mutableSpan
                let count = try pipe.reading.readSome(into: &room)
                Output.write(Output.plain(String(decoding: piece[..<count], as: UTF8.self)), to: 2)
            } catch {
                // Nothing more for now.
                return
            }
        }
    }
}
