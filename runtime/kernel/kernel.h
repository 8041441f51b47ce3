/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the kernel runtime share.
 *
 * Where handlers run:
 *
 *	begin, end, error     in the ioctl or the close that starts or stops the session: a task
 *	                      that may sleep, in a context of its own, one at a time
 *	everything else       with interrupts off, in the context of the CPU.  A hit that comes
 *	                      while that is busy (a probed function called by a handler, an NMI)
 *	                      is skipped and counted.
 *
 * So data of a CPU need no locks, and a handler that holds a global's lock is
 * interrupted by nothing but an NMI, whose hits are skipped.
 */
#ifndef TAPSTER_RUNTIME_KERNEL_KERNEL_H
#define TAPSTER_RUNTIME_KERNEL_KERNEL_H

#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "runtime/port.h"

struct file;
struct kernel_ring;
struct poll_table_struct;

/* ---- module.c: the session ---- */

/* What a procfs file says, or what has been written to it, with a NUL. */
struct kernel_text {
	char *at;
	size_t size, len;
};

/* What c->port points to while a handler runs, if there is anything to say. */
struct kernel_hit {
	struct task_struct *task; /* on whose behalf, if not current's; NULL: current's */
	uint32_t site;            /* that was hit, if HAS_SITE */
	bool has_site, is_return;
	struct kernel_text *text; /* $value, in procfs probes */
};

DECLARE_PER_CPU(struct rt_context *, kernel_contexts);

/* The context of this CPU, taken, or NULL: it is in use.  Interrupts are off; REGS and HIT may
 * be NULL. */
struct rt_context *kernel_context_take(struct pt_regs *regs, struct kernel_hit *hit);

/* What that is made of: C, of this CPU, is not in use; STACK_LOW is the end of the stack. */
static __always_inline void kernel_context_begin(struct rt_context *c, struct pt_regs *regs, uint64_t ip,
						 uint64_t stack_low, struct kernel_hit *hit)
{
	WRITE_ONCE(c->busy, 1);
	barrier(); /* with an NMI's look at busy */
	c->pid = current->tgid;
	c->tid = current->pid;
	c->regs = (struct rt_regs *)regs;
	c->ip = ip;
	c->stack_low = stack_low;
	c->port = hit;
}

static __always_inline void kernel_context_put(struct rt_context *c)
{
	barrier();
	WRITE_ONCE(c->busy, 0);
}

/* Runs the handler of PROBE, or counts that it can't: where IS_IN_NMI, or where the CPU's
 * context is in use.  REGS and HIT may be NULL. */
void kernel_run_probe(uint32_t probe, struct pt_regs *regs, struct kernel_hit *hit, bool is_in_nmi);
/* The same on behalf of TASK, whose registers in user mode REGS are. */
void kernel_run_for(uint32_t probe, struct task_struct *task, struct pt_regs *regs);
/* The task that C's handler runs for. */
struct task_struct *kernel_task(const struct rt_context *c);
/* Is C the context of begin and end probes, which may sleep? */
bool kernel_may_sleep(const struct rt_context *c);
/* Does anybody have the session open who may read? */
bool kernel_has_reader(void);

/* ---- later.c: a hit whose handlers may have to be put off ---- */

struct kernel_job {
	void (*look)(struct rt_context *c, const struct kernel_job *job); /* NULL: no need to */
	void (*run)(struct rt_context *c, const struct kernel_job *job);
	void (*skip)(const struct kernel_job *job); /* there is no context for it */
	uint32_t which;      /* the owner's */
	void *entry;         /* for c->entry */
	size_t entry_size;   /* of what is gone when the hit is over */
	struct kernel_hit hit;
};

/* In a task that comes from user mode, whose registers C has: runs JOB now or before the
 * task goes back there. */
void kernel_run_job(struct rt_context *c, struct kernel_job *job);
/* FN is called with WORK before current goes back to its program; it calls kernel_later_done at its
 * end.  False: current won't. */
bool kernel_do_later(struct callback_head *work, void (*fn)(struct callback_head *work));
void kernel_later_done(void);
/* No job is put off any more, and no new ones come. */
void kernel_jobs_wait(void);
/* N bytes at ADDR of the program could not be read. */
void kernel_note_missing(struct rt_context *c, uint64_t addr, size_t n);
/* Tells the user that PROBE could not be armed: an error, or a warning if it may be missing. */
void kernel_tell_unarmed(uint32_t probe, const char *why, int err);

/* ---- output.c: rings and their reader ---- */

int output_init(unsigned int megabytes);
void output_fini(void); /* nobody writes or reads any more */
ssize_t output_read(char __user *to, size_t size, bool is_bulk, bool may_wait);
__poll_t output_poll(struct file *file, struct poll_table_struct *wait);
/* No more will be written: readers get the rest, then 0. */
void output_finish(void);
uint64_t output_dropped(void); /* records for which there was no room */
/* While YES nobody reads (readers get 0), and the oldest records make room for new ones. */
void output_detach(bool yes);
int output_tell(struct kernel_ring *k); /* -EINVAL: there is no such CPU, nor one after it */
/* Lets those who wait in poll look; any context. */
void output_wake(void);

/* ---- families of probes (object.h) ---- */

/* No breakpoint at sites for which RESTS says so, one at the others; sleeps. */
void sites_update(bool (*rests)(uint32_t site));
uint64_t sites_refused(void); /* breakpoints that could not be placed in a process */
uint64_t sites_real_return(uint64_t slot, uint64_t address);
bool sites_bias(struct rt_context *c, uint32_t file, int64_t *bias);
/* Of the program's own, see port.h. */
uint64_t sites_return_address(uint64_t slot, uint64_t value);
uint64_t sites_real_ip(uint64_t ip);

/* ---- scope.c: who is meant ---- */

/* Is this the memory of the target (-c, -x) or of a process that descends from it?  Where there is no target
 * all are meant.  Any context; MM is compared only. */
bool scope_has(const struct mm_struct *mm);
bool kernel_is_of_target(const struct task_struct *task); /* port.c; by the parents that there are now */
/* The process with the least ID from *PID on, with a reference; NULL: no more. */
struct task_struct *kernel_next_process(int *pid);

/* ---- modules.c: what is mapped ---- */

/* Reads what the current process has mapped of a file, though it isn't in its page tables.  Interrupts
 * are off.  0 or -EFAULT. */
int modules_read(void *dst, uint64_t address, size_t n);

#endif
