// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Handlers that want memory which is not resident.
 *
 * A handler runs in the trap, where nothing may sleep: a page that the program has not
 * touched yet, or that was dropped, can't be read there.  But a handler that has begun
 * can't be begun again either: what it has done would be done twice.  So the compiler
 * makes of each handler that reads the program's memory a second function, which reads
 * the same and does nothing else (script_look).  It goes first.  When all that it wants
 * is there, which is nearly always so, the handler runs at once.  When not, nothing of
 * this hit has been run, and all of it is put off: a task work, which the task comes to
 * before it goes back to the program, has the page brought in as the program's own
 * access would, and looks again, until the handler can run.  The program has not moved
 * meanwhile, and the handler gets the registers of the hit.
 *
 * It runs with what can be read after the first address that can't be brought in, or
 * after ROUNDS pages; then a read may fail, as one of a bad pointer does.
 */
#include <linux/pagemap.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "runtime/kernel/kernel.h"

enum { ROUNDS = 64 };

struct later {
	struct callback_head work;
	struct kernel_job job;
	uint64_t missing;
	struct pt_regs regs, regs_before;
	uint64_t entry[]; /* of a return: its record is gone by then */
};

static atomic_t n_waiting;
static bool were_any; /* since the start */
static DECLARE_WAIT_QUEUE_HEAD(done_queue);

void kernel_note_missing(struct rt_context *c, uint64_t addr, size_t n)
{
	uint64_t page = addr & PAGE_MASK;
	char byte;

	if (!c->is_looking || c->missing)
		return;
	/* the first of the pages that isn't there */
	while (page + PAGE_SIZE < addr + n && !copy_from_user_nofault(&byte, (const void __user *)page, 1))
		page += PAGE_SIZE;
	c->missing = max(addr, page);
}

static bool look(struct rt_context *c, const struct kernel_job *job)
{
	c->missing = 0;
	c->is_looking = 1;
	job->look(c, job);
	c->is_looking = 0;
	return !c->missing;
}

static bool bring_in(const struct later *l)
{
	return current->mm && !(current->flags & PF_EXITING) && l->missing < TASK_SIZE_MAX &&
	       fault_in_readable((const char __user *)l->missing, 1) == 0;
}

/* A handler in guru mode may have changed registers. */
static void put_back_regs(const struct later *l)
{
	const unsigned long *now = (const unsigned long *)&l->regs;
	const unsigned long *before = (const unsigned long *)&l->regs_before;
	unsigned long *to = (unsigned long *)task_pt_regs(current);

	for (size_t i = 0; i < sizeof(l->regs) / sizeof(*now); i++)
		if (now[i] != before[i])
			to[i] = now[i];
}

/* True: the handlers have run, or can't. */
static bool try(struct later *l, bool at_last)
{
	struct rt_context *c;
	unsigned long flags;
	bool is_done = true;

	local_irq_save(flags);
	c = kernel_context_take(&l->regs, &l->job.hit);
	if (!c) {
		l->job.skip(&l->job);
	} else {
		c->entry = l->job.entry;
		is_done = at_last || look(c, &l->job);
		if (is_done)
			l->job.run(c, &l->job);
		else
			l->missing = c->missing;
		c->entry = NULL;
		kernel_context_put(c);
	}
	local_irq_restore(flags);
	return is_done;
}

static void run_later(struct callback_head *work)
{
	struct later *l = container_of(work, struct later, work);
	unsigned int rounds = 0;

	while (!try(l, !bring_in(l) || ++rounds == ROUNDS))
		;
	put_back_regs(l);
	kfree(l);
	kernel_later_done();
}

bool kernel_do_later(struct callback_head *work, void (*fn)(struct callback_head *work))
{
	init_task_work(work, fn);
	WRITE_ONCE(were_any, true);
	atomic_inc(&n_waiting);
	if (task_work_add(current, work, TWA_RESUME) == 0)
		return true;
	kernel_later_done();
	return false;
}

void kernel_later_done(void)
{
	if (atomic_dec_and_test(&n_waiting))
		wake_up(&done_queue);
}

static bool put_off(struct rt_context *c, const struct kernel_job *job)
{
	struct later *l = kmalloc(sizeof(*l) + job->entry_size, GFP_ATOMIC | __GFP_NOWARN);

	if (!l)
		return false;
	l->job = *job;
	l->missing = c->missing;
	l->regs = l->regs_before = *(const struct pt_regs *)c->regs;
	if (job->entry_size) {
		memcpy(l->entry, job->entry, job->entry_size);
		l->job.entry = l->entry;
	}
	if (kernel_do_later(&l->work, run_later))
		return true;
	kfree(l);
	return false;
}

void kernel_run_job(struct rt_context *c, struct kernel_job *job)
{
	c->entry = job->entry;
	if (!job->look || look(c, job) || !put_off(c, job))
		job->run(c, job);
	c->entry = NULL;
}

void kernel_jobs_wait(void)
{
	wait_event(done_queue, atomic_read(&n_waiting) == 0);
	if (were_any)
		synchronize_rcu_tasks(); /* run_later's last instructions */
	were_any = false;
}
