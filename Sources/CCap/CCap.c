#include "CCap.h"

#include <errno.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

int capabilities_drop(void) {
    capability_sets before;
    int r = capabilities_read(&before);
    if (r != 0) return r;
    if (before.ambient != 0 && cap_reset_ambient() != 0) return -errno;
    if (before.effective >> CAP_SETPCAP & 1)
        for (unsigned i = 0; i < 64; i++)
            if ((before.bounding >> i & 1) && cap_drop_bound((cap_value_t)i) != 0) return -errno;
    cap_t none = cap_init();
    if (none == NULL) return -errno;
    r = cap_set_proc(none) == 0 ? 0 : -errno;
    cap_free(none);
    return r;
}

int capabilities_read(capability_sets *sets) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    *sets = (capability_sets){0};
    if (capget(&header, data) != 0) return -errno;
    sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    for (unsigned long i = 0; i < 64; i++) {
        int bounding = prctl(PR_CAPBSET_READ, i, 0UL, 0UL, 0UL);
        if (bounding < 0) return errno == EINVAL ? 0 : -errno; /* past the kernel's last one */
        int ambient = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0UL, 0UL);
        if (ambient < 0) return -errno;
        sets->bounding |= (uint64_t)bounding << i;
        sets->ambient |= (uint64_t)ambient << i;
    }
    return 0;
}
