// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A script's module: contexts, the session, and the file by which taprun drives it
 * (transport.h).  The generated C has no entry section of its own: it is linked
 * with this file and the rest of the folder.
 *
 * A session (enum state; all under SESSION_LOCK):
 *
 *	LOADED   -> RUNNING   KERNEL_START: globals are initialised, begin probes run, the
 *	                      families arm
 *	RUNNING  -> STOPPED   KERNEL_STOP, or the file's last close: no ordinary handler is
 *	                      accepted, the families disarm, end (or error) probes run
 *	LOADED   -> STOPPED   KERNEL_STOP before a start: nothing runs
 *
 * A module runs its script once.  It can be removed when nobody has the file open;
 * one that was kept running without a reader (KERNEL_DETACH) is stopped by removal.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include "runtime/kernel/compat.h"
#include "runtime/kernel/kernel.h"
#include "runtime/kernel/transport.h"

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("tapster script");

static unsigned int buffer_mb = 1;
module_param(buffer_mb, uint, 0400);
MODULE_PARM_DESC(buffer_mb, "size of each CPU's output buffer in MB");

static_assert(offsetof(struct rt_regs, r15) == offsetof(struct pt_regs, r15));
static_assert(offsetof(struct rt_regs, r8) == offsetof(struct pt_regs, r8));
static_assert(offsetof(struct rt_regs, di) == offsetof(struct pt_regs, di));
static_assert(offsetof(struct rt_regs, orig_ax) == offsetof(struct pt_regs, orig_ax));
static_assert(offsetof(struct rt_regs, ip) == offsetof(struct pt_regs, ip));
static_assert(offsetof(struct rt_regs, flags) == offsetof(struct pt_regs, flags));
static_assert(offsetof(struct rt_regs, sp) == offsetof(struct pt_regs, sp));
static_assert(RT_OUT_SIZE + sizeof(struct kernel_record) <= KERNEL_READ_MIN);
static_assert(RT_SKIPS <= ARRAY_SIZE(((struct kernel_ledger *)0)->skipped));

enum state { LOADED, RUNNING, STOPPED };

static DEFINE_MUTEX(session_lock);
static enum state state;
static atomic_t n_open;
static bool keeps_running;  /* likewise */
static size_t n_started;    /* of script_families; likewise */
DEFINE_PER_CPU(struct rt_context *, kernel_contexts);
static struct rt_context *main_context; /* of begin and end probes */
static char proc_name[sizeof(KERNEL_PROC_PREFIX) + MODULE_NAME_LEN];

/* ---- contexts ---- */

static struct rt_context *context_new(unsigned int id, int node)
{
	struct rt_context *c = kvzalloc_node(ALIGN(rt_context_size(), 64), GFP_KERNEL, node);

	if (c)
		rt_context_init(c, id);
	return c;
}

static void contexts_free(void)
{
	int cpu;

	kvfree(main_context);
	for_each_possible_cpu(cpu)
		kvfree(per_cpu(kernel_contexts, cpu));
}

static int contexts_make(void)
{
	int cpu;

	main_context = context_new(nr_cpu_ids + 1, NUMA_NO_NODE);
	if (!main_context)
		goto no_memory;
	for_each_possible_cpu(cpu) {
		struct rt_context *c = context_new(cpu + 1, cpu_to_node(cpu));

		if (!c)
			goto no_memory;
		per_cpu(kernel_contexts, cpu) = c;
	}
	return 0;
no_memory:
	contexts_free();
	return -ENOMEM;
}

/* Of the stack that we are on: a task's, or one of interrupts, of which a part is left. */
static uint64_t stack_low(void)
{
	uint64_t here = (uint64_t)__builtin_frame_address(0);
	uint64_t low = (uint64_t)task_stack_page(current);

	return here - low < THREAD_SIZE ? low : here - IRQ_STACK_SIZE / 2;
}

struct rt_context *kernel_context_take(struct pt_regs *regs, struct kernel_hit *hit)
{
	struct rt_context *c = __this_cpu_read(kernel_contexts);

	if (unlikely(READ_ONCE(c->busy)))
		return NULL;
	kernel_context_begin(c, regs, regs ? regs->ip : 0, stack_low(), hit);
	return c;
}

struct task_struct *kernel_task(const struct rt_context *c)
{
	const struct kernel_hit *hit = c->port;

	return hit && hit->task ? hit->task : current;
}

static void look_at_probe(struct rt_context *c, const struct kernel_job *job)
{
	c->is_32bit = compat_is_32bit_call(current);
	script_look(c, job->which);
}

static void run_probe(struct rt_context *c, const struct kernel_job *job)
{
	struct task_struct *task = kernel_task(c);

	c->pid = task->tgid;
	c->tid = task->pid;
	c->is_32bit = compat_is_32bit_call(task);
	script_probe(c, job->which);
}

static void skip_probe(const struct kernel_job *job)
{
	rt_skip_probe(job->which, RT_SKIP_REENTRANT, 1);
}

void kernel_run_for(uint32_t probe, struct task_struct *task, struct pt_regs *regs)
{
	struct kernel_job job = {
		.look = task == current && script_probes[probe].flags & PROBE_LOOKS ? look_at_probe : NULL,
		.run = run_probe,
		.skip = skip_probe,
		.which = probe,
		.hit = { .task = task == current ? NULL : task },
	};
	struct rt_context *c;
	unsigned long flags;

	local_irq_save(flags);
	c = kernel_context_take(regs, &job.hit);
	if (likely(c)) {
		kernel_run_job(c, &job);
		kernel_context_put(c);
	} else {
		skip_probe(&job);
	}
	local_irq_restore(flags);
}

void kernel_run_probe(uint32_t probe, struct pt_regs *regs, struct kernel_hit *hit, bool is_in_nmi)
{
	struct rt_context *c;
	unsigned long flags;

	local_irq_save(flags);
	c = is_in_nmi ? NULL : kernel_context_take(regs, hit);
	if (likely(c)) {
		script_probe(c, probe);
		kernel_context_put(c);
	} else {
		rt_skip_probe(probe, RT_SKIP_REENTRANT, 1);
	}
	local_irq_restore(flags);
}

bool kernel_may_sleep(const struct rt_context *c)
{
	return c == main_context;
}

bool kernel_has_reader(void)
{
	return atomic_read(&n_open) > 0;
}

void kernel_tell_unarmed(uint32_t probe, const char *why, int err)
{
	const struct script_probe *p = &script_probes[probe];
	char text[400];
	int n = snprintf(text, sizeof(text), "cannot probe %s: %s (%d)", script_strings + p->name, why, err);

	rt_port_output(main_context, p->flags & PROBE_OPTIONAL ? RT_OUTPUT_WARNING : RT_OUTPUT_ERROR, text,
		       min_t(size_t, n, sizeof(text) - 1));
}

/* ---- begin, end and error probes ---- */

static void run_here(uint32_t probe)
{
	struct rt_context *c = main_context;

	rt_context_claim(c, current->tgid, current->pid);
	c->stack_low = stack_low();
	c->busy = 1;
	script_probe(c, probe);
	c->busy = 0;
}

/* By the order of their arg, then that of the script. */
static void run_ordered(enum script_probe_kind kind)
{
	int64_t last = 0;
	bool first = true;

	for (;;) {
		int64_t next = 0;
		bool any = false;

		for (uint32_t i = 0; i < script_info.n_probes; i++) {
			const struct script_probe *p = &script_probes[i];

			if (p->kind != kind || !(first || p->arg > last) || (any && p->arg >= next))
				continue;
			next = p->arg;
			any = true;
		}
		if (!any)
			return;
		for (uint32_t i = 0; i < script_info.n_probes; i++)
			if (script_probes[i].kind == kind && script_probes[i].arg == next)
				run_here(i);
		last = next;
		first = false;
	}
}

/* ---- values for globals, from the loader's command line ---- */

struct given {
	struct given *next;
	uint32_t global;
	int64_t number;
	char text[sizeof_field(struct kernel_global, value)];
};

static struct given *given; /* under session_lock; the last one first */

static int give_global(struct kernel_global *k)
{
	struct given *g;
	uint32_t i = 0;

	k->name[sizeof(k->name) - 1] = k->value[sizeof(k->value) - 1] = 0;
	while (i < script_info.n_globals && strcmp(script_strings + script_globals[i].name, k->name))
		i++;
	if (i == script_info.n_globals)
		return -ENOENT;
	if (script_globals[i].type != GLOBAL_LONG && script_globals[i].type != GLOBAL_STRING)
		return -EISDIR;
	if (strlen(k->value) >= script_info.max_string)
		return -E2BIG;
	g = kzalloc(sizeof(*g), GFP_KERNEL);
	if (!g)
		return -ENOMEM;
	g->global = i;
	strscpy(g->text, k->value, sizeof(g->text));
	if (script_globals[i].type == GLOBAL_LONG && kstrtoll(k->value, 0, &g->number)) {
		kfree(g);
		return -EDOM;
	}
	g->next = given;
	given = g;
	return 0;
}

/* The first one given is set first; then they go. */
static void set_globals(struct rt_context *c)
{
	struct given *in_order = NULL, *g;

	while ((g = given)) {
		given = g->next;
		g->next = in_order;
		in_order = g;
	}
	while ((g = in_order)) {
		if (c)
			script_set(c, g->global, g->number, g->text);
		in_order = g->next;
		kfree(g);
	}
}

/* ---- the session ---- */

static void stop_families(void)
{
	while (n_started)
		script_families[--n_started]->stop();
	kernel_jobs_wait();
}

static int start_families(void)
{
	for (; script_families[n_started]; n_started++) {
		int err = script_families[n_started]->start();

		if (err) {
			stop_families();
			return err;
		}
	}
	return 0;
}

static int session_start(const struct kernel_start *how)
{
	int err = 0;

	if (how->abi != KERNEL_ABI)
		return -ENOTTY;
	if (state != LOADED)
		return -EBUSY;
	rt_session_init();
	rt_session.target = how->target;
	rt_session.tool_pid = how->tool_pid;
	rt_session.tool_uid = how->tool_uid;
	strscpy(rt_session.module, THIS_MODULE->name, sizeof(rt_session.module));
	rt_session.tz_offset = how->tz_offset;
	memcpy(rt_session.tz_name, how->tz_name, sizeof(rt_session.tz_name));
	rt_session.tz_name[sizeof(rt_session.tz_name) - 1] = 0;
	rt_context_claim(main_context, current->tgid, current->pid);
	script_init(main_context);
	set_globals(main_context);
	if (rt_session_accept(RT_BEGIN))
		run_ordered(PROBE_BEGIN);
	/* Where that is refused the session is one that wants to be stopped. */
	if (rt_session_accept(RT_ORDINARY))
		err = start_families();
	state = err ? STOPPED : RUNNING;
	if (err) {
		WRITE_ONCE(rt_session.accept, 0);
		output_finish();
	}
	return err;
}

static void session_stop(void)
{
	if (state == RUNNING) {
		WRITE_ONCE(rt_session.accept, 0);
		stop_families();
		if (rt_session_accept(RT_END))
			run_ordered(PROBE_END);
		if (rt_session.error_state && rt_session_accept(RT_ERROR))
			run_ordered(PROBE_ERROR);
		WRITE_ONCE(rt_session.accept, 0);
	}
	if (state != STOPPED) {
		state = STOPPED;
		output_finish();
	}
}

static void tell_status(struct kernel_status *s)
{
	*s = (struct kernel_status){
		.is_running = state == RUNNING,
		/* who asks has it open */
		.is_over = state == STOPPED || (state == LOADED && atomic_read(&n_open) == 1),
		.is_detached = keeps_running,
		.is_exiting = READ_ONCE(rt_session.exiting),
		.error_state = READ_ONCE(rt_session.error_state),
		.too_many_skipped = !!READ_ONCE(rt_session.too_many_skipped),
		.n_errors = READ_ONCE(rt_session.n_errors),
		.n_suppressed = READ_ONCE(rt_session.n_suppressed),
		.n_probes = script_info.n_probes,
		.n_skipped = READ_ONCE(rt_session.n_skipped),
		.dropped = output_dropped(),
		.n_refused = sites_refused(),
	};
}

static int tell_ledger(struct kernel_ledger *l)
{
	if (l->probe >= script_info.n_probes)
		return -EINVAL;
	l->run = rt_ledger_run(l->probe);
	memset(l->skipped, 0, sizeof(l->skipped));
	for (unsigned int r = 0; r < RT_SKIPS; r++)
		l->skipped[r] = rt_ledger_skipped(l->probe, r);
	snprintf(l->name, sizeof(l->name), "%s", script_strings + script_probes[l->probe].name);
	return 0;
}

/* ---- the file ---- */

static int file_open(struct inode *inode, struct file *file)
{
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	atomic_inc(&n_open); /* without the lock: end probes may be running */
	return 0;
}

static int file_release(struct inode *inode, struct file *file)
{
	mutex_lock(&session_lock);
	if (atomic_dec_and_test(&n_open) && !keeps_running && state == RUNNING)
		session_stop();
	mutex_unlock(&session_lock);
	module_put(THIS_MODULE);
	return 0;
}

static ssize_t file_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	return output_read(to, size, file->private_data, !(file->f_flags & O_NONBLOCK));
}

static long file_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	void __user *at = (void __user *)arg;
	struct kernel_start start;
	struct kernel_status status;
	struct kernel_ledger *ledger;
	struct kernel_global *global;
	struct kernel_ring ring;
	uint32_t flag;
	long err = 0;

	switch (request) {
	case KERNEL_START:
		if (copy_from_user(&start, at, sizeof(start)))
			return -EFAULT;
		mutex_lock(&session_lock);
		err = session_start(&start);
		mutex_unlock(&session_lock);
		return err;
	case KERNEL_STOP:
		mutex_lock(&session_lock);
		session_stop();
		mutex_unlock(&session_lock);
		return 0;
	case KERNEL_STATUS:
		tell_status(&status);
		return copy_to_user(at, &status, sizeof(status)) ? -EFAULT : 0;
	case KERNEL_DETACH:
		if (get_user(flag, (uint32_t __user *)at))
			return -EFAULT;
		mutex_lock(&session_lock);
		keeps_running = flag;
		output_detach(flag);
		mutex_unlock(&session_lock);
		return 0;
	case KERNEL_RING:
		if (copy_from_user(&ring, at, sizeof(ring)))
			return -EFAULT;
		err = output_tell(&ring);
		return err ? err : copy_to_user(at, &ring, sizeof(ring)) ? -EFAULT : 0;
	case KERNEL_GLOBAL:
		global = memdup_user(at, sizeof(*global));
		if (IS_ERR(global))
			return PTR_ERR(global);
		mutex_lock(&session_lock);
		err = give_global(global);
		mutex_unlock(&session_lock);
		kfree(global);
		return err;
	case KERNEL_BULK:
		file->private_data = file;
		return 0;
	case KERNEL_LEDGER:
		ledger = memdup_user(at, sizeof(*ledger));
		if (IS_ERR(ledger))
			return PTR_ERR(ledger);
		err = tell_ledger(ledger);
		if (!err && copy_to_user(at, ledger, sizeof(*ledger)))
			err = -EFAULT;
		kfree(ledger);
		return err;
	}
	return -ENOTTY;
}

static const struct proc_ops file_ops = {
	.proc_open = file_open,
	.proc_release = file_release,
	.proc_read = file_read,
	.proc_poll = output_poll,
	.proc_ioctl = file_ioctl,
};

/* ---- the module ---- */

static int __init script_module_init(void)
{
	int err;

	if (script_info.abi != SCRIPT_ABI)
		return -EINVAL;
	err = contexts_make();
	if (err)
		return err;
	err = output_init(buffer_mb);
	if (err)
		goto no_output;
	snprintf(proc_name, sizeof(proc_name), KERNEL_PROC_PREFIX "%s", THIS_MODULE->name);
	if (!proc_create(proc_name, 0600, NULL, &file_ops)) {
		err = -ENOMEM;
		goto no_file;
	}
	return 0;
no_file:
	output_fini();
no_output:
	contexts_free();
	return err;
}

static void __exit script_module_exit(void)
{
	remove_proc_entry(proc_name, NULL);
	mutex_lock(&session_lock);
	session_stop();
	set_globals(NULL);
	mutex_unlock(&session_lock);
	output_fini();
	contexts_free();
}

module_init(script_module_init);
module_exit(script_module_exit);
