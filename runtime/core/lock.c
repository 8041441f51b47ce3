/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for the locks of globals, and reading striped counters.  A handler
 * waits as long as MAXTRYLOCK says; then its hit is skipped and counted.  The
 * supervisor frees the locks of threads that have died (context.c).
 *
 * A writer gets in when nobody has the lock, and of several readers one nearly always has it.  So a
 * writer that waits says so, and readers hold back.  That is a hint, not a
 * right: they do for PATIENCE rounds.
 *
 * On a machine that has more to run than processors, a second may go by in a few looks at a lock that is
 * free most of the time.  So the time is up only after LEAST_LOOKS.
 */
#include "runtime/core/core_int.h"

#define TRY_NS 10000u /* what one of MAXTRYLOCK stands for */
#define LOOK_AT_CLOCK 64 /* rounds */
#define LEAST_LOOKS 512
#define PATIENCE 256

/* One more round of waiting; false when the time is up. */
static bool wait_on(unsigned *round, uint64_t *since)
{
	rt_port_relax(*round);
	if (++*round % LOOK_AT_CLOCK == 0) {
		uint64_t now = rt_port_monotonic_ns();

		if (*since == 0)
			*since = now;
		else if (now - *since > (uint64_t)script_info.max_trylock * TRY_NS &&
			 (*round >= LEAST_LOOKS || *round >= script_info.max_trylock))
			return false;
	}
	return true;
}

bool rt_lock_write_slow(struct rt_context *c, struct rt_lock *l)
{
	uint64_t none, since = 0;
	unsigned round = 0;
	bool ok = false;

	do {
		none = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
		ok = none == 0 && __atomic_compare_exchange_n(&l->word, &none, (uint64_t)c->id, false,
							      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
		if (!ok && !__atomic_load_n(&l->waiting, __ATOMIC_RELAXED))
			__atomic_store_n(&l->waiting, c->id, __ATOMIC_RELAXED);
	} while (!ok && wait_on(&round, &since));
	if (__atomic_load_n(&l->waiting, __ATOMIC_RELAXED) == c->id)
		__atomic_store_n(&l->waiting, 0, __ATOMIC_RELAXED);
	return ok;
}

bool rt_lock_read_slow(struct rt_context *c, struct rt_lock *l)
{
	uint64_t since = 0;
	unsigned round = 0;

	do {
		uint64_t word = __atomic_load_n(&l->word, __ATOMIC_RELAXED);

		if (word & 0xffff)
			continue; /* a writer */
		if (round < PATIENCE && __atomic_load_n(&l->waiting, __ATOMIC_RELAXED))
			continue;
		for (unsigned slot = 1; slot < 4; slot++) {
			if (word >> (16 * slot) & 0xffff)
				continue;
			if (__atomic_compare_exchange_n(&l->word, &word, word | (uint64_t)c->id << (16 * slot),
							false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return true;
			break;
		}
	} while (wait_on(&round, &since));
	return false;
}

int64_t rt_counter_get(const struct rt_counter *n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < RT_STRIPES; i++)
		sum += (uint64_t)__atomic_load_n(&n->stripe[i].n, __ATOMIC_RELAXED);
	return (int64_t)sum;
}
