private import CLinux
import Front
import LocalSocket

/// A passphrase or words on their way to the signer. Wiped when dropped. It never becomes a String.
struct Secret: ~Copyable {
    /// The most bytes of anything that is read as a secret.
    static let byteCountMax = 1_024

    private var bytes: [UInt8]

    var count: Int { bytes.count }
    var span: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { bytes.span }
    }

    /// Room is taken once, so that growing leaves no copy behind.
    private init(limit: Int = byteCountMax) {
        bytes = []
        bytes.reserveCapacity(limit + 1)
    }

    /// What `fill` writes to the front of so much room; it gives the length.
    init<E: Error>(
        limit: Int,
        filling fill: (inout MutableSpan<UInt8>) throws(E) -> Int
    ) throws(E) {
        self.init(limit: limit)
        bytes.append(contentsOf: repeatElement(0, count: limit))
        var room = bytes.mutableSpan
        let count = try fill(&room)
        bytes.removeLast(limit - count)
    }

    deinit {
        let count = bytes.capacity
        // SAFETY: the array is ours alone and `capacity` bytes of it are allocated.
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe linux_wipe(UnsafeMutableRawPointer(mutating: buffer.baseAddress), count)
        }
    }

    /// Throws unless the descriptor that the caller named is open: a slip is found before any work.
    static func check(descriptor number: Int32?, what: String) throws(FrontError) {
        guard let number else { return }
        var facts = linux_file_facts()
        // SAFETY: the call fills the one record it is given.
        let isOpen = unsafe number >= 0 && linux_facts(number, &facts) == 0
        guard isOpen else { throw notOpen(number, what) }
    }

    private static func notOpen(_ number: Int32, _ what: String) -> FrontError {
        .usage(
            "\(what) is to be read from descriptor \(number), which is not open: the shell opens "
                + "it with `\(max(number, 3))< FILE` behind the command"
        )
    }

    /// Reads a descriptor that the caller named to its end; one line feed at the end is dropped.
    static func read(descriptor number: Int32, what: String) throws(FrontError) -> Secret {
        try check(descriptor: number, what: what)
        var source = Descriptor(adopting: number)
        // Descriptors 0 to 2 stay as they are; any other is closed when it was read.
        if number <= 2 { source.pin() }
        return try read(source, what: what, stopAtLine: false)
    }

    /// Reads a descriptor to its end, just as it is; nothing when that is over `limit` bytes.
    static func readWhole(
        descriptor number: Int32,
        limit: Int,
        what: String
    ) throws(FrontError) -> Secret? {
        try check(descriptor: number, what: what)
        var source = Descriptor(adopting: number)
        if number <= 2 { source.pin() }
        var secret = Secret(limit: limit)
        while let byte = try nextByte(source, what: what) {
            guard secret.bytes.count < limit else { return nil }
            secret.bytes.append(byte)
        }
        return secret
    }

    /// Throws where there is nobody to ask.
    static func checkTerminal() throws(FrontError) {
        guard Files.canOpen("/dev/tty") else {
            throw .usage("no terminal to ask for a passphrase: use --passphrase-fd N")
        }
    }

    /// Asks on the terminal, without showing what is typed.
    static func prompt(_ question: String) throws(FrontError) -> Secret {
        var found: Secret?
        try withHiddenTerminal { terminal throws(FrontError) in
            found = try ask(question, terminal)
        }
        guard let secret = found.take() else { throw .failed("nothing was typed") }
        return secret
    }

    /// Asks twice, for a passphrase that will be needed again.
    static func promptTwice(_ question: String) throws(FrontError) -> Secret {
        var found: Secret?
        try withHiddenTerminal { terminal throws(FrontError) in
            let first = try ask(question, terminal)
            let second = try ask("Once more: ", terminal)
            guard first.bytes == second.bytes else { throw .usage("the two were not the same") }
            found = consume first
        }
        guard let secret = found.take() else { throw .failed("nothing was typed") }
        return secret
    }

    private static func ask(
        _ question: String,
        _ terminal: borrowing Descriptor
    ) throws(FrontError) -> Secret {
        try Terminal.write(question, to: terminal)
        let secret = try read(terminal, what: "the passphrase", stopAtLine: true)
        try Terminal.write("\n", to: terminal)
        return secret
    }

    /// The terminal shows nothing that is typed until `body` ends, however it ends.
    private static func withHiddenTerminal(
        _ body: (borrowing Descriptor) throws(FrontError) -> Void
    ) throws(FrontError) {
        try checkTerminal()
        let terminal = try Files.open("/dev/tty", flags: LINUX_O_RDWR)
        let before = linux_terminal_echo(terminal.number, 0)
        guard before >= 0 else { throw .failed("the terminal's echo cannot be switched off") }
        defer { if before == 1 { _ = linux_terminal_echo(terminal.number, 1) } }
        try body(terminal)
    }

    private static func read(
        _ source: borrowing Descriptor,
        what: String,
        stopAtLine: Bool
    ) throws(FrontError) -> Secret {
        var secret = Secret()
        while let byte = try nextByte(source, what: what) {
            if stopAtLine, byte == 0x0A { break }
            guard secret.bytes.count < byteCountMax else {
                throw .usage("\(what) is over \(byteCountMax) bytes")
            }
            secret.bytes.append(byte)
        }
        if secret.bytes.last == 0x0A { secret.bytes.removeLast() }
        guard !secret.bytes.isEmpty else { throw .usage("\(what) is empty") }
        return secret
    }

    /// One byte at a time, so that no buffer on the way has to be wiped; nothing at the end.
    private static func nextByte(
        _ source: borrowing Descriptor,
        what: String
    ) throws(FrontError) -> UInt8? {
        var piece = InlineArray<1, UInt8>(repeating: 0)
        do throws(SocketError) {
            var room = piece.mutableSpan
            return try source.readSome(into: &room) == 0 ? nil : piece[0]
        } catch {
            throw .failed("\(what) cannot be read: \(SystemWords.reason(error))")
        }
    }
}

/// The terminal that a person sits at.
enum Terminal {
    static func isTerminal(_ number: Int32) -> Bool { linux_is_terminal(number) == 1 }

    static func write(_ text: String, to descriptor: borrowing Descriptor) throws(FrontError) {
        let bytes = [UInt8](text.utf8)
        do throws(SocketError) {
            try descriptor.writeAll(bytes.span)
        } catch {
            throw .failed("cannot write to the terminal: \(SystemWords.reason(error))")
        }
    }
}
