// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clients: arming and disarming them in every process; loading and unloading the engine.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>

struct workqueue_struct *engine_queue;
static LIST_HEAD(clients);

/* ---- arming: all processes that map a file ---- */

/* A process without VMAs yet, or one that loses the race for a gap, is asked again. */
#define PATIENCE 1000

struct found {
	unsigned int n, size;
	struct mm_struct **at; /* a reference to the users of each is held */
};

static bool is_up_to_date(struct mm_struct *mm)
{
	struct space *s;
	bool is;

	rcu_read_lock();
	s = space_find(mm);
	is = s && READ_ONCE(s->generation) == update_generation();
	rcu_read_unlock();
	return is;
}

/* Lists the processes to update, as far as there is room; counts all. */
static void find_users(struct file_sites *f, struct found *found)
{
	struct address_space *mapping = f->inode->i_mapping;
	struct rb_node *node;

	found->n = 0;
	i_mmap_lock_read(mapping);
	rcu_read_lock();
	for (node = rb_first_cached(&mapping->i_mmap); node; node = rb_next(node)) {
		struct vm_area_struct *vma = rb_entry(node, struct vm_area_struct, shared.rb);

		if (!sites_are_in(vma) || is_up_to_date(vma->vm_mm))
			continue;
		if (found->n >= found->size)
			found->n++;
		else if (mmget_not_zero(vma->vm_mm))
			found->at[found->n++] = vma->vm_mm;
	}
	rcu_read_unlock();
	i_mmap_unlock_read(mapping);
}

/* 1: there were some, look again; 0: none; or an error. */
static int update_users(struct file_sites *f)
{
	struct found found = {.size = 64};
	int err = 0;
	unsigned int n;

	found.at = kmalloc_array(found.size, sizeof(found.at[0]), GFP_KERNEL);
	if (!found.at)
		return -ENOMEM;
	find_users(f, &found);
	n = min(found.n, found.size);
	for (unsigned int i = 0; i < n; i++) {
		int e = is_up_to_date(found.at[i]) ? 0 : update_remote(found.at[i]);

		if (e && e != -EAGAIN)
			err = e;
		mmput(found.at[i]);
	}
	kfree(found.at);
	return err ? err : found.n > 0;
}

static int update_all_users(void)
{
	struct file_sites *f;

	list_for_each_entry(f, &sites_files, list) {
		int again = 1;

		for (int i = 0; again > 0 && i < PATIENCE; i++) {
			again = update_users(f);
			if (again > 0 && i)
				msleep(1);
		}
		if (again < 0)
			return again;
	}
	return 0;
}

/* ---- disarming ---- */

/* Is the process armed with a site that nobody wants there? */
static bool has_leftovers(struct space *space)
{
	const struct layout *l;
	bool has = false;

	rcu_read_lock();
	l = rcu_dereference(space->layout);
	for (unsigned int i = 0; l && l->n_armed && i < l->n && !has; i++)
		has = l->patches[i].state == PATCH_ARMED &&
		      !(l->patches[i].is_unwinder && unwind_is_wanted()) &&
		      !site_is_wanted_in(l->patches[i].site, space->mm);
	rcu_read_unlock();
	return has;
}

static int restore_space(struct space *space, void *data)
{
	bool *any = data;

	if (has_leftovers(space)) {
		*any = true;
		update_remote(space->mm);
	}
	return 0;
}

static void restore_all(void)
{
	bool any;

	do {
		any = false;
		spaces_for_each(restore_space, &any);
		cond_resched();
	} while (any);
}

/* ---- clients ---- */

int uprobes_client_init(struct uprobes_client *client)
{
	int err = 0;

	if (!client->ops || !client->ops->entry || (client->return_max && !client->ops->returned))
		return -EINVAL;
	client->sites = NULL;
	atomic_long_set(&client->missed_returns, 0);
	atomic_long_set(&client->refused, 0);
	client->pool = NULL;
	client->armed = false;
	if (client->return_max)
		err = return_pool_new(client);
	if (err)
		return err;
	mutex_lock(&engine_lock);
	list_add_tail(&client->node, &clients);
	mutex_unlock(&engine_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(uprobes_client_init);

/* The site is armed already for the sake of another client. */
static void do_nothing(void *site, struct pt_regs *regs, const struct layout *where)
{
}

int uprobes_site_add(struct uprobes_client *client, struct inode *inode,
		     const struct site_recipe *recipe, struct mm_struct *mm, void *site)
{
	struct consumer *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int err;

	if (!c)
		return -ENOMEM;
	c->client = client;
	c->mm = mm;
	c->is_limited = mm || client->is_meant;
	c->entry = do_nothing;
	c->data = site;
	mutex_lock(&engine_lock);
	err = sites_add(c, inode, recipe);
	if (!err) {
		c->next = client->sites;
		client->sites = c;
	}
	mutex_unlock(&engine_lock);
	if (err)
		kfree(c);
	return err;
}
EXPORT_SYMBOL_GPL(uprobes_site_add);

int uprobes_client_arm(struct uprobes_client *client)
{
	struct consumer *c;
	int err;

	mutex_lock(&engine_lock);
	client->armed = true;
	for (c = client->sites; c; c = c->next)
		WRITE_ONCE(c->entry, client->ops->entry);
	if (client->pool)
		unwind_client_came();
	sites_publish();
	update_new_generation();
	err = update_all_users();
	mutex_unlock(&engine_lock);
	return err;
}
EXPORT_SYMBOL_GPL(uprobes_client_arm);

int uprobes_client_update(struct uprobes_client *client, bool (*rests)(const void *site))
{
	struct consumer *c;
	int err;

	mutex_lock(&engine_lock);
	for (c = client->sites; c; c = c->next)
		WRITE_ONCE(c->rests, rests(c->data));
	update_new_generation();
	err = update_all_users();
	restore_all();
	mutex_unlock(&engine_lock);
	return err;
}
EXPORT_SYMBOL_GPL(uprobes_client_update);

void uprobes_client_disarm(struct uprobes_client *client)
{
	struct consumer *c;

	mutex_lock(&engine_lock);
	for (c = client->sites; c; c = c->next)
		sites_remove(c);
	return_orphan(client); /* and waits for handlers that run */
	if (client->armed && client->return_max) /* orphans count by now */
		unwind_client_left();
	client->armed = false;
	/* No update under way still has the old tables, so none arms a leaving site. */
	sites_publish();
	update_new_generation();
	restore_all();
	unwind_forget_unwanted();
	while ((c = client->sites)) {
		client->sites = c->next;
		kfree(c);
	}
	sites_forget();
	list_del(&client->node);
	mutex_unlock(&engine_lock);
}
EXPORT_SYMBOL_GPL(uprobes_client_disarm);

/* ---- the module ---- */

static int __init engine_init(void)
{
	int err;

	engine_queue = alloc_workqueue("tapster_uprobes", WQ_UNBOUND, 0);
	if (!engine_queue)
		return -ENOMEM;
	err = trap_start();
	if (err)
		goto destroy_queue;
	err = hooks_init();
	if (err)
		goto stop_traps;
	return 0;

stop_traps:
	trap_stop();
destroy_queue:
	destroy_workqueue(engine_queue);
	return err;
}

/*
 * There are no clients (their modules hold this one), so no text is changed; but tasks may
 * be inside probed functions, and go on returning to trampolines until those are taken
 * off their stacks.  Slots stay in the processes; they need nothing from here.
 */
static void __exit engine_exit(void)
{
	hooks_stop_looking();
	restore_stacks();
	unwind_stop();
	restore_all();
	hooks_fini();
	trap_stop();
	unwind_wait();
	return_fini();
	spaces_drop_all();
	/* task works and handlers that are about to return */
	synchronize_rcu_tasks();
	/* a space's end releases its layout, and a layout's its sites */
	for (int i = 0; i < 3; i++) {
		rcu_barrier();
		flush_workqueue(engine_queue);
	}
	destroy_workqueue(engine_queue);
}

module_init(engine_init);
module_exit(engine_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("User-space probes for tapster: sites, out-of-line slots, return probes");
