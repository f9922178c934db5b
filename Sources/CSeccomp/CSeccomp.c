#define _GNU_SOURCE
#include "CSeccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

struct condition {
    unsigned argument;
    enum scmp_compare compare;
    int is_descriptor; /* then `value` is a place in the profile's list of descriptors */
    uint64_t value, mask;
};
struct rule { const char *name; int call; unsigned count; struct condition conditions[3]; };
struct place { int index; uint64_t access; };
struct profile {
    const char *const *descriptors;
    const struct rule *rules;
    const char *const *places;
    const struct place *allowed;
    unsigned denied;
};

enum { DENY_NETWORK = 1, DENY_SCOPE = 2 };

/* Landlock's file rights, whose names the headers we build with have only in part. */
enum {
    MAY_EXECUTE = 1 << 0, MAY_WRITE_FILE = 1 << 1, MAY_READ_FILE = 1 << 2, MAY_READ_DIR = 1 << 3,
    MAY_REMOVE_DIR = 1 << 4, MAY_REMOVE_FILE = 1 << 5, MAY_MAKE_CHAR = 1 << 6, MAY_MAKE_DIR = 1 << 7,
    MAY_MAKE_REG = 1 << 8, MAY_MAKE_SOCK = 1 << 9, MAY_MAKE_FIFO = 1 << 10, MAY_MAKE_BLOCK = 1 << 11,
    MAY_MAKE_SYM = 1 << 12, MAY_REFER = 1 << 13, MAY_TRUNCATE = 1 << 14, MAY_IOCTL_DEV = 1 << 15,
};

/* What the kernel takes as an int is compared in its lower half: the C library leaves anything in the upper one. */
#define LOWER 0xFFFFFFFFu
#define FD(argument, place) {argument, SCMP_CMP_MASKED_EQ, 1, place, LOWER}
#define INT(argument, value) {argument, SCMP_CMP_MASKED_EQ, 0, value, LOWER}
#define EQ(argument, value) {argument, SCMP_CMP_EQ, 0, value, 0}
#define LE(argument, value) {argument, SCMP_CMP_LE, 0, value, 0}
#define BITS(argument, mask, value) {argument, SCMP_CMP_MASKED_EQ, 0, value, mask}
#define RULE(call, count, ...) {#call, SCMP_SYS(call), count, {__VA_ARGS__}}
#define END_OF_RULES {NULL, 0, 0, {}}
#define PLACE(index, access) {index, access}
#define END_OF_PLACES {-1, 0}
#define PROFILE(name, denied) {name##_descriptors, name##_rules, name##_places, name##_allowed, denied}

#include "GeneratedProfiles.h"

static const struct profile *find(int profile) {
    int count = (int)(sizeof profiles / sizeof profiles[0]);
    return profile >= 0 && profile < count ? &profiles[profile] : NULL;
}

static const char *name_at(const char *const *names, int place) {
    for (int i = 0; names[i] != NULL; i++)
        if (i == place) return names[i];
    return NULL;
}

static int add(scmp_filter_ctx filter, const struct rule *rule, const int *descriptors) {
    struct scmp_arg_cmp compare[3];
    /* A call that this architecture does not have resolves to a negative number: the profile was not written for it. */
    if (rule->call < 0) return -ENOSYS;
    for (unsigned i = 0; i < rule->count; i++) {
        const struct condition *from = &rule->conditions[i];
        uint64_t value = from->is_descriptor ? (uint64_t)descriptors[from->value] : from->value;
        compare[i] = from->compare == SCMP_CMP_MASKED_EQ
            ? (struct scmp_arg_cmp){from->argument, from->compare, from->mask, value}
            : (struct scmp_arg_cmp){from->argument, from->compare, value, 0};
    }
    return seccomp_rule_add_exact_array(filter, SCMP_ACT_ALLOW, rule->call, rule->count, compare);
}

int sandbox_load(int profile, const int *descriptors, int count) {
    const struct profile *chosen = find(profile);
    if (chosen == NULL) return -EINVAL;
    for (int i = 0; i < count; i++)
        if (descriptors[i] < 0 || name_at(chosen->descriptors, i) == NULL) return -EINVAL;
    if (name_at(chosen->descriptors, count) != NULL) return -EINVAL;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) return -ENOMEM;
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    /* The caller has set no_new_privs and read it back. */
    if (r == 0) r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    /* The kernel's own errno, not a general one. */
    if (r == 0) r = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    for (const struct rule *rule = chosen->rules; r == 0 && rule->name != NULL; rule++) r = add(filter, rule, descriptors);
    return r == 0 ? seccomp_load(filter) : r;
}

const char *sandbox_descriptor(int profile, int place) {
    const struct profile *chosen = find(profile);
    return chosen == NULL ? NULL : name_at(chosen->descriptors, place);
}

int sandbox_denies_network(int profile) {
    const struct profile *chosen = find(profile);
    return chosen != NULL && (chosen->denied & DENY_NETWORK) != 0;
}

int sandbox_denies_scope(int profile) {
    const struct profile *chosen = find(profile);
    return chosen != NULL && (chosen->denied & DENY_SCOPE) != 0;
}

const char *sandbox_place(int profile, int place) {
    const struct profile *chosen = find(profile);
    return chosen == NULL ? NULL : name_at(chosen->places, place);
}

uint64_t sandbox_place_access(int profile, int place) {
    const struct profile *chosen = find(profile);
    uint64_t access = 0;
    if (chosen == NULL) return 0;
    for (const struct place *row = chosen->allowed; row->index >= 0; row++)
        if (row->index == place) access |= row->access;
    return access;
}
