/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a thread has stopped for when a signal is on its way to it: a breakpoint,
 * a fault of a handler, a debug stop, or a signal that is the program's own and
 * must wait until the thread is out of our code.
 */
#include "runtime/user/tracer_int.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From a stop after which the thread is out of our code: as the program's. */
static void go_on(struct tracer *t, struct thread *th)
{
	if (th->is_leaving) /* leave.c has more to do */
		return;
	thread_give_back(t, th);
	if (th->state != THREAD_GONE)
		thread_unpark(t, th);
}

/* A signal's handler is about to run; its frame may keep the address of a slot. */
static void frame_begins(struct thread *th)
{
	struct space *sp = th->process->space;
	uint64_t ip;
	if (remote_get_ip(th->tid, &ip) == 0 && space_find_slot(sp, ip))
		sp->frames_in_slots = true;
}

/* Keeps a signal away from a thread that is in our code, and lets it go on; false: deliver it. */
static bool hold(struct tracer *t, struct thread *th, const siginfo_t *info)
{
	struct space *sp = th->process->space;
	struct user_regs_struct regs;
	if (remote_get_regs(th->tid, &regs))
		return false;
	enum place place = place_of(t, sp, regs.rip);
	if (place == PLACE_OUT) {
		frame_begins(th);
		return false;
	}
	struct user_context *u = context_claim(t, sp, th->process->pid, th->context_tid);
	if (!u || !thread_hold(th, info)) {
		if (place == PLACE_BEFORE) {
			place_roll_back(t, sp, &regs);
			remote_set_regs(th->tid, &regs);
			sp->frames_in_slots = true;
		}
		return false;
	}
	if (place == PLACE_TAIL) {
		place_roll_forward(sp, u, &regs);
		remote_set_regs(th->tid, &regs);
		sp->frames_in_slots = true;
		go_on(t, th);
		return true;
	}
	if (info->si_signo < 64)
		u->held |= 1ULL << info->si_signo;
	u->deferred = 1;
	thread_resume(th, 0);
	return true;
}

/* The trap at the end of a handler during which something was deferred. */
static bool deferred_trap(struct tracer *t, struct thread *th, uint64_t trap)
{
	struct space *sp = th->process->space;
	struct user_regs_struct regs;
	if (!sp->base || trap != sp->base + (uint64_t)t->env->im->header->deferred_trap)
		return false;
	struct user_context *u = context_find(t, sp, th->context_tid);
	if (!u || remote_get_regs(th->tid, &regs))
		return true;
	place_roll_forward(sp, u, &regs);
	remote_set_regs(th->tid, &regs);
	return true;
}

/*
 * A trap that hits while SIGTRAP is blocked or ignored is forced: the kernel unblocks the signal
 * and resets what the process does about it, also when we swallow it.  Puts both back.  Our
 * handler is there in every process with breakpoints, so that its absence tells; programs that
 * block nothing (nearly all, nearly always) pay one system call for the question.
 * True: there was something to mend, and the thread is where that has led to.
 */
static bool mend_trap(struct tracer *t, struct thread *th)
{
	struct space *sp = th->process->space;
	const uint64_t bit = 1ULL << (SIGTRAP - 1);
	uint64_t mask = 0, caught = 0;
	struct remote_call r;
	if (!sp->has_safety ||
	    ptrace(PTRACE_GETSIGMASK, th->tid, sizeof mask, &mask) < 0 || mask == 0 ||
	    maps_status(th->tid, "SigCgt", 16, &caught, 1) != 1 || caught & bit)
		return false;
	th->state = THREAD_STOPPED;
	if (!thread_to_event_stop(t, th))
		return true;
	space_renew_safety(t->env, sp, th->tid, &r);
	thread_take_final(t, th, &r);
	mask |= bit;
	if (th->state != THREAD_GONE)
		ptrace(PTRACE_SETSIGMASK, th->tid, sizeof mask, &mask);
	return true;
}

/* Goes on after a trap of ours. */
static void resume_trap(struct tracer *t, struct thread *th)
{
	if (!mend_trap(t, th) && th->n_held == 1 && !th->is_leaving) { /* in place of the trap */
		th->n_held = 0;
		frame_begins(th);
		ptrace(PTRACE_SETSIGINFO, th->tid, NULL, &th->held[0]);
		thread_resume(th, th->held[0].si_signo);
	} else if (th->state != THREAD_GONE) {
		go_on(t, th);
	}
}

/* Does the instruction of a watch. */
static void step_over(const struct space *sp, struct thread *th, uint8_t does)
{
	struct user_regs_struct regs;
	uint64_t back;
	if (remote_get_regs(th->tid, &regs))
		return;
	switch ((enum user_watch_does)does) {
	case USER_WATCH_RETURN:
		if (remote_read(&sp->mem, regs.rsp, &back, 8))
			return;
		regs.rip = back;
		regs.rsp += 8;
		break;
	case USER_WATCH_ENDBR:
		regs.rip += 3; /* it has 4 bytes, the trap 1 */
		break;
	case USER_WATCH_PUSH_BP:
		regs.rsp -= 8;
		if (remote_write(&sp->mem, regs.rsp, &regs.rbp, 8))
			return;
		break;
	case USER_WATCH_SITE:
		return;
	}
	remote_set_regs(th->tid, &regs);
}

/* Stops the thread at the N ADDRESSES by its debug registers; none of them with N = 0. */
void trap_set_debug_stops(struct thread *th, const uint64_t *addresses, unsigned n)
{
	const size_t at = offsetof(struct user, u_debugreg);
	uint64_t control = 0;
	if (!n && !th->has_debug_stops)
		return;
	ptrace(PTRACE_POKEUSER, th->tid, at + 7 * 8, 0);
	for (unsigned i = 0; i < n; i++)
		if (ptrace(PTRACE_POKEUSER, th->tid, at + i * 8, addresses[i]) == 0)
			control |= 1ULL << (2 * i); /* local, on execution */
	ptrace(PTRACE_POKEUSER, th->tid, at + 7 * 8, control);
	th->has_debug_stops = n != 0;
}

/* Gives the thread its stack as the compiler made it, for an unwinder.  The records stay: those
 * of frames that live on are used again when the exception is caught or the unwinder returns,
 * or else at the thread's next hit outside of the unwinder (target_return.c). */
static void suspend_returns(const struct tracer *t, struct thread *th, enum watch_reason why)
{
	const struct space *sp = th->process->space;
	struct user_context *u = context_find(t, sp, th->context_tid);
	struct user_regs_struct regs;
	uint64_t back;
	if (!u || !u->n_returns || remote_get_regs(th->tid, &regs))
		return;
	space_restore_returns(t->env->im, sp, u);
	u->suspended = regs.rsp;
	if (why == WATCH_THROW)
		trap_set_debug_stops(th, sp->landings, sp->n_landings);
	else if (remote_read(&sp->mem, regs.rsp, &back, 8) == 0)
		trap_set_debug_stops(th, &back, 1);
}

/* At a debug stop: an exception was caught, or the unwinder has returned. */
static void resume_returns(const struct tracer *t, struct thread *th)
{
	const struct space *sp = th->process->space;
	struct user_context *u = context_find(t, sp, th->context_tid);
	struct user_regs_struct regs;
	trap_set_debug_stops(th, NULL, 0);
	if (u && u->suspended && remote_get_regs(th->tid, &regs) == 0)
		space_replace_returns(t->env->im, sp, u, regs.rsp);
}

/* Nobody's breakpoint is there any more. */
static bool was_ours(const struct space *sp, uint64_t trap, const siginfo_t *info)
{
	uint8_t byte;
	return info->si_code == SI_KERNEL && remote_read(&sp->mem, trap, &byte, 1) == 0 && byte != 0xcc;
}

/* True: the thread has been dealt with. */
static bool breakpoint(struct tracer *t, struct thread *th)
{
	struct space *sp = th->process->space;
	uint64_t ip;
	if (remote_get_ip(th->tid, &ip))
		return false;
	uint64_t trap = ip - 1;
	const struct patch *p = space_find(sp, trap);
	const struct space_watch *w = space_find_watch(sp, trap);
	bool is_site = p && p->kind == PATCH_BREAK;
	if (is_site || w) {
		if (w && w->why != WATCH_LINKER)
			suspend_returns(t, th, w->why);
		if (is_site)
			remote_set_ip(th->tid, p->stub + USER_STUB_CODE);
		else
			step_over(sp, th, w->w.does);
		if (w && w->why == WATCH_LINKER)
			tracer_look_again(t, th);
		else
			resume_trap(t, th);
		return true;
	}
	if (deferred_trap(t, th, trap)) {
		resume_trap(t, th);
		return true;
	}
	siginfo_t info = { 0 };
	ptrace(PTRACE_GETSIGINFO, th->tid, NULL, &info);
	if (th->has_debug_stops && info.si_code == TRAP_HWBKPT) {
		resume_returns(t, th);
		resume_trap(t, th);
		return true;
	}
	if (was_ours(sp, trap, &info)) {
		remote_set_ip(th->tid, trap);
		resume_trap(t, th);
		return true;
	}
	return false;
}

bool trap_undo(struct tracer *t, struct thread *th)
{
	struct space *sp = th->process->space;
	siginfo_t info;
	uint64_t ip;
	if (remote_get_ip(th->tid, &ip) || ptrace(PTRACE_GETSIGINFO, th->tid, NULL, &info) < 0)
		return true;
	if (deferred_trap(t, th, ip - 1) || info.si_code == TRAP_HWBKPT)
		return true;
	if (!was_ours(sp, ip - 1, &info))
		return false;
	remote_set_ip(th->tid, ip - 1);
	mend_trap(t, th);
	return true;
}

/* A fault of a handler: at an instruction that may fault, go on at its fix-up; anywhere
 * else the handler is abandoned, the program goes on. */
static bool fault(struct tracer *t, struct thread *th)
{
	struct space *sp = th->process->space;
	const struct image *im = t->env->im;
	const struct user_header *h = im->header;
	uint64_t ip;
	if (!sp->base || remote_get_ip(th->tid, &ip) || ip - sp->base >= (uint64_t)h->text_end)
		return false;
	const struct user_fixup *f = image_at(im, h->fixups), *end = image_at(im, h->fixups_end);
	for (; f < end; f++) {
		int64_t from = (char *)&f->from + f->from - im->base;
		if ((uint64_t)from == ip - sp->base) {
			int64_t to = (char *)&f->to + f->to - im->base;
			remote_set_ip(th->tid, sp->base + (uint64_t)to);
			thread_resume(th, 0);
			return true;
		}
	}
	struct user_context *u = context_find(t, sp, th->context_tid);
	struct user_regs_struct regs;
	if (!u || !u->rt.busy || remote_get_regs(th->tid, &regs))
		return false;
	siginfo_t info = { 0 };
	ptrace(PTRACE_GETSIGINFO, th->tid, NULL, &info);
	fprintf(stderr, "ERROR: fault in a handler (at object offset %#lx, of address %p); the handler "
			"was ended\n", (unsigned long)(ip - sp->base), info.si_addr);
	context_recover(t, u);
	u->rt.regs = (void *)(uintptr_t)(sp->base + (uint64_t)((char *)&u->regs - im->base));
	place_roll_forward(sp, u, &regs);
	remote_set_regs(th->tid, &regs);
	go_on(t, th);
	return true;
}

void trap_signal_stop(struct tracer *t, struct thread *th, int signal)
{
	siginfo_t info;
	if (signal == SIGTRAP && breakpoint(t, th))
		return;
	if ((signal == SIGSEGV || signal == SIGBUS) && fault(t, th))
		return;
	if (ptrace(PTRACE_GETSIGINFO, th->tid, NULL, &info) == 0 && hold(t, th, &info))
		return;
	if (th->is_leaving || t->is_closing) {
		th->state = THREAD_STOPPED;
		th->is_parked = true;
		th->status = signal << 8 | 0x7f;
		return;
	}
	thread_resume(th, signal);
}
