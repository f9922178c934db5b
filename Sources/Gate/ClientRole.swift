package import Wire

/// What a client may do, by the socket at which it came. Who it is only its uid says, as the kernel
/// has it (SO_PEERCRED): no byte of a request names a requester.
package enum ClientRole: Hashable, Sendable {
    /// gate.sock: the front and the supervisor's user. They ask for others too, and how things are.
    case front
    /// clients.sock: whoever its group lets in. They ask for signatures, for themselves.
    case local

    /// Connections in all, and of one uid. Two uids do not fill the first, seven not the second.
    var countMax: Int { self == .front ? 1_024 : 512 }
    var countOfOneMax: Int { self == .front ? 500 : 64 }

    /// Bytes of requests that are held for one uid, and for all of this role: half is left for the
    /// front at any time, and one uid's flood leaves room for the next.
    var bytesOfOneMax: Int { self == .front ? JobTable.bytesMax : JobTable.bytesMax / 4 }
    var bytesMax: Int { self == .front ? JobTable.bytesMax : JobTable.bytesMax / 2 }

    /// Whether a frame of this kind and size may be sent at all.
    package func admits(_ header: FrameHeader) -> Bool {
        switch (self, header.kind) {
        case (_, .sign), (_, .open), (_, .signOpened):
            AssessHead.byteCount + header.payloadCount < MessageKind.assess.lengthMax
        case (.front, .gateStatus), (.front, .gateAddress), (.front, .gateXpub): true
        case (.front, _), (.local, _): false
        }
    }
}
