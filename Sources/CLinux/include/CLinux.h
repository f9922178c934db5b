#ifndef PORTCULLIS_CLINUX_H
#define PORTCULLIS_CLINUX_H

/* Linux for Swift that cannot import Glibc. One function, one system call or one short sequence of them that must not be
 * torn apart. Unless it says otherwise a function returns 0 or a positive result, or the negative errno of what failed.
 * Nothing here allocates, and nothing retries: EINTR comes back as -LINUX_EINTR. Paths are NUL-terminated. */

#include <stdint.h>

/* Declared here, not taken from the headers of the C library, so that Swift sees them as its own; CLinux.c asserts each. */
#define LINUX_EPERM 1
#define LINUX_ENOENT 2
#define LINUX_ESRCH 3
#define LINUX_EINTR 4
#define LINUX_EIO 5
#define LINUX_EBADF 9
#define LINUX_ECHILD 10
#define LINUX_EAGAIN 11
#define LINUX_ENOMEM 12
#define LINUX_EACCES 13
#define LINUX_EEXIST 17
#define LINUX_ENOTDIR 20
#define LINUX_EINVAL 22
#define LINUX_ENOSPC 28
#define LINUX_EPIPE 32
#define LINUX_ENAMETOOLONG 36
#define LINUX_ENOSYS 38
#define LINUX_ELOOP 40
#define LINUX_ENODATA 61
#define LINUX_EOPNOTSUPP 95
#define LINUX_EADDRINUSE 98
#define LINUX_ECONNRESET 104
#define LINUX_ECONNREFUSED 111

#define LINUX_O_RDONLY 0
#define LINUX_O_WRONLY 1
#define LINUX_O_RDWR 2
#define LINUX_O_CREAT 0100
#define LINUX_O_EXCL 0200
#define LINUX_O_TRUNC 01000
#define LINUX_O_APPEND 02000
#define LINUX_O_NONBLOCK 04000
#define LINUX_O_DIRECTORY 0200000
#define LINUX_O_NOFOLLOW 0400000
#define LINUX_O_CLOEXEC 02000000
#define LINUX_O_PATH 010000000
#define LINUX_AT_FDCWD (-100)
#define LINUX_AT_REMOVEDIR 0x200
#define LINUX_RENAME_NOREPLACE 1

#define LINUX_LOCK_SH 1
#define LINUX_LOCK_EX 2
#define LINUX_LOCK_NB 4
#define LINUX_LOCK_UN 8

#define LINUX_CLOCK_REALTIME 0
#define LINUX_CLOCK_MONOTONIC 1
#define LINUX_CLOCK_BOOTTIME 7

#define LINUX_SIGHUP 1
#define LINUX_SIGINT 2
#define LINUX_SIGKILL 9
#define LINUX_SIGTERM 15
#define LINUX_SIGCHLD 17
#define LINUX_WNOHANG 1

#define LINUX_POLLIN 1
#define LINUX_POLLOUT 4
#define LINUX_POLLERR 8
#define LINUX_POLLHUP 16

/* ---- memory.c ---- */

/* `count` bytes of memfd_secret(2) between two guard pages: zeroed, touched, not inherited by fork. They stay until the
 * process ends. NULL on failure, with the errno in `*error`: there is no fallback to ordinary memory. */
void *linux_secret_map(long count, int *error);

/* `count` bytes of ordinary memory between two guard pages: zeroed, touched, left out of core files. NULL as above. */
void *linux_arena_map(long count, int *error);

/* 0 when memfd_secret(2) works here. */
int linux_secret_available(void);

/* Gives back what linux_arena_map returned for `count`. */
int linux_arena_unmap(void *bytes, long count);

/* Overwrites with zeros; the compiler may not leave it out. No system call. */
void linux_wipe(void *bytes, long count);

/* Overwrites the 64 KiB below the caller's frame, where library calls may have left key material. No system call. */
void linux_wipe_stack(void);

/* Fills `bytes` from getrandom(2). */
int linux_random(void *bytes, long count);

/* ---- files.c ---- */

long linux_read(int fd, void *bytes, long count);
long linux_write(int fd, const void *bytes, long count);
long linux_pread(int fd, void *bytes, long count, int64_t offset);
long linux_pwrite(int fd, const void *bytes, long count, int64_t offset);
int64_t linux_seek_end(int fd);
int linux_close(int fd);
int linux_fsync(int fd);
int linux_fdatasync(int fd);
int linux_truncate(int fd, int64_t size);
/* posix_fallocate(3): the blocks of offset ..< offset + count exist and read as zeros where nothing was written. */
int linux_allocate(int fd, int64_t offset, int64_t count);
int linux_flock(int fd, int operation);

typedef struct {
    int64_t size;
    uint64_t device, inode;
    uint32_t mode, uid, gid, links;
    int64_t modified_nanoseconds;
} linux_file_facts;

/* mode & LINUX_MODE_TYPE is one of the kinds. */
#define LINUX_MODE_TYPE 0170000
#define LINUX_MODE_FILE 0100000
#define LINUX_MODE_DIRECTORY 0040000
#define LINUX_MODE_SOCKET 0140000

int linux_facts(int fd, linux_file_facts *facts);
int linux_facts_at(int directory, const char *path, linux_file_facts *facts); /* does not follow a link */
int linux_open(int directory, const char *path, int flags, uint32_t mode);
int linux_mkdir(int directory, const char *path, uint32_t mode);
int linux_rename(int from, const char *old_path, int to, const char *new_path, unsigned flags);
int linux_unlink(int directory, const char *path, int flags);
int linux_chmod(int fd, uint32_t mode);
int linux_chown(int fd, uint32_t uid, uint32_t gid);
int linux_chown_at(int directory, const char *path, uint32_t uid, uint32_t gid); /* does not follow a link */
/* Raw getdents64 records into `bytes`; 0 at the end. */
long linux_directory_entries(int fd, void *bytes, long count);
/* The next name in such records: moves `*offset` on, returns a NUL-terminated name inside `bytes`, NULL at the end. */
const char *linux_directory_name(const void *bytes, long count, long *offset);

/* ---- sockets.c ---- */

int linux_socket_pair(int *first, int *second);                       /* AF_UNIX stream, close-on-exec */
int linux_listen(const uint8_t *path, long count, uint32_t mode, int backlog);
int linux_connect(const uint8_t *path, long count);
int linux_accept(int fd, int nonblocking);                           /* close-on-exec */
int linux_peer(int fd, uint32_t *uid, uint32_t *gid, int *pid);      /* SO_PEERCRED */
int linux_shutdown_write(int fd);
int linux_nonblocking(int fd, int on);
int linux_keep_on_exec(int fd, int keep);

typedef struct {
    int fd;
    int16_t events, returned;
} linux_poll_entry;

/* How many entries have something; 0 when `milliseconds` passed first (-1: no limit). */
int linux_poll(linux_poll_entry *entries, long count, int milliseconds);

/* ---- kernel.c ---- */

int64_t linux_clock_nanoseconds(int clock);

typedef struct {
    int synchronized;          /* 1: the kernel calls the clock disciplined */
    int64_t max_error_microseconds;
} linux_clock_quality;

int linux_clock_discipline(linux_clock_quality *quality);
int linux_boot_id(uint8_t id[16]);

#define LINUX_PR_SET_PDEATHSIG 1
#define LINUX_PR_GET_DUMPABLE 3
#define LINUX_PR_SET_DUMPABLE 4
#define LINUX_PR_GET_SECCOMP 21
#define LINUX_PR_CAPBSET_READ 23
#define LINUX_PR_CAPBSET_DROP 24
#define LINUX_PR_SET_NO_NEW_PRIVS 38
#define LINUX_PR_GET_NO_NEW_PRIVS 39
#define LINUX_PR_SET_THP_DISABLE 41
#define LINUX_PR_CAP_AMBIENT 47
#define LINUX_PR_CAP_AMBIENT_IS_SET 1
#define LINUX_PR_CAP_AMBIENT_CLEAR_ALL 4
#define LINUX_PR_SET_MDWE 65
#define LINUX_PR_GET_MDWE 66
#define LINUX_MDWE_REFUSE_EXEC_GAIN 1
int linux_prctl(int option, unsigned long second, unsigned long third);

/* 0 when the kernel takes seccomp filters that kill the process. */
int linux_filter_available(void);

#define LINUX_RLIMIT_FSIZE 1
#define LINUX_RLIMIT_CORE 4
#define LINUX_RLIMIT_NPROC 6
#define LINUX_RLIMIT_NOFILE 7
#define LINUX_RLIMIT_MEMLOCK 8
int linux_limit_set(int resource, uint64_t both);
int linux_limit_get(int resource, uint64_t *soft, uint64_t *hard);

/* Landlock; the numbers are the kernel's, newer than the headers of the systems we build on. */
int linux_landlock_abi(void); /* -LINUX_EOPNOTSUPP or -LINUX_ENOSYS where there is none */
int linux_landlock_create(uint64_t files, uint64_t network, uint64_t scoped); /* a descriptor */
int linux_landlock_allow(int ruleset, int path_fd, uint64_t access);
int linux_landlock_restrict(int ruleset);

/* ---- process.c ---- */

/* The arguments this process was started with; 0 is the program's name. Works where Swift has no CommandLine. */
int linux_argument_count(void);
const char *linux_argument(int place); /* NULL past the end */
const char *linux_environment(const char *name);
long linux_text_length(const char *text);
_Noreturn void linux_exit(int status);

int linux_pid(void);
int linux_parent_pid(void);
uint32_t linux_uid(void);
uint32_t linux_gid(void);
/* Gives up every supplementary group, then the gid, then the uid, and reads all three back. */
int linux_become(uint32_t uid, uint32_t gid);

#define LINUX_CHILD_DESCRIPTORS_MAX 32

typedef struct {
    const char *path;
    char *const *arguments;     /* ends with NULL; the first is the program's name */
    char *const *environment;   /* ends with NULL; NULL: empty */
    const int *descriptors;     /* become 0, 1, 2 … of the child; -1: /dev/null. Nothing else stays open */
    int descriptor_count;
    int change_identity;        /* 1: to uid and gid, without supplementary groups and bounding set */
    uint32_t uid, gid;
    int death_signal;           /* sent to the child when the calling thread ends; 0: none */
} linux_child;

/* Starts a program and waits until it was executed; its pid, or the negative errno of the first step that failed in it. */
int linux_spawn(const linux_child *child);
/* The pid that ended (0: none yet, with LINUX_WNOHANG); `*status` is the exit status, or minus the signal that ended it. */
int linux_wait(int pid, int flags, int *status);
int linux_kill(int pid, int signal);
int linux_ignore_sigpipe(void);

/* Blocks the signals whose bits are set (bit n - 1 is signal n) and gives a nonblocking descriptor to read them from. */
int linux_signal_descriptor(uint64_t signals);
int linux_next_signal(int fd); /* its number, or -LINUX_EAGAIN */

/* ---- terminal.c ---- */

int linux_is_terminal(int fd);
/* Whether what is typed is shown; 1 if it was before, 0 if not. */
int linux_terminal_echo(int fd, int on);
int linux_pipe(int *reading, int *writing); /* close-on-exec */

#endif
