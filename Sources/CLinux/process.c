#define _GNU_SOURCE
#include "result.h"

#include <signal.h>
#include <unistd.h>

static int argument_count;
static char **argument_list;

/* glibc hands main's arguments to constructors too, in a static program as well. */
__attribute__((constructor)) static void capture(int argc, char **argv) {
    argument_count = argc;
    argument_list = argv;
}
const char *linux_argument(int place) {
    return place >= 0 && place < argument_count ? argument_list[place] : NULL;
}
void linux_exit(int status) { _exit(status); }
uint32_t linux_uid(void) { return geteuid(); }
uint32_t linux_gid(void) { return getegid(); }
int linux_ignore_sigpipe(void) { return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0; }

_Static_assert(LINUX_EINTR == EINTR && LINUX_EAGAIN == EAGAIN, "errno");
_Static_assert(LINUX_EACCES == EACCES && LINUX_EINVAL == EINVAL, "errno");
_Static_assert(LINUX_ENOSPC == ENOSPC, "errno");
