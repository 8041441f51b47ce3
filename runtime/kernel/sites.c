// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes of programs: the client of the engine (runtime/uprobes/uprobes.h).  A site
 * is tagged with its index.  One return record serves all return probes of a
 * site; its data are what c->entry points to.
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
#include <linux/slab.h>

#include "runtime/kernel/kernel.h"
#include "runtime/uprobes/uprobes.h"

enum {
	RETURNS_PER_CPU = 64,     /* without maxactive: activations of return probes at a time */
	RETURNS_MIN = 1024,
};

#define NO_PROBE U32_MAX

/* Made by sites_start, constant until sites_stop. */
static struct armed {
	uint32_t first_probe;  /* or NO_PROBE, as below */
	uint32_t first_return;
	uint32_t first_look;   /* that looks ahead */
	bool has_entry;        /* something is to be done at the entry, but for noting the return */
} *armed; /* of each site */
static uint32_t *next_probe, *next_return, *next_look; /* of each probe: of the same site */
static struct mm_struct **limited_to; /* of each probe, or NULL */

/* What a return record holds: script_info.entry_size bytes, then this. */
static int64_t *kept_bias(void *data)
{
	return data + script_info.entry_size;
}

static void skip_returns(uint32_t site, enum rt_skip why)
{
	for (uint32_t i = armed[site].first_return; i != NO_PROBE; i = next_return[i])
		rt_skip_probe(i, why, 1);
}

/* ---- hits ---- */

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
static void *note_return(struct uprobes_hit *hit)
{
	void *data;

	if (!(READ_ONCE(rt_session.accept) & RT_ORDINARY))
		return NULL;
	data = uprobes_return(hit, hit->tag);
	if (likely(data))
		*kept_bias(data) = hit->regs->ip - script_sites[hit->tag].address;
	else
		skip_returns(hit->tag, RT_SKIP_RETURN);
	return data;
}

static noinline void run_with_look(struct rt_context *c, struct uprobes_hit *hit)
{
	struct kernel_job job = {
		.look = look_at_site,
		.run = run_site,
		.skip = skip_site,
		.which = hit->tag,
		.entry = c->entry,
		.hit = *(struct kernel_hit *)c->port,
	};

	kernel_run_job(c, &job);
}

/* In the breakpoint's trap, interrupts off. */
static void entry(struct uprobes_hit *hit)
{
	const struct armed *a = &armed[hit->tag];
	struct kernel_hit place;
	struct rt_context *c;

	if (!a->has_entry) {
		note_return(hit);
		return;
	}
	c = kernel_context_take(hit->regs);
	if (unlikely(!c)) {
		rt_skip_site(hit->tag, RT_SKIP_REENTRANT);
		return;
	}
	place.task = NULL;
	place.file = script_sites[hit->tag].file;
	place.has_file = true;
	place.bias = hit->regs->ip - script_sites[hit->tag].address;
	c->port = &place;
	if (a->first_return != NO_PROBE)
		c->entry = note_return(hit);
	if (a->first_look == NO_PROBE)
		script_site(c, hit->tag);
	else
		run_with_look(c, hit);
	c->entry = NULL;
	c->port = NULL;
	kernel_context_put(c);
}

static void look_at_returns(struct rt_context *c, const struct kernel_job *job)
{
	for (uint32_t i = armed[job->which].first_look; i != NO_PROBE; i = next_look[i])
		if (script_probes[i].kind == PROBE_RETURN)
			script_look(c, i);
}

static void run_returns(struct rt_context *c, const struct kernel_job *job)
{
	c->is_return = 1;
	for (uint32_t i = armed[job->which].first_return; i != NO_PROBE; i = next_return[i])
		script_return(c, i);
	c->is_return = 0;
}

static void skip_job_returns(const struct kernel_job *job)
{
	skip_returns(job->which, RT_SKIP_REENTRANT);
}

static void returned(struct uprobes_hit *hit, void *data)
{
	struct rt_context *c = kernel_context_take(hit->regs);
	struct kernel_job job = {
		.look = armed[hit->tag].first_look != NO_PROBE ? look_at_returns : NULL,
		.run = run_returns,
		.skip = skip_job_returns,
		.which = hit->tag,
		.entry = data,
		.is_entry_lost = true,
		.entry_size = script_info.entry_size,
		.hit = {
			.file = script_sites[hit->tag].file,
			.has_file = true,
			.bias = *kept_bias(data),
		},
	};

	if (unlikely(!c)) {
		skip_job_returns(&job);
		return;
	}
	kernel_run_job(c, &job);
	kernel_context_put(c);
}

static const struct uprobes_ops ops = { .entry = entry, .returned = returned };
static struct uprobes_client client = { .ops = &ops };

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
	err = uprobes_site_add(&client, inode, &script_sites[site], limited_to[probe], site);
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
		armed[i] = (struct armed){ NO_PROBE, NO_PROBE, NO_PROBE, script_info.entry_size > 0 };
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
	return 0;
}

int sites_start(void)
{
	int err = make_tables();

	if (err)
		return err;
	client.return_size = ALIGN(script_info.entry_size, 8) + sizeof(int64_t);
	client.return_max = return_max();
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

void sites_stop(void)
{
	uprobes_client_disarm(&client);
	free_tables();
}

uint64_t sites_real_return(uint64_t slot, uint64_t address)
{
	return uprobes_real_return(slot, address);
}

/* Of the file that was hit only: mappings can't be looked for in a trap. */
bool sites_bias(struct rt_context *c, uint32_t file, int64_t *bias)
{
	const struct kernel_hit *place = c->port;

	if (!place || !place->has_file || place->file != file)
		return false;
	*bias = place->bias;
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
