// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel tells: kprobes on functions that mm code calls for every mapping, and
 * tracepoints of fork, exec, exit and signals.  The handlers are atomic; what has to sleep
 * (an update of the process' breakpoints) is put off until the task returns to the
 * program, before it can run what it has just mapped.
 *
 *	perf_event_mmap(vma)         mmap, exec's mappings, mprotect: behind the change
 *	copy_vma(&vma, ...)          mremap: before
 *	uprobe_munmap(vma, ...)      munmap, mremap's old place, MADV_DONTNEED: before
 *	uprobe_dup_mmap(old, new)    fork: both mmap_locks are about to be held for write
 *	uprobe_clear_state(mm)       the last user of an mm is gone
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/kprobes.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/tracepoint.h>

static bool is_looking;

/* Each holds a reference to the module, so that it can't be unloaded under a task work. */
struct later {
	struct callback_head work;
	struct mm_struct *mm; /* not held: compared only */
};

static void update_later(struct callback_head *work)
{
	struct later *later = container_of(work, struct later, work);

	/* not if the task exits, or has exec'ed since */
	if (current->mm && current->mm == later->mm && !(current->flags & PF_EXITING))
		update_current(current->mm);
	kfree(later);
	module_put(THIS_MODULE);
}

static void ask_for_update(struct mm_struct *mm)
{
	struct later *later;

	if (!READ_ONCE(is_looking) || current->mm != mm ||
	    current->flags & (PF_KTHREAD | PF_EXITING) || !try_module_get(THIS_MODULE))
		return;
	later = kmalloc(sizeof(*later), GFP_ATOMIC);
	if (later) {
		later->mm = mm;
		init_task_work(&later->work, update_later);
		if (task_work_add(current, &later->work, TWA_RESUME) == 0)
			return;
		kfree(later);
	}
	module_put(THIS_MODULE);
}

static void on_new_mapping(struct vm_area_struct *vma)
{
	bool is_probed;

	if (!vma->vm_file)
		return;
	rcu_read_lock();
	is_probed = sites_are_in(vma) || (unwind_may_be_in(vma) && space_find(vma->vm_mm));
	rcu_read_unlock();
	if (is_probed)
		ask_for_update(vma->vm_mm);
}

static void on_lost_mapping(struct vm_area_struct *vma)
{
	bool is_ours;

	if (!vma->vm_file || !(vma->vm_flags & VM_MAYEXEC) || current->mm != vma->vm_mm)
		return;
	rcu_read_lock();
	is_ours = space_find(vma->vm_mm);
	rcu_read_unlock();
	if (is_ours)
		ask_for_update(vma->vm_mm);
}

static int at_perf_event_mmap(struct kprobe *unused, struct pt_regs *regs)
{
	on_new_mapping((struct vm_area_struct *)regs->di);
	return 0;
}

static int at_copy_vma(struct kprobe *unused, struct pt_regs *regs)
{
	on_lost_mapping(*(struct vm_area_struct **)regs->di);
	return 0;
}

static int at_uprobe_munmap(struct kprobe *unused, struct pt_regs *regs)
{
	on_lost_mapping((struct vm_area_struct *)regs->di);
	return 0;
}

static int at_uprobe_dup_mmap(struct kprobe *unused, struct pt_regs *regs)
{
	space_fork((struct mm_struct *)regs->di, (struct mm_struct *)regs->si);
	return 0;
}

static int at_uprobe_clear_state(struct kprobe *unused, struct pt_regs *regs)
{
	space_exit((struct mm_struct *)regs->di);
	return 0;
}

static struct kprobe kprobes[] = {
	{.symbol_name = "uprobe_dup_mmap", .pre_handler = at_uprobe_dup_mmap},
	{.symbol_name = "uprobe_clear_state", .pre_handler = at_uprobe_clear_state},
	{.symbol_name = "uprobe_munmap", .pre_handler = at_uprobe_munmap},
	{.symbol_name = "copy_vma", .pre_handler = at_copy_vma},
	{.symbol_name = "perf_event_mmap", .pre_handler = at_perf_event_mmap},
};

static void on_fork(void *unused, struct task_struct *parent, struct task_struct *child)
{
	return_fork(parent, child);
}

static void on_exec(void *unused, struct task_struct *task, pid_t old_pid, void *bprm)
{
	return_exec_or_exit(task);
}

static void on_exit(void *unused, struct task_struct *task)
{
	return_exec_or_exit(task);
}

static void on_signal(void *unused, int sig, struct kernel_siginfo *info, void *action)
{
	if (current->mm)
		trap_signal(sig, info, task_pt_regs(current));
}

/* Tracepoints aren't exported: they are found by name. */
static struct hook {
	const char *name;
	void *function;
	struct tracepoint *tp;
	bool is_on;
} tracepoints[] = {
	{.name = "sched_process_fork", .function = on_fork},
	{.name = "sched_process_exec", .function = on_exec},
	{.name = "sched_process_exit", .function = on_exit},
	{.name = "signal_deliver", .function = on_signal},
};

static void match_tracepoint(struct tracepoint *tp, void *unused)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tracepoints); i++)
		if (strcmp(tp->name, tracepoints[i].name) == 0)
			tracepoints[i].tp = tp;
}

static int tracepoints_init(void)
{
	for_each_kernel_tracepoint(match_tracepoint, NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(tracepoints); i++) {
		struct hook *h = &tracepoints[i];
		int err = h->tp ? tracepoint_probe_register(h->tp, h->function, NULL) : -ENOENT;

		if (err) {
			pr_err("tapster_uprobes: tracepoint %s: error %d\n", h->name, err);
			return err;
		}
		h->is_on = true;
	}
	return 0;
}

static void kprobe_stop(struct kprobe *k)
{
	if (k->addr) /* registered */
		unregister_kprobe(k);
	k->addr = NULL;
}

int hooks_init(void)
{
	int err = tracepoints_init();

	for (unsigned int i = 0; i < ARRAY_SIZE(kprobes) && !err; i++) {
		err = register_kprobe(&kprobes[i]);
		if (err) {
			kprobes[i].addr = NULL;
			pr_err("tapster_uprobes: kprobe on %s: error %d\n",
			       kprobes[i].symbol_name, err);
		}
	}
	if (err) {
		hooks_fini();
		return err;
	}
	WRITE_ONCE(is_looking, true);
	return 0;
}

void hooks_stop_looking(void)
{
	WRITE_ONCE(is_looking, false);
}

void hooks_fini(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kprobes); i++)
		kprobe_stop(&kprobes[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(tracepoints); i++)
		if (tracepoints[i].is_on) {
			tracepoint_probe_unregister(tracepoints[i].tp, tracepoints[i].function,
						    NULL);
			tracepoints[i].is_on = false;
		}
	tracepoint_synchronize_unregister();
}
