package import LocalSocket

/// What the kernel says, in words that a person understands.
package enum SystemWords {
    /// Why a call failed.
    package static func reason(_ errno: Int32) -> String {
        switch errno {
        case 1, 13: "permission denied"
        case 2: "it is not there"
        case 4: "interrupted"
        case 5: "the disk or device fails"
        case 9: "the descriptor is not open"
        case 11: "it has nothing now"
        case 12: "no memory is left"
        case 16: "it is in use"
        case 17: "it is there already"
        case 18: "it lies on another file system"
        case 20: "a part of the path is not a folder"
        case 21: "it is a folder"
        case 22: "not possible with such a file"
        case 23, 24: "too many files are open"
        case 27: "the file would be too large"
        case 28, 122: "the disk is full"
        case 30: "the file system is read-only"
        case 32, 104: "the other end has closed"
        case 36: "the name is too long"
        case 39: "the folder is not empty"
        case 40: "it is a link, or links lead in a circle"
        case 111: "nobody listens there"
        default: "error \(errno)"
        }
    }

    /// Why a descriptor could not be used.
    package static func reason(_ error: SocketError) -> String {
        switch error {
        case .failed(_, let errno): reason(errno)
        case .ended(let got): "it ended after \(got) bytes"
        case .wouldBlock: "it has nothing now"
        }
    }
}
