/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a thread to its context, when the table that entry.S looks into doesn't
 * know it: the first hit of a thread, or a thread pointer that has changed.
 *
 * A context is claimed by a thread id and the process's token, and released by
 * the supervisor when the thread is gone.
 */
#include "runtime/user/target.h"

#include <asm/unistd.h>

struct user_process user_process __attribute__((section(".tapster.process")));
struct user_session user_session;

static union user_claim *claims(void)
{
	return user_at(user_session.claims);
}

static uint64_t claim_of(uint32_t tid)
{
	return (uint64_t)user_process.token << 32 | tid;
}

static bool claim(uint32_t i, uint32_t tid)
{
	uint64_t *cl = &claims()[i].both, none = 0;

	return __atomic_load_n(cl, __ATOMIC_RELAXED) == 0 &&
	       __atomic_compare_exchange_n(cl, &none, claim_of(tid), false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

/* The context that the thread has already, but not number EXCEPT; or n_contexts. */
static uint32_t find_claimed(uint32_t tid, uint32_t except)
{
	uint32_t n = user_session.n_contexts;

	for (uint32_t i = 0; i < n; i++)
		if (i != except && __atomic_load_n(&claims()[i].both, __ATOMIC_ACQUIRE) == claim_of(tid))
			return i;
	return n;
}

/* The supervisor may have claimed one for us while we were looking, to leave a message there: it
 * prevails, since that is not seen to happen again once there is ours. */
static uint32_t settle_claims(uint32_t ours, uint32_t tid)
{
	uint32_t other = find_claimed(tid, ours);

	if (other == user_session.n_contexts)
		return ours;
	struct user_context *from = user_context_at(ours), *to = user_context_at(other);
	__atomic_store_n(&claims()[ours].both, 0, __ATOMIC_SEQ_CST);
	to->held |= from->held;
	to->deferred |= from->deferred;
	from->held = 0;
	from->deferred = 0;
	return other;
}

/* Everything in a context that depends on where this process has it. */
static void settle(struct user_context *u, uint32_t i, uint32_t tid)
{
	if (!u->ready) {
		rt_context_init(&u->rt, (uint16_t)(i + 1));
		u->ready = 1;
	}
	u->stack = (uint64_t)(uintptr_t)u + user_session.stack_at + USER_STACK_SIZE;
	u->rt.stack_low = u->stack - USER_STACK_SIZE;
	u->token = user_process.token;
	rt_context_claim(&u->rt, user_process.pid, (int32_t)tid);
	u->rt.regs = &u->regs;
	u->rt.port = u;
	u->rt.is_return = 0;
}

static void enter_in_table(uint64_t key, struct user_context *u)
{
	uint32_t h = (uint32_t)(((key - 1) * USER_TABLE_HASH) >> (64 - USER_TABLE_BITS));
	struct user_table_entry *to = &user_process.table[h], *end = to + USER_TABLE_PROBES;

	/* Never another thread's entry: it may be reading it.  Where there is no room the
	 * thread comes here at each hit. */
	while (to < end && to->key != 0 && to->key != key && to->context != (uint64_t)(uintptr_t)u)
		to++;
	u->key = key;
	if (to == end)
		return;
	to->key = 0; /* entry.S reads key, then context */
	RT_BARRIER();
	to->context = (uint64_t)(uintptr_t)u;
	RT_BARRIER();
	to->key = key;
}

struct user_context *user_context_find(uint64_t key)
{
	uint32_t n = user_session.n_contexts;

	if (user_process.token == 0)
		return NULL;
	uint32_t tid = (uint32_t)user_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0);
	uint32_t found = find_claimed(tid, n);

	for (uint32_t i = 0; i < n && found == n; i++)
		if (claim(i, tid))
			found = settle_claims(i, tid);
	if (found == n)
		return NULL;
	struct user_context *u = user_context_at(found);
	if (u->token != user_process.token || u->rt.tid != (int32_t)tid || u->rt.port != u)
		settle(u, found, tid);
	enter_in_table(key, u);
	return u;
}
