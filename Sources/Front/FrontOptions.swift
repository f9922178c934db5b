private import CLinux
private import FoundationEssentials
private import LocalSocket

/// The arguments of portcullis-front.
package struct FrontOptions: Equatable, Sendable {
    /// The user that was made for the front alone.
    package var ownUser: UInt32?
    package var acceptsWeakerKernel = false

    package init(_ arguments: some Sequence<String>) throws(FrontError) {
        for argument in arguments {
            if argument == "weaker" {
                acceptsWeakerKernel = true
            } else if argument.hasPrefix("own-user="), let user = UInt32(argument.dropFirst(9)) {
                ownUser = user
            } else {
                throw .usage("the front knows no argument \(argument)")
            }
        }
    }
}

extension HomeFacts {
    /// Reads home.json below the descriptor of public/.
    package static func read(publicFolder: Int32) throws(FrontError) -> HomeFacts {
        let flags = LINUX_O_RDONLY | LINUX_O_CLOEXEC | LINUX_O_NOFOLLOW
        // SAFETY: the text is NUL-terminated and borrowed for the call.
        let number = unsafe "home.json".withCString {
            unsafe linux_open(publicFolder, $0, flags, 0)
        }
        guard number >= 0 else {
            throw .failed("public/home.json cannot be read: error \(-number)")
        }
        let file = Descriptor(adopting: number)
        do {
            let count = try file.fileSize()
            guard count <= 16 << 20 else {
                throw FrontError.failed("public/home.json is too large")
            }
            var bytes = [UInt8](repeating: 0, count: count)
            var room = bytes.mutableSpan
            try file.readExactly(into: &room, at: 0)
            return try read(Data(bytes))
        } catch let error as FrontError {
            throw error
        } catch {
            throw .failed("public/home.json cannot be read: \(error)")
        }
    }
}
