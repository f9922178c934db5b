#define _GNU_SOURCE
#include "../result.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_memfd_secret /* not in every header we build with; the number is the same everywhere */
#define SYS_memfd_secret 447
#endif

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

int linux_filter_available(void) {
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    STATUS(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
}

int linux_secret_available(void) {
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd < 0) return -errno;
    close(fd);
    return 0;
}

_Static_assert(LINUX_CLOCK_REALTIME == CLOCK_REALTIME && LINUX_CLOCK_BOOTTIME == CLOCK_BOOTTIME, "clocks");
_Static_assert(LINUX_PR_CAPBSET_READ == PR_CAPBSET_READ && LINUX_PR_CAPBSET_DROP == PR_CAPBSET_DROP, "prctl");
_Static_assert(LINUX_PR_CAP_AMBIENT == PR_CAP_AMBIENT && LINUX_PR_SET_THP_DISABLE == PR_SET_THP_DISABLE, "prctl");
