/* What every file of this module begins with. */
#ifndef PORTCULLIS_CLINUX_RESULT_H
#define PORTCULLIS_CLINUX_RESULT_H

#include "CLinux.h"
#include <errno.h>
#include <stddef.h>

/* Returns from a function that makes one system call: with its result, or the negative errno. */
#define RESULT(call) do { long r_ = (long)(call); return r_ < 0 ? -errno : r_; } while (0)
#define STATUS(call) do { int r_ = (int)(call); return r_ < 0 ? -errno : r_; } while (0)

#endif
