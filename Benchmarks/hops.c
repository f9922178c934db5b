/* The yardstick of walking between processes: COUNT small messages there and back over a socket pair, both ends
 * sleeping until one comes. Prints the median round trip in microseconds.
 *
 *   hops COUNT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1000, pair[2];
    char message[300];
    memset(message, 7, sizeof message);
    double *took = calloc(count, sizeof *took);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 1;
    pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
        close(pair[0]);
        for (ssize_t n; (n = read(pair[1], message, sizeof message)) > 0;)
            if (write(pair[1], message, n) != n) _exit(1);
        _exit(0);
    }
    close(pair[1]);
    for (int i = 0; i < count; i++) {
        double start = now();
        if (write(pair[0], message, sizeof message) != sizeof message) return 1;
        for (size_t got = 0; got < sizeof message;) {
            ssize_t n = read(pair[0], message, sizeof message);
            if (n <= 0) return 1;
            got += n;
        }
        took[i] = now() - start;
    }
    close(pair[0]);
    waitpid(child, NULL, 0);
    qsort(took, count, sizeof *took, order);
    printf("%.1f\n", took[count / 2]);
    return 0;
}
