/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One stopped thread of another process, as ptrace shows it: its registers,
 * its memory, and system calls made in its name.  Knows nothing of probes.
 *
 * Functions return 0 (or a value >= 0) or -errno; -ESRCH means that the thread
 * is gone or was killed meanwhile, which the caller must take as normal.
 *
 * A remote system call needs the thread in an *event stop* (PTRACE_INTERRUPT
 * on a thread that was about to return to user mode): only from there is a
 * system call which the stop had interrupted restarted correctly afterwards.
 */
#ifndef TAPSTER_RUNTIME_USER_REMOTE_H
#define TAPSTER_RUNTIME_USER_REMOTE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

int remote_get_regs(pid_t tid, struct user_regs_struct *regs);
int remote_set_regs(pid_t tid, const struct user_regs_struct *regs);
int remote_get_ip(pid_t tid, uint64_t *ip);
int remote_set_ip(pid_t tid, uint64_t ip);

/* Has the thread, in an event stop, a breakpoint behind it whose SIGTRAP is still on its way? */
bool remote_has_trap(pid_t tid);

/* The memory of a process: /proc/PID/mem kept open, PTRACE_POKETEXT where the
 * kernel forbids writing through it. */
struct remote_mem {
	pid_t tid; /* any stopped thread of the process, for POKETEXT */
	int fd;
};
int remote_mem_open(struct remote_mem *m, pid_t pid);
void remote_mem_close(struct remote_mem *m);
/* All of it or an error. */
int remote_read(const struct remote_mem *m, uint64_t addr, void *to, size_t len);
/* As far as it goes: the number of bytes read, which may be 0. */
size_t remote_read_some(const struct remote_mem *m, uint64_t addr, void *to, size_t len);
/* Also into pages that the process itself may not write. */
int remote_write(const struct remote_mem *m, uint64_t addr, const void *from, size_t len);

/* A run of system calls by one thread, which must be in an event stop before
 * and is in one after remote_end; signals stay blocked in between. */
struct remote_call {
	pid_t tid;
	int final;     /* wait status, when the thread has died or is about to (-ESRCH) */
	uint64_t insn; /* a syscall instruction */
	struct user_regs_struct saved;
	uint64_t saved_mask;
	unsigned n_held; /* signals that could not be blocked: sent again by remote_end */
	int held[8];
};
int remote_begin(struct remote_call *r, pid_t tid, uint64_t syscall_insn);
/* The system call's result in *RESULT, or an error of ours. */
int remote_syscall(struct remote_call *r, int64_t *result, long nr, uint64_t a, uint64_t b,
		   uint64_t c, uint64_t d, uint64_t e, uint64_t f);
/* Makes a signal pending for the thread, with all of INFO.  Not a system call. */
int remote_queue_signal(struct remote_call *r, const siginfo_t *info);
int remote_end(struct remote_call *r);

/* Takes a thread in any stop but a group stop to an event stop, without letting
 * it run an instruction.  When it has stopped for another reason or died, *OTHER
 * is that wait status and the result -EAGAIN or -ESRCH; else it is 0. */
int remote_to_event_stop(pid_t tid, int *other);

#endif
