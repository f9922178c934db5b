#define _GNU_SOURCE
#include "result.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t linux_clock_nanoseconds(int clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) return -errno;
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int linux_prctl(int option, unsigned long second, unsigned long third) {
    STATUS(prctl(option, second, third, 0UL, 0UL));
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

_Static_assert(LINUX_RLIMIT_FSIZE == RLIMIT_FSIZE && LINUX_RLIMIT_CORE == RLIMIT_CORE, "limits");
_Static_assert(LINUX_RLIMIT_NPROC == RLIMIT_NPROC && LINUX_RLIMIT_NOFILE == RLIMIT_NOFILE, "limits");
_Static_assert(LINUX_RLIMIT_MEMLOCK == RLIMIT_MEMLOCK, "limits");
_Static_assert(LINUX_PR_SET_DUMPABLE == PR_SET_DUMPABLE && LINUX_PR_GET_DUMPABLE == PR_GET_DUMPABLE, "prctl");
_Static_assert(LINUX_PR_SET_NO_NEW_PRIVS == PR_SET_NO_NEW_PRIVS, "prctl");
_Static_assert(LINUX_PR_GET_NO_NEW_PRIVS == PR_GET_NO_NEW_PRIVS, "prctl");
_Static_assert(LINUX_CLOCK_MONOTONIC == CLOCK_MONOTONIC, "clocks");
