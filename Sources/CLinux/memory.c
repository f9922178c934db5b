#define _GNU_SOURCE
#include "result.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

enum { PAGE = 4096, STACK = 64 * 1024 };

static long pages(long count) { return (count + PAGE - 1) / PAGE * PAGE; }

/* Reserves room for `room` bytes with an inaccessible page on either side; the address of the room. */
static char *reserve(long room) {
    char *all = mmap(NULL, (size_t)room + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return all == MAP_FAILED ? NULL : all + PAGE;
}

static void *map_between_guards(long count, int fd, int flags, int advice, int *error) {
    long room = pages(count);
    char *at = reserve(room);
    if (at == NULL) { *error = errno; return NULL; }
    int failed = mmap(at, (size_t)room, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, 0) != at
        || madvise(at, (size_t)room, advice) != 0;
    if (failed) {
        *error = errno;
        munmap(at - PAGE, (size_t)room + 2 * PAGE);
        return NULL;
    }
    return at;
}

/* Brings every page in now: no page fault may be left that could fail later. */
static void touch(char *at, long count) {
    for (long i = 0; i < count; i += PAGE) ((volatile char *)at)[i] = 0;
}

void *linux_secret_map(long count, int *error) {
    *error = 0;
    if (count <= 0) { *error = EINVAL; return NULL; }
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd < 0) { *error = errno; return NULL; }
    if (ftruncate(fd, pages(count)) != 0) { *error = errno; close(fd); return NULL; }
    char *at = map_between_guards(count, fd, MAP_SHARED, MADV_DONTFORK, error);
    close(fd);
    if (at != NULL) touch(at, count);
    return at;
}

void *linux_arena_map(long count, int *error) {
    *error = 0;
    if (count <= 0) { *error = EINVAL; return NULL; }
    char *at = map_between_guards(count, -1, MAP_PRIVATE | MAP_ANONYMOUS, MADV_DONTDUMP, error);
    if (at != NULL) touch(at, count);
    return at;
}

void linux_wipe(void *bytes, long count) { explicit_bzero(bytes, (size_t)count); }

__attribute__((noinline)) void linux_wipe_stack(void) {
#ifndef PORTCULLIS_KEEP_STACK /* the control build of the memory scan: it proves that the scan can find a key */
    unsigned char below[STACK];
    explicit_bzero(below, sizeof below);
#endif
}

int linux_random(void *bytes, long count) {
    for (long done = 0; done < count;) {
        ssize_t n = getrandom((char *)bytes + done, (size_t)(count - done), 0);
        if (n < 0 && errno != EINTR) return -errno;
        if (n > 0) done += n;
    }
    return 0;
}
