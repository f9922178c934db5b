private import CLinux
private import CSeccomp

/// Landlock: what no path and no port is left for. See landlock(7).
package enum Landlock {
    /// Signals and abstract sockets can be denied from here on (Linux 6.12).
    package static let requiredABI: Int32 = 6

    /// Denies this process every file right but those of its profile below `folder`, and the
    /// networks and scopes the profile says; returns the kernel's ABI, 0 for none.
    ///
    /// An older kernel than the required one is an error unless the operator accepted it: then
    /// all that it knows is denied.
    package static func restrict(
        profile: Int32,
        folder: Int32?,
        acceptsWeaker: Bool
    ) throws(ConfinementError) -> Int32 {
        let abi = max(0, linux_landlock_abi())
        if abi < requiredABI && !acceptsWeaker { throw .landlockTooOld(abi: abi) }
        if abi == 0 { return 0 }
        let files = fileRights(abi: abi)
        let ruleset = linux_landlock_create(
            files,
            abi >= 4 && sandbox_denies_network(profile) == 1 ? 0b11 : 0,
            abi >= 6 && sandbox_denies_scope(profile) == 1 ? 0b11 : 0
        )
        try done(ruleset, .landlock)
        if let folder {
            let access = sandbox_place_access(profile, 0) & files
            try done(linux_landlock_allow(ruleset, folder, access), .landlock)
        }
        try done(linux_landlock_restrict(ruleset), .landlock)
        try done(linux_close(ruleset), .landlock)
        try probe()
        return abi
    }

    /// The file rights that a kernel of this ABI can deny, one bit each. Later ABIs add rights
    /// that were not measured: they stay as they are.
    package static func fileRights(abi: Int32) -> UInt64 {
        switch abi {
        case ..<1: 0
        case 1: 0x1FFF
        case 2: 0x3FFF
        case 3, 4: 0x7FFF
        default: 0xFFFF
        }
    }

    /// Opening the root folder must fail now, with the errno of Landlock: no profile allows it.
    private static func probe() throws(ConfinementError) {
        let root: StaticString = "/"
        let flags = LINUX_O_RDONLY | LINUX_O_DIRECTORY | LINUX_O_CLOEXEC
        let result = root.withUTF8Buffer { text -> Int32 in
            guard let start = text.baseAddress else { return -LINUX_EINVAL }
            // SAFETY: the compiler puts a NUL behind a static string; the call only reads.
            let path = unsafe UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
            return unsafe linux_open(LINUX_AT_FDCWD, path, flags, 0)
        }
        if result >= 0 {
            _ = linux_close(result)
            throw .notInForce(.landlock, found: 0)
        }
        if result != -LINUX_EACCES { throw .refused(.landlock, errno: -result) }
    }
}
