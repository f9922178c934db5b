#define _GNU_SOURCE
#include "result.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

long linux_read(int fd, void *bytes, long count) { RESULT(read(fd, bytes, (size_t)count)); }
long linux_write(int fd, const void *bytes, long count) { RESULT(write(fd, bytes, (size_t)count)); }
long linux_pread(int fd, void *bytes, long count, int64_t offset) {
    RESULT(pread(fd, bytes, (size_t)count, offset));
}
long linux_pwrite(int fd, const void *bytes, long count, int64_t offset) {
    RESULT(pwrite(fd, bytes, (size_t)count, offset));
}
int linux_close(int fd) { STATUS(close(fd)); }
int linux_fdatasync(int fd) { STATUS(fdatasync(fd)); }
int linux_flock(int fd, int operation) { STATUS(flock(fd, operation)); }

int linux_open(int directory, const char *path, int flags, uint32_t mode) {
    STATUS(openat(directory, path, flags, (mode_t)mode));
}

int64_t linux_size(int fd) {
    struct stat seen;
    return fstat(fd, &seen) == 0 ? seen.st_size : -errno;
}

_Static_assert(LINUX_O_DIRECTORY == O_DIRECTORY && LINUX_O_NOFOLLOW == O_NOFOLLOW, "open flags");
_Static_assert(LINUX_O_CLOEXEC == O_CLOEXEC, "open flags");
_Static_assert(LINUX_AT_FDCWD == AT_FDCWD, "at flags");
_Static_assert(LINUX_LOCK_EX == LOCK_EX && LINUX_LOCK_NB == LOCK_NB, "locks");
