#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define STATUS(call) do { int r_ = (int)(call); return r_ < 0 ? -errno : r_; } while (0)

int64_t linux_clock_nanoseconds(int clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) return -errno;
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int linux_clock_discipline(linux_clock_quality *quality) {
    struct timex seen = {.modes = 0}; /* reads only */
    if (adjtimex(&seen) < 0) return -errno;
    quality->synchronized = (seen.status & STA_UNSYNC) == 0;
    quality->max_error_microseconds = seen.maxerror;
    return 0;
}

static int nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int linux_boot_id(uint8_t id[16]) {
    char text[37];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t got = read(fd, text, sizeof text);
    int failed = errno;
    close(fd);
    if (got < 0) return -failed;
    int digits = 0;
    for (ssize_t i = 0; i < got; i++) {
        int value = nibble(text[i]);
        if (value < 0) continue; /* dashes and the line's end */
        if (digits == 32) return -EINVAL;
        if (digits % 2 == 0) id[digits / 2] = (uint8_t)(value << 4);
        else id[digits / 2] |= (uint8_t)value;
        digits++;
    }
    return digits == 32 ? 0 : -EINVAL;
}

int linux_prctl(int option, unsigned long second, unsigned long third) {
    STATUS(prctl(option, second, third, 0UL, 0UL));
}

int linux_filter_available(void) {
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    STATUS(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
}

int linux_limit_set(int resource, uint64_t both) {
    struct rlimit limit = {both, both};
    STATUS(setrlimit((__rlimit_resource_t)resource, &limit));
}

int linux_limit_get(int resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) return -errno;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

/* Landlock's numbers and records as of ABI 6; the kernel takes a record of any known size. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

struct ruleset_record { uint64_t files, network, scoped; };
struct path_record { uint64_t access; int32_t fd; } __attribute__((packed));

int linux_landlock_abi(void) { STATUS(syscall(CREATE_RULESET, NULL, 0UL, RULESET_VERSION)); }

int linux_landlock_create(uint64_t files, uint64_t network, uint64_t scoped) {
    struct ruleset_record record = {files, network, scoped};
    /* An older kernel refuses trailing bytes unless they are zero, so the whole record is right for every ABI. */
    STATUS(syscall(CREATE_RULESET, &record, sizeof record, 0));
}

int linux_landlock_allow(int ruleset, int path_fd, uint64_t access) {
    struct path_record record = {access, path_fd};
    STATUS(syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &record, 0));
}

int linux_landlock_restrict(int ruleset) { STATUS(syscall(RESTRICT_SELF, ruleset, 0)); }

_Static_assert(LINUX_CLOCK_REALTIME == CLOCK_REALTIME && LINUX_CLOCK_BOOTTIME == CLOCK_BOOTTIME, "clocks");
_Static_assert(LINUX_CLOCK_MONOTONIC == CLOCK_MONOTONIC, "clocks");
_Static_assert(LINUX_RLIMIT_FSIZE == RLIMIT_FSIZE && LINUX_RLIMIT_CORE == RLIMIT_CORE, "limits");
_Static_assert(LINUX_RLIMIT_NPROC == RLIMIT_NPROC && LINUX_RLIMIT_NOFILE == RLIMIT_NOFILE, "limits");
_Static_assert(LINUX_RLIMIT_MEMLOCK == RLIMIT_MEMLOCK, "limits");
_Static_assert(LINUX_PR_SET_DUMPABLE == PR_SET_DUMPABLE && LINUX_PR_GET_DUMPABLE == PR_GET_DUMPABLE, "prctl");
_Static_assert(LINUX_PR_SET_NO_NEW_PRIVS == PR_SET_NO_NEW_PRIVS, "prctl");
_Static_assert(LINUX_PR_GET_NO_NEW_PRIVS == PR_GET_NO_NEW_PRIVS, "prctl");
_Static_assert(LINUX_PR_CAPBSET_READ == PR_CAPBSET_READ && LINUX_PR_CAPBSET_DROP == PR_CAPBSET_DROP, "prctl");
_Static_assert(LINUX_PR_CAP_AMBIENT == PR_CAP_AMBIENT, "prctl");
_Static_assert(LINUX_PR_SET_THP_DISABLE == PR_SET_THP_DISABLE, "prctl");
