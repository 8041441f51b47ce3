// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Output: a ring of records for each CPU, merged by time stamp for the reader.
 *
 * A ring is written by its own CPU with interrupts off and never from an NMI, so
 * it has one writer; head is the writer's, tail the reader's, and the only
 * ordering is that of publishing them.
 *
 * When there is no room a handler's record is dropped as a whole and counted; begin
 * and end probes wait for the reader.  So that it seldom comes to that, a process
 * whose hit fills a ring to three quarters waits for the reader before it goes on
 * (pacing: by task work, when the handler is over; not for a reader that stands
 * still).  Without a reader in detached sessions the oldest records make room.
 *
 * Waking: a record makes a reading due after NAP_MS, at once where a ring is a
 * quarter full or the record is a message.  The writer publishes, then looks at due;
 * the reader clears due, then looks at the heads (the barriers are full on both sides,
 * so that one of them sees the other); naps likewise.  An irq_work does what is not
 * allowed in a trap.
 *
 * Order: a record is stamped when it is put.  One that was complete before
 * another began has the smaller stamp; the reader takes the time first, the heads
 * next, and nothing that is later than that time, so it never prints an effect
 * before its cause.  A bulk reader gets each ring for itself, and merges later.
 */
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/msr.h>

#include "runtime/kernel/compat.h"
#include "runtime/kernel/kernel.h"
#include "runtime/kernel/transport.h"

#define NAP_MS 20
#define PATIENCE_MS 1000 /* with a reader that stands still */
#define N_PACERS 64

struct ring {
	char *data;
	uint64_t head ____cacheline_aligned_in_smp; /* bytes ever written */
	uint64_t dropped, overwritten; /* records */
	struct task_struct *paced; /* it will wait, and has not begun to */
	uint64_t tail ____cacheline_aligned_in_smp; /* bytes ever read; under read_lock */
	uint64_t seen; /* the head of this round */
	bool is_stuck; /* nobody waits for the reader until it moves */
	struct irq_work wake, nap;
};

/* A process that waits for room before it returns to its program. */
struct pacer {
	struct callback_head work;
	struct ring *ring;
	unsigned long is_used;
};

static DEFINE_PER_CPU(struct ring, rings);
static size_t ring_size; /* a power of two */
static int due;          /* the reader has something to do */
static int nap_armed;
static struct hrtimer nap_timer;
static bool finished;
static bool overwrites; /* writers: nobody reads, the oldest records go */
static bool detached;   /* readers: likewise; under read_lock */
static struct pacer pacers[N_PACERS];
static atomic_t n_paced;
static bool was_paced;
static DEFINE_MUTEX(read_lock);
static DECLARE_WAIT_QUEUE_HEAD(reader_queue);
static DECLARE_WAIT_QUEUE_HEAD(writer_queue); /* those who want room */
static DECLARE_WAIT_QUEUE_HEAD(control_queue); /* those who wait for the script's end */

/* By event, so that who waits for the end is not woken by output. */
static void wake_readers(void)
{
	WRITE_ONCE(due, 1);
	wake_up_poll(&reader_queue, EPOLLIN | EPOLLRDNORM);
	if (READ_ONCE(rt_session.exiting) || READ_ONCE(rt_session.error_state))
		wake_up_poll(&control_queue, EPOLLPRI);
}

static void on_wake(struct irq_work *work)
{
	wake_readers();
}

static void on_nap(struct irq_work *work)
{
	hrtimer_start(&nap_timer, ms_to_ktime(NAP_MS), HRTIMER_MODE_REL);
}

static enum hrtimer_restart nap_over(struct hrtimer *timer)
{
	WRITE_ONCE(nap_armed, 0);
	smp_mb(); /* with put's: before the reader looks at the heads */
	wake_readers();
	return HRTIMER_NORESTART;
}

int output_init(unsigned int megabytes)
{
	int cpu;

	ring_size = roundup_pow_of_two((size_t)clamp(megabytes, 1u, 4096u) << 20);
	compat_hrtimer_setup(&nap_timer, nap_over, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(&rings, cpu);

		init_irq_work(&r->wake, on_wake);
		init_irq_work(&r->nap, on_nap);
		r->data = vmalloc_node(ring_size, cpu_to_node(cpu));
		if (!r->data) {
			output_fini();
			return -ENOMEM;
		}
	}
	return 0;
}

void output_fini(void)
{
	int cpu;

	wait_event(writer_queue, !atomic_read(&n_paced));
	if (was_paced)
		synchronize_rcu_tasks(); /* the ends of pace_current */
	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(&rings, cpu);

		if (r->data) {
			irq_work_sync(&r->wake);
			irq_work_sync(&r->nap);
		}
		vfree(r->data);
		r->data = NULL;
	}
	hrtimer_cancel(&nap_timer);
}

/* ---- pacing ---- */

static bool has_room(const struct ring *r)
{
	return READ_ONCE(r->head) - smp_load_acquire(&r->tail) <= ring_size / 2;
}

static bool is_vain(void)
{
	return READ_ONCE(finished) || READ_ONCE(overwrites) || !kernel_has_reader();
}

static void pace_current(struct callback_head *work)
{
	struct pacer *p = container_of(work, struct pacer, work);
	struct ring *r = p->ring;
	uint64_t tail = READ_ONCE(r->tail);

	cmpxchg(&r->paced, current, NULL);
	if (!wait_event_killable_timeout(writer_queue, has_room(r) || is_vain(),
					 msecs_to_jiffies(PATIENCE_MS)) &&
	    READ_ONCE(r->tail) == tail)
		WRITE_ONCE(r->is_stuck, true);
	clear_bit_unlock(0, &p->is_used);
	if (atomic_dec_and_test(&n_paced))
		wake_up_all(&writer_queue);
}

/* Has the current process wait when it leaves the trap that C runs in.  Interrupts are off. */
static void pace(struct rt_context *c, struct ring *r)
{
	const struct pt_regs *regs = (const struct pt_regs *)c->regs;

	if (!regs || !user_mode(regs) || in_hardirq() || READ_ONCE(r->is_stuck) || r->paced == current ||
	    (current->flags & (PF_EXITING | PF_KTHREAD)) || is_vain())
		return;
	for (unsigned int i = 0; i < N_PACERS; i++) {
		struct pacer *p = &pacers[i];

		if (test_and_set_bit_lock(0, &p->is_used))
			continue;
		p->ring = r;
		init_task_work(&p->work, pace_current);
		WRITE_ONCE(was_paced, true);
		atomic_inc(&n_paced);
		WRITE_ONCE(r->paced, current);
		if (task_work_add(current, &p->work, TWA_RESUME)) { /* it is about to die */
			WRITE_ONCE(r->paced, NULL);
			atomic_dec(&n_paced);
			clear_bit_unlock(0, &p->is_used);
		}
		return;
	}
}

/* ---- writing ---- */

/* The oldest record goes. */
static void overwrite_one(struct ring *r)
{
	size_t at = r->tail & (ring_size - 1);
	const struct kernel_record *rec = (const struct kernel_record *)(r->data + at);

	if (rec->kind == KERNEL_RECORD_PAD) {
		r->tail += ring_size - at;
		return;
	}
	r->tail += ALIGN(sizeof(*rec) + rec->size, 8);
	r->overwritten++;
}

/* After publishing. */
static void make_due(struct ring *r, enum rt_output kind)
{
	smp_mb(); /* with output_read's and nap_over's: head before due and nap_armed */
	if (READ_ONCE(due) || !kernel_has_reader())
		return;
	if (kind != RT_OUTPUT_PRINT || r->head - READ_ONCE(r->tail) > ring_size / 4) {
		WRITE_ONCE(due, 1);
		irq_work_queue(&r->wake);
	} else if (!READ_ONCE(nap_armed) && !xchg(&nap_armed, 1)) {
		irq_work_queue(&r->nap);
	}
}

/* Interrupts are off. */
static bool put(struct ring *r, enum rt_output kind, const char *data, size_t n)
{
	size_t mask = ring_size - 1;
	uint64_t head = r->head;
	size_t need = ALIGN(sizeof(struct kernel_record) + n, 8);
	size_t to_end = ring_size - (head & mask);
	size_t pad = to_end < need ? to_end : 0;
	struct kernel_record *rec;

	while (need + pad > ring_size - (head - smp_load_acquire(&r->tail))) {
		if (!READ_ONCE(overwrites))
			return false;
		overwrite_one(r);
	}
	if (pad) {
		rec = (struct kernel_record *)(r->data + (head & mask));
		rec->size = 0; /* 8 bytes are always there */
		rec->kind = KERNEL_RECORD_PAD;
		head += pad;
	}
	rec = (struct kernel_record *)(r->data + (head & mask));
	rec->size = n;
	rec->kind = kind;
	rec->cpu = smp_processor_id();
	rec->stamp = rdtsc_ordered();
	memcpy(rec->data, data, n);
	smp_store_release(&r->head, head + need);
	make_due(r, kind);
	return true;
}

static bool put_here(struct rt_context *c, enum rt_output kind, const char *data, size_t n)
{
	unsigned long flags;
	struct ring *r;
	bool done;

	local_irq_save(flags);
	r = this_cpu_ptr(&rings);
	done = put(r, kind, data, n);
	if (r->head - READ_ONCE(r->tail) > ring_size / 4 * 3)
		pace(c, r);
	local_irq_restore(flags);
	return done;
}

void rt_port_output(struct rt_context *c, enum rt_output kind, const char *data, size_t n)
{
	bool done;

	if (WARN_ON_ONCE(n > KERNEL_READ_MIN - sizeof(struct kernel_record)))
		return;
	done = put_here(c, kind, data, n);
	if (!done && kernel_may_sleep(c))
		wait_event_killable(writer_queue, is_vain() || (done = put_here(c, kind, data, n)));
	if (!done)
		this_cpu_inc(rings.dropped);
}

void output_wake(void)
{
	unsigned long flags;

	local_irq_save(flags);
	irq_work_queue(&this_cpu_ptr(&rings)->wake);
	local_irq_restore(flags);
}

void rt_port_wake(struct rt_context *c)
{
	output_wake();
}

/* ---- reading ---- */

uint64_t output_dropped(void)
{
	uint64_t n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu_ptr(&rings, cpu)->dropped);
	return n;
}

/* The next record of this round, or NULL. */
static const struct kernel_record *peek(struct ring *r)
{
	while (r->tail < r->seen) {
		size_t at = r->tail & (ring_size - 1);
		const struct kernel_record *rec = (const struct kernel_record *)(r->data + at);

		if (rec->kind != KERNEL_RECORD_PAD)
			return rec;
		smp_store_release(&r->tail, r->tail + ring_size - at);
	}
	return NULL;
}

static struct ring *earliest(uint64_t now, const struct kernel_record **first)
{
	struct ring *from = NULL;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(&rings, cpu);
		const struct kernel_record *rec = peek(r);

		if (rec && rec->stamp <= now && (!from || rec->stamp < (*first)->stamp)) {
			*first = rec;
			from = r;
		}
	}
	return from;
}

/* Copies what there is, in order; the number of bytes, or an error. */
static ssize_t read_merged(char __user *to, size_t size)
{
	uint64_t now = rdtsc_ordered();
	size_t done = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(&rings, cpu);

		r->seen = smp_load_acquire(&r->head);
	}
	for (;;) {
		const struct kernel_record *rec = NULL;
		struct ring *r = earliest(now, &rec);
		size_t n;

		if (!r)
			break;
		n = ALIGN(sizeof(*rec) + rec->size, 8);
		if (done + n > size)
			break;
		if (copy_to_user(to + done, rec, n))
			return done ? done : -EFAULT;
		done += n;
		smp_store_release(&r->tail, r->tail + n); /* read before it is written again */
		WRITE_ONCE(r->is_stuck, false);
	}
	return done;
}

/* The next records of one ring, as many as lie there in a row and have room. */
static ssize_t read_row(struct ring *r, char __user *to, size_t size)
{
	const struct kernel_record *first, *rec;
	size_t done = 0;

	r->seen = smp_load_acquire(&r->head);
	for (first = rec = peek(r); rec && rec->kind != KERNEL_RECORD_PAD;) {
		size_t n = ALIGN(sizeof(*rec) + rec->size, 8);

		if (done + n > size)
			break;
		done += n;
		rec = r->tail + done < r->seen && ((r->tail + done) & (ring_size - 1)) ?
			      (const struct kernel_record *)((const char *)rec + n) : NULL;
	}
	if (done && copy_to_user(to, first, done))
		return -EFAULT;
	smp_store_release(&r->tail, r->tail + done);
	if (done)
		WRITE_ONCE(r->is_stuck, false);
	return done;
}

static ssize_t read_rows(char __user *to, size_t size)
{
	size_t done = 0;
	ssize_t n;
	int cpu;

	for_each_possible_cpu(cpu)
		do {
			n = read_row(per_cpu_ptr(&rings, cpu), to + done, size - done);
			if (n < 0)
				return done ? done : n;
			done += n;
		} while (n);
	return done;
}

static bool has_records(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(&rings, cpu);

		if (smp_load_acquire(&r->head) != READ_ONCE(r->tail))
			return true;
	}
	return false;
}

static bool is_worth_a_look(void)
{
	return READ_ONCE(due) || READ_ONCE(finished) || READ_ONCE(detached);
}

ssize_t output_read(char __user *to, size_t size, bool is_bulk, bool may_wait)
{
	ssize_t n;
	bool last;

	if (size < KERNEL_READ_MIN)
		return -EINVAL;
	do {
		last = READ_ONCE(finished);
		if (mutex_lock_interruptible(&read_lock))
			return -ERESTARTSYS;
		if (detached) {
			mutex_unlock(&read_lock);
			return 0;
		}
		WRITE_ONCE(due, 0);
		smp_mb(); /* with make_due's */
		n = is_bulk ? read_rows(to, size) : read_merged(to, size);
		mutex_unlock(&read_lock);
		if (n > 0 && wq_has_sleeper(&writer_queue))
			wake_up_all(&writer_queue);
		/* a record whose stamp is later than the look at the clock is still there */
		if (n || (last && !has_records()))
			return n;
		if (!may_wait)
			return -EAGAIN;
		if (wait_event_interruptible(reader_queue, is_worth_a_look()))
			return -ERESTARTSYS;
	} while (1);
}

__poll_t output_poll(struct file *file, poll_table *wait)
{
	__poll_t events = 0;

	poll_wait(file, &reader_queue, wait);
	poll_wait(file, &control_queue, wait);
	if (is_worth_a_look())
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(rt_session.exiting) || READ_ONCE(rt_session.error_state))
		events |= EPOLLPRI;
	return events;
}

void output_detach(bool yes)
{
	mutex_lock(&read_lock);
	WRITE_ONCE(overwrites, yes);
	if (!yes && detached)
		synchronize_rcu(); /* writers, whose interrupts are off, have seen it */
	WRITE_ONCE(detached, yes);
	mutex_unlock(&read_lock);
	WRITE_ONCE(due, 1);
	wake_up_poll(&reader_queue, EPOLLIN | EPOLLRDNORM);
	wake_up_all(&writer_queue);
}

int output_tell(struct kernel_ring *k)
{
	const struct ring *r;

	if (k->cpu >= nr_cpu_ids)
		return -EINVAL;
	if (!cpu_possible(k->cpu))
		return -ENODEV;
	r = per_cpu_ptr(&rings, k->cpu);
	k->dropped = READ_ONCE(r->dropped);
	k->overwritten = READ_ONCE(r->overwritten);
	return 0;
}

void output_finish(void)
{
	rt_session.dropped = output_dropped();
	WRITE_ONCE(finished, true);
	wake_up_poll(&reader_queue, EPOLLIN | EPOLLRDNORM);
	wake_up_all(&writer_queue);
}
