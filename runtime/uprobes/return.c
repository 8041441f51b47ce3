// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Return records: for each activation of a function whose return is probed, where its
 * return address was on the stack, and what it was.  On the stack is the address of a
 * trampoline, which traps.
 *
 * A task's records are nearly a stack, in a list with the newest first.  longjmp leaves
 * records of frames that are gone: they are recognised by lying below the stack pointer
 * of the same stack, or by a new return address in their place.  Only the task itself
 * (and the parent, in fork) adds and removes; a client that leaves marks records as
 * orphans; unloading takes what is left.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/hash.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/uaccess.h>

#define BUCKET_BITS 8
#define STACK_MAX (8UL << 20) /* farther apart: not the same stack */

enum return_state { RETURN_LIVE, RETURN_ORPHAN };

struct record {
	struct list_head node;         /* in the bucket, or the pool's free list */
	struct task_struct *task;
	struct mm_struct *mm;
	unsigned long slot, real;      /* address on the stack; what was there */
	unsigned long trampoline;
	struct uprobes_client *client; /* while LIVE */
	struct uprobes_pool *pool;     /* a reference is held */
	uint32_t tag;
	uint8_t word;                  /* size of a return address */
	bool is_of_heap;               /* made by a fork */
	enum return_state state;       /* the bucket's lock */
	uint64_t data[];
};

struct uprobes_pool {
	refcount_t users;   /* the client, and records that are in use */
	struct rcu_work free;
	raw_spinlock_t lock;
	struct list_head idle;
	uint32_t data_size;
	size_t stride;
	uint8_t records[] __aligned(8);
};

static struct bucket {
	raw_spinlock_t lock;
	struct list_head records;
} buckets[1 << BUCKET_BITS];

static struct bucket *bucket_of(const struct task_struct *task)
{
	return &buckets[hash_ptr(task, BUCKET_BITS)];
}

/* ---- pools ---- */

int return_pool_new(struct uprobes_client *client)
{
	uint32_t data_size = ALIGN(client->return_size, 8);
	size_t stride = sizeof(struct record) + data_size;
	struct uprobes_pool *pool;

	pool = kvzalloc(sizeof(*pool) + stride * client->return_max, GFP_KERNEL);
	if (!pool)
		return -ENOMEM;
	refcount_set(&pool->users, 1);
	raw_spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->idle);
	pool->data_size = data_size;
	pool->stride = stride;
	for (uint32_t i = 0; i < client->return_max; i++)
		list_add(&((struct record *)(pool->records + i * stride))->node, &pool->idle);
	client->pool = pool;
	return 0;
}

static void pool_free(struct work_struct *work)
{
	kvfree(container_of(to_rcu_work(work), struct uprobes_pool, free));
}

void return_pool_put(struct uprobes_pool *pool)
{
	if (!pool || !refcount_dec_and_test(&pool->users))
		return;
	INIT_RCU_WORK(&pool->free, pool_free);
	queue_rcu_work(engine_queue, &pool->free);
}

static struct record *record_new(struct uprobes_pool *pool)
{
	struct record *r;
	unsigned long flags;

	raw_spin_lock_irqsave(&pool->lock, flags);
	r = list_first_entry_or_null(&pool->idle, struct record, node);
	if (r)
		list_del(&r->node);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	if (!r)
		return NULL;
	memset(r, 0, pool->stride);
	refcount_inc(&pool->users);
	r->pool = pool;
	return r;
}

static void record_free(struct record *r)
{
	struct uprobes_pool *pool = r->pool;
	unsigned long flags;

	if (r->is_of_heap) {
		kfree(r);
	} else {
		raw_spin_lock_irqsave(&pool->lock, flags);
		list_add(&r->node, &pool->idle);
		raw_spin_unlock_irqrestore(&pool->lock, flags);
	}
	return_pool_put(pool);
}

static void free_list(struct list_head *list)
{
	struct record *r, *next;

	list_for_each_entry_safe(r, next, list, node)
		record_free(r);
}

/* ---- a task's records ---- */

static bool is_on_signal_stack(unsigned long sp)
{
	return current->sas_ss_size && sp - current->sas_ss_sp < current->sas_ss_size;
}

/* Is A, below B, a deeper place of the same stack? */
static bool is_deeper(unsigned long a, unsigned long b)
{
	return a < b && b - a < STACK_MAX && is_on_signal_stack(a) == is_on_signal_stack(b);
}

static bool is_mine(const struct record *r)
{
	return r->task == current && r->mm == current->mm;
}

/* The frames below SLOT are gone; so are those at it, if a new return address was pushed. */
static void drop_dead(struct bucket *b, unsigned long slot, bool is_new_frame)
{
	struct record *r, *next;
	unsigned long flags;
	LIST_HEAD(dead);

	raw_spin_lock_irqsave(&b->lock, flags);
	list_for_each_entry_safe(r, next, &b->records, node) {
		if (!is_mine(r))
			continue;
		if (!is_deeper(r->slot, slot) && !(r->slot == slot && is_new_frame))
			break; /* older ones are farther up */
		list_move_tail(&r->node, &dead);
	}
	raw_spin_unlock_irqrestore(&b->lock, flags);
	free_list(&dead);
}

static unsigned long find_real(struct bucket *b, unsigned long slot)
{
	unsigned long flags, real = 0;
	struct record *r;

	raw_spin_lock_irqsave(&b->lock, flags);
	list_for_each_entry(r, &b->records, node)
		if (is_mine(r) && r->slot == slot) {
			real = r->real;
			break;
		}
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return real;
}

static void *miss(struct uprobes_hit *hit, struct record *r)
{
	if (r)
		record_free(r);
	atomic_long_inc(&hit->client->missed_returns);
	return NULL;
}

static void record_add(struct bucket *b, struct record *r)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	list_add(&r->node, &b->records);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

static void record_remove(struct bucket *b, struct record *r)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	list_del(&r->node);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

void *uprobes_return(struct uprobes_hit *hit, uint32_t tag)
{
	struct uprobes_pool *pool = hit->client->pool;
	struct bucket *b = bucket_of(current);
	unsigned long slot = hit->regs->sp, address = 0;
	uint8_t word = user_64bit_mode(hit->regs) ? 8 : 4;
	const struct layout *l;
	struct space *space = space_find(current->mm);
	bool is_replaced;
	struct record *r;

	l = space ? rcu_dereference(space->layout) : NULL;
	if (!pool || !l || copy_from_user_nofault(&address, (void __user *)slot, word))
		return miss(hit, NULL);
	is_replaced = layout_is_trampoline(l, address);
	drop_dead(b, slot, !is_replaced);
	if (is_replaced) /* another probe's, or a tail call's caller's */
		address = find_real(b, slot);
	r = record_new(pool);
	hit->returns_reached = !r;
	if (!r || !address)
		return miss(hit, r);
	r->task = current;
	r->mm = current->mm;
	r->slot = slot;
	r->real = address;
	r->trampoline = l->areas[0].start;
	r->client = hit->client;
	r->tag = tag;
	r->word = word;
	r->state = RETURN_LIVE;
	record_add(b, r);
	if (!is_replaced &&
	    copy_to_user_nofault((void __user *)slot, &r->trampoline, word)) {
		record_remove(b, r);
		return miss(hit, r);
	}
	return r->data;
}
EXPORT_SYMBOL_GPL(uprobes_return);

unsigned long uprobes_real_return(unsigned long slot, unsigned long address)
{
	const struct layout *l;
	struct space *space;
	bool is_replaced;
	unsigned long real;

	rcu_read_lock();
	space = current->mm ? space_find(current->mm) : NULL;
	l = space ? rcu_dereference(space->layout) : NULL;
	is_replaced = l && layout_is_trampoline(l, address);
	rcu_read_unlock();
	real = is_replaced ? find_real(bucket_of(current), slot) : 0;
	return real ? real : address;
}
EXPORT_SYMBOL_GPL(uprobes_real_return);

/*
 * The stack slot that has been returned from: the highest one below SP (a return may pop
 * more than the address), on this stack.  0: none.
 */
static unsigned long find_returned(struct bucket *b, unsigned long sp)
{
	unsigned long flags, best = 0;
	struct record *r;

	raw_spin_lock_irqsave(&b->lock, flags);
	list_for_each_entry(r, &b->records, node)
		if (is_mine(r) && r->slot > best && is_deeper(r->slot, sp))
			best = r->slot;
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return best;
}

static struct record *take_at(struct bucket *b, unsigned long slot)
{
	struct record *r, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	list_for_each_entry(r, &b->records, node)
		if (is_mine(r) && r->slot == slot) {
			list_del(&r->node);
			found = r;
			break;
		}
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return found;
}

bool return_arrive(struct pt_regs *regs)
{
	struct bucket *b = bucket_of(current);
	unsigned long slot = find_returned(b, regs->sp);
	struct record *r;

	if (!slot)
		return false;
	drop_dead(b, slot, false);
	while ((r = take_at(b, slot))) {
		struct uprobes_hit hit = {.regs = regs, .client = r->client, .tag = r->tag};

		regs->ip = r->real;
		/* Pairs with return_orphan, which waits for a grace period: the client
		 * stays until this trap is over. */
		if (READ_ONCE(r->state) == RETURN_LIVE)
			hit.client->ops->returned(&hit, r->data);
		record_free(r);
	}
	return true;
}

static void mark_orphans(const struct uprobes_client *client)
{
	struct record *r;

	for (unsigned int i = 0; i < ARRAY_SIZE(buckets); i++) {
		raw_spin_lock_irq(&buckets[i].lock);
		list_for_each_entry(r, &buckets[i].records, node)
			if (r->client == client)
				WRITE_ONCE(r->state, RETURN_ORPHAN);
		raw_spin_unlock_irq(&buckets[i].lock);
	}
}

/*
 * The client is not armed.  A handler that was running, or a fork that was copying records,
 * may have added one behind the first look; behind the second grace period no callback
 * of the client runs.
 */
void return_orphan(struct uprobes_client *client)
{
	mark_orphans(client);
	synchronize_rcu();
	mark_orphans(client);
	synchronize_rcu();
}

/* ---- fork, exec, exit ---- */

static struct record *copy_for(const struct record *r, struct task_struct *child)
{
	size_t size = sizeof(*r) + r->pool->data_size;
	struct record *copy = kmalloc(size, GFP_ATOMIC);

	if (!copy)
		return NULL;
	memcpy(copy, r, size);
	refcount_inc(&copy->pool->users);
	copy->task = child;
	copy->mm = child->mm;
	copy->is_of_heap = true;
	return copy;
}

/* The child, which does not run yet, has the parent's frames if it has its stack. */
void return_fork(struct task_struct *parent, struct task_struct *child)
{
	struct bucket *b = bucket_of(parent);
	struct record *r, *copy;
	unsigned long flags;
	LIST_HEAD(copies);

	if (!child->mm || task_pt_regs(child)->sp != task_pt_regs(parent)->sp)
		return;
	raw_spin_lock_irqsave(&b->lock, flags);
	list_for_each_entry(r, &b->records, node) {
		if (r->task != parent || r->mm != parent->mm)
			continue;
		copy = copy_for(r, child);
		if (!copy) {
			pr_err_once("tapster_uprobes: out of memory in fork: the child dies on return\n");
			break;
		}
		list_add_tail(&copy->node, &copies);
	}
	raw_spin_unlock_irqrestore(&b->lock, flags);
	if (list_empty(&copies))
		return;
	b = bucket_of(child);
	raw_spin_lock_irqsave(&b->lock, flags);
	list_splice(&copies, &b->records);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

void return_exec_or_exit(struct task_struct *task)
{
	struct bucket *b = bucket_of(task);
	struct record *r, *next;
	unsigned long flags;
	LIST_HEAD(dead);

	/* Only the task itself adds to its records, and it is here. */
	if (list_empty_careful(&b->records))
		return;
	raw_spin_lock_irqsave(&b->lock, flags);
	list_for_each_entry_safe(r, next, &b->records, node)
		if (r->task == task)
			list_move(&r->node, &dead);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	free_list(&dead);
}

/* ---- unloading ---- */

/* No task runs: those that have returned to a trampoline are sent on from there. */
static int send_on(void *unused)
{
	struct record *r;

	for (unsigned int i = 0; i < ARRAY_SIZE(buckets); i++)
		list_for_each_entry(r, &buckets[i].records, node) {
			struct pt_regs *regs = task_pt_regs(r->task);

			if (regs->ip == r->trampoline && regs->sp == r->slot + r->word)
				regs->ip = r->real;
		}
	return 0;
}

/* What a record says of a stack. */
struct replaced {
	unsigned long slot, real, trampoline;
	uint8_t word;
};

struct replaced_list {
	unsigned int n, size, n_restored;
	struct replaced *at;
};

static void list_replaced(struct replaced_list *list)
{
	struct record *r;

	list->n = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(buckets); i++) {
		raw_spin_lock_irq(&buckets[i].lock);
		list_for_each_entry(r, &buckets[i].records, node) {
			if (list->n < list->size)
				list->at[list->n] = (struct replaced){
					r->slot, r->real, r->trampoline, r->word};
			list->n++;
		}
		raw_spin_unlock_irq(&buckets[i].lock);
	}
}

/* Any process may have any record's frame: a fork in progress has copied the stack, but
 * not yet the records. */
static int restore_in(struct space *space, void *data)
{
	struct replaced_list *list = data;
	const struct layout *l;

	mutex_lock(&space->lock);
	mmap_read_lock(space->mm);
	if (space->mm->map_count == 0)
		list->n_restored++; /* a fork that has just begun: another round */
	l = rcu_dereference_protected(space->layout, lockdep_is_held(&space->lock));
	for (unsigned int i = 0; l && i < list->n; i++) {
		const struct replaced *r = &list->at[i];

		if (layout_is_trampoline(l, r->trampoline) &&
		    text_exchange_word(space->mm, r->slot, r->trampoline, r->real, r->word) == 0)
			list->n_restored++;
	}
	mmap_read_unlock(space->mm);
	mutex_unlock(&space->lock);
	return 0;
}

void return_restore_all(void)
{
	struct replaced_list list = {};

	do {
		list_replaced(&list);
		if (list.n > list.size) {
			kvfree(list.at);
			list.size = 2 * list.n;
			list.at = kvmalloc_array(list.size, sizeof(list.at[0]),
						 GFP_KERNEL | __GFP_NOFAIL);
			list_replaced(&list);
			list.n = min(list.n, list.size);
		}
		list.n_restored = 0;
		spaces_for_each(restore_in, &list);
		cond_resched();
	} while (list.n_restored);
	kvfree(list.at);
	/* Those that had taken the trampoline's address from the stack before. */
	stop_machine(send_on, NULL, NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(buckets); i++) {
		LIST_HEAD(dead);

		raw_spin_lock_irq(&buckets[i].lock);
		list_splice_init(&buckets[i].records, &dead);
		raw_spin_unlock_irq(&buckets[i].lock);
		free_list(&dead);
	}
}

void return_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(buckets); i++) {
		raw_spin_lock_init(&buckets[i].lock);
		INIT_LIST_HEAD(&buckets[i].records);
	}
}
