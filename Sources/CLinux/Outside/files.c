#define _GNU_SOURCE
#include "../result.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int64_t linux_seek_end(int fd) { RESULT(lseek(fd, 0, SEEK_END)); }
int linux_fsync(int fd) { STATUS(fsync(fd)); }
int linux_truncate(int fd, int64_t size) { STATUS(ftruncate(fd, size)); }
int linux_allocate(int fd, int64_t offset, int64_t count) {
    return -posix_fallocate(fd, offset, count); /* it returns the error itself, not through errno */
}

static int fill(int result, const struct stat *from, linux_file_facts *facts) {
    if (result != 0) return -errno;
    *facts = (linux_file_facts){
        .size = from->st_size,
        .device = from->st_dev,
        .inode = from->st_ino,
        .mode = from->st_mode,
        .uid = from->st_uid,
        .gid = from->st_gid,
        .links = (uint32_t)from->st_nlink,
        .modified_nanoseconds = from->st_mtim.tv_sec * 1000000000LL + from->st_mtim.tv_nsec,
    };
    return 0;
}

int linux_facts(int fd, linux_file_facts *facts) {
    struct stat seen;
    return fill(fstat(fd, &seen), &seen, facts);
}

int linux_facts_at(int directory, const char *path, linux_file_facts *facts) {
    struct stat seen;
    return fill(fstatat(directory, path, &seen, AT_SYMLINK_NOFOLLOW), &seen, facts);
}
int linux_mkdir(int directory, const char *path, uint32_t mode) {
    STATUS(mkdirat(directory, path, (mode_t)mode));
}
int linux_rename(int from, const char *old_path, int to, const char *new_path, unsigned flags) {
    /* renameat without flags, so that a profile needs only the one call that is used. */
    STATUS(flags == 0 ? renameat(from, old_path, to, new_path)
                      : renameat2(from, old_path, to, new_path, flags));
}
int linux_unlink(int directory, const char *path, int flags) { STATUS(unlinkat(directory, path, flags)); }
int linux_chmod(int fd, uint32_t mode) { STATUS(fchmod(fd, (mode_t)mode)); }
int linux_chown(int fd, uint32_t uid, uint32_t gid) { STATUS(fchown(fd, uid, gid)); }
int linux_chown_at(int directory, const char *path, uint32_t uid, uint32_t gid) {
    STATUS(fchownat(directory, path, uid, gid, AT_SYMLINK_NOFOLLOW));
}

long linux_directory_entries(int fd, void *bytes, long count) {
    RESULT(syscall(SYS_getdents64, fd, bytes, (size_t)count));
}

const char *linux_directory_name(const void *bytes, long count, long *offset) {
    if (*offset < 0 || *offset >= count) return NULL;
    const struct dirent64 *entry = (const void *)((const char *)bytes + *offset);
    *offset += entry->d_reclen;
    return entry->d_name;
}

_Static_assert(LINUX_O_CREAT == O_CREAT && LINUX_O_EXCL == O_EXCL, "open flags");
_Static_assert(LINUX_O_TRUNC == O_TRUNC && LINUX_O_APPEND == O_APPEND, "open flags");
_Static_assert(LINUX_O_NONBLOCK == O_NONBLOCK && LINUX_O_PATH == O_PATH, "open flags");
_Static_assert(LINUX_AT_REMOVEDIR == AT_REMOVEDIR, "at flags");
_Static_assert(LINUX_RENAME_NOREPLACE == RENAME_NOREPLACE, "rename flags");
_Static_assert(LINUX_LOCK_SH == LOCK_SH && LINUX_LOCK_UN == LOCK_UN, "locks");
_Static_assert(LINUX_MODE_TYPE == S_IFMT && LINUX_MODE_FILE == S_IFREG, "modes");
_Static_assert(LINUX_MODE_DIRECTORY == S_IFDIR && LINUX_MODE_SOCKET == S_IFSOCK, "modes");
