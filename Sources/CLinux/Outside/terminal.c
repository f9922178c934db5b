#define _GNU_SOURCE
#include "../result.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

int linux_is_terminal(int fd) { return isatty(fd) == 1; }

int linux_terminal_echo(int fd, int on) {
    struct termios mode;
    if (tcgetattr(fd, &mode) != 0) return -errno;
    int before = (mode.c_lflag & ECHO) != 0;
    if (on) mode.c_lflag |= ECHO;
    else mode.c_lflag &= ~(tcflag_t)ECHO;
    return tcsetattr(fd, TCSAFLUSH, &mode) == 0 ? before : -errno;
}

int linux_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}
