#ifndef PORTCULLIS_CSECCOMP_H
#define PORTCULLIS_CSECCOMP_H

#include <stdint.h>

/* The profiles of policies/sandbox, compiled into a table, and their loading by libseccomp. */

#define SANDBOX_SIGNER_SEALED 0
#define SANDBOX_SIGNER_READY 1
#define SANDBOX_GATE 2
#define SANDBOX_FRONT 3

/* The symbolic descriptor at `place` of a profile, NULL past the end: the order in which sandbox_load takes their numbers. */
const char *sandbox_descriptor(int profile, int place);

/* Loads the profile's filter for good: everything it does not name ends the process, a foreign architecture too. Needs
 * no_new_privs. Allocates, and never gives back: freeing might reach a call that is now deadly. 0 or a negative errno. */
int sandbox_load(int profile, const int *descriptors, int count);

/* Landlock's part: 1 when the profile denies TCP; 1 when it denies abstract sockets and signals to other domains. */
int sandbox_denies_network(int profile);
int sandbox_denies_scope(int profile);
/* The folder at `place` of a profile, NULL past the end, and Landlock's access bits below it. */
const char *sandbox_place(int profile, int place);
uint64_t sandbox_place_access(int profile, int place);

#endif
