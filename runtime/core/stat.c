/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics beyond the inlined <<<: extraction, variance, stripes of scalar
 * statistics and their merging.
 *
 * Variance is integer arithmetic by Welford's method, on values shifted left
 * by the script's bit-shift, with means that truncate.  The stripes of a scalar
 * are then put together by the law of total variance,
 *	(sum of n_i (mean_i - mean)^2 + sum of (n_i - 1) variance_i) / (n - 1),
 * also where there is one stripe only, which mends some of the truncation; an
 * element of an array has no stripes.  So it is in SystemTap.
 */
#include "runtime/core/core_int.h"

#define WAIT_NS 100000000 /* for a thread in the middle of a change: then it must be dead or stopped */

void rt_stat_add_variance(const struct rt_stat_spec *s, struct rt_stat *st, int64_t x)
{
	int64_t shifted = (int64_t)((uint64_t)x << s->shift), delta;

	if (st->count == 1) { /* counted already */
		st->mean = shifted;
		st->m2 = 0;
		return;
	}
	delta = shifted - st->mean;
	st->mean += delta / st->count;
	st->m2 += delta * (shifted - st->mean);
}

static int64_t variance(const struct rt_stat_spec *s, const struct rt_stat *st)
{
	return st->count < 2 ? 0 : (st->m2 / (st->count - 1)) >> (2 * s->shift);
}

/* One part's contribution to the sum of squares around MEAN. */
static int64_t part_squares(const struct rt_stat *st, int64_t mean)
{
	int64_t off = st->mean - mean;

	if (st->count < 2)
		return st->count * off * off;
	return st->count * off * off + (st->count - 1) * (st->m2 / (st->count - 1));
}

static int64_t shifted_mean(const struct rt_stat_spec *s, const struct rt_stat *st)
{
	return (int64_t)((uint64_t)st->sum << s->shift) / st->count;
}

/* ---- extraction ---- */

/* False and an error for an empty one. */
static bool has_values(struct rt_context *c, const struct rt_stat *st)
{
	if (st && st->count)
		return true;
	rt_error(c, "empty aggregate");
	return false;
}

int64_t rt_stat_min(struct rt_context *c, const struct rt_stat *st)
{
	return has_values(c, st) ? st->min : 0;
}

int64_t rt_stat_max(struct rt_context *c, const struct rt_stat *st)
{
	return has_values(c, st) ? st->max : 0;
}

int64_t rt_stat_avg(struct rt_context *c, const struct rt_stat *st)
{
	return has_values(c, st) ? st->sum / st->count : 0;
}

int64_t rt_stat_variance(struct rt_context *c, const struct rt_stat_spec *s, const struct rt_stat *st)
{
	return has_values(c, st) ? variance(s, st) : 0;
}

int64_t stat_extract(const struct rt_stat_spec *s, const struct rt_stat *st, unsigned op)
{
	if (!st->count)
		return 0;
	switch (1u << op) {
	case RT_STAT_SUM: return st->sum;
	case RT_STAT_MIN: return st->min;
	case RT_STAT_MAX: return st->max;
	case RT_STAT_AVG: return st->sum / st->count;
	case RT_STAT_VARIANCE: return variance(s, st);
	default: return st->count;
	}
}

/* ---- stripes ---- */

static struct rt_stats_stripe *stripe_at(const struct rt_stat_spec *s, struct rt_stats *st, unsigned i)
{
	size_t size = (offsetof(struct rt_stats_stripe, stat) + sizeof(struct rt_stat) + 8 * (size_t)s->buckets + 63) &
		      ~(size_t)63;

	return (struct rt_stats_stripe *)((char *)(st + 1) + i * size);
}

static size_t stat_size(const struct rt_stat_spec *s)
{
	return sizeof(struct rt_stat) + 8 * (size_t)s->buckets;
}

/* Another round of waiting; false when it has taken too long. */
static bool wait_on(unsigned round, uint64_t *since)
{
	uint64_t now;

	rt_port_relax(round);
	if (round % 16 != 15)
		return true;
	now = rt_port_monotonic_ns();
	if (!*since)
		*since = now;
	return now - *since < WAIT_NS;
}

/* Takes the shared stripe, in the end from somebody who doesn't give it back. */
static void own(struct rt_context *c, struct rt_stats_stripe *stripe)
{
	uint64_t since = 0;
	uint16_t none = 0;

	for (unsigned round = 0; !__atomic_compare_exchange_n(&stripe->owner, &none, c->id, false, __ATOMIC_ACQUIRE,
							      __ATOMIC_RELAXED); round++) {
		if (!wait_on(round, &since)) {
			__atomic_store_n(&stripe->owner, c->id, __ATOMIC_RELAXED);
			return;
		}
		none = 0;
	}
}

/* The first value after a delete, or one for the stripe that contexts share. */
void rt_stats_add_slow(struct rt_context *c, const struct rt_stat_spec *s, struct rt_stats *st, int64_t x)
{
	struct rt_stats_stripe *stripe = stripe_at(s, st, c->stripe);
	uint64_t generation = __atomic_load_n(&st->generation, __ATOMIC_RELAXED);
	uint32_t odd;

	if (c->is_shared)
		own(c, stripe);
	odd = stripe->sequence | 1;
	__atomic_store_n(&stripe->sequence, odd, __ATOMIC_RELAXED);
	RT_STORE_FENCE();
	if (stripe->generation != generation) {
		__builtin_memset(&stripe->stat, 0, stat_size(s));
		stripe->generation = generation;
	}
	rt_stat_add(s, &stripe->stat, x);
	__atomic_store_n(&stripe->sequence, odd + 1, __ATOMIC_RELEASE);
	if (c->is_shared)
		__atomic_store_n(&stripe->owner, 0, __ATOMIC_RELEASE);
}

static void merge(const struct rt_stat_spec *s, struct rt_stat *into, const struct rt_stat *from)
{
	if (!into->count || from->min < into->min)
		into->min = from->min;
	if (!into->count || from->max > into->max)
		into->max = from->max;
	into->count += from->count;
	into->sum += from->sum;
	for (uint32_t i = 0; i < s->buckets; i++)
		into->bucket[i] += from->bucket[i];
}

/* Copies a stripe's values; true: nobody has changed them meanwhile. */
static bool copy_stripe(const struct rt_stat_spec *s, struct rt_stat *to, struct rt_stats_stripe *stripe,
			uint32_t *sequence)
{
	*sequence = __atomic_load_n(&stripe->sequence, __ATOMIC_ACQUIRE);
	__builtin_memcpy(to, &stripe->stat, stat_size(s));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return !(*sequence & 1) && __atomic_load_n(&stripe->sequence, __ATOMIC_RELAXED) == *sequence;
}

/* A stripe as it was at one moment.  Where its thread has not come to the end of a change for
 * long (it is stopped, or dead) the values are taken as they are, and nobody waits again: the
 * sequence number is made even; the thread, if it lives, will set its own. */
static void read_stripe(const struct rt_stat_spec *s, struct rt_stat *to, struct rt_stats_stripe *stripe)
{
	uint64_t since = 0;
	uint32_t sequence;

	for (unsigned round = 0; !copy_stripe(s, to, stripe, &sequence); round++) {
		if (wait_on(round, &since))
			continue;
		if (sequence & 1)
			__atomic_compare_exchange_n(&stripe->sequence, &sequence, sequence - 1, false,
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		return;
	}
}

struct rt_stat *rt_stats_read(struct rt_context *c, const struct rt_stat_spec *s, struct rt_stats *st, void *out)
{
	struct rt_stat *all = out, *part = (struct rt_stat *)((char *)out + stat_size(s));
	uint64_t generation = __atomic_load_n(&st->generation, __ATOMIC_RELAXED);
	/* sums over the parts, from which their squares around the mean of all follow, modulo 2^64 */
	uint64_t squares = 0, means = 0, variances = 0;

	(void)c;
	__builtin_memset(all, 0, stat_size(s));
	for (unsigned i = 0; i < RT_STRIPES; i++) {
		struct rt_stats_stripe *stripe = stripe_at(s, st, i);

		if (!stripe->sequence)
			continue; /* never used */
		if (stripe->generation != generation)
			continue; /* deleted */
		read_stripe(s, part, stripe);
		if (!part->count)
			continue;
		merge(s, all, part);
		if (s->ops & RT_STAT_VARIANCE) {
			uint64_t weighted = (uint64_t)part->count * (uint64_t)part->mean;

			means += weighted;
			squares += weighted * (uint64_t)part->mean;
			variances += (uint64_t)part_squares(part, part->mean);
		}
	}
	if ((s->ops & RT_STAT_VARIANCE) && all->count) {
		uint64_t mean = (uint64_t)shifted_mean(s, all);

		all->mean = (int64_t)mean;
		all->m2 = (int64_t)(variances + squares - 2 * mean * means + mean * mean * (uint64_t)all->count);
	}
	return all;
}

void rt_stats_clear(struct rt_context *c, const struct rt_stat_spec *s, struct rt_stats *st)
{
	(void)c;
	(void)s;
	__atomic_fetch_add(&st->generation, 1, __ATOMIC_RELAXED);
}
