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
	uint32_t first_return; /* probe, or NO_PROBE */
	bool has_entry;        /* something is to be done at the entry, but for noting the return */
} *armed;                      /* of each site */
static uint32_t *next_return;  /* of each probe: the next one of the same site */
static struct mm_struct **limited_to; /* of each site, or NULL */

/* What a return record holds: script_info.entry_size bytes, then this. */
static int64_t *kept_bias(void *data)
{
	return data + script_info.entry_size;
}

/* What sites_bias knows: the file of the hit that C is running for, and where it lies. */
struct place {
	uint32_t file;
	int64_t bias;
};

static void skip_returns(uint32_t site, enum rt_skip why)
{
	for (uint32_t i = armed[site].first_return; i != NO_PROBE; i = next_return[i])
		rt_skip_probe(i, why, 1);
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

/* In the breakpoint's trap, interrupts off. */
static void entry(struct uprobes_hit *hit)
{
	const struct armed *a = &armed[hit->tag];
	struct rt_context *c;
	struct place place;

	if (!a->has_entry) {
		note_return(hit);
		return;
	}
	c = kernel_context_take(hit->regs);
	if (unlikely(!c)) {
		rt_skip_site(hit->tag, RT_SKIP_REENTRANT);
		return;
	}
	place.file = script_sites[hit->tag].file;
	place.bias = hit->regs->ip - script_sites[hit->tag].address;
	c->port = &place;
	if (a->first_return != NO_PROBE)
		c->entry = note_return(hit);
	script_site(c, hit->tag);
	c->entry = NULL;
	c->port = NULL;
	kernel_context_put(c);
}

static void returned(struct uprobes_hit *hit, void *data)
{
	struct rt_context *c = kernel_context_take(hit->regs);
	struct place place = { script_sites[hit->tag].file, *kept_bias(data) };

	if (unlikely(!c)) {
		skip_returns(hit->tag, RT_SKIP_REENTRANT);
		return;
	}
	c->port = &place;
	c->entry = data;
	c->is_return = 1;
	for (uint32_t i = armed[hit->tag].first_return; i != NO_PROBE; i = next_return[i])
		script_return(c, i);
	c->is_return = 0;
	c->entry = NULL;
	c->port = NULL;
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

/* The process that a site's probes are limited to: 0: none, -1: it differs. */
static int32_t pid_of(uint32_t site)
{
	int32_t pid = 0;
	bool first = true;

	for (uint32_t i = 0; i < script_info.n_probes; i++) {
		const struct script_probe *p = &script_probes[i];

		if ((p->kind != PROBE_SITE && p->kind != PROBE_RETURN) || p->arg != (int64_t)site)
			continue;
		if (!first && p->pid != pid)
			return -1;
		pid = p->pid;
		first = false;
	}
	return pid;
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

static int add_site(uint32_t site)
{
	const struct site_recipe *recipe = &script_sites[site];
	const char *path = script_strings + script_files[recipe->file].path;
	int32_t pid = pid_of(site);
	struct path where;
	int err;

	if (pid < 0)
		return -EOPNOTSUPP;
	if (pid) {
		limited_to[site] = mm_of(pid);
		if (!limited_to[site])
			return -ESRCH;
	}
	err = kern_path(path, LOOKUP_FOLLOW, &where);
	if (err)
		return err;
	err = uprobes_site_add(&client, d_real_inode(where.dentry), recipe, limited_to[site], site);
	path_put(&where);
	return err;
}

static void free_tables(void)
{
	for (uint32_t i = 0; limited_to && i < script_info.n_sites; i++)
		if (limited_to[i])
			mmdrop(limited_to[i]);
	kvfree(limited_to);
	kvfree(armed);
	kvfree(next_return);
	limited_to = NULL;
	armed = NULL;
	next_return = NULL;
}

static int make_tables(void)
{
	limited_to = kvcalloc(script_info.n_sites, sizeof(*limited_to), GFP_KERNEL);
	armed = kvcalloc(script_info.n_sites, sizeof(*armed), GFP_KERNEL);
	next_return = kvcalloc(script_info.n_probes, sizeof(*next_return), GFP_KERNEL);
	if (!limited_to || !armed || !next_return) {
		free_tables();
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < script_info.n_sites; i++)
		armed[i] = (struct armed){ NO_PROBE, script_info.entry_size > 0 };
	for (uint32_t i = script_info.n_probes; i-- > 0;) {
		const struct script_probe *p = &script_probes[i];

		if (p->kind == PROBE_RETURN) {
			next_return[i] = armed[p->arg].first_return;
			armed[p->arg].first_return = i;
		} else if (p->kind == PROBE_SITE) {
			armed[p->arg].has_entry = true;
		}
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
	const struct place *place = c->port;

	if (!place || place->file != file)
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
