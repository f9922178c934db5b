import Front
import LocalSocket

/// One question on control.sock.
struct ControlConnection: ~Copyable {
    let kind: ControlRequest
    private let socket: Descriptor

    private init(kind: ControlRequest, socket: consuming Descriptor) {
        self.kind = kind
        self.socket = socket
    }

    /// The next question, if somebody asks one. Who connects and says nothing is given half a
    /// second.
    static func accept(_ listener: borrowing Descriptor) -> ControlConnection? {
        do {
            let socket = try listener.accept()
            var entry = [PollEntry(socket.number)]
            var room = entry.mutableSpan
            guard try Poll.wait(&room, milliseconds: 500) == 1 else { return nil }
            var byte = InlineArray<1, UInt8>(repeating: 0)
            var space = byte.mutableSpan
            guard try socket.readSome(into: &space) == 1,
                let kind = ControlRequest(rawValue: byte[0])
            else { return nil }
            return ControlConnection(kind: kind, socket: socket)
        } catch {
            return nil
        }
    }

    consuming func answer(_ reply: ControlReply) {
        do throws(FrontError) {
            try JSONFrame.write(Framed(reply), to: socket)
        } catch {
            // Who asked is gone; there is nobody to tell.
            return
        }
    }
}
