#ifndef PORTCULLIS_CCAP_H
#define PORTCULLIS_CCAP_H

#include <stdint.h>

/* The capabilities of the calling thread, one bit each. */
typedef struct {
    uint64_t effective, permitted, inheritable, bounding, ambient;
} capability_sets;

/* Empties all five sets. The bounding set takes CAP_SETPCAP; without it that set is left as it is. 0 or a negative errno. */
int capabilities_drop(void);

/* Reads the five sets from the kernel. */
int capabilities_read(capability_sets *sets);

#endif
