/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int result_of(long r)
{
	return r < 0 ? -errno : 0;
}

int remote_get_regs(pid_t tid, struct user_regs_struct *regs)
{
	return result_of(ptrace(PTRACE_GETREGS, tid, NULL, regs));
}

int remote_set_regs(pid_t tid, const struct user_regs_struct *regs)
{
	return result_of(ptrace(PTRACE_SETREGS, tid, NULL, regs));
}

int remote_get_ip(pid_t tid, uint64_t *ip)
{
	errno = 0;
	long v = ptrace(PTRACE_PEEKUSER, tid, offsetof(struct user, regs.rip), NULL);
	if (v == -1 && errno)
		return -errno;
	*ip = (uint64_t)v;
	return 0;
}

int remote_set_ip(pid_t tid, uint64_t ip)
{
	return result_of(ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.rip), ip));
}

bool remote_has_trap(pid_t tid)
{
	siginfo_t info[16];
	for (uint64_t off = 0;; off += sizeof info / sizeof info[0]) {
		struct __ptrace_peeksiginfo_args args = { .off = off,
							  .nr = sizeof info / sizeof info[0] };
		long n = ptrace(PTRACE_PEEKSIGINFO, tid, &args, info);
		for (long i = 0; i < n; i++)
			if (info[i].si_signo == SIGTRAP && info[i].si_code > 0)
				return true;
		if (n < args.nr)
			return false;
	}
}

int remote_mem_open(struct remote_mem *m, pid_t pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	m->tid = pid;
	m->fd = open(path, O_RDWR | O_CLOEXEC);
	return m->fd < 0 ? -errno : 0;
}

void remote_mem_close(struct remote_mem *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

size_t remote_read_some(const struct remote_mem *m, uint64_t addr, void *to, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = pread(m->fd, (char *)to + done, len - done, (off_t)(addr + done));
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

int remote_read(const struct remote_mem *m, uint64_t addr, void *to, size_t len)
{
	return remote_read_some(m, addr, to, len) == len ? 0 : -EFAULT;
}

static int poke(pid_t tid, uint64_t addr, const uint8_t *from, size_t len)
{
	while (len) {
		uint64_t word_at = addr & ~7ULL;
		size_t skip = addr - word_at, n = 8 - skip < len ? 8 - skip : len;
		errno = 0;
		long word = ptrace(PTRACE_PEEKTEXT, tid, word_at, NULL);
		if (word == -1 && errno)
			return -errno;
		memcpy((char *)&word + skip, from, n);
		if (ptrace(PTRACE_POKETEXT, tid, word_at, word) < 0)
			return -errno;
		addr += n;
		from += n;
		len -= n;
	}
	return 0;
}

int remote_write(const struct remote_mem *m, uint64_t addr, const void *from, size_t len)
{
	ssize_t n = pwrite(m->fd, from, len, (off_t)addr);
	if (n == (ssize_t)len)
		return 0;
	return poke(m->tid, addr, from, len);
}

/* Its signal is SIGTRAP, or that of a group stop which the process is in as well. */
enum { EVENT_STOP = SIGTRAP | PTRACE_EVENT_STOP << 8 };

/* Waits for TID to stop; signals that get through the mask are held back. */
static int wait_stop(struct remote_call *r, int wanted)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(r->tid, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return -errno;
		if (!WIFSTOPPED(status) || status >> 16 == PTRACE_EVENT_EXIT) {
			r->final = status;
			return -ESRCH;
		}
		if (status >> 8 == wanted ||
		    (wanted == EVENT_STOP && status >> 16 == PTRACE_EVENT_STOP))
			return 0;
		int request = wanted == (SIGTRAP | 0x80) ? PTRACE_SYSCALL : PTRACE_CONT;
		if (status >> 16 == 0 && WSTOPSIG(status) != (SIGTRAP | 0x80) &&
		    r->n_held < sizeof r->held / sizeof r->held[0])
			r->held[r->n_held++] = WSTOPSIG(status);
		if (ptrace(request, r->tid, NULL, NULL) < 0)
			return -errno;
	}
}

int remote_begin(struct remote_call *r, pid_t tid, uint64_t syscall_insn)
{
	memset(r, 0, sizeof *r);
	r->tid = tid;
	r->insn = syscall_insn;
	int err = remote_get_regs(tid, &r->saved);
	if (err)
		return err;
	if (ptrace(PTRACE_GETSIGMASK, tid, sizeof r->saved_mask, &r->saved_mask) < 0)
		return -errno;
	uint64_t all = ~0ULL;
	if (ptrace(PTRACE_SETSIGMASK, tid, sizeof all, &all) < 0)
		return -errno;
	return 0;
}

int remote_syscall(struct remote_call *r, int64_t *result, long nr, uint64_t a, uint64_t b,
		   uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	struct user_regs_struct regs = r->saved;
	regs.rip = r->insn;
	regs.rax = (uint64_t)nr;
	regs.orig_rax = (uint64_t)-1; /* not in a system call: nothing to restart */
	regs.rdi = a;
	regs.rsi = b;
	regs.rdx = c;
	regs.r10 = d;
	regs.r8 = e;
	regs.r9 = f;
	int err = remote_set_regs(r->tid, &regs);
	for (int half = 0; !err && half < 2; half++) { /* its entry, its exit */
		if (ptrace(PTRACE_SYSCALL, r->tid, NULL, NULL) < 0)
			err = -errno;
		else
			err = wait_stop(r, SIGTRAP | 0x80);
	}
	if (!err)
		err = remote_get_regs(r->tid, &regs);
	if (!err)
		*result = (int64_t)regs.rax;
	return err;
}

/* A tracer can give data to a signal only in place of one that is being delivered; and if it is
 * blocked just then, the kernel keeps it pending (ptrace_signal() in its signal.c). */
int remote_queue_signal(struct remote_call *r, const siginfo_t *info)
{
	uint64_t all = ~0ULL, all_but_trap = ~(1ULL << (SIGTRAP - 1));
	if (info->si_signo == SIGSTOP) { /* can't be blocked; nobody sees its data */
		if (r->n_held < sizeof r->held / sizeof r->held[0])
			r->held[r->n_held++] = SIGSTOP;
		return 0;
	}
	if (ptrace(PTRACE_SETSIGMASK, r->tid, sizeof all_but_trap, &all_but_trap) < 0 ||
	    syscall(SYS_tkill, r->tid, SIGTRAP) < 0 || ptrace(PTRACE_CONT, r->tid, NULL, NULL) < 0)
		return -errno;
	int err = wait_stop(r, SIGTRAP);
	if (err)
		return err;
	if (ptrace(PTRACE_SETSIGMASK, r->tid, sizeof all, &all) < 0 ||
	    ptrace(PTRACE_SETSIGINFO, r->tid, NULL, info) < 0 ||
	    ptrace(PTRACE_INTERRUPT, r->tid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_CONT, r->tid, NULL, info->si_signo) < 0)
		return -errno;
	return wait_stop(r, EVENT_STOP);
}

int remote_end(struct remote_call *r)
{
	int err = 0;
	if (ptrace(PTRACE_INTERRUPT, r->tid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_CONT, r->tid, NULL, NULL) < 0)
		err = -errno;
	if (!err)
		err = wait_stop(r, EVENT_STOP);
	if (!err)
		err = remote_set_regs(r->tid, &r->saved);
	if (!err && ptrace(PTRACE_SETSIGMASK, r->tid, sizeof r->saved_mask, &r->saved_mask) < 0)
		err = -errno;
	for (unsigned i = 0; i < r->n_held; i++)
		syscall(SYS_tkill, r->tid, r->held[i]);
	return err;
}

int remote_to_event_stop(pid_t tid, int *other)
{
	*other = 0;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_CONT, tid, NULL, NULL) < 0)
		return -errno;
	for (;;) {
		int status;
		pid_t pid = waitpid(tid, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return -errno;
		if (!WIFSTOPPED(status) || status >> 16 == PTRACE_EVENT_EXIT) {
			*other = status;
			return -ESRCH;
		}
		if (status >> 16 == PTRACE_EVENT_STOP)
			return 0;
		*other = status;
		return -EAGAIN;
	}
}
