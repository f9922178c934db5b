#define _GNU_SOURCE
#include "../result.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int linux_socket_pair(int *first, int *second) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return -errno;
    *first = pair[0];
    *second = pair[1];
    return 0;
}

static int address(const uint8_t *path, long count, struct sockaddr_un *at) {
    memset(at, 0, sizeof *at);
    at->sun_family = AF_UNIX;
    /* A leading NUL would name an abstract socket, which no file permission guards. */
    if (count <= 0 || memchr(path, 0, (size_t)count) != NULL) return -EINVAL;
    if (count >= (long)sizeof at->sun_path) return -ENAMETOOLONG;
    memcpy(at->sun_path, path, (size_t)count);
    return 0;
}

static int connected(const uint8_t *path, long count, int flags) {
    struct sockaddr_un at;
    int r = address(path, count, &at);
    if (r != 0) return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0) return fd;
    r = -errno;
    close(fd);
    return r;
}

int linux_connect(const uint8_t *path, long count) { return connected(path, count, 0); }

int linux_connect_at_once(const uint8_t *path, long count) { return connected(path, count, SOCK_NONBLOCK); }

/* Removes a socket that nobody listens on any more; a live one, or anything else, stays and is in the way. */
static int clear_stale(const struct sockaddr_un *at) {
    struct stat seen;
    if (lstat(at->sun_path, &seen) != 0) return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(seen.st_mode)) return -EEXIST;
    int fd = linux_connect((const uint8_t *)at->sun_path, (long)strlen(at->sun_path));
    if (fd >= 0) { close(fd); return -EADDRINUSE; }
    if (fd != -ECONNREFUSED) return fd;
    STATUS(unlink(at->sun_path));
}

/* The mode by umask: a chmod afterwards would follow a link that somebody put there. The umask is the whole process's: two
 * threads that changed it at once would leave it changed for good. */
static int bind_with_mode(int fd, const struct sockaddr_un *at, uint32_t mode) {
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&one_at_a_time);
    mode_t before = umask((mode_t)(~mode & 0777));
    int r = bind(fd, (const struct sockaddr *)at, sizeof *at) == 0 ? 0 : -errno;
    umask(before);
    pthread_mutex_unlock(&one_at_a_time);
    return r;
}

int linux_listen(const uint8_t *path, long count, uint32_t mode, int backlog) {
    struct sockaddr_un at;
    int r = address(path, count, &at);
    if (r == 0) r = clear_stale(&at);
    if (r != 0) return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    r = bind_with_mode(fd, &at, mode);
    if (r == 0) r = listen(fd, backlog) == 0 ? 0 : -errno;
    if (r == 0) return fd;
    close(fd);
    return r;
}

int linux_shutdown_write(int fd) { STATUS(shutdown(fd, SHUT_WR)); }

int linux_nonblocking(int fd, int on) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -errno;
    STATUS(fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

int linux_keep_on_exec(int fd, int keep) { STATUS(fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC)); }
