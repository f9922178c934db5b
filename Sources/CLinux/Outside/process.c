#define _GNU_SOURCE
#include "../result.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

int linux_argument_count(void) {
    int count = 0;
    while (linux_argument(count) != NULL) count++;
    return count;
}
const char *linux_environment(const char *name) { return getenv(name); }
long linux_text_length(const char *text) { return (long)strlen(text); }

int linux_pid(void) { return getpid(); }
int linux_parent_pid(void) { return getppid(); }

int linux_become(uint32_t uid, uint32_t gid) {
    uid_t real_uid, effective_uid, saved_uid;
    gid_t real_gid, effective_gid, saved_gid;
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) return -errno;
    if (getresuid(&real_uid, &effective_uid, &saved_uid) != 0) return -errno;
    if (getresgid(&real_gid, &effective_gid, &saved_gid) != 0) return -errno;
    if (real_uid != uid || effective_uid != uid || saved_uid != uid) return -EPERM;
    if (real_gid != gid || effective_gid != gid || saved_gid != gid) return -EPERM;
    return getgroups(0, NULL) == 0 ? 0 : -EPERM;
}

/* Puts the list at 0, 1, 2 … and `report` right behind it, and closes all else. First every one is copied above the
 * places, so that no place is overwritten before it was read. The new place of `report`, or a negative errno. */
static int place_descriptors(const linux_child *child, int report) {
    int count = child->descriptor_count, high[LINUX_CHILD_DESCRIPTORS_MAX + 1];
    for (int i = 0; i <= count; i++) {
        int from = i == count ? report : child->descriptors[i];
        if (from < 0) from = open("/dev/null", O_RDWR | O_CLOEXEC);
        high[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, count + 1);
        if (high[i] < 0) return -errno;
    }
    for (int i = 0; i < count; i++)
        if (dup2(high[i], i) < 0) return -errno;
    if (dup3(high[count], count, O_CLOEXEC) < 0) return -errno;
    if (syscall(SYS_close_range, (unsigned)count + 1, ~0U, 0) != 0) return -errno;
    return count;
}

static void default_signals(void) {
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int i = 1; i < NSIG; i++) sigaction(i, &usual, NULL); /* fails for KILL, STOP and glibc's own: as they should be */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Runs in the child; returns only when something failed. */
static int become_child(const linux_child *child, pid_t parent) {
    static char *const empty[] = {NULL};
    default_signals();
    umask(child->shares_files ? 0022 : 0077);
    if (child->locks_memory) {
        struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
        (void)setrlimit(RLIMIT_MEMLOCK, &none); /* without the right to, the child finds what there is, and says so */
    }
    if (child->change_identity) {
        /* Only now there may be the right to: the change of identity takes it away. Past the last one, or without the
         * right, it fails; how much is left the child's own confinement reports. */
        for (unsigned long i = 0; i < 64; i++)
            if (prctl(PR_CAPBSET_DROP, i, 0UL, 0UL, 0UL) != 0) break;
        int r = linux_become(child->uid, child->gid);
        if (r != 0) return r;
    }
    if (child->death_signal != 0) { /* after the identity: a change of it clears the signal */
        if (prctl(PR_SET_PDEATHSIG, child->death_signal) != 0) return -errno;
        if (getppid() != parent) _exit(127); /* it was gone before the signal was set */
    }
    execve(child->path, child->arguments, child->environment ? child->environment : empty);
    return -errno;
}

int linux_spawn(const linux_child *child) {
    int report[2], failed = 0;
    if (child->descriptor_count < 0 || child->descriptor_count > LINUX_CHILD_DESCRIPTORS_MAX) return -EINVAL;
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        failed = errno;
        close(report[0]);
        close(report[1]);
        return -failed;
    }
    if (pid == 0) {
        int place = place_descriptors(child, report[1]);
        int r = place < 0 ? place : become_child(child, parent);
        ssize_t told = write(place < 0 ? report[1] : place, &r, sizeof r);
        _exit(told == sizeof r ? 127 : 126);
    }
    close(report[1]);
    ssize_t got;
    do got = read(report[0], &failed, sizeof failed); while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == 0) return pid; /* closed by execve: the program runs */
    waitpid(pid, NULL, 0);
    return got == sizeof failed ? failed : -EIO;
}

int linux_wait(int pid, int flags, int *status) {
    int raw;
    pid_t ended = waitpid(pid, &raw, flags);
    if (ended < 0) return -errno;
    if (ended > 0) *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : -WTERMSIG(raw);
    return ended;
}

int linux_kill(int pid, int signal) { STATUS(kill(pid, signal)); }

int linux_signal_descriptor(uint64_t signals) {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (int i = 1; i <= 64; i++)
        if (signals >> (i - 1) & 1) sigaddset(&wanted, i);
    if (sigprocmask(SIG_BLOCK, &wanted, NULL) != 0) return -errno;
    STATUS(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

int linux_next_signal(int fd) {
    struct signalfd_siginfo next;
    ssize_t got = read(fd, &next, sizeof next);
    if (got < 0) return -errno;
    return got == sizeof next ? (int)next.ssi_signo : -EIO;
}

_Static_assert(LINUX_EPIPE == EPIPE && LINUX_EPERM == EPERM, "errno");
_Static_assert(LINUX_ENOENT == ENOENT && LINUX_ESRCH == ESRCH, "errno");
_Static_assert(LINUX_EIO == EIO && LINUX_EBADF == EBADF, "errno");
_Static_assert(LINUX_ECHILD == ECHILD && LINUX_ENOMEM == ENOMEM, "errno");
_Static_assert(LINUX_EEXIST == EEXIST && LINUX_ENOTDIR == ENOTDIR, "errno");
_Static_assert(LINUX_ENAMETOOLONG == ENAMETOOLONG && LINUX_ENOSYS == ENOSYS, "errno");
_Static_assert(LINUX_ENODATA == ENODATA && LINUX_EOPNOTSUPP == EOPNOTSUPP, "errno");
_Static_assert(LINUX_EADDRINUSE == EADDRINUSE && LINUX_ECONNRESET == ECONNRESET, "errno");
_Static_assert(LINUX_ECONNREFUSED == ECONNREFUSED && LINUX_ELOOP == ELOOP, "errno");
_Static_assert(LINUX_SIGHUP == SIGHUP && LINUX_SIGINT == SIGINT, "signals");
_Static_assert(LINUX_SIGKILL == SIGKILL && LINUX_SIGTERM == SIGTERM, "signals");
_Static_assert(LINUX_SIGCHLD == SIGCHLD && LINUX_WNOHANG == WNOHANG, "signals");
