// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The processes that have breakpoints or slots of ours (a space each), by mm.  A space is
 * made by the first update that finds something to do, or by fork; it leaves the table when
 * the mm's last user is gone.  The mm's structure is kept as long as the space, so that
 * its address isn't used again.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/slab.h>

struct hlist_head spaces[1 << SPACES_BITS];
static DEFINE_RAW_SPINLOCK(spaces_lock);

static struct hlist_head *chain_of(const struct mm_struct *mm)
{
	return &spaces[hash_ptr(mm, SPACES_BITS)];
}

static struct space *space_new(struct mm_struct *mm, gfp_t gfp)
{
	struct space *s = kzalloc(sizeof(*s), gfp);

	if (!s)
		return NULL;
	refcount_set(&s->users, 1);
	mutex_init(&s->lock);
	mmgrab(mm);
	s->mm = mm;
	return s;
}

static void space_free(struct work_struct *work)
{
	struct space *s = container_of(to_rcu_work(work), struct space, free);

	layout_put(rcu_access_pointer(s->layout));
	mmdrop(s->mm);
	kfree(s);
}

void space_put(struct space *s)
{
	if (!refcount_dec_and_test(&s->users))
		return;
	INIT_RCU_WORK(&s->free, space_free);
	queue_rcu_work(engine_queue, &s->free);
}

struct space *space_get(struct mm_struct *mm, bool create)
{
	struct space *s, *fresh = NULL;
	unsigned long flags;

	if (create)
		fresh = space_new(mm, GFP_KERNEL);
	raw_spin_lock_irqsave(&spaces_lock, flags);
	s = space_find(mm);
	if (!s && fresh) {
		s = fresh;
		fresh = NULL;
		hlist_add_head_rcu(&s->node, chain_of(mm));
	}
	if (s)
		refcount_inc(&s->users);
	raw_spin_unlock_irqrestore(&spaces_lock, flags);
	if (fresh) {
		mmdrop(fresh->mm);
		kfree(fresh);
	}
	return s;
}

/*
 * PARENT's mmap_lock is held for write: neither its layout nor its text can change until
 * the fork has copied both.
 */
void space_fork(const struct mm_struct *parent, struct mm_struct *child)
{
	struct space *from, *s;
	struct layout *l;
	unsigned long flags;

	rcu_read_lock();
	from = space_find(parent);
	l = from ? rcu_dereference(from->layout) : NULL;
	if (l) {
		s = space_new(child, GFP_ATOMIC);
		if (s) {
			refcount_inc(&l->users);
			RCU_INIT_POINTER(s->layout, l);
			s->generation = from->generation;
			s->has_returns = from->has_returns;
			raw_spin_lock_irqsave(&spaces_lock, flags);
			hlist_add_head_rcu(&s->node, chain_of(child));
			raw_spin_unlock_irqrestore(&spaces_lock, flags);
		} else {
			pr_err_once("tapster_uprobes: out of memory in fork: the child dies at its first probe\n");
		}
	}
	rcu_read_unlock();
}

static void unlink_space(struct space *s)
{
	hlist_del_init_rcu(&s->node);
	space_put(s);
}

void space_exit(struct mm_struct *mm)
{
	struct space *s;
	unsigned long flags;

	rcu_read_lock();
	s = space_find(mm);
	rcu_read_unlock();
	if (!s) /* nobody makes one for an mm without users */
		return;
	raw_spin_lock_irqsave(&spaces_lock, flags);
	s = space_find(mm);
	if (s)
		unlink_space(s);
	raw_spin_unlock_irqrestore(&spaces_lock, flags);
}

/*
 * The space behind AFTER in a chain (the first if it is NULL or has left), with a reference.
 * One that is added meanwhile at the head is not seen: it is a fork of one that is.
 */
static struct space *next_space(struct hlist_head *chain, const struct space *after)
{
	struct hlist_node *node;
	struct space *s = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&spaces_lock, flags);
	node = after && !hlist_unhashed(&after->node) ? after->node.next : chain->first;
	if (node) {
		s = hlist_entry(node, struct space, node);
		refcount_inc(&s->users);
	}
	raw_spin_unlock_irqrestore(&spaces_lock, flags);
	return s;
}

int spaces_for_each(int (*fn)(struct space *space, void *data), void *data)
{
	struct space *s, *last;
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(spaces) && !err; i++) {
		for (last = NULL; !err && (s = next_space(&spaces[i], last)); last = s) {
			if (last)
				space_put(last);
			if (mmget_not_zero(s->mm)) {
				err = fn(s, data);
				mmput(s->mm);
			}
		}
		if (last)
			space_put(last);
	}
	return err;
}

void spaces_drop_all(void)
{
	struct space *s;
	struct hlist_node *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&spaces_lock, flags);
	for (unsigned int i = 0; i < ARRAY_SIZE(spaces); i++)
		hlist_for_each_entry_safe(s, next, &spaces[i], node)
			unlink_space(s);
	raw_spin_unlock_irqrestore(&spaces_lock, flags);
}
