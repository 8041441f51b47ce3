// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel runtime's part of port.h, but for output (output.c).  Ids are those
 * of the initial name spaces.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>
#include <asm/msr.h>

#include "runtime/kernel/kernel.h"

uint64_t rt_port_realtime_ns(void)
{
	return ktime_get_real_fast_ns();
}

uint64_t rt_port_monotonic_ns(void)
{
	return ktime_get_mono_fast_ns();
}

uint64_t rt_port_cycles(void)
{
	return rdtsc_ordered();
}

unsigned rt_port_cpu(void)
{
	return raw_smp_processor_id();
}

void rt_port_relax(unsigned round)
{
	cpu_relax();
}

/* ---- memory ---- */

static bool is_user(uint64_t addr)
{
	return addr < TASK_SIZE_MAX;
}

int rt_port_read(void *dst, uint64_t addr, size_t n)
{
	if (!is_user(addr))
		return copy_from_kernel_nofault(dst, (const void *)addr, n) ? -EFAULT : 0;
	if (likely(!copy_from_user_nofault(dst, (const void __user *)addr, n)) || !modules_read(dst, addr, n))
		return 0;
	if (irqs_disabled()) /* else it is no hit, but begin or end, that is preempted and doesn't look ahead */
		kernel_note_missing(__this_cpu_read(kernel_contexts), addr, n);
	return -EFAULT;
}

/* User memory only: what writes to the kernel's is not exported to modules. */
int rt_port_write(uint64_t addr, const void *src, size_t n)
{
	return is_user(addr) && !copy_to_user_nofault((void __user *)addr, src, n) ? 0 : -EFAULT;
}

/* In pieces that don't cross a page's end, where a string may end. */
long rt_port_read_str(char *dst, uint64_t addr, size_t n)
{
	enum { PIECE = 64 };
	size_t done = 0;

	while (done < n) {
		size_t part = min_t(size_t, n - done, PIECE - ((addr + done) & (PIECE - 1)));
		const char *end;

		if (rt_port_read(dst + done, addr + done, part))
			return -EFAULT;
		end = memchr(dst + done, 0, part);
		if (end)
			return end - dst;
		done += part;
	}
	return done;
}

/* ---- who ---- */

int64_t rt_port_id(struct rt_context *c, enum rt_id which)
{
	struct task_struct *task = kernel_task(c);
	const struct cred *cred;
	int64_t id = 0;

	rcu_read_lock();
	cred = __task_cred(task);
	switch (which) {
	case RT_ID_PPID:
		id = task_tgid_nr(rcu_dereference(task->real_parent));
		break;
	case RT_ID_UID:
		id = from_kuid(&init_user_ns, cred->uid);
		break;
	case RT_ID_EUID:
		id = from_kuid(&init_user_ns, cred->euid);
		break;
	case RT_ID_GID:
		id = from_kgid(&init_user_ns, cred->gid);
		break;
	case RT_ID_EGID:
		id = from_kgid(&init_user_ns, cred->egid);
		break;
	case RT_ID_PGRP:
		id = task_pgrp_nr_ns(task, &init_pid_ns);
		break;
	case RT_ID_SID:
		id = task_session_nr_ns(task, &init_pid_ns);
		break;
	case RT_ID_NS_PID:
		id = task_tgid_nr_ns(task, task_active_pid_ns(task));
		break;
	case RT_ID_NS_TID:
		id = task_pid_nr_ns(task, task_active_pid_ns(task));
		break;
	}
	rcu_read_unlock();
	return id;
}

void rt_port_execname(struct rt_context *c, char *dst, size_t size)
{
	const struct task_struct *task = kernel_task(c);

	if (size >= sizeof(task->comm)) {
		memcpy(dst, task->comm, sizeof(task->comm));
		dst[sizeof(task->comm) - 1] = 0;
	}
}

void rt_port_strings(struct rt_context *c, enum rt_strings which, uint64_t *start, uint64_t *end)
{
	const struct mm_struct *mm = kernel_task(c)->mm;
	bool is_env = which == RT_ENVIRONMENT;

	*start = !mm ? 0 : is_env ? mm->env_start : mm->arg_start;
	*end = !mm ? 0 : is_env ? mm->env_end : mm->arg_end;
}

/* By the parents that there are now: one whose parent has exited is no descendant any more. */
bool kernel_is_of_target(const struct task_struct *task)
{
	bool found = false;

	if (!rt_session.target)
		return false;
	rcu_read_lock();
	while (task && !found && task_tgid_nr((struct task_struct *)task) > 1) {
		found = task_tgid_nr((struct task_struct *)task) == rt_session.target;
		task = rcu_dereference(task->real_parent);
	}
	rcu_read_unlock();
	return found;
}

bool rt_port_in_target_set(struct rt_context *c, int64_t pid)
{
	const struct task_struct *task;
	bool is;

	rcu_read_lock();
	task = pid == current->tgid ? current : pid_task(find_pid_ns((int)pid, &init_pid_ns), PIDTYPE_PID);
	is = kernel_is_of_target(task);
	rcu_read_unlock();
	return is;
}

/* ---- files of the process ---- */

uint64_t rt_port_real_return(struct rt_context *c, uint64_t slot, uint64_t address)
{
	return sites_real_return(slot, address);
}

bool rt_port_bias(struct rt_context *c, uint32_t file, int64_t *bias)
{
	return sites_bias(c, file, bias);
}

/* Not yet: the registers may be in the task's saved state. */
bool rt_port_vector(struct rt_context *c, unsigned n, uint64_t value[2])
{
	return false;
}

/* In a trap from user mode, or in the task's own context: %fs is the program's. */
uint64_t rt_port_thread_pointer(struct rt_context *c)
{
	uint64_t pointer = 0;

	rdmsrl(MSR_FS_BASE, pointer);
	return pointer;
}

uint64_t rt_port_return_address(struct rt_context *c, uint64_t slot, uint64_t value)
{
	return sites_return_address(slot, value);
}

uint64_t rt_port_real_ip(struct rt_context *c, uint64_t ip)
{
	return sites_real_ip(ip);
}

/* It is delivered on the way back to the program. */
int rt_port_raise(struct rt_context *c, int signal)
{
	return c->regs && current->mm ? send_sig(signal, current, 1) : -EPERM;
}
