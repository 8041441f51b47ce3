/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/tracer_int.h"

#include <string.h>

static uint64_t claim_of(const struct space *sp, pid_t tid)
{
	return (uint64_t)sp->token << 32 | (uint32_t)tid;
}

struct user_context *context_find(const struct tracer *t, const struct space *sp, pid_t tid)
{
	const struct image *im = t->env->im;
	const union user_claim *claims = image_claims(im);
	uint64_t claim = claim_of(sp, tid);
	for (uint32_t i = 0; sp->token && i < im->session->n_contexts; i++)
		if (__atomic_load_n(&claims[i].both, __ATOMIC_ACQUIRE) == claim)
			return image_context(im, i);
	return NULL;
}

/* Does what user_context_find does in the target. */
struct user_context *context_claim(const struct tracer *t, const struct space *sp, pid_t pid,
				   pid_t tid)
{
	const struct image *im = t->env->im;
	union user_claim *claims = image_claims(im);
	struct user_context *u = context_find(t, sp, tid);
	if (u || !sp->base)
		return u;
	for (uint32_t i = 0; i < im->session->n_contexts; i++) {
		uint64_t none = 0;
		if (claims[i].both || !__atomic_compare_exchange_n(&claims[i].both, &none,
								   claim_of(sp, tid), false,
								   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		u = image_context(im, i);
		if (!u->ready) {
			((void (*)(struct rt_context *, uint16_t))(uintptr_t)image_at(
				im, im->header->context_init))(&u->rt, (uint16_t)(i + 1));
			u->ready = 1;
		}
		((void (*)(struct rt_context *, int32_t, int32_t))(uintptr_t)image_at(
			im, im->header->context_claim))(&u->rt, pid, tid);
		uint64_t there = sp->base + (uint64_t)((char *)u - im->base);
		u->stack = there + im->session->stack_at + USER_STACK_SIZE;
		u->rt.stack_low = u->stack - USER_STACK_SIZE;
		u->token = sp->token;
		u->rt.regs = (void *)(uintptr_t)(there + USER_CONTEXT_REGS);
		u->rt.port = (void *)(uintptr_t)there;
		u->rt.is_return = 0;
		return u;
	}
	return NULL;
}

/* So that the first hit of a thread needs no system call: its context goes into the table
 * that entry.S looks into.  Should another thread take the same place at the same time, one
 * of them is found the slow way: context.key tells which, and that is why the entry's key is
 * written last, or alone. */
void context_introduce(const struct tracer *t, const struct space *sp, pid_t pid, pid_t tid,
		       uint64_t thread_pointer)
{
	const struct image *im = t->env->im;
	struct user_table_entry e[USER_TABLE_PROBES];
	struct user_context *u = thread_pointer && sp->base ? context_claim(t, sp, pid, tid) : NULL;
	uint32_t h = (uint32_t)((thread_pointer * USER_TABLE_HASH) >> (64 - USER_TABLE_BITS));
	uint64_t at = sp->base + (uint64_t)im->header->process + USER_PROCESS_TABLE + h * sizeof e[0];
	if (!u || remote_read(&sp->mem, at, e, sizeof e))
		return;
	u->key = thread_pointer + 1;
	unsigned i = 0;
	while (i < USER_TABLE_PROBES && e[i].key != u->key)
		i++;
	if (i == USER_TABLE_PROBES)
		for (i = 0; i < USER_TABLE_PROBES && e[i].key;)
			i++;
	if (i == USER_TABLE_PROBES)
		return;
	uint64_t there = sp->base + (uint64_t)((char *)u - im->base);
	at += i * sizeof e[0];
	if (remote_write(&sp->mem, at + offsetof(struct user_table_entry, context), &there, 8) == 0)
		remote_write(&sp->mem, at + offsetof(struct user_table_entry, key), &u->key, 8);
}

/* Takes a context out of the table of a process that goes on. */
void context_forget(const struct tracer *t, const struct space *sp, struct user_context *u)
{
	const struct image *im = t->env->im;
	static struct user_table_entry table[USER_TABLE_SIZE + USER_TABLE_PROBES];
	uint64_t there = sp->base + (uint64_t)((char *)u - im->base);
	uint64_t at = sp->base + (uint64_t)im->header->process + USER_PROCESS_TABLE;
	static const uint64_t none;
	if (remote_read(&sp->mem, at, table, sizeof table))
		return;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].key && table[i].context == there)
			remote_write(&sp->mem, at + i * sizeof table[0] +
				     offsetof(struct user_table_entry, key), &none, sizeof none);
}

/* What a thread leaves behind that has died in a handler, or whose handler is given up. */
void context_recover(const struct tracer *t, struct user_context *u)
{
	const struct image *im = t->env->im;
	((void (*)(struct rt_context *))(uintptr_t)image_at(im, im->header->context_recover))(&u->rt);
	for (uint32_t r = 0; r < im->session->n_rings; r++) {
		uint32_t owner = u->rt.id;
		__atomic_compare_exchange_n(&image_ring(im, r)->lock, &owner, 0, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}
}

void context_release(const struct tracer *t, struct user_context *u)
{
	const struct image *im = t->env->im;
	uint64_t i = (uint64_t)((char *)u - (char *)image_context(im, 0)) / im->session->context_stride;
	if (u->ready)
		context_recover(t, u);
	u->rt.port = NULL;
	u->n_returns = 0;
	u->deferred = 0;
	u->held = 0;
	u->token = 0;
	u->key = 0;
	__atomic_store_n(&image_claims(im)[i].both, 0, __ATOMIC_RELEASE);
}

void context_release_all(const struct tracer *t, uint32_t token)
{
	const struct image *im = t->env->im;
	const union user_claim *claims = image_claims(im);
	for (uint32_t i = 0; token && i < im->session->n_contexts; i++)
		if (claims[i].tid && claims[i].token == token)
			context_release(t, image_context(im, i));
}

/* The child returns from the functions that its parent was in. */
void context_inherit(const struct tracer *t, const struct space *parent, pid_t parent_tid,
		     const struct space *child, pid_t child_tid)
{
	const struct image *im = t->env->im;
	struct user_context *from = context_find(t, parent, parent_tid);
	if (!from || !from->n_returns)
		return;
	struct user_context *to = context_claim(t, child, child_tid, child_tid);
	if (!to) { /* no room: the child returns by itself */
		uint64_t trampoline = child->base + (uint64_t)im->header->return_trampoline;
		for (uint32_t i = 0; i < from->n_returns; i++) {
			const struct user_return *r = image_return(im, from, i);
			uint64_t now;
			if (remote_read(&child->mem, r->slot, &now, 8) == 0 && now == trampoline)
				remote_write(&child->mem, r->slot, &r->real, 8);
		}
		return;
	}
	memcpy(image_return(im, to, 0), image_return(im, from, 0),
	       (size_t)from->n_returns * im->session->return_stride);
	to->n_returns = from->n_returns;
}

/* A vfork child runs with its parent's thread pointer, so with its context: which says
 * meanwhile that it is the child's. */
void context_lend(const struct tracer *t, const struct process *p, pid_t tid, pid_t child_pid,
		  pid_t child_tid)
{
	struct user_context *u = context_claim(t, p->space, p->pid, tid);
	if (!u)
		return;
	if (u->rt.busy) { /* the child has died in a handler; the parent is in none */
		context_recover(t, u);
		u->rt.regs = (void *)(uintptr_t)(p->space->base +
						 (uint64_t)((char *)&u->regs - t->env->im->base));
	}
	u->rt.pid = child_pid;
	u->rt.tid = child_tid;
}
