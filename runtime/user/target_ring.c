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

static bool try_lock(struct user_ring *r, uint16_t id)
{
	uint32_t none = 0;

	return __atomic_load_n(&r->lock, __ATOMIC_RELAXED) == 0 &&
	       __atomic_compare_exchange_n(&r->lock, &none, id, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
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

/* False: it was in vain, or would be. */
static bool wait_for_room(struct user_ring *r)
{
	struct timespec64 patience = { 0, 250000000 };
	uint32_t drained = __atomic_load_n(&r->drained, __ATOMIC_ACQUIRE);

	if (r->stalled || (user_process.flags & USER_PROCESS_QUIET))
		return false;
	__atomic_fetch_add(&r->n_waiting, 1, __ATOMIC_SEQ_CST);
	long err = user_syscall(__NR_futex, (long)&r->drained, FUTEX_WAITS, drained, (long)&patience, 0, 0);
	__atomic_fetch_sub(&r->n_waiting, 1, __ATOMIC_SEQ_CST);
	if (err != -110 /* ETIMEDOUT */ || r->drained != drained)
		return true;
	r->stalled = 1;
	return false;
}

enum try { TRY_DONE, TRY_LOCKED, TRY_FULL };

/* One go at all rings, the preferred one first. */
static enum try try_all(uint16_t id, enum rt_output kind, const char *data, size_t n)
{
	uint32_t rings = user_session.n_rings;
	enum try result = TRY_FULL;

	for (uint32_t k = 0; k < rings; k++) {
		struct user_ring *r = ring_at((id + k) % rings);
		if (!try_lock(r, id)) {
			result = TRY_LOCKED;
			continue;
		}
		bool done = put(r, id, kind, data, n);
		unlock(r);
		if (done)
			return TRY_DONE;
	}
	return result;
}

void rt_port_output(struct rt_context *c, enum rt_output kind, const char *data, size_t n)
{
	unsigned locked = 0;

	/* No system call when all goes well: the reader looks every few ms. */
	for (;;) {
		enum try result = try_all(c->id, kind, data, n);
		if (result == TRY_DONE)
			return;
		if (result == TRY_LOCKED)
			rt_port_relax(locked++);
		else if (!wait_for_room(ring_at(c->id % user_session.n_rings)))
			break;
	}
	__atomic_fetch_add(&rt_session.dropped, 1, __ATOMIC_RELAXED);
}

void rt_port_wake(struct rt_context *c)
{
	(void)c;
	__atomic_store_n(&user_session.wake, 1, __ATOMIC_SEQ_CST);
}
