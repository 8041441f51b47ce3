// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes of programs: the client of the engine (runtime/uprobes/uprobes.h).  One return
 * record serves all return probes of a site; its data are what c->entry points to.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>

#include "runtime/kernel/kernel.h"
#include "runtime/uprobes/uprobes.h"

enum {
	RETURNS_PER_CPU = 64,     /* without maxactive: activations of return probes at a time */
	RETURNS_MIN = 1024,
};

#define NO_PROBE U32_MAX

/* What is done when a task gets to a site. */
enum at_entry {
	ENTRY_PLAIN,        /* script_site, which reads no memory of the program's */
	ENTRY_NOTES_RETURN, /* nothing, but that return probes want to know of it */
	ENTRY_OTHER,        /* any of that, and look-ahead */
};

/* Made by sites_start, constant until sites_stop. */
static struct armed {
	struct kernel_hit at_entry, at_return;
	uint64_t address;      /* in the file, as the site's recipe has it */
	uint32_t site;
	uint32_t first_probe;  /* or NO_PROBE, as below */
	uint32_t first_return;
	uint32_t first_look;   /* that looks ahead */
	enum at_entry what;
	bool has_entry;        /* something is to be done at the entry, but for noting the return */
} *armed; /* of each site */
static uint32_t *next_probe, *next_return, *next_look; /* of each probe: of the same site */
static struct mm_struct **limited_to; /* of each probe, or NULL */

/* What a return record holds: script_info.entry_size bytes, then this. */
static int64_t *kept_bias(void *data)
{
	return data + script_info.entry_size;
}

static const struct uprobes_ops ops;
static struct uprobes_client client = { .ops = &ops };

static void skip_returns(const struct armed *a, enum rt_skip why)
{
	for (uint32_t i = a->first_return; i != NO_PROBE; i = next_return[i])
		rt_skip_probe(i, why, 1);
}

/* ---- hits: in the breakpoint's trap, on the task's own stack, interrupts off ---- */

static __always_inline void begin(struct rt_context *c, struct pt_regs *regs, struct kernel_hit *hit)
{
	kernel_context_begin(c, regs, regs->ip, (uint64_t)task_stack_page(current), hit);
}

static void look_at_site(struct rt_context *c, const struct kernel_job *job)
{
	for (uint32_t i = armed[job->which].first_look; i != NO_PROBE; i = next_look[i]) {
		if (script_probes[i].kind == PROBE_SITE)
			script_look(c, i);
		else if (c->entry)
			script_entry(c, i);
	}
}

static void run_site(struct rt_context *c, const struct kernel_job *job)
{
	script_site(c, job->which);
}

static void skip_site(const struct kernel_job *job)
{
	rt_skip_site(job->which, RT_SKIP_REENTRANT);
}

/* Keeps what the return probes of a site will want; NULL: they won't be told. */
static __always_inline void *note_return(struct armed *a, struct pt_regs *regs,
					 const struct layout *where)
{
	void *data;

	if (unlikely(!(READ_ONCE(rt_session.accept) & RT_ORDINARY)))
		return NULL;
	data = uprobes_return(&client, a, regs, where);
	if (unlikely(!data)) {
		skip_returns(a, RT_SKIP_RETURN);
		return NULL;
	}
	if (script_info.entry_size)
		memset(data, 0, script_info.entry_size);
	*kept_bias(data) = regs->ip - a->address;
	return data;
}

static noinline void entry_other(struct armed *a, struct pt_regs *regs, const struct layout *where)
{
	struct rt_context *c = __this_cpu_read(kernel_contexts);
	struct kernel_job job = {
		.look = a->first_look != NO_PROBE ? look_at_site : NULL,
		.run = run_site,
		.skip = skip_site,
		.which = a->site,
		.hit = a->at_entry,
	};

	if (unlikely(READ_ONCE(c->busy))) {
		skip_site(&job);
		return;
	}
	begin(c, regs, &job.hit);
	if (a->first_return != NO_PROBE)
		job.entry = note_return(a, regs, where);
	kernel_run_job(c, &job);
	kernel_context_put(c);
}

static notrace void entry(void *site, struct pt_regs *regs, const struct layout *where)
{
	struct rt_context *c = __this_cpu_read(kernel_contexts);
	struct armed *a = site;

	if (likely(a->what == ENTRY_PLAIN)) {
		if (unlikely(READ_ONCE(c->busy))) {
			rt_skip_site(a->site, RT_SKIP_REENTRANT);
			return;
		}
		begin(c, regs, &a->at_entry);
		script_site(c, a->site);
		kernel_context_put(c);
	} else if (a->what == ENTRY_NOTES_RETURN) {
		note_return(a, regs, where);
	} else {
		entry_other(a, regs, where);
	}
}

static void look_at_returns(struct rt_context *c, const struct kernel_job *job)
{
	for (uint32_t i = armed[job->which].first_look; i != NO_PROBE; i = next_look[i])
		if (script_probes[i].kind == PROBE_RETURN)
			script_look(c, i);
}

static __always_inline void run_returns_of(struct rt_context *c, const struct armed *a)
{
	c->is_return = 1;
	for (uint32_t i = a->first_return; i != NO_PROBE; i = next_return[i])
		script_return(c, i);
	c->is_return = 0;
}

static void run_returns(struct rt_context *c, const struct kernel_job *job)
{
	run_returns_of(c, &armed[job->which]);
}

static void skip_job_returns(const struct kernel_job *job)
{
	skip_returns(&armed[job->which], RT_SKIP_REENTRANT);
}

static noinline void look_and_run_returns(struct rt_context *c, const struct armed *a, void *kept)
{
	struct kernel_job job = {
		.look = look_at_returns,
		.run = run_returns,
		.skip = skip_job_returns,
		.which = a->site,
		.entry = kept,
		.entry_size = client.return_size,
		.hit = a->at_return,
	};

	kernel_run_job(c, &job);
}

static void returned(void *site, struct pt_regs *regs, void *kept)
{
	struct rt_context *c = __this_cpu_read(kernel_contexts);
	struct armed *a = site;

	if (unlikely(READ_ONCE(c->busy))) {
		skip_returns(a, RT_SKIP_REENTRANT);
		return;
	}
	begin(c, regs, &a->at_return);
	if (likely(a->first_look == NO_PROBE)) {
		c->entry = kept;
		run_returns_of(c, a);
		c->entry = NULL;
	} else {
		look_and_run_returns(c, a, kept);
	}
	kernel_context_put(c);
}

static const struct uprobes_ops ops = { .entry = entry, .returned = returned };

/* As many activations as maxactive asks for, or a default that suits most. */
static uint32_t return_max(void)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < script_info.n_probes; i++) {
		const struct script_probe *p = &script_probes[i];
		uint32_t n = p->arg2 > 0 ? (uint32_t)min_t(int64_t, p->arg2, 1 << 20) :
					   max_t(uint32_t, RETURNS_MIN, RETURNS_PER_CPU * num_online_cpus());

		if (p->kind == PROBE_RETURN && n > most)
			most = n;
	}
	return most;
}

/* The memory of process PID, which stays what it is until mmdrop; NULL: no such process. */
static struct mm_struct *mm_of(int32_t pid)
{
	struct task_struct *task;
	struct mm_struct *mm = NULL;

	rcu_read_lock();
	task = pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_TGID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (task) {
		mm = get_task_mm(task);
		put_task_struct(task);
		if (mm) {
			mmgrab(mm);
			mmput(mm);
		}
	}
	return mm;
}

/* Is PROBE the one for whose sake its site is added: the first of its process, or of them
 * all where one is not limited to any? */
static bool is_first(uint32_t probe, uint32_t site)
{
	const struct script_probe *p = &script_probes[probe];

	for (uint32_t i = armed[site].first_probe; i != NO_PROBE; i = next_probe[i]) {
		if (p->pid && !script_probes[i].pid)
			return false;
		if (i < probe && script_probes[i].pid == p->pid)
			return false;
	}
	return true;
}

static int add_site_for(uint32_t probe, uint32_t site, struct inode *inode)
{
	int32_t pid = script_probes[probe].pid;
	int err;

	if (pid) {
		limited_to[probe] = mm_of(pid);
		if (!limited_to[probe]) {
			kernel_tell_unarmed(probe, "there is no such process", -ESRCH);
			return -ESRCH;
		}
	}
	err = uprobes_site_add(&client, inode, &script_sites[site], limited_to[probe], &armed[site]);
	if (err)
		kernel_tell_unarmed(probe, err == -EEXIST ? "another script probes other instructions there" :
							    "error", err);
	return err;
}

static int add_site(uint32_t site)
{
	const char *path = script_strings + script_files[script_sites[site].file].path;
	struct path where;
	int err = kern_path(path, LOOKUP_FOLLOW, &where);
	bool is_there = !err;

	for (uint32_t i = armed[site].first_probe; i != NO_PROBE; i = next_probe[i]) {
		if (!is_there) {
			kernel_tell_unarmed(i, "the program is not there", err);
			return err;
		}
		if (!err && is_first(i, site))
			err = add_site_for(i, site, d_real_inode(where.dentry));
	}
	if (is_there)
		path_put(&where);
	return err;
}

static void free_tables(void)
{
	for (uint32_t i = 0; limited_to && i < script_info.n_probes; i++)
		if (limited_to[i])
			mmdrop(limited_to[i]);
	kvfree(limited_to);
	kvfree(armed);
	kvfree(next_probe);
	kvfree(next_return);
	kvfree(next_look);
	limited_to = NULL;
	armed = NULL;
	next_probe = next_return = next_look = NULL;
}

/* Puts PROBE before the others that *FIRST leads to. */
static void chain(uint32_t probe, uint32_t *first, uint32_t *next)
{
	next[probe] = *first;
	*first = probe;
}

static int make_tables(void)
{
	size_t n = script_info.n_probes;

	limited_to = kvcalloc(n, sizeof(*limited_to), GFP_KERNEL);
	armed = kvcalloc(script_info.n_sites, sizeof(*armed), GFP_KERNEL);
	next_probe = kvcalloc(n, sizeof(*next_probe), GFP_KERNEL);
	next_return = kvcalloc(n, sizeof(*next_return), GFP_KERNEL);
	next_look = kvcalloc(n, sizeof(*next_look), GFP_KERNEL);
	if (!limited_to || !armed || !next_probe || !next_return || !next_look) {
		free_tables();
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < script_info.n_sites; i++)
		armed[i] = (struct armed){
			.at_entry = { .site = i, .has_site = true },
			.at_return = { .site = i, .has_site = true, .is_return = true },
			.address = script_sites[i].address,
			.site = i,
			.first_probe = NO_PROBE,
			.first_return = NO_PROBE,
			.first_look = NO_PROBE,
			.has_entry = script_info.entry_size > 0,
		};
	for (uint32_t i = n; i-- > 0;) {
		const struct script_probe *p = &script_probes[i];

		if (p->kind != PROBE_SITE && p->kind != PROBE_RETURN)
			continue;
		chain(i, &armed[p->arg].first_probe, next_probe);
		if (p->kind == PROBE_RETURN)
			chain(i, &armed[p->arg].first_return, next_return);
		else
			armed[p->arg].has_entry = true;
		if (p->flags & PROBE_LOOKS)
			chain(i, &armed[p->arg].first_look, next_look);
	}
	for (uint32_t i = 0; i < script_info.n_sites; i++) {
		struct armed *a = &armed[i];

		if (!a->has_entry)
			a->what = ENTRY_NOTES_RETURN;
		else if (a->first_return == NO_PROBE && a->first_look == NO_PROBE)
			a->what = ENTRY_PLAIN;
		else
			a->what = ENTRY_OTHER;
	}
	return 0;
}

static void sites_stop(void)
{
	uprobes_client_disarm(&client);
	free_tables();
}

static int sites_start(void)
{
	int err = make_tables();

	if (err)
		return err;
	client.return_size = ALIGN(script_info.entry_size, 8) + sizeof(int64_t);
	client.return_max = return_max();
	client.is_meant = rt_session.target ? scope_has : NULL;
	err = uprobes_client_init(&client);
	if (err)
		goto no_client;
	for (uint32_t i = 0; i < script_info.n_sites && !err; i++)
		err = add_site(i);
	if (!err)
		err = uprobes_client_arm(&client);
	if (!err)
		return 0;
	uprobes_client_disarm(&client);
no_client:
	free_tables();
	return err;
}

const struct script_family script_family_sites = { sites_start, sites_stop };

static bool (*site_rests)(uint32_t site);

static bool armed_rests(const void *site)
{
	const struct armed *a = site;

	return site_rests(a->site);
}

void sites_update(bool (*rests)(uint32_t site))
{
	site_rests = rests;
	uprobes_client_update(&client, armed_rests);
}

uint64_t sites_refused(void)
{
	return (uint64_t)atomic_long_read(&client.refused);
}

uint64_t sites_real_return(uint64_t slot, uint64_t address)
{
	return uprobes_real_return(slot, address);
}

/* Of the file that was hit only: mappings can't be looked for in a trap. */
bool sites_bias(struct rt_context *c, uint32_t file, int64_t *bias)
{
	const struct kernel_hit *hit = c->port;

	if (!hit || !hit->has_site || script_sites[hit->site].file != file)
		return false;
	*bias = hit->is_return ? *kept_bias(c->entry) : (int64_t)(c->ip - armed[hit->site].address);
	return true;
}

uint64_t sites_return_address(uint64_t slot, uint64_t value)
{
	return uprobes_real_return(slot, value);
}

uint64_t sites_real_ip(uint64_t ip)
{
	return uprobes_real_ip(ip);
}
