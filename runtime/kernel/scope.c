// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Target mode: where there is a target (-c, -x), the probes of programs and the events of processes are
 * those of the target and of what descends from it; others are left alone, as if there were no script.
 *
 * Who belongs to it is told by a table of memories (mm), which is what a breakpoint is in: threads, and children
 * that have their parent's memory until they exec, need no entry.  A child's memory joins when fork copies its
 * parent's, a new program's when exec is about to replace the old one's by it, and each leaves when its
 * last user is gone: kprobes on functions that all kernels with uprobes have.
 *
 *	uprobe_dup_mmap(old, new)      fork: in the parent, before the child is to be seen
 *	begin_new_exec(bprm)           exec: nothing of the new program is mapped yet
 *	uprobe_clear_state(mm)         the last user is gone
 */
#include <linux/binfmts.h>
#include <linux/hashtable.h>
#include <linux/kprobes.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "runtime/kernel/kernel.h"

struct member {
	struct hlist_node node;     /* in members, RCU */
	const struct mm_struct *mm; /* compared only */
	struct rcu_head free;
};

static DEFINE_HASHTABLE(members, 7);
static DEFINE_RAW_SPINLOCK(members_lock); /* adding and removing */
static bool is_limited;

static struct member *find(const struct mm_struct *mm)
{
	struct member *m;

	hash_for_each_possible_rcu(members, m, node, (unsigned long)mm, true)
		if (m->mm == mm)
			return m;
	return NULL;
}

bool scope_has(const struct mm_struct *mm)
{
	bool has;

	if (!READ_ONCE(is_limited))
		return true;
	rcu_read_lock();
	has = find(mm);
	rcu_read_unlock();
	return has;
}

/* True: MM is new. */
static bool join(const struct mm_struct *mm)
{
	struct member *m = kmalloc(sizeof(*m), GFP_ATOMIC);
	unsigned long flags;
	bool is_new = false;

	if (!m) {
		pr_err_once("tapster: out of memory: a process of the target's is not probed\n");
		return false;
	}
	m->mm = mm;
	raw_spin_lock_irqsave(&members_lock, flags);
	if (!find(mm)) {
		hash_add_rcu(members, &m->node, (unsigned long)mm);
		is_new = true;
	}
	raw_spin_unlock_irqrestore(&members_lock, flags);
	if (!is_new)
		kfree(m);
	return is_new;
}

static void leave(const struct mm_struct *mm)
{
	unsigned long flags;
	struct member *m;

	raw_spin_lock_irqsave(&members_lock, flags);
	m = find(mm);
	if (m) {
		hash_del_rcu(&m->node);
		kfree_rcu(m, free);
	}
	raw_spin_unlock_irqrestore(&members_lock, flags);
}

/* ---- hooks ---- */

static int at_fork(struct kprobe *unused, struct pt_regs *regs)
{
	if (scope_has((const struct mm_struct *)regs->di))
		join((const struct mm_struct *)regs->si);
	return 0;
}

static int at_exec(struct kprobe *unused, struct pt_regs *regs)
{
	if (current->mm && scope_has(current->mm))
		join(((const struct linux_binprm *)regs->di)->mm);
	return 0;
}

static int at_end(struct kprobe *unused, struct pt_regs *regs)
{
	if (scope_has((const struct mm_struct *)regs->di))
		leave((const struct mm_struct *)regs->di);
	return 0;
}

static struct kprobe fork_hook = { .symbol_name = "uprobe_dup_mmap", .pre_handler = at_fork };
static struct kprobe exec_hook = { .symbol_name = "begin_new_exec", .pre_handler = at_exec };
static struct kprobe end_hook = { .symbol_name = "uprobe_clear_state", .pre_handler = at_end };
static struct kprobe *hooks[] = { &fork_hook, &exec_hook, &end_hook };

/* ---- start and stop ---- */

struct task_struct *kernel_next_process(int *pid)
{
	struct task_struct *task = NULL, *next;

	rcu_read_lock();
	for_each_process(next)
		if (next->tgid >= *pid && (!task || next->tgid < task->tgid))
			task = next;
	if (task) {
		*pid = task->tgid + 1;
		get_task_struct(task);
	}
	rcu_read_unlock();
	return task;
}

/* The target and those that descend from it now; true: there are new ones. */
static bool join_running(void)
{
	struct task_struct *task;
	bool any = false;
	int pid = 0;

	while ((task = kernel_next_process(&pid))) {
		struct mm_struct *mm = kernel_is_of_target(task) ? get_task_mm(task) : NULL;

		if (mm) {
			any |= join(mm);
			mmput(mm);
		}
		put_task_struct(task);
		cond_resched();
	}
	return any;
}

static int scope_start(void)
{
	int err;

	if (!rt_session.target)
		return 0;
	WRITE_ONCE(is_limited, true);
	err = register_kprobes(hooks, ARRAY_SIZE(hooks));
	/* one that had forked before its parent joined is found in the next turn */
	while (!err && join_running())
		;
	return err;
}

static void scope_stop(void)
{
	struct hlist_node *next;
	struct member *m;
	int i;

	if (!is_limited)
		return;
	unregister_kprobes(hooks, ARRAY_SIZE(hooks));
	hash_for_each_safe(members, i, next, m, node) {
		hash_del_rcu(&m->node);
		kfree_rcu(m, free);
	}
}

const struct script_family script_family_scope = { scope_start, scope_stop };
