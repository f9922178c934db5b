#ifndef PORTCULLIS_CLINUX_H
#define PORTCULLIS_CLINUX_H

/* Linux for Swift that cannot import Glibc. One function, one system call or one short sequence of them that must not be
 * torn apart. Unless it says otherwise a function returns 0 or a positive result, or the negative errno of what failed.
 * Nothing here allocates, and nothing retries: EINTR comes back as -LINUX_EINTR. Paths are NUL-terminated.
 * This header has what the signer calls; CLinuxOutside.h has what only the others call. */

#include <stdint.h>

/* Declared here, not taken from the headers of the C library, so that Swift sees them as its own; the C files assert each. */
#define LINUX_EINTR 4
#define LINUX_EAGAIN 11
#define LINUX_EACCES 13
#define LINUX_EINVAL 22
#define LINUX_ENOSPC 28

#define LINUX_O_RDONLY 0
#define LINUX_O_RDWR 2
#define LINUX_O_DIRECTORY 0200000
#define LINUX_O_NOFOLLOW 0400000
#define LINUX_O_CLOEXEC 02000000
#define LINUX_AT_FDCWD (-100)
#define LINUX_LOCK_EX 2
#define LINUX_LOCK_NB 4

#define LINUX_POLLIN 1
#define LINUX_POLLOUT 4
#define LINUX_POLLERR 8
#define LINUX_POLLHUP 16

/* `count` bytes of memfd_secret(2) between two guard pages: zeroed, touched, not inherited by fork. They stay until the
 * process ends. NULL on failure, with the errno in `*error`: there is no fallback to ordinary memory. */
void *linux_secret_map(long count, int *error);

/* `count` bytes of ordinary memory between two guard pages: zeroed, touched, left out of core files. NULL as above. */
void *linux_arena_map(long count, int *error);

/* Keeps in memory, out of swap and core files, what secrets pass through: the stack, which is `stack` bytes from here on and
 * cannot grow, the program's writable data, and the heap of the C libraries with room for `heap` bytes more. Where
 * RLIMIT_MEMLOCK is `everything` or more, all that is mapped later as well. Whether it is: 1 or 0. */
int linux_lock_memory(long stack, long heap, uint64_t everything);

/* Overwrites with zeros; the compiler may not leave it out. No system call. */
void linux_wipe(void *bytes, long count);

/* Overwrites the 64 KiB below the caller's frame, where library calls may have left key material. No system call. */
void linux_wipe_stack(void);

/* Fills `bytes` from getrandom(2). */
int linux_random(void *bytes, long count);

long linux_read(int fd, void *bytes, long count);
long linux_write(int fd, const void *bytes, long count);
long linux_pread(int fd, void *bytes, long count, int64_t offset);
long linux_pwrite(int fd, const void *bytes, long count, int64_t offset);
int linux_close(int fd);
int linux_fdatasync(int fd);
int linux_flock(int fd, int operation);
int64_t linux_size(int fd);
int linux_open(int directory, const char *path, int flags, uint32_t mode);
int linux_accept(int fd, int nonblocking);                           /* close-on-exec */
int linux_peer(int fd, uint32_t *uid, uint32_t *gid, int *pid);      /* SO_PEERCRED */

typedef struct {
    int fd;
    int16_t events, returned;
} linux_poll_entry;

/* How many entries have something; 0 when `milliseconds` passed first (-1: no limit). */
int linux_poll(linux_poll_entry *entries, long count, int milliseconds);
#define LINUX_PR_GET_DUMPABLE 3
#define LINUX_PR_SET_DUMPABLE 4
#define LINUX_PR_GET_SECCOMP 21
#define LINUX_PR_SET_NO_NEW_PRIVS 38
#define LINUX_PR_GET_NO_NEW_PRIVS 39
#define LINUX_PR_SET_MDWE 65
#define LINUX_PR_GET_MDWE 66
#define LINUX_MDWE_REFUSE_EXEC_GAIN 1
int linux_prctl(int option, unsigned long second, unsigned long third);

#define LINUX_RLIMIT_FSIZE 1
#define LINUX_RLIMIT_CORE 4
#define LINUX_RLIMIT_NPROC 6
#define LINUX_RLIMIT_NOFILE 7
#define LINUX_RLIMIT_MEMLOCK 8
int linux_limit_set(int resource, uint64_t both);
int linux_limit_get(int resource, uint64_t *soft, uint64_t *hard);

#define LINUX_CLOCK_MONOTONIC 1
int64_t linux_clock_nanoseconds(int clock); /* or a negative errno */

/* Landlock; the numbers are the kernel's, newer than the headers of the systems we build on. */
int linux_landlock_abi(void); /* -LINUX_EOPNOTSUPP or -LINUX_ENOSYS where there is none */
int linux_landlock_create(uint64_t files, uint64_t network, uint64_t scoped); /* a descriptor */
int linux_landlock_allow(int ruleset, int path_fd, uint64_t access);
int linux_landlock_restrict(int ruleset);
const char *linux_argument(int place); /* NULL past the end */
_Noreturn void linux_exit(int status);
uint32_t linux_uid(void);
uint32_t linux_gid(void);
int linux_ignore_sigpipe(void);

#include "CLinuxOutside.h"

#endif
