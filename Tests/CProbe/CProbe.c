#define _GNU_SOURCE
#include "CProbe.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS(call) do { long r_ = (long)(call); return r_ < 0 ? -errno : 0; } while (0)

int probe_fork(void) { return fork(); }
void probe_alarm(unsigned seconds) { alarm(seconds); }

void probe_call(long number, const int64_t a[6]) {
    syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    for (;;) syscall(SYS_exit_group, 77);
}

void probe_int80(void) {
#if defined(__x86_64__)
    long r = 20; /* getpid in the 32-bit table */
    __asm__ volatile("int $0x80" : "+a"(r) : : "memory");
#endif
    for (;;) syscall(SYS_exit_group, 77);
}

int probe_number(const char *name) { return seccomp_syscall_resolve_name(name); }

static socklen_t abstract(const char *name, struct sockaddr_un *at) {
    memset(at, 0, sizeof *at);
    at->sun_family = AF_UNIX;
    strncpy(at->sun_path + 1, name, sizeof at->sun_path - 2);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

int probe_abstract_connect(const char *name) {
    struct sockaddr_un at;
    socklen_t size = abstract(name, &at);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return -errno;
    STATUS(connect(fd, (struct sockaddr *)&at, size));
}

int probe_abstract_listen(const char *name) {
    struct sockaddr_un at;
    socklen_t size = abstract(name, &at);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) != 0) return -errno;
    STATUS(listen(fd, 1));
}

static int tcp(int (*call)(int, const struct sockaddr *, socklen_t), uint16_t port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return -errno;
    STATUS(call(fd, (struct sockaddr *)&at, sizeof at));
}

static int plain_connect(int fd, const struct sockaddr *at, socklen_t size) { return connect(fd, at, size); }
static int plain_bind(int fd, const struct sockaddr *at, socklen_t size) { return bind(fd, at, size); }
int probe_tcp_connect(void) { return tcp(plain_connect, 1); }
int probe_tcp_bind(void) { return tcp(plain_bind, 0); }

int probe_execute(const char *path) {
    char *const arguments[] = {(char *)path, NULL};
    execve(path, arguments, NULL);
    return -errno;
}

int probe_attach(int pid) { STATUS(ptrace(PTRACE_SEIZE, pid, 0, 0)); }

static int whole(ssize_t got) { return got == 16 ? 0 : got < 0 ? -errno : -EIO; }

int probe_read_mem(int pid, uint64_t address, uint8_t bytes[16]) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int r = whole(pread(fd, bytes, 16, (off_t)address));
    close(fd);
    return r;
}

int probe_read_vm(int pid, uint64_t address, uint8_t bytes[16]) {
    struct iovec here = {bytes, 16}, there = {(void *)address, 16};
    return whole(process_vm_readv(pid, &here, 1, &there, 1, 0));
}

int probe_read_ptrace(int pid, uint64_t address, uint8_t bytes[16]) {
    int status, r = 0;
    if (ptrace(PTRACE_ATTACH, pid, 0, 0) != 0) return -errno;
    if (waitpid(pid, &status, __WALL) != pid) return -errno;
    for (int i = 0; i < 2 && r == 0; i++) {
        errno = 0;
        long word = ptrace(PTRACE_PEEKDATA, pid, address + 8 * (uint64_t)i, 0);
        if (errno != 0) r = -errno;
        memcpy(bytes + 8 * i, &word, 8);
    }
    ptrace(PTRACE_DETACH, pid, 0, 0);
    return r;
}

int probe_child_reads(const uint8_t *byte) {
    int status;
    pid_t child = fork();
    if (child == 0) _exit(*(const volatile uint8_t *)byte);
    if (child < 0 || waitpid(child, &status, 0) != child) return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

enum { BELOW = 64 * 1024, FRAME = 512 };

/* Looks at memory below the frame: dead, so it is looked at word by word and never through a call. */
__attribute__((noinline, no_sanitize("address"))) int probe_stack_holds(const uint8_t needle[16]) {
    const volatile uint64_t *here = (const volatile uint64_t *)((uintptr_t)__builtin_frame_address(0) & ~7UL);
    uint64_t low, high;
    memcpy(&low, needle, 8);
    memcpy(&high, needle + 8, 8);
    for (long i = FRAME / 8; i < BELOW / 8 - 64; i++)
        if (here[-i] == low && here[-i + 1] == high) return 1;
    return 0;
}

__attribute__((noinline)) void probe_leave_on_stack(const uint8_t needle[16]) {
    volatile uint8_t frame[16 * 1024] __attribute__((aligned(16)));
    for (int i = 0; i < 16; i++) frame[8192 + i] = needle[i];
}

int probe_use_stack(long count) {
    char *volatile low = __builtin_alloca((size_t)count);
    for (long i = count - 1; i >= 0; i -= 512) ((volatile char *)low)[i] = 1;
    return low[0];
}
