private import CLinux
private import FoundationEssentials
private import LocalSocket

/// The arguments of portcullis-front.
package struct FrontOptions: Equatable, Sendable {
    /// The user that was made for the front alone.
    package var ownUser: UInt32?
    package var acceptsWeakerKernel = false
    package var patience = Patience.usual

    package init(_ arguments: some Sequence<String>) throws(FrontError) {
        for argument in arguments {
            if argument == "weaker" {
                acceptsWeakerKernel = true
            } else if argument.hasPrefix("own-user="), let user = UInt32(argument.dropFirst(9)) {
                ownUser = user
            } else if argument.hasPrefix("timeout="), let seconds = UInt32(argument.dropFirst(8)),
                Patience.secondsRange.contains(seconds)
            {
                patience = Patience(seconds: seconds)
            } else {
                throw .usage("the front knows no argument \(argument)")
            }
        }
    }
}

extension HomeFacts {
    /// Reads home.json below the descriptor of public/.
    package static func read(publicFolder: Int32) throws(FrontError) -> HomeFacts {
        try read(Data(PublicFile.read("home.json", below: publicFolder, limit: 16 << 20)))
    }
}

extension BundleFacts {
    /// Reads bundle.bin below the descriptor of public/.
    package static func read(publicFolder: Int32) throws(FrontError) -> BundleFacts {
        try BundleFacts(
            reading: PublicFile.read("bundle.bin", below: publicFolder, limit: 64 << 20)
        )
    }
}

/// A file in public/, which the front knows by the descriptor of the folder.
private enum PublicFile {
    static func read(
        _ name: String,
        below folder: Int32,
        limit: Int
    ) throws(FrontError) -> [UInt8] {
        let flags = LINUX_O_RDONLY | LINUX_O_CLOEXEC | LINUX_O_NOFOLLOW
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let number = unsafe name.withCString { unsafe linux_open(folder, $0, flags, 0) }
        guard number >= 0 else {
            throw .failed("public/\(name) cannot be read: \(SystemWords.reason(-number))")
        }
        let file = Descriptor(adopting: number)
        do throws(SocketError) {
            let count = try file.fileSize()
            if count <= limit {
                var bytes = [UInt8](repeating: 0, count: count)
                var room = bytes.mutableSpan
                try file.readExactly(into: &room, at: 0)
                return bytes
            }
        } catch {
            throw .failed("public/\(name) cannot be read: \(SystemWords.reason(error))")
        }
        throw .failed("public/\(name) is over \(limit) bytes")
    }
}
