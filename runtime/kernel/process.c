// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of processes and threads, and their system calls.  The hooks, each of which is
 * there only while a probe of the script wants it:
 *
 *	begin          sched_process_fork, in the parent, on behalf of the child: what it has
 *	               in memory is what the parent has; sched_process_exec, of the new program;
 *	               and processes that run at the start, on their behalf
 *	end            exec_mm_release(), of the old program; exit_itimers(), which do_exit()
 *	               calls for a process's last thread, while its memory is there
 *	thread.begin   sched_process_fork, of a thread that is not the process's first
 *	thread.end     exit_signals(), likewise
 *	syscall        sys_enter, sys_exit
 *
 * At the start a fork or an exec may be under way, and its process be reported by that
 * and as one that runs: ALREADY has, by process ID, the memory of those reported then.
 */
#include <linux/binfmts.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "runtime/kernel/compat.h"
#include "runtime/kernel/kernel.h"

enum event { BEGIN, END, THREAD_BEGIN, THREAD_END, SYSCALL, SYSCALL_RETURN, EVENTS };

static const uint32_t kinds[EVENTS] = {
	PROBE_PROCESS_BEGIN, PROBE_PROCESS_END, PROBE_THREAD_BEGIN, PROBE_THREAD_END,
	PROBE_SYSCALL, PROBE_SYSCALL_RETURN,
};

/* Made by processes_start, constant until processes_stop. */
static uint32_t *probes[EVENTS];
static unsigned int n_probes[EVENTS];
static struct path *files; /* of script_files; those that no event names are empty */

static DEFINE_XARRAY(already);
static bool is_starting; /* processes that run are being reported */

/* ---- who is meant ---- */

/* The program that MM was made for, to be compared only. */
static const struct inode *program_of(const struct mm_struct *mm)
{
	const struct inode *inode = NULL;
	struct file *file;

	rcu_read_lock();
	file = rcu_dereference(mm->exe_file);
	if (file)
		inode = file_inode(file);
	rcu_read_unlock();
	return inode;
}

static bool is_meant(const struct script_probe *p, const struct task_struct *task, const struct inode *program)
{
	return (!p->pid || p->pid == task->tgid) &&
	       (p->arg < 0 || d_backing_inode(files[p->arg].dentry) == program);
}

/* Runs the handlers for TASK, whose memory is MM; it may be another one's than ours. */
static void fire(enum event event, struct task_struct *task, const struct mm_struct *mm)
{
	const struct inode *program;

	if (!n_probes[event] || !mm || task->flags & PF_KTHREAD || !scope_has(mm))
		return;
	program = program_of(mm);
	for (unsigned int i = 0; i < n_probes[event]; i++)
		if (is_meant(&script_probes[probes[event][i]], task, program))
			kernel_run_for(probes[event][i], task, task_pt_regs(task));
}

/* ---- hooks ---- */

/* Notes the begin of TASK with MM; false: somebody has reported that one already. */
static bool note_begin(const struct task_struct *task, struct mm_struct *mm, gfp_t how)
{
	return READ_ONCE(is_starting) ? xa_store(&already, task->tgid, mm, how) != mm :
					xa_erase(&already, task->tgid) != mm;
}

static void on_fork(void *unused, struct task_struct *parent, struct task_struct *child)
{
	if (!thread_group_leader(child))
		fire(THREAD_BEGIN, child, child->mm);
	else if (child->mm && note_begin(child, child->mm, GFP_ATOMIC))
		fire(BEGIN, child, child->mm);
}

static void on_exec(void *unused, struct task_struct *task, pid_t old_pid, struct linux_binprm *program)
{
	if (note_begin(task, task->mm, GFP_ATOMIC))
		fire(BEGIN, task, task->mm);
}

static int at_exec_mm_release(struct kprobe *unused, struct pt_regs *regs)
{
	fire(END, current, current->mm);
	return 0;
}

static int at_exit_itimers(struct kprobe *unused, struct pt_regs *regs)
{
	if (current->flags & PF_EXITING)
		fire(END, current, current->mm);
	return 0;
}

static int at_exit_signals(struct kprobe *unused, struct pt_regs *regs)
{
	if (!thread_group_leader(current))
		fire(THREAD_END, current, current->mm);
	return 0;
}

static void on_syscall(void *unused, struct pt_regs *regs, long id)
{
	fire(SYSCALL, current, current->mm);
}

static void on_syscall_return(void *unused, struct pt_regs *regs, long result)
{
	fire(SYSCALL_RETURN, current, current->mm);
}

#define FOR(event) (1u << (event))

static struct {
	unsigned int events; /* that want it */
	const char *name;
	void *function;
	struct tracepoint *point;
	bool is_on;
} tracepoints[] = {
	{ FOR(BEGIN) | FOR(THREAD_BEGIN), "sched_process_fork", on_fork },
	{ FOR(BEGIN), "sched_process_exec", on_exec },
	{ FOR(SYSCALL), "sys_enter", on_syscall },
	{ FOR(SYSCALL_RETURN), "sys_exit", on_syscall_return },
};

static struct {
	unsigned int events;
	struct kprobe probe;
	bool is_on;
} functions[] = {
	{ FOR(END), { .symbol_name = "exec_mm_release", .pre_handler = at_exec_mm_release } },
	{ FOR(END), { .symbol_name = "exit_itimers", .pre_handler = at_exit_itimers } },
	{ FOR(THREAD_END), { .symbol_name = "exit_signals", .pre_handler = at_exit_signals } },
};

static void match_tracepoint(struct tracepoint *point, void *unused)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tracepoints); i++)
		if (strcmp(point->name, tracepoints[i].name) == 0)
			tracepoints[i].point = point;
}

static int hook(unsigned int wanted)
{
	int err = 0;

	for_each_kernel_tracepoint(match_tracepoint, NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(tracepoints) && !err; i++) {
		if (!(tracepoints[i].events & wanted))
			continue;
		err = tracepoints[i].point ? tracepoint_probe_register(tracepoints[i].point,
								       tracepoints[i].function, NULL) :
					     -ENOENT;
		tracepoints[i].is_on = !err;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(functions) && !err; i++) {
		if (!(functions[i].events & wanted))
			continue;
		err = register_kprobe(&functions[i].probe);
		functions[i].is_on = !err;
	}
	return err;
}

static void unhook(void)
{
	bool any = false;

	for (unsigned int i = 0; i < ARRAY_SIZE(tracepoints); i++)
		if (tracepoints[i].is_on) {
			tracepoint_probe_unregister(tracepoints[i].point, tracepoints[i].function, NULL);
			tracepoints[i].is_on = false;
			any = true;
		}
	if (any)
		tracepoint_synchronize_unregister();
	for (unsigned int i = 0; i < ARRAY_SIZE(functions); i++)
		if (functions[i].is_on) {
			unregister_kprobe(&functions[i].probe);
			functions[i].is_on = false;
		}
}

/* ---- processes that run already ---- */

struct begin {
	struct work_struct work;
	struct task_struct *task;
	struct mm_struct *mm;
};

/* In a kernel thread, which can have another process's memory. */
static void begin(struct work_struct *work)
{
	struct begin *b = container_of(work, struct begin, work);

	kthread_use_mm(b->mm);
	fire(BEGIN, b->task, b->mm);
	kthread_unuse_mm(b->mm);
}

static void begin_running(struct task_struct *task)
{
	struct begin b = { .task = task, .mm = get_task_mm(task) };

	if (!b.mm)
		return;
	if (note_begin(task, b.mm, GFP_KERNEL)) {
		INIT_WORK_ONSTACK(&b.work, begin);
		queue_work(system_unbound_wq, &b.work);
		flush_work(&b.work);
		destroy_work_on_stack(&b.work);
	}
	mmput(b.mm);
}

static void begin_all_running(void)
{
	struct task_struct *task;
	int pid = 0;

	while ((task = kernel_next_process(&pid))) {
		if (!(task->flags & (PF_KTHREAD | PF_EXITING)))
			begin_running(task);
		put_task_struct(task);
		cond_resched();
	}
}

/* ---- start and stop ---- */

static void free_tables(void)
{
	for (uint32_t i = 0; files && i < script_info.n_files; i++)
		if (files[i].dentry)
			path_put(&files[i]);
	kvfree(files);
	files = NULL;
	for (int event = 0; event < EVENTS; event++) {
		kvfree(probes[event]);
		probes[event] = NULL;
		n_probes[event] = 0;
	}
	xa_destroy(&already);
}

static int list_probes(enum event event)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < script_info.n_probes; i++)
		n += script_probes[i].kind == kinds[event];
	if (!n)
		return 0;
	probes[event] = kvmalloc_array(n, sizeof(*probes[event]), GFP_KERNEL);
	if (!probes[event])
		return -ENOMEM;
	for (uint32_t i = 0; i < script_info.n_probes; i++) {
		const struct script_probe *p = &script_probes[i];
		int err;

		if (p->kind != kinds[event])
			continue;
		if (p->arg >= 0 && !files[p->arg].dentry) {
			err = kern_path(script_strings + script_files[p->arg].path, LOOKUP_FOLLOW, &files[p->arg]);
			if (err) {
				kernel_tell_unarmed(i, "the program is not there", err);
				return err;
			}
		}
		probes[event][n_probes[event]++] = i;
	}
	return 0;
}

static void processes_stop(void)
{
	unhook();
	free_tables();
}

static int processes_start(void)
{
	unsigned int wanted = 0;
	int err = 0;

	files = kvcalloc(script_info.n_files + 1, sizeof(*files), GFP_KERNEL);
	if (!files)
		return -ENOMEM;
	for (int event = 0; event < EVENTS && !err; event++) {
		err = list_probes(event);
		wanted |= n_probes[event] ? FOR(event) : 0;
	}
	WRITE_ONCE(is_starting, true);
	if (!err && wanted)
		err = hook(wanted);
	if (err)
		processes_stop();
	else if (n_probes[BEGIN])
		begin_all_running();
	WRITE_ONCE(is_starting, false);
	return err;
}

const struct script_family script_family_processes = { processes_start, processes_stop };
