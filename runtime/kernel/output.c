// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Output: a ring of records for each CPU, merged by time stamp for the reader.
 *
 * A ring is written by its own CPU with interrupts off and never from an NMI, so
 * it has one writer; head is the writer's, tail the reader's, and the only
 * ordering is that of publishing them.  When there is no room a handler's record is
 * dropped as a whole and counted; begin and end probes wait for the reader.
 *
 * A reader that finds nothing sets READER_ASLEEP and looks again before it
 * sleeps; a writer that publishes looks at it afterwards (the barriers are
 * full on both sides, so that one of them sees the other) and has an irq_work do
 * the waking, which is not allowed in a trap.
 *
 * Order: a record is stamped when it is put.  One that was complete before
 * another began has the smaller stamp; the reader takes the time first, the heads
 * next, and nothing that is later than that time, so it never prints an effect
 * before its cause.
 */
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/msr.h>

#include "runtime/kernel/kernel.h"
#include "runtime/kernel/transport.h"

struct ring {
	char *data;
	uint64_t head ____cacheline_aligned_in_smp; /* bytes ever written */
	uint64_t dropped;
	uint64_t tail ____cacheline_aligned_in_smp; /* bytes ever read; under read_lock */
	uint64_t seen; /* the head of this round */
	struct irq_work wake;
};

static DEFINE_PER_CPU(struct ring, rings);
static size_t ring_size; /* a power of two */
static int reader_asleep;
static bool finished;
static DEFINE_MUTEX(read_lock);
static DECLARE_WAIT_QUEUE_HEAD(reader_queue);
static DECLARE_WAIT_QUEUE_HEAD(writer_queue); /* begin and end probes that want room */
static DECLARE_WAIT_QUEUE_HEAD(control_queue); /* those who wait for the script's end */

/* By event, so that who waits for the end is not woken by output. */
static void wake(struct irq_work *work)
{
	wake_up_poll(&reader_queue, EPOLLIN | EPOLLRDNORM);
	if (READ_ONCE(rt_session.exiting) || READ_ONCE(rt_session.error_state))
		wake_up_poll(&control_queue, EPOLLPRI);
}

int output_init(unsigned int megabytes)
{
	int cpu;

	ring_size = roundup_pow_of_two((size_t)clamp(megabytes, 1u, 1024u) << 20);
	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(&rings, cpu);

		init_irq_work(&r->wake, wake);
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

	for_each_possible_cpu(cpu) {
		struct ring *r = per_cpu_ptr(&rings, cpu);

		if (r->data)
			irq_work_sync(&r->wake);
		vfree(r->data);
		r->data = NULL;
	}
}

/* ---- writing ---- */

/* Interrupts are off. */
static bool put(struct ring *r, enum rt_output kind, const char *data, size_t n)
{
	size_t mask = ring_size - 1;
	uint64_t head = r->head;
	size_t need = ALIGN(sizeof(struct kernel_record) + n, 8);
	size_t to_end = ring_size - (head & mask);
	size_t pad = to_end < need ? to_end : 0;
	struct kernel_record *rec;

	if (need + pad > ring_size - (head - smp_load_acquire(&r->tail)))
		return false;
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
	smp_mb(); /* with output_read's: head before reader_asleep */
	if (READ_ONCE(reader_asleep)) {
		WRITE_ONCE(reader_asleep, 0);
		irq_work_queue(&r->wake);
	}
	return true;
}

static bool put_here(enum rt_output kind, const char *data, size_t n)
{
	unsigned long flags;
	bool done;

	local_irq_save(flags);
	done = put(this_cpu_ptr(&rings), kind, data, n);
	local_irq_restore(flags);
	return done;
}

void rt_port_output(struct rt_context *c, enum rt_output kind, const char *data, size_t n)
{
	bool done;

	if (WARN_ON_ONCE(n > KERNEL_READ_MIN - sizeof(struct kernel_record)))
		return;
	done = put_here(kind, data, n);
	if (!done && kernel_may_sleep(c)) {
		wait_event_killable(writer_queue, !kernel_has_reader() || (done = put_here(kind, data, n)));
	}
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

/* Copies what there is; the number of bytes, or an error. */
static ssize_t read_round(char __user *to, size_t size)
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
	}
	if (done)
		wake_up_all(&writer_queue);
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
	WRITE_ONCE(reader_asleep, 1);
	smp_mb(); /* with put's */
	return has_records() || READ_ONCE(finished);
}

ssize_t output_read(char __user *to, size_t size, bool may_wait)
{
	ssize_t n;
	bool last;

	if (size < KERNEL_READ_MIN)
		return -EINVAL;
	do {
		last = READ_ONCE(finished);
		if (mutex_lock_interruptible(&read_lock))
			return -ERESTARTSYS;
		n = read_round(to, size);
		mutex_unlock(&read_lock);
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

void output_finish(void)
{
	rt_session.dropped = output_dropped();
	WRITE_ONCE(finished, true);
	wake_up_poll(&reader_queue, EPOLLIN | EPOLLRDNORM);
}
