/* The yardstick of durability: two flushes in sequence, each of one 4,096-byte write into a preallocated file.
 * Prints the median and the 99th percentile of COUNT pairs in microseconds.
 *
 *   flush DIRECTORY COUNT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static int prepared(const char *directory, const char *name, size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    char *zero = calloc(1, size);
    if (fd < 0 || pwrite(fd, zero, size, 0) != (ssize_t)size || fsync(fd) != 0) exit(1);
    unlink(path);
    free(zero);
    return fd;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    int count = atoi(argv[2]);
    double *took = calloc(count, sizeof *took);
    char block[4096];
    memset(block, 7, sizeof block);
    int journal = prepared(argv[1], ".flush-journal", (size_t)count * 4096), state = prepared(argv[1], ".flush-state", 8192);
    for (int i = 0; i < count; i++) {
        double start = now();
        if (pwrite(journal, block, 1024, (off_t)i * 4096) != 1024 || fdatasync(journal) != 0) return 1;
        if (pwrite(state, block, 4096, (i % 2) * 4096) != 4096 || fdatasync(state) != 0) return 1;
        took[i] = now() - start;
    }
    qsort(took, count, sizeof *took, order);
    printf("%.1f %.1f\n", took[count / 2], took[count * 99 / 100]);
    return 0;
}
