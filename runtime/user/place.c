/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/tracer_int.h"

enum place place_of(const struct tracer *t, const struct space *sp, uint64_t ip)
{
	const struct user_header *h = t->env->im->header;
	if (!sp->base)
		return PLACE_OUT;
	uint64_t at = ip - sp->base;
	if (at < (uint64_t)h->text_end)
		return at >= (uint64_t)h->tail && at < (uint64_t)h->tail_end ? PLACE_TAIL : PLACE_IN;
	const struct patch *p = space_find_slot(sp, ip);
	if (!p)
		return PLACE_OUT;
	const struct site_recipe *r = &t->env->im->sites[p->site];
	unsigned call_at = r->flags & SITE_RED_ZONE ? USER_STUB_LEA_SIZE : 0;
	return ip - p->stub - USER_STUB_CODE <= call_at ? PLACE_BEFORE : PLACE_OUT;
}

/* From PLACE_BEFORE to the start of the stub, as if nothing had been done. */
void place_roll_back(const struct tracer *t, const struct space *sp, struct user_regs_struct *regs)
{
	const struct patch *p = space_find_slot(sp, regs->rip);
	const struct site_recipe *r = &t->env->im->sites[p->site];
	uint64_t start = p->stub + USER_STUB_CODE;
	if ((r->flags & SITE_RED_ZONE) && regs->rip != start)
		regs->rsp += USER_RED_ZONE;
	regs->rip = start;
}

/* From PLACE_TAIL, or the deferred trap, to behind the stub's call. */
void place_roll_forward(const struct space *sp, struct user_context *u, struct user_regs_struct *regs)
{
	regs->r15 = u->regs.r15;
	regs->r14 = u->regs.r14;
	regs->r13 = u->regs.r13;
	regs->r12 = u->regs.r12;
	regs->rbp = u->regs.bp;
	regs->rbx = u->regs.bx;
	regs->r11 = u->regs.r11;
	regs->r10 = u->regs.r10;
	regs->r9 = u->regs.r9;
	regs->r8 = u->regs.r8;
	regs->rax = u->regs.ax;
	regs->rcx = u->regs.cx;
	regs->rdx = u->regs.dx;
	regs->rsi = u->regs.si;
	regs->rdi = u->regs.di;
	regs->eflags = u->regs.flags;
	regs->orig_rax = (uint64_t)-1;
	uint64_t back = 0;
	remote_read(&sp->mem, u->target_sp, &back, 8);
	regs->rip = back;
	regs->rsp = u->target_sp + 8;
	u->deferred = 0;
	u->held = 0;
	u->rt.busy = 0;
}

/* Gets a stopped thread out of stubs and slots, now that the code is the original again;
 * false: it is in the object and must first run out of it. */
bool place_get_out(struct tracer *t, struct thread *th)
{
	const struct image *im = t->env->im;
	struct space *sp = th->process->space;
	struct user_regs_struct regs;
	if (remote_get_regs(th->tid, &regs))
		return true;
	const struct patch *p;
	struct user_context *u;
	switch (place_of(t, sp, regs.rip)) {
	case PLACE_IN:
		u = context_claim(t, sp, th->process->pid, th->context_tid);
		if (u)
			u->deferred = 1;
		return false;
	case PLACE_TAIL:
		u = context_find(t, sp, th->context_tid);
		if (!u)
			return false;
		place_roll_forward(sp, u, &regs);
		break;
	case PLACE_BEFORE:
		place_roll_back(t, sp, &regs);
		p = space_find_slot(sp, regs.rip);
		regs.rip = p->address;
		break;
	case PLACE_OUT:
		break;
	}
	p = space_find_slot(sp, regs.rip);
	if (p) {
		const struct site_recipe *r = &im->sites[p->site];
		unsigned slot = r->flags & SITE_RED_ZONE ?
					USER_STUB_LEA_SIZE + USER_STUB_CALL_SIZE : USER_STUB_CALL_SIZE;
		uint64_t at = regs.rip - p->stub - USER_STUB_CODE;
		if ((r->flags & SITE_RED_ZONE) && at == slot) {
			regs.rsp += USER_RED_ZONE;
			at += USER_STUB_UNLEA_SIZE;
			regs.rip += USER_STUB_UNLEA_SIZE;
		}
		if (r->flags & SITE_RED_ZONE)
			slot += USER_STUB_UNLEA_SIZE;
		bool found = false;
		for (unsigned k = 0; k < r->n_insns && !found; k++)
			if (at == slot + r->insn_slot[k]) {
				regs.rip = p->address + r->insn_at[k];
				found = true;
			}
		if (!found)
			sp->frames_in_slots = true;
	}
	remote_set_regs(th->tid, &regs);
	return true;
}

