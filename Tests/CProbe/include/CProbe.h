#ifndef PORTCULLIS_CPROBE_H
#define PORTCULLIS_CPROBE_H

#include <stdint.h>

/* For tests only: what no product may be able to do. */

/* fork(2); the caller is single-threaded. */
int probe_fork(void);
/* Ends this process by SIGALRM after so many seconds. */
void probe_alarm(unsigned seconds);
/* One raw system call, then exit_group(77). Never returns. */
_Noreturn void probe_call(long number, const int64_t arguments[6]);
/* getpid by the 32-bit table of x86, then exit_group(77). Never returns. */
_Noreturn void probe_int80(void);
/* The number of a system call by name, negative when there is none. */
int probe_number(const char *name);

/* 0, or the negative errno, of what an attacker tries. */
int probe_abstract_connect(const char *name);
int probe_abstract_listen(const char *name);
int probe_tcp_connect(void);
int probe_tcp_bind(void);
int probe_execute(const char *path);
int probe_attach(int pid);

/* Reads 16 bytes of another process: 0 or the negative errno. */
int probe_read_mem(int pid, uint64_t address, uint8_t bytes[16]);     /* /proc/PID/mem */
int probe_read_vm(int pid, uint64_t address, uint8_t bytes[16]);      /* process_vm_readv */
int probe_read_ptrace(int pid, uint64_t address, uint8_t bytes[16]);  /* PTRACE_PEEKDATA */

/* fork, and in the child read one byte: the child's exit status or minus its signal. */
int probe_child_reads(const uint8_t *byte);
/* Whether `needle` is left in the 64 KiB below the caller's frame. */
int probe_stack_holds(const uint8_t needle[16]);
/* Leaves 16 bytes of `needle` in a dead frame. */
void probe_leave_on_stack(const uint8_t needle[16]);

/* Touches `count` bytes of the stack below the caller. */
int probe_use_stack(long count);

#endif
