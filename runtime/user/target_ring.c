/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of handlers: one record for all that a handler printed, into one of a
 * few rings.  A writer locks a ring (its own by preference, else any that is
 * free), so that what a thread leaves behind when it dies in the middle is a
 * lock, which the supervisor frees, and never half a record.
 *
 * Order: the time stamp is taken under the lock.  A record that happened after
 * another one was complete has a later stamp; the reader merges by stamps and
 * stops at the time when it began to look (see reader.c), so that causes are
 * never printed after effects.
 *
 * When a ring is full the writer waits a little for the reader; if that was in
 * vain the record is counted as lost, and nobody waits until the reader is back.
 */
#include "runtime/user/target.h"

#include <asm/unistd.h>

struct timespec64 {
	int64_t seconds, ns;
};

enum { FUTEX_WAITS = 0 }; /* FUTEX_WAIT, shared between processes */

static struct user_ring *ring_at(uint32_t i)
{
	return user_at(user_session.rings +
		       (uint64_t)i * (sizeof(struct user_ring) + user_session.ring_size));
}

static struct user_ring *lock_a_ring(uint16_t id)
{
	uint32_t n = user_session.n_rings, at = id % n;

	for (unsigned round = 0;; round++) {
		struct user_ring *r = ring_at(at);
		uint32_t none = 0;
		if (__atomic_load_n(&r->lock, __ATOMIC_RELAXED) == 0 &&
		    __atomic_compare_exchange_n(&r->lock, &none, id, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return r;
		at = at + 1 == n ? 0 : at + 1;
		if (at == id % n)
			rt_port_relax(round);
	}
}

static void unlock(struct user_ring *r)
{
	__atomic_store_n(&r->lock, 0, __ATOMIC_RELEASE);
}

/* Puts the record there, or says that there is no room.  Bytes are counted in multiples of 8;
 * a record doesn't cross the end of the ring. */
static bool put(struct user_ring *r, uint16_t id, enum rt_output kind, const char *data, size_t n)
{
	char *base = (char *)(r + 1);
	uint64_t size = user_session.ring_size, mask = size - 1;
	uint64_t head = r->head, tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
	uint64_t need = (sizeof(struct user_record) + n + 7) & ~(uint64_t)7;
	uint64_t to_end = size - (head & mask);
	uint64_t pad = to_end < need ? to_end : 0;

	if (need + pad > size - (head - tail))
		return false;
	if (pad) {
		struct user_record *p = (struct user_record *)(base + (head & mask));
		p->size = 0;
		p->kind = USER_RECORD_PAD; /* 8 bytes are always there */
		head += pad;
	}
	struct user_record *p = (struct user_record *)(base + (head & mask));
	p->size = (uint32_t)n;
	p->kind = (uint16_t)kind;
	p->context = id;
	p->tsc = user_cycles();
	if (p->tsc < r->last_tsc)
		p->tsc = r->last_tsc;
	r->last_tsc = p->tsc;
	__builtin_memcpy(p->data, data, n);
	__atomic_store_n(&r->head, head + need, __ATOMIC_RELEASE);
	return true;
}

static void wait_for_room(struct user_ring *r)
{
	struct timespec64 patience = { 0, 20000000 };
	uint32_t drained = __atomic_load_n(&r->drained, __ATOMIC_ACQUIRE);

	if (r->stalled || (user_process.flags & USER_PROCESS_QUIET))
		return;
	__atomic_fetch_add(&r->n_waiting, 1, __ATOMIC_SEQ_CST);
	long err = user_syscall(__NR_futex, (long)&r->drained, FUTEX_WAITS, drained, (long)&patience, 0, 0);
	__atomic_fetch_sub(&r->n_waiting, 1, __ATOMIC_SEQ_CST);
	if (err == -110 /* ETIMEDOUT */ && r->drained == drained)
		r->stalled = 1;
}

void rt_port_output(struct rt_context *c, enum rt_output kind, const char *data, size_t n)
{
	for (int tries = 0; tries < 64; tries++) {
		struct user_ring *r = lock_a_ring(c->id);
		bool done = put(r, c->id, kind, data, n);
		unlock(r);
		if (done)
			return; /* the reader looks every few ms: no system call */
		if (r->stalled)
			break;
		wait_for_room(r);
	}
	__atomic_fetch_add(&rt_session.dropped, 1, __ATOMIC_RELAXED);
}

void rt_port_wake(struct rt_context *c)
{
	(void)c;
	__atomic_store_n(&user_session.wake, 1, __ATOMIC_SEQ_CST);
}
