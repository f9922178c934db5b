#define _GNU_SOURCE
#include "../result.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

int linux_is_terminal(int fd) { return isatty(fd) == 1; }

/* What the terminal is given back when a signal ends us while nothing is shown. */
static struct termios shown;
static int shown_fd = -1;

static void show_and_end(int signal_number) {
    tcsetattr(shown_fd, TCSADRAIN, &shown);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void on_end(void (*handler)(int)) {
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) signal(ending[i], handler);
}

int linux_terminal_echo(int fd, int on) {
    struct termios mode;
    if (tcgetattr(fd, &mode) != 0) return -errno;
    int before = (mode.c_lflag & ECHO) != 0;
    if (on) {
        mode.c_lflag |= ECHO;
        if (tcsetattr(fd, TCSADRAIN, &mode) != 0) return -errno;
        on_end(SIG_DFL);
        return before;
    }
    shown = mode;
    shown_fd = fd;
    on_end(show_and_end);
    mode.c_lflag &= ~(tcflag_t)ECHO;
    return tcsetattr(fd, TCSAFLUSH, &mode) == 0 ? before : -errno;
}

int linux_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}
