private import CLinux
import FoundationEssentials
import Front

/// What the surroundings say: variables, the working folder, our own executable.
enum Environment {
    static func value(_ name: String) -> String? {
        // SAFETY: the name is borrowed for the call; the text found is copied at once.
        unsafe name.withCString { name in
            guard let text = unsafe linux_environment(name) else { return nil }
            return unsafe String(cString: text)
        }
    }

    /// A path from the root, without empty parts and parts that say "here": names are made beside
    /// it. A part that says "above" stays, because what is above a link only the kernel knows.
    static func absolute(_ path: String) throws(FrontError) -> String {
        var whole = path
        if !path.hasPrefix("/") {
            whole = FileManager.default.currentDirectoryPath + "/" + path
        }
        return "/" + whole.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// The folder that this executable lies in; the other three lie beside it.
    static func programFolder() throws(FrontError) -> String {
        do {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            guard let slash = own.lastIndex(of: "/") else { throw FrontError.failed(own) }
            return String(own[..<slash])
        } catch {
            throw .failed("/proc/self/exe cannot be read: is /proc mounted?")
        }
    }

    /// One of our executables, which lies beside this one.
    static func program(_ name: String) throws(FrontError) -> String {
        let path = try programFolder() + "/" + name
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw .failed("\(path) is missing: the four executables belong in one folder")
        }
        return path
    }

    /// A program of the system, from the usual folders.
    static func tool(_ name: String) -> String? {
        for folder in ["/usr/bin", "/bin", "/usr/local/bin"] {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        return nil
    }
}
