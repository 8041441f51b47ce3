/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass locks: which globals a handler must lock, in the order of their ids.
 *
 * Needs    effects, and the order of evaluation that lower has made explicit.
 * Leaves   STMT_LOCKED in the bodies of probes, whose locks are in order of global ids (hold.c
 *          says how much is inside of it); var.is_atomic and var.is_counter.
 * Refuses  nothing.
 *
 * Begin, end and error probes run alone: before the first site is armed, and
 * after the last handler has ended.  They lock nothing, and what only they
 * write is constant for all others.
 *
 * A handler is one transaction: nobody sees half of its changes.  That needs
 * no lock where a handler touches a long, or adds to a statistic, exactly once:
 * the one atomic operation is the transaction.  A handler that combines several
 * globals, reading one and touching another, could tell the difference; the
 * globals that it combines are locked, by all - but for one, if no other handler
 * combines that one: whoever else touches it sees nothing of the rest.  Several
 * counters that a handler only adds to are not combined: who reads just one of
 * them can't tell.  A handler that uses the result of counting (n++ as a serial
 * number) is locked: what it prints must come in the order of the numbers.
 */
#include "translator/effects.h"
#include "translator/hold.h"
#include "translator/passes.h"
#include "translator/session.h"

static bool runs_alone(const struct probe *p)
{
	return p->row.kind == PROBE_BEGIN || p->row.kind == PROBE_END ||
	       p->row.kind == PROBE_ERROR || p->row.kind == PROBE_NEVER;
}

/* Is all that this use does one atomic operation? */
static bool is_one_operation(const struct var *v, const struct global_use *use)
{
	if (use->is_repeated || v->arity > 0)
		return false;
	if (v->type == TY_STAT)
		return use->touches == USE_ADD;
	if (v->type != TY_LONG)
		return false;
	return use->touches == USE_READ || use->touches == USE_SET ||
	       !(use->touches & ~(USE_ADD | USE_READ));
}

/* Reading a counter adds up all stripes: good enough for a timer, not for every hit. */
static bool may_count(const struct probe *p, const struct global_use *use)
{
	if (use->touches & (USE_SET | USE_CHANGE | USE_RESULT))
		return false;
	return !(use->touches & USE_READ) || runs_alone(p) || p->row.kind == PROBE_TIMER;
}

/* Does P combine globals that others may change meanwhile? */
static bool combines(struct session *s, const struct probe *p, const struct sharing *of)
{
	unsigned n_shared = 0;
	bool only_adds = true;

	for (size_t g = 0; g < p->effects->n; g++) {
		const struct global_use *use = &p->effects->uses[g];

		if (!use->touches || !of[g].is_written)
			continue;
		n_shared++;
		only_adds &= use->touches == USE_ADD ||
			     !is_one_operation(s->globals.at[g], use);
	}
	return n_shared > 1 && !only_adds;
}

/* Locks for all that P combines, but for the global that most others need unlocked. */
static void lock_combined(const struct probe *p, struct sharing *of)
{
	size_t n = p->effects->n, spared = n;

	for (size_t g = 0; g < n; g++)
		if (p->effects->uses[g].touches && of[g].is_written && !of[g].needs_lock &&
		    of[g].n_combiners == 1 && of[g].n_users > 1 &&
		    (spared == n || of[g].n_users > of[spared].n_users))
			spared = g;
	for (size_t g = 0; g < n; g++)
		if (g != spared && p->effects->uses[g].touches && of[g].is_written)
			of[g].needs_lock = true;
}

static void judge(struct session *s, struct sharing *of)
{
	probe_vec probes = { 0 }; /* those that don't run alone */

	VEC_EACH(&s->probes, i)
		if (!runs_alone(s->probes.at[i]))
			VEC_PUSH(s->scratch, &probes, s->probes.at[i]);
	VEC_EACH(&probes, i)
		for (size_t g = 0; g < s->globals.n; g++) {
			unsigned touches = probes.at[i]->effects->uses[g].touches;

			of[g].is_written |= (touches & (USE_WRITE | USE_SORT)) != 0;
			of[g].n_users += touches != 0;
		}
	VEC_EACH(&probes, i) {
		bool is_combined = combines(s, probes.at[i], of);

		for (size_t g = 0; g < s->globals.n; g++) {
			const struct global_use *use = &probes.at[i]->effects->uses[g];

			if (!use->touches)
				continue;
			of[g].needs_lock |= of[g].is_written &&
					    !is_one_operation(s->globals.at[g], use);
			of[g].n_combiners += is_combined;
		}
	}
	VEC_EACH(&probes, i)
		if (combines(s, probes.at[i], of))
			lock_combined(probes.at[i], of);
}

bool pass_locks(struct session *s)
{
	struct sharing *of = ARENA_ARRAY(s->scratch, s->globals.n + 1, struct sharing);

	judge(s, of);
	VEC_EACH(&s->globals, g) {
		struct var *v = s->globals.at[g];

		v->is_atomic = of[g].is_written && !of[g].needs_lock && v->arity <= 0 &&
			       v->type == TY_LONG;
		v->is_counter = v->is_atomic;
		VEC_EACH(&s->probes, i)
			v->is_counter &= may_count(s->probes.at[i],
						   &s->probes.at[i]->effects->uses[g]);
		v->is_atomic &= !v->is_counter;
	}
	VEC_EACH(&s->probes, i)
		if (!runs_alone(s->probes.at[i]))
			hold_locks(s, s->probes.at[i], of);
	return true;
}
