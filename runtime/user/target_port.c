/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user runtime's part of port.h, but for output (target_ring.c).
 */
#include "runtime/user/target.h"

#include <asm/errno.h>
#include <asm/unistd.h>

struct timespec64 {
	int64_t seconds, ns;
};

enum { CLOCK_IS_REALTIME = 0, CLOCK_IS_MONOTONIC = 1 };

static uint64_t clock(int which)
{
	struct timespec64 t = { 0, 0 };

	if (user_process.clock_gettime)
		((int (*)(int, struct timespec64 *))(uintptr_t)user_process.clock_gettime)(which, &t);
	else
		user_syscall(__NR_clock_gettime, which, (long)&t, 0, 0, 0, 0);
	return (uint64_t)t.seconds * 1000000000u + (uint64_t)t.ns;
}

uint64_t rt_port_realtime_ns(void)
{
	return clock(CLOCK_IS_REALTIME);
}

uint64_t rt_port_monotonic_ns(void)
{
	return clock(CLOCK_IS_MONOTONIC);
}

uint64_t rt_port_cycles(void)
{
	return user_cycles();
}

unsigned rt_port_cpu(void)
{
	return user_cpu();
}

/* Who holds the lock may have lost its CPU: after spinning give way to it, and after that
 * sleep, so that hundreds of waiters don't keep it from running. */
void rt_port_relax(unsigned round)
{
	const struct timespec64 nap = { 0, 50000 };

	if (round < 64 || (user_process.flags & USER_PROCESS_QUIET))
		__builtin_ia32_pause();
	else if (round < 128)
		user_syscall(__NR_sched_yield, 0, 0, 0, 0, 0, 0);
	else
		user_syscall(__NR_nanosleep, (long)&nap, 0, 0, 0, 0, 0);
}

/* ---- memory ---- */

static bool is_remote(void)
{
	return user_process.flags & USER_PROCESS_REMOTE;
}

static int remote_read(void *dst, uint64_t addr, size_t n)
{
	return user_syscall(__NR_pread64, user_process.memory, (long)dst, (long)n, (long)addr, 0, 0) ==
			       (long)n ? 0 : -EFAULT;
}

/* Not through the descriptor, which would write to read-only pages too. */
static int remote_write(uint64_t addr, const void *src, size_t n)
{
	struct { uint64_t base, size; } from = { (uint64_t)(uintptr_t)src, n }, to = { addr, n };

	return user_syscall(__NR_process_vm_writev, user_process.pid, (long)&from, 1, (long)&to, 1, 0) ==
			       (long)n ? 0 : -EFAULT;
}

/* A page at a time: what is behind the string may not be there. */
static long remote_read_string(char *dst, uint64_t addr, size_t n)
{
	size_t len = 0;

	while (len < n) {
		size_t page = 4096 - ((addr + len) & 4095), most = page < n - len ? page : n - len;

		if (remote_read(dst + len, addr + len, most))
			return -EFAULT;
		for (size_t end = len + most; len < end; len++)
			if (!dst[len])
				return (long)len;
	}
	return (long)len;
}

int rt_port_read(void *dst, uint64_t addr, size_t n)
{
	if (rt_unlikely(is_remote()))
		return remote_read(dst, addr, n);
	return user_copy(dst, (const void *)(uintptr_t)addr, n);
}

int rt_port_write(uint64_t addr, const void *src, size_t n)
{
	if (rt_unlikely(is_remote()))
		return remote_write(addr, src, n);
	return user_copy((void *)(uintptr_t)addr, src, n);
}

long rt_port_read_str(char *dst, uint64_t addr, size_t n)
{
	if (rt_unlikely(is_remote()))
		return remote_read_string(dst, addr, n);
	return user_copy_string(dst, (const char *)(uintptr_t)addr, n);
}

/* ---- identity ---- */

static bool may_ask(void)
{
	return !(user_process.flags & (USER_PROCESS_QUIET | USER_PROCESS_DRIVER));
}

int64_t rt_port_id(struct rt_context *c, enum rt_id which)
{
	bool ask = may_ask();

	switch (which) {
	case RT_ID_PPID:
		return ask ? user_syscall(__NR_getppid, 0, 0, 0, 0, 0, 0) : user_process.ppid;
	case RT_ID_UID:
		return ask ? user_syscall(__NR_getuid, 0, 0, 0, 0, 0, 0) : user_process.uid;
	case RT_ID_EUID:
		return ask ? user_syscall(__NR_geteuid, 0, 0, 0, 0, 0, 0) : user_process.euid;
	case RT_ID_GID:
		return ask ? user_syscall(__NR_getgid, 0, 0, 0, 0, 0, 0) : user_process.gid;
	case RT_ID_EGID:
		return ask ? user_syscall(__NR_getegid, 0, 0, 0, 0, 0, 0) : user_process.egid;
	case RT_ID_PGRP:
		return ask ? user_syscall(__NR_getpgrp, 0, 0, 0, 0, 0, 0) : 0;
	case RT_ID_SID:
		return ask ? user_syscall(__NR_getsid, 0, 0, 0, 0, 0, 0) : 0;
	case RT_ID_NS_PID:
		return ask ? user_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0) : c->pid;
	case RT_ID_NS_TID:
		return ask ? user_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0) : c->tid;
	}
	return 0;
}

/* What a thread may ask of itself: a counter of its own would take a descriptor of the program's. */
bool rt_port_perf(struct rt_context *c, int64_t type, int64_t config, int64_t *value)
{
	enum { CLOCKS = 1, FAULTS = 2, SWITCHES = 3, MINOR_FAULTS = 5, MAJOR_FAULTS = 6 }; /* perf_event_open(2) */
	enum { MINOR = 8, MAJOR = 9, VOLUNTARY = 16, INVOLUNTARY = 17 }; /* longs of struct rusage */
	enum { SOFTWARE = 1, THREAD_CPUTIME = 3, THIS_THREAD = 1 };
	long now[2], usage[18];

	(void)c;
	if (type != SOFTWARE || !may_ask())
		return false;
	if (config >= 0 && config <= CLOCKS) {
		user_syscall(__NR_clock_gettime, THREAD_CPUTIME, (long)now, 0, 0, 0, 0);
		*value = now[0] * 1000000000 + now[1];
		return true;
	}
	if (user_syscall(__NR_getrusage, THIS_THREAD, (long)usage, 0, 0, 0, 0))
		return false;
	switch (config) {
	case FAULTS:
		*value = usage[MINOR] + usage[MAJOR];
		return true;
	case SWITCHES:
		*value = usage[VOLUNTARY] + usage[INVOLUNTARY];
		return true;
	case MINOR_FAULTS:
		*value = usage[MINOR];
		return true;
	case MAJOR_FAULTS:
		*value = usage[MAJOR];
		return true;
	}
	return false;
}

void rt_port_execname(struct rt_context *c, char *dst, size_t size)
{
	const long pr_get_name = 16;

	(void)c;
	if (size < sizeof user_process.comm)
		return;
	if (!may_ask() || user_syscall(__NR_prctl, pr_get_name, (long)dst, 0, 0, 0, 0) != 0)
		__builtin_memcpy(dst, user_process.comm, sizeof user_process.comm);
}

void rt_port_strings(struct rt_context *c, enum rt_strings which, uint64_t *start, uint64_t *end)
{
	(void)c;
	*start = user_process.strings[which == RT_ENVIRONMENT ? 2 : 0];
	*end = user_process.strings[which == RT_ENVIRONMENT ? 3 : 1];
}

/* All processes that are probed are the target or descend from it; of those that have not been
 * hit yet we don't know. */
bool rt_port_in_target_set(struct rt_context *c, int64_t pid)
{
	if (!rt_session.target)
		return false;
	if (pid == rt_session.target || (pid == c->pid && !(user_process.flags & USER_PROCESS_DRIVER)))
		return true;
	for (uint32_t i = 0; i < user_session.n_contexts; i++) {
		struct rt_context *other = &user_context_at(i)->rt;

		if (other->pid == pid && pid != rt_session.tool_pid)
			return true;
	}
	return false;
}

uint64_t rt_port_real_return(struct rt_context *c, uint64_t slot, uint64_t address)
{
	struct user_context *u = user_context_of(c);

	if (address != (uint64_t)(uintptr_t)user_return_trampoline)
		return address;
	for (uint32_t i = u->n_returns; i > 0; i--)
		if (user_return_at(u, i - 1)->slot == slot)
			return user_return_at(u, i - 1)->real;
	return address;
}

bool rt_port_bias(struct rt_context *c, uint32_t file, int64_t *bias)
{
	(void)c;
	if (file >= USER_FILES_MAX || !user_process.mapped[file])
		return false;
	*bias = user_process.bias[file];
	return true;
}

/* Code that runs in the target uses general registers only: the vector registers are the program's. */
bool rt_port_vector(struct rt_context *c, unsigned n, uint64_t value[2])
{
	struct vector { uint64_t half[2]; } *to = (struct vector *)value;

	(void)c;
	if (user_process.flags & USER_PROCESS_DRIVER)
		return false;
	switch (n) {
#define VECTOR(n) case n: __asm__ volatile("movups %%xmm" #n ", %0" : "=m"(*to)); return true;
	VECTOR(0) VECTOR(1) VECTOR(2) VECTOR(3) VECTOR(4) VECTOR(5) VECTOR(6) VECTOR(7)
	VECTOR(8) VECTOR(9) VECTOR(10) VECTOR(11) VECTOR(12) VECTOR(13) VECTOR(14) VECTOR(15)
#undef VECTOR
	default:
		return false;
	}
}

/* Handlers in the driver run for a thread whose %fs they don't have. */
uint64_t rt_port_thread_pointer(struct rt_context *c)
{
	uint64_t pointer;

	(void)c;
	if (user_process.flags & USER_PROCESS_DRIVER)
		return 0;
	__asm__ volatile("rdfsbase %0" : "=r"(pointer));
	return pointer;
}

/* The supervisor keeps it away from the thread as long as that is in a handler. */
int rt_port_raise(struct rt_context *c, int signal)
{
	const int eperm = 1;

	(void)c;
	if (!may_ask())
		return -eperm;
	return (int)user_syscall(__NR_tgkill, user_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0),
				 user_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0), signal, 0, 0, 0);
}
