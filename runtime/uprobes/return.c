// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Return records: for each activation of a function whose return is probed, where its
 * return address was on the stack, and what it was.  On the stack is the address of a
 * trampoline, which traps.
 *
 * A thread's records are nearly a stack, in a list with the newest first.  What breaks
 * the order:
 *  - longjmp and exceptions leave records of frames that are gone.  Such a record goes when
 *    its slot is used again;
 *  - coroutines: the frames of another one's stack look just like those that longjmp left,
 *    but will return.
 * So an arrival takes the newest record of its own slot, wherever in the list it is, and a
 * record is not taken for dead because it is deeper.  Those that are likely to be, or when
 * there is no room, are given up: the real address is put back first, so that whoever does come
 * to return from there returns to its caller, and is not seen.
 *
 * Locks: none in the trap.  A thread's list belongs to the thread, which changes it only
 * with interrupts off (the trap, fork, exec and exit); the unloading engine looks at
 * lists by stop_machine.  A pool's idle records are a list that is changed by
 * compare-and-exchange.
 *
 * A record whose pool has no client any more is an orphan: it still sends the thread
 * to its caller.  Records are counted from then on only: the pool goes with the last one.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/hash.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/uaccess.h>

enum {
	BUCKET_BITS = 10,
	DEEPER_MAX = 64,     /* records that are looked at for dead ones */
	POPPED_MAX = 65536,  /* bytes of arguments that a return may pop */
};
#define STACK_MAX (8UL << 20) /* farther apart: not the same stack */

struct record {
	struct record *next;           /* the next older one */
	unsigned long slot, real;      /* address on the stack; what was there */
	unsigned long trampoline;
	struct uprobes_pool *pool;
	void *site;                    /* the client's */
	uint32_t number, next_idle;    /* from 1; 0: none */
	bool is_of_heap;               /* made by a fork */
	bool is_chained;               /* the trampoline was there already, for an older record */
	uint64_t data[];
};

/* A task that has, or had, records. */
struct thread {
	struct hlist_node node;        /* in its bucket, RCU */
	struct task_struct *task;
	struct record *newest;
	unsigned long left_at;         /* sp, when it last got a signal there */
	uint8_t word;                  /* size of a return address */
	struct callback_head work;     /* return_work */
	struct rcu_head free;
};

struct uprobes_pool {
	struct rcu_work free;
	atomic64_t idle;               /* union idle */
	atomic_t n_left;               /* see return_orphan */
	struct uprobes_client *client; /* NULL: it has left; RCU */
	size_t data_size, stride;
	uint8_t records[] __aligned(8);
};

/* The idle record that is taken next, and how many were taken: else it could be the same one
 * again, with another one behind it. */
union idle {
	int64_t word;
	struct {
		uint32_t number, n_taken;
	};
};

/* By their tasks. */
static struct hlist_head threads[1 << BUCKET_BITS];
static DEFINE_RAW_SPINLOCK(threads_lock); /* adding and removing */

/* Pools whose clients have left, but not all records. */
static atomic_t n_left_pools;

bool return_has_orphans(void)
{
	return atomic_read(&n_left_pools) > 0;
}

/* ---- pools ---- */

static __always_inline struct record *pool_record(struct uprobes_pool *pool, uint32_t number)
{
	return (struct record *)(pool->records + (number - 1) * pool->stride);
}

int return_pool_new(struct uprobes_client *client)
{
	size_t data_size = ALIGN(client->return_size, 8);
	size_t stride = sizeof(struct record) + data_size;
	struct uprobes_pool *pool;

	pool = kvzalloc(sizeof(*pool) + stride * client->return_max, GFP_KERNEL);
	if (!pool)
		return -ENOMEM;
	pool->client = client;
	pool->data_size = data_size;
	pool->stride = stride;
	atomic_set(&pool->n_left, client->return_max + 1);
	for (uint32_t i = 1; i <= client->return_max; i++) {
		struct record *r = pool_record(pool, i);

		r->pool = pool;
		r->number = i;
		r->next_idle = i < client->return_max ? i + 1 : 0;
	}
	atomic64_set(&pool->idle, 1);
	client->pool = pool;
	return 0;
}

static void pool_free(struct work_struct *work)
{
	kvfree(container_of(to_rcu_work(work), struct uprobes_pool, free));
}

static void pool_leave(struct uprobes_pool *pool, int n)
{
	if (!atomic_sub_and_test(n, &pool->n_left))
		return;
	atomic_dec(&n_left_pools);
	INIT_RCU_WORK(&pool->free, pool_free);
	queue_rcu_work(engine_queue, &pool->free);
}

static bool has_idle(struct uprobes_pool *pool)
{
	return ((union idle)atomic64_read(&pool->idle)).number;
}

/* A record that another CPU takes first may be changed while we look at it: then the exchange fails. */
static __always_inline struct record *record_take(struct uprobes_pool *pool)
{
	union idle now = { .word = atomic64_read(&pool->idle) }, next;
	struct record *r;

	do {
		if (unlikely(!now.number))
			return NULL;
		r = pool_record(pool, now.number);
		next.number = READ_ONCE(r->next_idle);
		next.n_taken = now.n_taken + 1;
	} while (!atomic64_try_cmpxchg(&pool->idle, &now.word, next.word));
	return r;
}

static noinline void record_end(struct record *r)
{
	struct uprobes_pool *pool = r->pool;

	if (r->is_of_heap)
		kfree(r);
	pool_leave(pool, 1);
}

/* Under RCU, or with interrupts off. */
static __always_inline void record_put(struct record *r)
{
	struct uprobes_pool *pool = r->pool;
	union idle now, next;

	if (unlikely(r->is_of_heap || !READ_ONCE(pool->client))) {
		record_end(r);
		return;
	}
	now.word = atomic64_read(&pool->idle);
	do {
		WRITE_ONCE(r->next_idle, now.number);
		next.number = r->number;
		next.n_taken = now.n_taken;
	} while (!atomic64_try_cmpxchg(&pool->idle, &now.word, next.word));
}

static void put_list(struct record *r)
{
	while (r) {
		struct record *next = r->next;

		record_put(r);
		r = next;
	}
}

/* ---- threads ---- */

static __always_inline struct hlist_head *bucket_of(const struct task_struct *task)
{
	return &threads[hash_ptr(task, BUCKET_BITS)];
}

/* RCU.  What is found stays while TASK is current. */
static __always_inline struct thread *thread_find(const struct task_struct *task)
{
	struct thread *t;

	hlist_for_each_entry_rcu(t, bucket_of(task), node, true)
		if (t->task == task)
			return t;
	return NULL;
}

static noinline struct thread *thread_new(struct task_struct *task, uint8_t word)
{
	struct thread *t = kzalloc(sizeof(*t), GFP_ATOMIC | __GFP_NOWARN);
	unsigned long flags;

	if (!t)
		return NULL;
	t->task = task;
	t->word = word;
	raw_spin_lock_irqsave(&threads_lock, flags);
	hlist_add_head_rcu(&t->node, bucket_of(task));
	raw_spin_unlock_irqrestore(&threads_lock, flags);
	return t;
}

/* Interrupts are off, and nobody else looks at the thread's records any more. */
static void thread_free(struct thread *t)
{
	raw_spin_lock(&threads_lock);
	hlist_del_rcu(&t->node);
	raw_spin_unlock(&threads_lock);
	put_list(t->newest);
	t->newest = NULL;
	kfree_rcu(t, free);
}

/* ---- words of the current thread's stack ---- */

/* Reads the one at ADDRESS, if OLD isn't NULL; then puts TO there, if that isn't NULL, and not
 * what was read.  False: the stack isn't there. */
static __always_inline bool access_word(unsigned long address, uint8_t size, unsigned long *old,
					const unsigned long *to)
{
	pagefault_disable();
	if (!user_access_begin((void __user *)address, size))
		goto fault;
	if (likely(size == 8)) {
		if (old)
			unsafe_get_user(*old, (unsigned long __user *)address, fault_inside);
		if (to && (!old || *old != *to))
			unsafe_put_user(*to, (unsigned long __user *)address, fault_inside);
	} else {
		uint32_t half;

		if (old) {
			unsafe_get_user(half, (uint32_t __user *)address, fault_inside);
			*old = half;
		}
		if (to && (!old || half != (uint32_t)*to))
			unsafe_put_user((uint32_t)*to, (uint32_t __user *)address, fault_inside);
	}
	user_access_end();
	pagefault_enable();
	return true;
fault_inside:
	user_access_end();
fault:
	pagefault_enable();
	return false;
}

static bool read_word(unsigned long address, uint8_t size, unsigned long *value)
{
	return access_word(address, size, value, NULL);
}

static bool write_word(unsigned long address, uint8_t size, unsigned long value)
{
	return access_word(address, size, NULL, &value);
}

/* ---- a thread's records ---- */

static bool is_on_signal_stack(unsigned long sp)
{
	return current->sas_ss_size && sp - current->sas_ss_sp < current->sas_ss_size;
}

/* Is A, below B, a deeper place of what may be the same stack? */
static bool is_deeper(unsigned long a, unsigned long b)
{
	return a < b && b - a < STACK_MAX && is_on_signal_stack(a) == is_on_signal_stack(b);
}

static void drop(struct record **at)
{
	struct record *r = *at;

	*at = r->next;
	record_put(r);
}

/* If the frame is there after all, it returns to its caller, without us. */
static bool give_up(const struct thread *t, struct record **at)
{
	struct record *r = *at;
	unsigned long now;

	if (!read_word(r->slot, t->word, &now) ||
	    (now == r->trampoline && !write_word(r->slot, t->word, r->real)))
		return false;
	drop(at);
	return true;
}

/*
 * A new return address was pushed at SLOT: records of that are of frames that are gone, and so
 * are, but for the oddest of coroutines, the deeper ones that were added after them.
 */
static noinline void drop_replaced(struct thread *t, unsigned long slot)
{
	struct record **at = &t->newest;
	unsigned int n = 0;

	while (*at && n < DEEPER_MAX && is_deeper((*at)->slot, slot)) {
		at = &(*at)->next;
		n++;
	}
	if (!*at || (*at)->slot != slot)
		return;
	while (*at && (*at)->slot == slot)
		drop(at);
	for (at = &t->newest; n--;)
		if (!give_up(t, at))
			at = &(*at)->next;
}

/* There is no record: are there some of frames that are gone, or may be? */
static noinline struct record *make_room(struct thread *t, struct uprobes_pool *pool,
					 unsigned long slot)
{
	struct record **at = &t->newest;
	unsigned long now;

	while (*at)
		if (read_word((*at)->slot, t->word, &now) && now != (*at)->trampoline)
			drop(at);
		else
			at = &(*at)->next;
	for (at = &t->newest; !has_idle(pool) && *at && is_deeper((*at)->slot, slot);) {
		struct uprobes_client *client = READ_ONCE((*at)->pool->client);

		if (!give_up(t, at))
			at = &(*at)->next;
		else if (client)
			atomic_long_inc(&client->missed_returns);
	}
	return record_take(pool);
}

static unsigned long find_real(const struct thread *t, unsigned long slot)
{
	for (const struct record *r = t ? t->newest : NULL; r; r = r->next)
		if (r->slot == slot)
			return r->real;
	return 0;
}

static noinline void *miss(struct uprobes_client *client)
{
	atomic_long_inc(&client->missed_returns);
	return NULL;
}

void *uprobes_return(struct uprobes_client *client, void *site, struct pt_regs *regs,
		     const struct layout *where)
{
	struct uprobes_pool *pool = client->pool;
	unsigned long slot = regs->sp, trampoline = where->areas[0].start, address;
	uint8_t word = likely(user_64bit_mode(regs)) ? 8 : 4;
	struct thread *t = thread_find(current);
	bool is_chained;
	struct record *r;

	if (unlikely(!t))
		t = thread_new(current, word);
	if (unlikely(!t || !pool || !access_word(slot, word, &address, &trampoline)))
		return miss(client);
	is_chained = address == trampoline;
	if (unlikely(is_chained)) /* another probe's, or a tail call's caller's */
		address = find_real(t, slot);
	else if (t->newest && unlikely(t->newest->slot <= slot))
		drop_replaced(t, slot);
	if (unlikely(!address)) /* nothing of ours */
		return miss(client);
	r = record_take(pool);
	if (unlikely(!r))
		r = make_room(t, pool, slot);
	if (unlikely(!r)) {
		if (!is_chained)
			write_word(slot, word, address);
		return miss(client);
	}
	r->slot = slot;
	r->real = address;
	r->trampoline = trampoline;
	r->site = site;
	r->is_chained = is_chained;
	r->next = t->newest;
	t->newest = r;
	return r->data;
}
EXPORT_SYMBOL_GPL(uprobes_return);

unsigned long return_real(unsigned long slot)
{
	return find_real(thread_find(current), slot);
}

struct callback_head *return_work(void)
{
	struct thread *t = thread_find(current);

	return t && t->newest ? &t->work : NULL;
}

unsigned long uprobes_real_return(unsigned long slot, unsigned long address)
{
	const struct layout *l;
	struct space *space;
	unsigned long real = 0;

	rcu_read_lock();
	space = current->mm ? space_find(current->mm) : NULL;
	l = space ? rcu_dereference(space->layout) : NULL;
	if (l && layout_is_trampoline(l, address))
		real = return_real(slot);
	rcu_read_unlock();
	return real ? real : address;
}
EXPORT_SYMBOL_GPL(uprobes_real_return);

static struct record **find_at(struct thread *t, unsigned long slot)
{
	struct record **at = &t->newest;

	while (*at && (*at)->slot != slot)
		at = &(*at)->next;
	return at;
}

/* Where a return that popped arguments, too, had its address: the highest slot below SP. */
static noinline unsigned long find_popped(const struct thread *t, unsigned long sp)
{
	unsigned long best = 0, now;

	for (const struct record *r = t->newest; r; r = r->next)
		if (r->slot < sp && sp - r->slot <= POPPED_MAX && r->slot > best &&
		    read_word(r->slot, t->word, &now) && now == r->trampoline)
			best = r->slot;
	return best;
}

bool return_arrive(struct pt_regs *regs)
{
	struct thread *t = thread_find(current);
	struct record **at, *r;
	bool is_chained;

	if (unlikely(!t))
		return false;
	at = find_at(t, regs->sp - t->word);
	if (unlikely(!*at))
		at = find_at(t, find_popped(t, regs->sp));
	if (unlikely(!*at))
		return false;
	do {
		struct uprobes_client *client;

		r = *at;
		*at = r->next;
		regs->ip = r->real;
		is_chained = r->is_chained;
		/* Pairs with return_orphan, which waits for a grace period: the client
		 * stays until this trap is over. */
		client = READ_ONCE(r->pool->client);
		if (likely(client))
			client->ops->returned(r->site, regs, r->data);
		if (unlikely(is_chained))
			at = find_at(t, r->slot);
		record_put(r);
	} while (unlikely(is_chained) && *at);
	return true;
}

/*
 * The client is not armed, and its handlers run no more when this returns.  Records that a
 * handler which was running adds meanwhile are orphans from the beginning.
 *
 * n_left began with all records and one for the client.  Whoever sees that the client has left
 * takes his record away from it; after the grace period, when nobody is left who
 * hasn't seen it, nor takes records, those that are idle are taken away, too.
 */
void return_orphan(struct uprobes_client *client)
{
	struct uprobes_pool *pool = client->pool;
	int n_idle = 0;

	if (pool) {
		atomic_inc(&n_left_pools);
		WRITE_ONCE(pool->client, NULL);
	}
	synchronize_rcu();
	if (pool) {
		union idle at = { .word = atomic64_read(&pool->idle) };

		for (; at.number; at.number = pool_record(pool, at.number)->next_idle)
			n_idle++;
		client->pool = NULL;
		pool_leave(pool, n_idle + 1);
	}
}

/* ---- fork, exec, exit ---- */

static struct record *copy_record(const struct record *r)
{
	struct uprobes_pool *pool = r->pool;
	size_t size = sizeof(*r) + pool->data_size;
	struct record *copy = kmemdup(r, size, GFP_ATOMIC);

	if (!copy)
		return NULL;
	copy->next = NULL;
	copy->is_of_heap = true;
	atomic_inc(&pool->n_left);
	return copy;
}

/* Interrupts are off. */
static bool copy_records(const struct thread *from, struct thread *to)
{
	struct record **end = &to->newest;

	for (const struct record *r = from->newest; r; r = r->next) {
		*end = copy_record(r);
		if (!*end)
			return false;
		end = &(*end)->next;
	}
	return true;
}

/* The child, which does not run yet, has the parent's frames if it has its stack. */
void return_fork(struct task_struct *parent, struct task_struct *child)
{
	struct thread *from, *to;
	unsigned long flags;

	if (!child->mm || task_pt_regs(child)->sp != task_pt_regs(parent)->sp)
		return;
	local_irq_save(flags);
	from = thread_find(parent);
	if (from && from->newest) {
		to = thread_new(child, from->word);
		if (!to || !copy_records(from, to))
			pr_err_once("tapster_uprobes: out of memory in fork: the child dies on return\n");
	}
	local_irq_restore(flags);
}

void return_exec_or_exit(struct task_struct *task)
{
	struct thread *t;
	unsigned long flags;

	local_irq_save(flags);
	t = thread_find(task);
	if (t)
		thread_free(t);
	local_irq_restore(flags);
}

/* ---- signals ---- */

/* Whatever it lies on then, its frames are from here on. */
void return_signal(const struct pt_regs *regs)
{
	struct thread *t = thread_find(current);

	if (t && !is_on_signal_stack(regs->sp))
		t->left_at = regs->sp;
}

/* ---- unloading ---- */

/* The record by which a thread goes on that is at a trampoline; its stack says nothing any more. */
static const struct record *find_arriving(const struct thread *t, unsigned long sp)
{
	const struct record *best = NULL;

	for (const struct record *r = t->newest; r; r = r->next) {
		if (r->slot == sp - t->word)
			return r;
		if (r->slot < sp && sp - r->slot <= POPPED_MAX && (!best || r->slot > best->slot))
			best = r;
	}
	return best;
}

/* No task runs: those that have returned to a trampoline are sent on from there. */
static int send_on(void *unused)
{
	struct thread *t;

	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		hlist_for_each_entry(t, &threads[i], node) {
			struct pt_regs *regs = task_pt_regs(t->task);
			const struct record *r = find_arriving(t, regs->sp);

			if (r && regs->ip == r->trampoline)
				regs->ip = r->real;
		}
	return 0;
}

void return_send_on(void)
{
	stop_machine(send_on, NULL, NULL);
}

/* The end of the part of a stack, from SP on, that lies under frames with records. */
static unsigned long end_of_frames(const struct thread *t, unsigned long sp)
{
	unsigned long end = sp;

	for (const struct record *r = t->newest; r; r = r->next)
		if (r->slot > end && r->slot - sp < STACK_MAX)
			end = r->slot;
	return end;
}

static struct frames_thread look_at_thread(const struct thread *t)
{
	const struct task_struct *task = t->task;
	const struct pt_regs *regs = task_pt_regs(t->task);
	struct frames_thread f = {
		.mm = task->mm, .trampoline = t->newest->trampoline, .word = t->word};

	memcpy(f.registers, regs, sizeof(f.registers));
	for (unsigned int i = 0; i < UNWIND_REGISTERS; i++)
		f.holds_it |= f.registers[i] == f.trampoline;
	if (regs->sp - task->sas_ss_sp < task->sas_ss_size) {
		f.stack[0] = (struct stack_part){regs->sp, task->sas_ss_sp + task->sas_ss_size};
		f.stack[1] = (struct stack_part){t->left_at, end_of_frames(t, t->left_at)};
	} else {
		f.stack[0] = (struct stack_part){regs->sp, end_of_frames(t, regs->sp)};
	}
	return f;
}

/* No task runs. */
static int list_frames(void *data)
{
	struct frames *list = data;
	struct thread *t;

	list->n = list->n_threads = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		hlist_for_each_entry(t, &threads[i], node) {
			if (t->newest && t->task->mm && list->n_threads++ < list->size_threads)
				list->threads[list->n_threads - 1] = look_at_thread(t);
			for (const struct record *r = t->newest; r; r = r->next, list->n++)
				if (list->n < list->size)
					list->at[list->n] = (struct frame){
						r->slot, r->real, r->trampoline, t->word};
		}
	return 0;
}

void return_list_frames(struct frames *list)
{
	stop_machine(list_frames, list, NULL);
	while (list->n > list->size || list->n_threads > list->size_threads) {
		frames_free(list);
		list->size = 2 * list->n;
		list->size_threads = 2 * list->n_threads;
		list->at = kvmalloc_array(list->size, sizeof(list->at[0]), GFP_KERNEL | __GFP_NOFAIL);
		list->threads = kvmalloc_array(list->size_threads, sizeof(list->threads[0]),
					       GFP_KERNEL | __GFP_NOFAIL);
		stop_machine(list_frames, list, NULL);
	}
}

void frames_free(struct frames *list)
{
	kvfree(list->at);
	kvfree(list->threads);
}

void return_fini(void)
{
	struct hlist_node *next;
	struct thread *t;

	local_irq_disable();
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		hlist_for_each_entry_safe(t, next, &threads[i], node)
			thread_free(t);
	local_irq_enable();
}
