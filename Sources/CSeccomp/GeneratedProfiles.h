/* Made by scripts/generate-sandbox.py from policies/sandbox. Change the texts there, never this file. */

static const char *const signer_sealed_descriptors[] = {"state", "operator", NULL};
static const struct rule signer_sealed_rules[] = {
    RULE(read, 1, LE(2, 65536)),
    RULE(write, 1, LE(2, 65536)),
    RULE(pwrite64, 2, FD(0, 0), EQ(2, 4096)),
    RULE(fdatasync, 1, FD(0, 0)),
    RULE(poll, 0),
    RULE(restart_syscall, 0),
    RULE(clock_gettime, 1, INT(0, CLOCK_MONOTONIC)),
    RULE(accept4, 1, FD(0, 1)),
    RULE(close, 0),
    RULE(newfstatat, 1, INT(3, AT_EMPTY_PATH)),
    RULE(mmap, 1, BITS(2, PROT_EXEC, 0)),
    RULE(munmap, 0),
    RULE(madvise, 0),
    RULE(getrandom, 0),
    RULE(prctl, 1, INT(0, PR_GET_DUMPABLE)),
    RULE(prctl, 1, INT(0, PR_GET_NO_NEW_PRIVS)),
    RULE(prctl, 1, INT(0, PR_GET_SECCOMP)),
    RULE(prctl, 1, INT(0, PR_CAPBSET_READ)),
    RULE(prctl, 2, INT(0, PR_CAP_AMBIENT), EQ(1, PR_CAP_AMBIENT_IS_SET)),
    RULE(prlimit64, 1, INT(0, 0)),
    RULE(capget, 0),
    RULE(seccomp, 2, INT(0, SECCOMP_SET_MODE_FILTER), INT(1, 0)),
    RULE(exit_group, 0),
    END_OF_RULES
};
static const char *const signer_sealed_places[] = {NULL};
static const struct place signer_sealed_allowed[] = {
    END_OF_PLACES
};

static const char *const signer_ready_descriptors[] = {"gate", "state", NULL};
static const struct rule signer_ready_rules[] = {
    RULE(read, 2, FD(0, 0), LE(2, 65536)),
    RULE(write, 2, FD(0, 0), LE(2, 65536)),
    RULE(pwrite64, 2, FD(0, 1), EQ(2, 4096)),
    RULE(fdatasync, 1, FD(0, 1)),
    RULE(exit_group, 0),
    END_OF_RULES
};
static const char *const signer_ready_places[] = {NULL};
static const struct place signer_ready_allowed[] = {
    END_OF_PLACES
};

static const char *const gate_descriptors[] = {NULL};
static const struct rule gate_rules[] = {
    RULE(read, 0),
    RULE(write, 0),
    RULE(pread64, 0),
    RULE(pwrite64, 0),
    RULE(close, 0),
    RULE(poll, 0),
    RULE(restart_syscall, 0),
    RULE(accept4, 0),
    RULE(getsockopt, 2, INT(1, SOL_SOCKET), INT(2, SO_PEERCRED)),
    RULE(fcntl, 1, INT(1, F_GETFL)),
    RULE(fcntl, 1, INT(1, F_SETFL)),
    RULE(openat, 0),
    RULE(mkdirat, 0),
    RULE(renameat, 0),
    RULE(unlinkat, 0),
    RULE(newfstatat, 1, INT(3, AT_EMPTY_PATH)),
    RULE(getdents64, 0),
    RULE(fsync, 0),
    RULE(fdatasync, 0),
    RULE(flock, 0),
    RULE(clock_gettime, 0),
    RULE(clock_adjtime, 0),
    RULE(getrandom, 0),
    RULE(mmap, 1, BITS(2, PROT_EXEC, 0)),
    RULE(mprotect, 1, BITS(2, PROT_EXEC, 0)),
    RULE(munmap, 0),
    RULE(mremap, 0),
    RULE(madvise, 0),
    RULE(brk, 0),
    RULE(futex, 0),
    RULE(prctl, 1, INT(0, PR_GET_SECCOMP)),
    RULE(exit_group, 0),
    END_OF_RULES
};
static const char *const gate_places[] = {"log", NULL};
static const struct place gate_allowed[] = {
    PLACE(0, MAY_READ_FILE | MAY_READ_DIR | MAY_WRITE_FILE | MAY_TRUNCATE | MAY_MAKE_REG | MAY_MAKE_DIR | MAY_REMOVE_FILE | MAY_REMOVE_DIR | MAY_REFER),
    END_OF_PLACES
};

static const char *const front_descriptors[] = {NULL};
static const struct rule front_rules[] = {
    RULE(read, 0),
    RULE(write, 0),
    RULE(lseek, 0),
    RULE(close, 0),
    RULE(poll, 0),
    RULE(restart_syscall, 0),
    RULE(accept4, 0),
    RULE(socket, 1, INT(0, AF_UNIX)),
    RULE(connect, 0),
    RULE(fcntl, 1, INT(1, F_GETFL)),
    RULE(fcntl, 1, INT(1, F_SETFL)),
    RULE(openat, 0),
    RULE(newfstatat, 1, INT(3, AT_EMPTY_PATH)),
    RULE(clock_gettime, 0),
    RULE(getrandom, 0),
    RULE(mmap, 1, BITS(2, PROT_EXEC, 0)),
    RULE(mprotect, 1, BITS(2, PROT_EXEC, 0)),
    RULE(munmap, 0),
    RULE(mremap, 0),
    RULE(madvise, 0),
    RULE(brk, 0),
    RULE(futex, 0),
    RULE(prctl, 1, INT(0, PR_GET_SECCOMP)),
    RULE(exit_group, 0),
    END_OF_RULES
};
static const char *const front_places[] = {"public", NULL};
static const struct place front_allowed[] = {
    PLACE(0, MAY_READ_FILE | MAY_READ_DIR),
    END_OF_PLACES
};

static const struct profile profiles[] = {
    PROFILE(signer_sealed, DENY_NETWORK | DENY_SCOPE),
    PROFILE(signer_ready, 0),
    PROFILE(gate, DENY_NETWORK | DENY_SCOPE),
    PROFILE(front, DENY_NETWORK | DENY_SCOPE),
};
