/* Loaded into the gate by test_attacks_state.py: a wall clock that the test sets, and a disk that fails when the test says so.
 * The file named by the environment holds two numbers: seconds to add to the wall clock, and whether flushes fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile long long *numbers;
static int (*real_clock)(clockid_t, struct timespec *);
static int (*real_flush)(int);

__attribute__((constructor)) static void start(void) {
    int fd = open(getenv("UNRELIABLE"), O_RDONLY);
    void *found = mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);
    if (fd < 0 || found == MAP_FAILED) abort();
    close(fd);
    numbers = found;
    real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_flush = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    unsetenv("LD_PRELOAD");
    unsetenv("UNRELIABLE");
}

int clock_gettime(clockid_t id, struct timespec *time) {
    int result = real_clock(id, time);
    if (result == 0 && id == CLOCK_REALTIME) time->tv_sec += numbers[0];
    return result;
}

int fdatasync(int fd) {
    if (numbers[1]) {
        errno = EIO;
        return -1;
    }
    return real_flush(fd);
}
