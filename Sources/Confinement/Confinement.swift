private import CCap
private import CLinux
private import CSeccomp

/// Giving up what a process does not need, each measure read back from the kernel.
package enum Confinement {
    /// Confines this process by `plan` for good, or throws at the first measure that does not
    /// take; the process must end then, for it is confined in part.
    ///
    /// It must be single-threaded, and have opened all that Landlock will no longer let it open.
    package static func apply(
        _ plan: ConfinementPlan
    ) throws(ConfinementError) -> ConfinementReport {
        try done(linux_ignore_sigpipe(), .brokenPipe)
        let owned = try checkIdentity(plan.ownUser)
        try limit(LINUX_RLIMIT_CORE, to: 0, .noCore)
        try limit(LINUX_RLIMIT_NOFILE, to: plan.descriptorsMax, .descriptorLimit)
        try limit(LINUX_RLIMIT_NPROC, to: plan.processesMax, .processLimit)
        if let bytes = plan.fileBytesMax {
            try limit(LINUX_RLIMIT_FSIZE, to: bytes, .fileSizeLimit)
        }
        try done(linux_prctl(LINUX_PR_SET_DUMPABLE, 0, 0), .notDumpable)
        try done(linux_prctl(LINUX_PR_SET_NO_NEW_PRIVS, 1, 0), .noNewPrivileges)
        try done(capabilities_drop(), .capabilities)
        let noCodeGain = try refuseCodeGain(plan)
        let abi = try Landlock.restrict(
            profile: plan.profile.number,
            folder: plan.profile.folder,
            acceptsWeaker: plan.acceptsWeakerKernel
        )
        let boundingSet = try readBack()
        switch plan.profile {
        case .signerSealed(let state, let listener):
            try load(SANDBOX_SIGNER_SEALED, [state, listener])
        case .gate: try load(SANDBOX_GATE, [])
        case .front: try load(SANDBOX_FRONT, [])
        }
        try checkFilter()
        return ConfinementReport(
            bits: bits(plan, abi: abi, owned: owned),
            landlockABI: abi,
            boundingSet: boundingSet,
            noCodeGain: noCodeGain
        )
    }

    /// Takes the rest from a sealed signer: read(2) and write(2) on `gate`, one-slot pwrite64(2)
    /// and fdatasync(2) on `state`, and exit_group(2) are left; anything else kills.
    ///
    /// Every earlier measure is read back once more. No file it writes can outgrow
    /// `stateBytes`, the size of the state file. Nothing can be read back after the last filter,
    /// but the kernel lists it in /proc/PID/status for others.
    package static func lockDown(
        gate: Int32,
        state: Int32,
        stateBytes: UInt64,
        after report: ConfinementReport
    ) throws(ConfinementError) -> ConfinementReport {
        try limit(LINUX_RLIMIT_FSIZE, to: stateBytes, .fileSizeLimit)
        try limit(LINUX_RLIMIT_NOFILE, to: 0, .descriptorLimit)
        let boundingSet = try readBack()
        try checkFilter()
        try load(SANDBOX_SIGNER_READY, [gate, state])
        return ConfinementReport(
            bits: report.bits.adding(.filter),
            landlockABI: report.landlockABI,
            boundingSet: boundingSet,
            noCodeGain: report.noCodeGain
        )
    }

    /// Reads back core size, dumpable, no_new_privs and the capability sets; the bounding set.
    private static func readBack() throws(ConfinementError) -> UInt64 {
        try checkLimit(LINUX_RLIMIT_CORE, 0, .noCore)
        try expect(linux_prctl(LINUX_PR_GET_DUMPABLE, 0, 0), 0, .notDumpable)
        try expect(linux_prctl(LINUX_PR_GET_NO_NEW_PRIVS, 0, 0), 1, .noNewPrivileges)
        var sets = capability_sets()
        // SAFETY: the call fills the one record it is given.
        try done(unsafe capabilities_read(&sets), .capabilities)
        let left = sets.effective | sets.permitted | sets.inheritable | sets.ambient
        if left != 0 { throw .notInForce(.capabilities, found: left) }
        return sets.bounding
    }

    /// Whether the process has a user of its own, as the plan says; root is nobody's own.
    private static func checkIdentity(_ user: UInt32?) throws(ConfinementError) -> Bool {
        guard let user else { return false }
        if linux_uid() != user || user == 0 {
            throw .notInForce(.identity, found: UInt64(linux_uid()))
        }
        if linux_gid() != user { throw .notInForce(.identity, found: UInt64(linux_gid())) }
        return true
    }

    private static func refuseCodeGain(_ plan: ConfinementPlan) throws(ConfinementError) -> Bool {
        let gain = UInt(LINUX_MDWE_REFUSE_EXEC_GAIN)
        let result = linux_prctl(LINUX_PR_SET_MDWE, gain, 0)
        // Linux before 6.3 does not know it. The filters refuse the same calls everywhere.
        if result == -LINUX_EINVAL { return false }
        try done(result, .noCodeGain)
        try expect(linux_prctl(LINUX_PR_GET_MDWE, 0, 0), LINUX_MDWE_REFUSE_EXEC_GAIN, .noCodeGain)
        return true
    }

    private static func load<let count: Int>(
        _ profile: Int32,
        _ descriptors: [count of Int32]
    ) throws(ConfinementError) {
        let span = descriptors.span
        // SAFETY: `count` numbers are read, from memory borrowed here; for none of them the
        // address is not used.
        let result = unsafe span.withUnsafeBufferPointer { buffer -> Int32 in
            unsafe sandbox_load(profile, buffer.baseAddress, Int32(buffer.count))
        }
        try done(result, .filter)
    }

    /// Reads back that a filter is in force: PR_GET_SECCOMP gives SECCOMP_MODE_FILTER, 2.
    private static func checkFilter() throws(ConfinementError) {
        try expect(linux_prctl(LINUX_PR_GET_SECCOMP, 0, 0), 2, .filter)
    }

    private static func bits(_ plan: ConfinementPlan, abi: Int32, owned: Bool) -> KernelBits {
        var bits = KernelBits.notDumpable.adding(.noNewPrivileges).adding(.noCore)
            .adding(.noCapabilities)
        if abi >= Landlock.requiredABI { bits = bits.adding(.landlock) }
        if owned { bits = bits.adding(.ownUser) }
        if plan.acceptsWeakerKernel { bits = bits.adding(.weakerKernelAccepted) }
        switch plan.profile {
        case .signerSealed: return bits
        case .gate, .front: return bits.adding(.filter)
        }
    }
}

/// A call's result, turned into an error that names the measure.
func done(_ result: Int32, _ measure: Measure) throws(ConfinementError) {
    if result < 0 { throw .refused(measure, errno: -result) }
}

private func expect(_ result: Int32, _ wanted: Int32, _ measure: Measure) throws(ConfinementError) {
    try done(result, measure)
    if result != wanted { throw .notInForce(measure, found: UInt64(result)) }
}

/// Sets both limits of a resource, and reads them back.
private func limit(
    _ resource: Int32,
    to value: UInt64,
    _ measure: Measure
) throws(ConfinementError) {
    try done(linux_limit_set(resource, value), measure)
    try checkLimit(resource, value, measure)
}

private func checkLimit(
    _ resource: Int32,
    _ value: UInt64,
    _ measure: Measure
) throws(ConfinementError) {
    var soft: UInt64 = 0
    var hard: UInt64 = 0
    // SAFETY: the call writes one number to each address.
    try done(unsafe linux_limit_get(resource, &soft, &hard), measure)
    if soft != value || hard != value { throw .notInForce(measure, found: hard) }
}
