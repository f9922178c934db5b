#ifndef PORTCULLIS_CLINUX_OUTSIDE_H
#define PORTCULLIS_CLINUX_OUTSIDE_H

/* What the gate, the front and the command line ask of Linux beyond CLinux.h. The C files are in Outside. */

#include <stdint.h>

#define LINUX_EPERM 1
#define LINUX_ENOENT 2
#define LINUX_ESRCH 3
#define LINUX_EIO 5
#define LINUX_EBADF 9
#define LINUX_ECHILD 10
#define LINUX_ENOMEM 12
#define LINUX_EEXIST 17
#define LINUX_ENOTDIR 20
#define LINUX_EPIPE 32
#define LINUX_ENAMETOOLONG 36
#define LINUX_ENOSYS 38
#define LINUX_ELOOP 40
#define LINUX_ENODATA 61
#define LINUX_EOPNOTSUPP 95
#define LINUX_EADDRINUSE 98
#define LINUX_ECONNRESET 104
#define LINUX_ECONNREFUSED 111
#define LINUX_O_WRONLY 1
#define LINUX_O_CREAT 0100
#define LINUX_O_EXCL 0200
#define LINUX_O_TRUNC 01000
#define LINUX_O_APPEND 02000
#define LINUX_O_NONBLOCK 04000
#define LINUX_O_PATH 010000000
#define LINUX_AT_REMOVEDIR 0x200
#define LINUX_RENAME_NOREPLACE 1

#define LINUX_LOCK_SH 1
#define LINUX_LOCK_UN 8

#define LINUX_CLOCK_REALTIME 0
#define LINUX_CLOCK_BOOTTIME 7

#define LINUX_SIGHUP 1
#define LINUX_SIGINT 2
#define LINUX_SIGQUIT 3
#define LINUX_SIGKILL 9
#define LINUX_SIGTERM 15
#define LINUX_SIGCHLD 17
#define LINUX_WNOHANG 1

/* 0 when memfd_secret(2) works here. */
int linux_secret_available(void);

int64_t linux_seek_end(int fd);
int linux_fsync(int fd);
int linux_truncate(int fd, int64_t size);
/* posix_fallocate(3): the blocks of offset ..< offset + count exist and read as zeros where nothing was written. */
int linux_allocate(int fd, int64_t offset, int64_t count);

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

int linux_socket_pair(int *first, int *second);                       /* AF_UNIX stream, close-on-exec */
int linux_listen(const uint8_t *path, long count, uint32_t mode, int backlog);
int linux_connect(const uint8_t *path, long count);
/* The same without waiting, and the descriptor is nonblocking: -EAGAIN while too many others wait to be accepted. */
int linux_connect_at_once(const uint8_t *path, long count);
int linux_shutdown_write(int fd);
int linux_nonblocking(int fd, int on);
int linux_keep_on_exec(int fd, int keep);

typedef struct {
    int synchronized;          /* 1: the kernel calls the clock disciplined */
    int64_t max_error_microseconds;
} linux_clock_quality;

int linux_clock_discipline(linux_clock_quality *quality);
int linux_boot_id(uint8_t id[16]);

#define LINUX_PR_SET_PDEATHSIG 1
#define LINUX_PR_CAPBSET_READ 23
#define LINUX_PR_CAPBSET_DROP 24
#define LINUX_PR_SET_THP_DISABLE 41
#define LINUX_PR_CAP_AMBIENT 47
#define LINUX_PR_CAP_AMBIENT_IS_SET 1
#define LINUX_PR_CAP_AMBIENT_CLEAR_ALL 4

/* 0 when the kernel takes seccomp filters that kill the process. */
int linux_filter_available(void);

/* The arguments this process was started with; 0 is the program's name. Works where Swift has no CommandLine. */
int linux_argument_count(void);
const char *linux_environment(const char *name);
long linux_text_length(const char *text);

int linux_pid(void);
int linux_parent_pid(void);
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
    int shares_files;           /* 1: anyone may read what it makes (umask 022); 0: nobody else (umask 077) */
    int locks_memory;           /* 1: RLIMIT_MEMLOCK is lifted where we have the right to, else it stays as it is */
} linux_child;

/* Starts a program and waits until it was executed; its pid, or the negative errno of the first step that failed in it. */
int linux_spawn(const linux_child *child);
/* The pid that ended (0: none yet, with LINUX_WNOHANG); `*status` is the exit status, or minus the signal that ended it. */
int linux_wait(int pid, int flags, int *status);
int linux_kill(int pid, int signal);

/* Blocks the signals whose bits are set (bit n - 1 is signal n) and gives a nonblocking descriptor to read them from. */
int linux_signal_descriptor(uint64_t signals);
int linux_next_signal(int fd); /* its number, or -LINUX_EAGAIN */

int linux_is_terminal(int fd);
/* Whether what is typed is shown; 1 if it was before, 0 if not. While it is not, a signal that ends us shows it again. */
int linux_terminal_echo(int fd, int on);
int linux_pipe(int *reading, int *writing); /* close-on-exec */

#endif
