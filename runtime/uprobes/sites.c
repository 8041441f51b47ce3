// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is probed: files by inode, the sites of a file by offset, and at each site the
 * consumers (a client's wish to be called there).  All changes happen under engine_lock.
 * Three kinds of readers don't take it: the trap (consumers of a site, RCU), the hooks
 * (is there anything in this file? RCU) and the updates of processes (tables of wanted
 * sites, sites_srcu, since they sleep).
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/hash.h>
#include <linux/slab.h>

#define FILES_BITS 8

DEFINE_MUTEX(engine_lock);
DEFINE_SRCU(sites_srcu);
LIST_HEAD(sites_files);
static struct hlist_head files[1 << FILES_BITS];

struct file_sites *sites_find(const struct inode *inode)
{
	struct file_sites *f;

	hlist_for_each_entry_rcu(f, &files[hash_ptr(inode, FILES_BITS)], node,
				 srcu_read_lock_held(&sites_srcu) || lockdep_is_held(&engine_lock))
		if (f->inode == inode)
			return f;
	return NULL;
}

static struct file_sites *find_or_add_file(struct inode *inode)
{
	struct file_sites *f = sites_find(inode);

	if (f)
		return f;
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return NULL;
	ihold(inode);
	f->inode = inode;
	f->tree = RB_ROOT;
	list_add(&f->list, &sites_files);
	hlist_add_head_rcu(&f->node, &files[hash_ptr(inode, FILES_BITS)]);
	return f;
}

/* What the recipe asks for is within its own bounds. */
static bool is_sane(const struct site_recipe *r)
{
	if (r->cover == 0 || r->cover > SITE_COVER_MAX || r->slot_size == 0 ||
	    r->slot_size > SITE_SLOT_MAX || r->n_fixups > SITE_FIXUPS_MAX || r->n_insns != 1)
		return false;
	for (unsigned int i = 0; i < r->n_fixups; i++) {
		const struct site_fixup *f = &r->fixups[i];
		unsigned int size = f->kind == SITE_FIX_ABS64 ? 8 : 4;

		if (f->kind < SITE_FIX_REL32 || f->kind > SITE_FIX_ABS32 ||
		    f->at + size > r->slot_size)
			return false;
	}
	return true;
}

struct site *site_new(const struct site_recipe *r)
{
	size_t fixups = r->n_fixups * sizeof(struct site_fixup);
	struct site *s = kzalloc(sizeof(*s) + fixups + r->slot_size + r->cover, GFP_KERNEL);

	if (!s)
		return NULL;
	kref_init(&s->ref);
	INIT_HLIST_HEAD(&s->consumers);
	s->offset = r->offset;
	s->state = UPROBES_SITE_WANTED;
	s->cover = r->cover;
	s->slot_size = r->slot_size;
	s->n_fixups = r->n_fixups;
	s->insn_slot = r->insn_slot[0];
	s->semaphore = r->semaphore ? (int64_t)(r->semaphore - r->address) : 0;
	memcpy(s->fixups, r->fixups, fixups);
	memcpy((void *)site_slot(s), r->slot, r->slot_size);
	memcpy((void *)site_orig(s), r->orig, r->cover);
	return s;
}

static void site_free(struct kref *ref)
{
	kfree(container_of(ref, struct site, ref));
}

void site_put(struct site *s)
{
	kref_put(&s->ref, site_free);
}

bool site_has_same_code(const struct site *a, const struct site *b)
{
	return a->cover == b->cover && a->slot_size == b->slot_size &&
	       a->n_fixups == b->n_fixups &&
	       memcmp(a->fixups, b->fixups,
		      a->n_fixups * sizeof(a->fixups[0]) + a->slot_size + a->cover) == 0;
}

/* WANTED from nothing or LEAVING; see the table in uprobes.h. */
static int find_or_add_site(struct file_sites *f, const struct site_recipe *r, struct site **out)
{
	struct rb_node **link = &f->tree.rb_node, *parent = NULL;
	struct site *s = site_new(r);

	if (!s)
		return -ENOMEM;
	while (*link) {
		struct site *other = rb_entry(*link, struct site, node);

		parent = *link;
		if (other->offset == r->offset) {
			bool same = site_has_same_code(s, other);

			site_put(s);
			if (!same)
				return -EEXIST;
			other->state = UPROBES_SITE_WANTED;
			*out = other;
			return 0;
		}
		link = r->offset < other->offset ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&s->node, parent, link);
	rb_insert_color(&s->node, &f->tree);
	s->file = f;
	*out = s;
	return 0;
}

static void drop_file_if_empty(struct file_sites *f)
{
	if (!RB_EMPTY_ROOT(&f->tree))
		return;
	hlist_del_rcu(&f->node);
	list_del(&f->list);
	synchronize_srcu(&sites_srcu);
	synchronize_rcu();
	iput(f->inode);
	kvfree(rcu_access_pointer(f->table));
	kfree(f);
}

int sites_add(struct consumer *c, struct inode *inode, const struct site_recipe *recipe)
{
	struct file_sites *f;
	int err;

	lockdep_assert_held(&engine_lock);
	if (!is_sane(recipe))
		return -EINVAL;
	f = find_or_add_file(inode);
	if (!f)
		return -ENOMEM;
	err = find_or_add_site(f, recipe, &c->site);
	if (err) {
		drop_file_if_empty(f);
		return err;
	}
	hlist_add_tail_rcu(&c->node, &c->site->consumers);
	return 0;
}

void sites_remove(struct consumer *c)
{
	lockdep_assert_held(&engine_lock);
	hlist_del_rcu(&c->node);
	if (hlist_empty(&c->site->consumers))
		c->site->state = UPROBES_SITE_LEAVING;
}

static void publish_file(struct file_sites *f)
{
	struct site_table *table, *old;
	struct rb_node *node;
	unsigned int n = 0;

	for (node = rb_first(&f->tree); node; node = rb_next(node))
		n += rb_entry(node, struct site, node)->state == UPROBES_SITE_WANTED;
	table = kvmalloc(struct_size(table, at, n), GFP_KERNEL | __GFP_NOFAIL);
	table->n = 0;
	for (node = rb_first(&f->tree); node; node = rb_next(node)) {
		struct site *s = rb_entry(node, struct site, node);

		if (s->state == UPROBES_SITE_WANTED)
			table->at[table->n++] = s;
	}
	old = rcu_replace_pointer(f->table, table, lockdep_is_held(&engine_lock));
	if (old) {
		/* the hooks read it under RCU, updates under SRCU */
		synchronize_srcu(&sites_srcu);
		synchronize_rcu();
		kvfree(old);
	}
}

void sites_publish(void)
{
	struct file_sites *f;

	lockdep_assert_held(&engine_lock);
	list_for_each_entry(f, &sites_files, list)
		publish_file(f);
}

void sites_forget(void)
{
	struct file_sites *f, *next;

	lockdep_assert_held(&engine_lock);
	list_for_each_entry_safe(f, next, &sites_files, list) {
		struct rb_node *node = rb_first(&f->tree);

		while (node) {
			struct site *s = rb_entry(node, struct site, node);

			node = rb_next(node);
			if (s->state != UPROBES_SITE_LEAVING)
				continue;
			rb_erase(&s->node, &f->tree);
			s->file = NULL;
			site_put(s);
		}
		drop_file_if_empty(f);
	}
}

bool sites_are_in(const struct vm_area_struct *vma)
{
	uint64_t first = (uint64_t)vma->vm_pgoff << PAGE_SHIFT;
	uint64_t end = first + (vma->vm_end - vma->vm_start);
	const struct site_table *table;
	struct file_sites *f;
	unsigned int low = 0, high;

	if (!sites_may_be_in(vma))
		return false;
	f = sites_find(file_inode(vma->vm_file));
	if (!f)
		return false;
	table = rcu_dereference_raw(f->table);
	if (!table)
		return false;
	high = table->n;
	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (table->at[mid]->offset < first)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < table->n && table->at[low]->offset < end; low++)
		if (site_is_wanted_in(table->at[low], vma->vm_mm))
			return true;
	return false;
}

bool consumer_means(const struct consumer *c, const struct mm_struct *mm)
{
	return (!c->mm || c->mm == mm) && (!c->client->is_meant || c->client->is_meant(mm));
}

/* RCU, or anything that keeps the site's consumers. */
bool site_is_wanted_in(const struct site *s, const struct mm_struct *mm)
{
	const struct consumer *c;
	bool wanted = false;

	rcu_read_lock();
	hlist_for_each_entry_rcu(c, &s->consumers, node)
		if (!READ_ONCE(c->rests) && (!c->is_limited || consumer_means(c, mm))) {
			wanted = true;
			break;
		}
	rcu_read_unlock();
	return wanted;
}

/* Might one of its consumers want to see returns? */
bool site_has_returns(const struct site *s)
{
	const struct consumer *c;
	bool has = false;

	rcu_read_lock();
	hlist_for_each_entry_rcu(c, &s->consumers, node)
		has |= c->client->return_max > 0;
	rcu_read_unlock();
	return has;
}
