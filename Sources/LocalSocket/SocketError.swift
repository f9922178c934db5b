/// The calls this module makes, to name the one that failed.
package enum SocketCall: UInt8, Sendable {
    case read = 1
    case write
    case poll
    case socketPair
    case listen
    case connect
    case accept
    case peerCredentials
    case shutdown
    case fileFlags
    case open
    case sync
    case lock
    case facts
}

/// Why a descriptor could not be used.
package enum SocketError: Error, Equatable, Sendable {
    /// The kernel refused with this errno.
    case failed(SocketCall, errno: Int32)
    /// The other end closed after `got` bytes of what was to be read; 0 is a clean end.
    case ended(got: Int)
    /// The descriptor is nonblocking and there is nothing to read, or no room to write.
    case wouldBlock
}
