/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Return probes by replaced return addresses.  A record of the thread's context
 * holds the real address and the stack slot that it was taken from.
 *
 * Records are not a strict stack: longjmp and exceptions leave some behind, and
 * a thread may use several stacks (signals, coroutines), in any order.  A return
 * therefore looks for the youngest record of its own slot.  A record of a frame
 * that is gone stays until its slot holds something else and room is needed:
 * that a younger record's slot is deeper does not tell, it may be another stack's.
 */
#include "runtime/user/target.h"

static uint64_t trampoline(void)
{
	return (uint64_t)(uintptr_t)user_return_trampoline;
}

/* Drops the records marked by slot 0. */
static void squeeze(struct user_context *u, uint32_t from)
{
	uint32_t to = from;

	if (rt_likely(from + 1 == u->n_returns)) { /* the last one, and its slot is 0 */
		u->n_returns -= !user_return_at(u, from)->slot;
		return;
	}

	for (uint32_t i = from; i < u->n_returns; i++) {
		struct user_return *r = user_return_at(u, i);
		if (!r->slot)
			continue;
		if (to != i)
			__builtin_memcpy(user_return_at(u, to), r, user_session.return_stride);
		to++;
	}
	u->n_returns = to;
}

/* Makes room by dropping records of frames that must be gone: their slots no longer hold the
 * trampoline. */
static void prune(struct user_context *u)
{
	for (uint32_t i = 0; i < u->n_returns; i++) {
		struct user_return *r = user_return_at(u, i);
		uint64_t now;
		if (user_copy(&now, (void *)(uintptr_t)r->slot, 8) != 0 || now != trampoline())
			r->slot = 0;
	}
	squeeze(u, 0);
}

/* After an unwinder has had a look: frames that are still there get their trampoline back. */
static void resume_records(struct user_context *u)
{
	u->suspended = 0;
	for (uint32_t i = 0; i < u->n_returns; i++) {
		struct user_return *r = user_return_at(u, i);
		uint64_t now, to = trampoline();
		bool gone = r->slot < u->regs.sp;
		if (gone || user_copy(&now, (void *)(uintptr_t)r->slot, 8) != 0 ||
		    (now != r->real && now != to) ||
		    user_copy((void *)(uintptr_t)r->slot, &to, 8) != 0)
			r->slot = 0;
	}
	squeeze(u, 0);
}

/* In what an unwinder calls (itself, personality routines): it must not meet a trampoline. */
static bool in_unwinder(const struct user_context *u)
{
	return u->suspended && u->regs.sp < u->suspended;
}

/* The record for the function that has just been entered, or NULL.  Its return address was
 * pushed a moment ago, so the slot can be read and written. */
static struct user_return *push(struct user_context *u, uint32_t site)
{
	uint64_t slot = u->regs.sp, to = trampoline();
	uint64_t real = *(volatile uint64_t *)(uintptr_t)slot;
	bool is_tail = real == to;

	if (rt_unlikely(u->suspended))
		resume_records(u);
	if (rt_likely(!is_tail)) { /* records of this slot are of frames that are gone */
		while (u->n_returns && user_return_at(u, u->n_returns - 1)->slot == slot)
			u->n_returns--;
	} else { /* tail call: the frame has a record already */
		uint32_t i = u->n_returns;
		while (i > 0 && user_return_at(u, i - 1)->slot != slot)
			i--;
		if (i == 0)
			return NULL;
		real = user_return_at(u, i - 1)->real;
	}
	if (rt_unlikely(u->n_returns == USER_RETURNS_MAX)) {
		prune(u);
		if (u->n_returns == USER_RETURNS_MAX)
			return NULL;
	}
	struct user_return *r = user_return_at(u, u->n_returns);
	r->slot = slot;
	r->real = real;
	r->site = site;
	r->is_tail = is_tail;
	RT_BARRIER(); /* the supervisor may look at any moment */
	u->n_returns++;
	RT_BARRIER();
	*(volatile uint64_t *)(uintptr_t)slot = to;
	return r;
}

/* The return probes of a site: a list, by the driver (image.c). */
static uint32_t first_probe(uint32_t site)
{
	return ((const uint32_t *)user_at(user_session.first_return))[site];
}

static uint32_t next_probe(uint32_t probe)
{
	return ((const uint32_t *)user_at(user_session.next_return))[probe];
}

void user_hit_return(struct rt_context *c, uint32_t site)
{
	struct user_context *u = user_context_of(c);
	bool wanted = *(volatile uint32_t *)&rt_session.accept & RT_ORDINARY;
	if (rt_unlikely(in_unwinder(u)))
		wanted = false; /* as if its entry had not been seen */
	struct user_return *r = wanted ? push(u, site) : NULL;

	c->entry = r ? r->entry : NULL;
	script_site(c, site);
	c->entry = NULL;
	if (rt_unlikely(wanted && !r))
		for (uint32_t p = first_probe(site); p != USER_NO_PROBE; p = next_probe(p))
			rt_skip_probe(p, RT_SKIP_RETURN, 1);
}

/* Index behind the youngest record of SLOT; 0: there is none. */
static uint32_t find(struct user_context *u, uint64_t slot)
{
	uint32_t i = u->n_returns;

	while (i > 0 && user_return_at(u, i - 1)->slot != slot)
		i--;
	return i;
}

void user_returned(struct user_context *u)
{
	uint64_t *slot = (uint64_t *)(uintptr_t)u->target_sp;
	uint32_t i = find(u, u->target_sp);

	if (rt_unlikely(i == 0)) {
		*slot = user_return_find(u->target_sp);
		return;
	}
	u->regs.ip = u->rt.ip = *slot = user_return_at(u, i - 1)->real;
	/* Functions that ended in a call of another one share the slot: youngest first. */
	bool more;
	u->rt.is_return = 1;
	do {
		struct user_return *r = user_return_at(u, i - 1);
		u->rt.entry = r->entry;
		for (uint32_t p = first_probe(r->site); p != USER_NO_PROBE; p = next_probe(p))
			script_return(&u->rt, p);
		more = r->is_tail;
		r->slot = 0;
		for (i--; more && i > 0 && user_return_at(u, i - 1)->slot != u->target_sp; i--)
			;
	} while (more && i > 0);
	u->rt.entry = NULL;
	u->rt.is_return = 0;
	squeeze(u, i);
}

/* The real return address of SLOT, when the thread's own context doesn't know it: coroutines
 * that have moved between threads; a handler is running; or a forked child without contexts,
 * whose parent's are as good. */
uint64_t user_return_find(uint64_t slot)
{
	union user_claim *claims = user_at(user_session.claims);

	for (uint32_t i = 0; i < user_session.n_contexts; i++) {
		if (!claims[i].tid ||
		    (user_process.token && claims[i].token != user_process.token))
			continue;
		struct user_context *u = user_context_at(i);
		for (uint32_t j = u->n_returns; j > 0; j--)
			if (user_return_at(u, j - 1)->slot == slot)
				return user_return_at(u, j - 1)->real;
	}
	__builtin_trap(); /* nowhere to return to */
}
