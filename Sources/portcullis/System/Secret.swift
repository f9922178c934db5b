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
    private init() {
        bytes = []
        bytes.reserveCapacity(Self.byteCountMax + 1)
    }

    deinit {
        let count = bytes.capacity
        // SAFETY: the array is ours alone and `capacity` bytes of it are allocated.
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe linux_wipe(UnsafeMutableRawPointer(mutating: buffer.baseAddress), count)
        }
    }

    /// Reads a descriptor that the caller named to its end; one line feed at the end is dropped.
    static func read(descriptor number: Int32, what: String) throws(FrontError) -> Secret {
        guard number >= 0 else { throw .usage("\(number) is not a descriptor") }
        var source = Descriptor(adopting: number)
        // Descriptors 0 to 2 stay as they are; any other is closed when it was read.
        if number <= 2 { source.pin() }
        return try read(source, what: what, stopAtLine: false)
    }

    /// Asks on the terminal, without showing what is typed.
    static func prompt(_ question: String) throws(FrontError) -> Secret {
        guard Files.canOpen("/dev/tty") else {
            throw .usage("no terminal to ask for a passphrase: use --passphrase-fd N")
        }
        let terminal = try Files.open("/dev/tty", flags: LINUX_O_RDWR)
        try Terminal.write(question, to: terminal)
        let before = linux_terminal_echo(terminal.number, 0)
        guard before >= 0 else { throw .failed("the terminal's echo cannot be switched off") }
        defer { if before == 1 { _ = linux_terminal_echo(terminal.number, 1) } }
        let secret = try read(terminal, what: "the passphrase", stopAtLine: true)
        try Terminal.write("\n", to: terminal)
        return secret
    }

    /// Asks twice, for a passphrase that will be needed again.
    static func promptTwice(_ question: String) throws(FrontError) -> Secret {
        let first = try prompt(question)
        let second = try prompt("Once more: ")
        guard first.bytes == second.bytes else { throw .usage("the two were not the same") }
        return first
    }

    private static func read(
        _ source: borrowing Descriptor,
        what: String,
        stopAtLine: Bool
    ) throws(FrontError) -> Secret {
        var secret = Secret()
        var piece = InlineArray<1, UInt8>(repeating: 0)
        while true {
            let got: Int
            do {
                var room = piece.mutableSpan
                got = try source.readSome(into: &room)
            } catch {
                throw .failed("\(what) cannot be read: \(error)")
            }
            if got == 0 || (stopAtLine && piece[0] == 0x0A) { break }
            guard secret.bytes.count < byteCountMax else {
                throw .usage("\(what) is over \(byteCountMax) bytes")
            }
            secret.bytes.append(piece[0])
        }
        if secret.bytes.last == 0x0A { secret.bytes.removeLast() }
        guard !secret.bytes.isEmpty else { throw .usage("\(what) is empty") }
        return secret
    }
}

/// The terminal that a person sits at.
enum Terminal {
    static func isTerminal(_ number: Int32) -> Bool { linux_is_terminal(number) == 1 }

    static func write(_ text: String, to descriptor: borrowing Descriptor) throws(FrontError) {
        let bytes = [UInt8](text.utf8)
        do {
            try descriptor.writeAll(bytes.span)
        } catch {
            throw .failed("cannot write to the terminal: \(error)")
        }
    }
}
