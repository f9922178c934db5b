#define _GNU_SOURCE
#include "result.h"

#include <poll.h>
#include <sys/socket.h>

int linux_accept(int fd, int nonblocking) {
    STATUS(accept4(fd, NULL, NULL, SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0)));
}

int linux_peer(int fd, uint32_t *uid, uint32_t *gid, int *pid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -errno;
    *uid = peer.uid;
    *gid = peer.gid;
    *pid = peer.pid;
    return 0;
}

int linux_poll(linux_poll_entry *entries, long count, int milliseconds) {
    STATUS(poll((struct pollfd *)entries, (nfds_t)count, milliseconds));
}

_Static_assert(sizeof(linux_poll_entry) == sizeof(struct pollfd), "poll entry");
_Static_assert(__builtin_offsetof(linux_poll_entry, returned) == __builtin_offsetof(struct pollfd, revents), "poll entry");

_Static_assert(LINUX_POLLIN == POLLIN && LINUX_POLLOUT == POLLOUT, "poll events");
_Static_assert(LINUX_POLLERR == POLLERR && LINUX_POLLHUP == POLLHUP, "poll events");
