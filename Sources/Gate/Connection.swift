import LocalSocket
import Wire

/// One client at the socket: its frame as far as it came, and what it is still to be sent.
final class Connection {
    /// Nanoseconds for a whole request to come in, and for a reply to be taken.
    static let patience: UInt64 = 10_000_000_000

    let id: ClientID
    /// As the kernel told it when the client connected.
    let uid: UInt32
    /// By the socket at which it came.
    let role: ClientRole
    let descriptor: Descriptor
    private(set) var assembler = FrameAssembler()
    /// Bytes that came behind the frame being answered.
    private var unread: ArraySlice<UInt8> = []
    private var output: [UInt8] = []
    private var written = 0
    /// CLOCK_BOOTTIME at which it loses the gate's patience.
    private(set) var deadline: UInt64?
    /// A request of it is being answered: nothing more is read meanwhile.
    private(set) var isWaiting = false
    /// CLOCK_BOOTTIME at which anything was last heard of it.
    private(set) var heardAt: UInt64
    /// It is closed as soon as it has its last reply.
    private(set) var isClosing = false

    init(
        _ id: ClientID,
        uid: UInt32,
        role: ClientRole,
        now: UInt64,
        _ descriptor: consuming Descriptor
    ) {
        self.id = id
        self.role = role
        heardAt = now
        self.uid = uid
        self.descriptor = descriptor
    }

    var wantsToRead: Bool { !isWaiting && !isClosing && output.isEmpty }
    var wantsToWrite: Bool { !output.isEmpty }
    var hasUnread: Bool { !unread.isEmpty }
    /// Nothing was begun: it could be closed without harm.
    var isIdle: Bool { wantsToRead && !hasUnread && !assembler.isInFrame }
    var heldCount: Int { assembler.heldCount }

    /// Takes bytes in; the next whole frame, if it is there and the one before was answered.
    func take(_ bytes: ArraySlice<UInt8>, now: UInt64) throws(FrameError) -> Frame? {
        heardAt = now
        unread = unread.isEmpty ? bytes : unread + bytes
        guard wantsToRead else { return nil }
        let frame = try assembler.take(&unread, admits: role.admits)
        isWaiting = frame != nil
        if isWaiting || !assembler.isInFrame {
            deadline = nil
        } else if deadline == nil {
            deadline = now + Self.patience
        }
        // What is left belongs to a buffer that is read into again.
        unread = unread.isEmpty ? [] : ArraySlice(Array(unread))
        return frame
    }

    /// Queues a reply; with `last` nothing follows it.
    func send(_ frame: Frame, last: Bool, now: UInt64) {
        if output.isEmpty { written = 0 }
        output += frame.bytes
        isWaiting = false
        if last {
            isClosing = true
            assembler = FrameAssembler()
            unread = []
        }
        heardAt = now
        deadline = now + Self.patience
    }

    /// Writes what the socket takes. False: the client is gone, or was sent its last.
    func flush() -> Bool {
        do throws(SocketError) {
            while written < output.count {
                let rest = output[written...]
                written += try descriptor.writeSome(rest.span)
            }
        } catch {
            return error == .wouldBlock
        }
        output = []
        deadline = nil
        return !isClosing
    }
}
