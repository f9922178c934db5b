#define _GNU_SOURCE
#include "result.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PAGE = 4096, SPARE = 64 * 1024, LARGE = 16 * 1024 };

/* Keeps whole pages out of swap, and out of core files. */
static int keep(uintptr_t start, uintptr_t end) {
    start &= ~(uintptr_t)(PAGE - 1);
    end = (end + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    if (mlock((void *)start, end - start) != 0) return -errno;
    STATUS(madvise((void *)start, end - start, MADV_DONTDUMP));
}

static int keep_stack(long count) {
    /* The kernel puts the name of the program at the very end of the stack, eight zero bytes behind it. */
    const char *name = (const char *)getauxval(AT_EXECFN);
    if (name == NULL) return -EINVAL;
    uintptr_t end = ((uintptr_t)name + strlen(name) + 1 + 8 + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    uintptr_t low = end - (uintptr_t)count;
    if ((uintptr_t)&name < low + SPARE) return -E2BIG; /* arguments or an environment as large as the stack */
    struct rlimit limit = {(rlim_t)count, (rlim_t)count};
    if (setrlimit(RLIMIT_STACK, &limit) != 0) return -errno;
    if (getrlimit(RLIMIT_STACK, &limit) != 0) return -errno;
    if (limit.rlim_max != (rlim_t)count || limit.rlim_cur != (rlim_t)count) return -EPERM;
    (void)*(volatile char *)low; /* the stack grows down to where it may not go on */
    return keep(low, end);
}

/* What the loader made writable of the program: its data, and what is zero at first. */
static int keep_data(void) {
    extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
    const char *image = (const char *)&__ehdr_start;
    const ElfW(Phdr) *part = (const ElfW(Phdr) *)(image + __ehdr_start.e_phoff);
    for (int i = 0; i < __ehdr_start.e_phnum; i++) {
        if (part[i].p_type != PT_LOAD || (part[i].p_flags & PF_W) == 0) continue;
        uintptr_t start = (uintptr_t)image + part[i].p_vaddr;
        int r = keep(start, start + part[i].p_memsz);
        if (r != 0) return r;
    }
    return 0;
}

/* The C libraries' heap, at its full size at once; it is never given back. */
static int keep_heap(long count) {
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_MMAP_THRESHOLD, (int)count + PAGE); /* or this one would be a mapping of its own */
    void *volatile room = malloc((size_t)count);
    uintptr_t start = (uintptr_t)room, end = (uintptr_t)sbrk(0);
    free(room);
    mallopt(M_MMAP_THRESHOLD, LARGE); /* what is large and made later is no key, and must not use the room up */
    if (room == NULL || end < start + (uintptr_t)count) return -ENOMEM;
    int r = keep(start, end);
    /* What the C library's own start put below it. */
    for (int i = 1; r == 0 && i <= SPARE / PAGE; i++)
        if (keep(start - (uintptr_t)i * PAGE, start - (uintptr_t)i * PAGE + 1) != 0) break;
    return r;
}

int linux_lock_memory(long stack, long heap, uint64_t everything) {
    int r = keep_stack(stack);
    if (r == 0) r = keep_data();
    if (r == 0) r = keep_heap(heap);
    if (r != 0) return r;
    uint64_t soft, hard;
    if ((r = linux_limit_get(LINUX_RLIMIT_MEMLOCK, &soft, &hard)) != 0) return r;
    if (soft < everything) return 0;
    return mlockall(MCL_FUTURE) == 0 ? 1 : -errno;
}
