/* Clients of gate.sock: each has one request under way at a time and asks again as soon as it is answered.
 * Prints: requests signed, requests refused, seconds, median and 99th percentile in microseconds.
 *
 *   load SOCKET CLIENTS < frames        frames: u32 length | bytes, repeated; each is a whole frame */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct client {
    int fd;
    double asked;
    uint32_t got, wanted;
    unsigned char head[5];
    const unsigned char *out;
    size_t left;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static unsigned char *input;
static size_t input_size, input_at;

static int next_request(struct client *c) {
    uint32_t length;
    if (input_at + 4 > input_size) return 0;
    memcpy(&length, input + input_at, 4);
    c->out = input + input_at + 4, c->left = length;
    input_at += 4 + length;
    c->asked = now(), c->got = 0, c->wanted = 5;
    ssize_t n = send(c->fd, c->out, c->left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) c->out += n, c->left -= n;
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    int clients = atoi(argv[2]), open_clients = 0;
    size_t room = 1 << 20;
    input = malloc(room);
    for (ssize_t n; (n = read(0, input + input_size, room - input_size)) > 0;) {
        input_size += n;
        if (input_size == room) input = realloc(input, room *= 2);
    }
    struct client *all = calloc(clients, sizeof *all);
    struct pollfd *polls = calloc(clients, sizeof *polls);
    double *took = calloc(input_size / 8 + 1, sizeof *took);
    size_t answered = 0, refused = 0;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
    for (int i = 0; i < clients; i++) {
        all[i].fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(all[i].fd, (struct sockaddr *)&address, sizeof address) != 0) return perror("connect"), 1;
    }
    struct timeval patience = {.tv_sec = 30};
    if (clients == 1) setsockopt(all[0].fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    double start = now();
    for (int i = 0; i < clients; i++) {
        if (!next_request(&all[i])) close(all[i].fd), all[i].fd = -1;
        else open_clients++;
    }
    static unsigned char sink[1 << 16];
    while (open_clients > 0) {
        for (int i = 0; i < clients; i++) polls[i] = (struct pollfd){all[i].fd, POLLIN | (all[i].left ? POLLOUT : 0), 0};
        /* One client alone simply waits for its answer, as a program of one payment does. */
        int alone = clients == 1 && all[0].left == 0;
        if (alone) polls[0].revents = POLLIN;
        else if (poll(polls, clients, 30000) <= 0) return fprintf(stderr, "no answer within 30 s\n"), 1;
        for (int i = 0; i < clients; i++) {
            struct client *c = &all[i];
            if (c->fd < 0) continue;
            if (c->left && (polls[i].revents & POLLOUT)) {
                ssize_t n = send(c->fd, c->out, c->left, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0 && errno != EAGAIN) return perror("send"), 1;
                if (n > 0) c->out += n, c->left -= n;
            }
            if (!(polls[i].revents & (POLLIN | POLLHUP))) continue;
            ssize_t n = recv(c->fd, sink, sizeof sink, alone ? 0 : MSG_DONTWAIT);
            if (n == 0 || (n < 0 && alone)) return fprintf(stderr, "closed, or no answer within 30 s\n"), 1;
            if (n < 0) continue;
            for (ssize_t i = 0; i < n && c->got + i < 5; i++) c->head[c->got + i] = sink[i];
            c->got += n;
            if (c->got < 5) continue;
            uint32_t length;
            memcpy(&length, c->head, 4);
            c->wanted = 4 + length;
            if (c->got < c->wanted) continue;
            took[answered++] = now() - c->asked;
            if (c->head[4] != 0xA1) refused++;
            if (!next_request(c)) close(c->fd), c->fd = -1, open_clients--;
        }
    }
    double seconds = (now() - start) / 1e6;
    qsort(took, answered, sizeof *took, order);
    printf("%zu %zu %.3f %.1f %.1f\n", answered - refused, refused, seconds, took[answered / 2], took[answered * 99 / 100]);
    return 0;
}
