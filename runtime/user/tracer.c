/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			    PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACEVFORKDONE |
			    PTRACE_O_TRACESYSGOOD;

/* ---- tables ---- */

static struct thread **bucket(struct tracer *t, pid_t tid)
{
	return &t->threads[(unsigned)tid % THREAD_BUCKETS];
}

static struct thread *find_thread(struct tracer *t, pid_t tid)
{
	struct thread *th = *bucket(t, tid);
	while (th && th->tid != tid)
		th = th->next;
	return th;
}

static struct thread *add_thread(struct tracer *t, pid_t tid)
{
	struct thread *th = calloc(1, sizeof *th);
	if (!th)
		return NULL;
	th->tid = tid;
	th->next = *bucket(t, tid);
	*bucket(t, tid) = th;
	t->n_threads++;
	return th;
}

static struct process *find_process(struct tracer *t, pid_t pid)
{
	struct process *p = t->processes;
	while (p && p->pid != pid)
		p = p->next;
	return p;
}

static struct process *add_process(struct tracer *t, pid_t pid, struct space *space)
{
	struct process *p = space ? calloc(1, sizeof *p) : NULL;
	if (!p)
		return NULL;
	p->pid = pid;
	p->space = space;
	p->next = t->processes;
	t->processes = p;
	return p;
}

static void drop_process(struct tracer *t, struct process *p)
{
	if (t->process_ended && p->is_begun)
		t->process_ended(t->data, p);
	for (struct process **at = &t->processes; *at; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	space_put(p->space);
	free(p);
}

static void join_process(struct thread *th, struct process *p)
{
	th->process = p;
	p->n_threads++;
}

/* ---- contexts of threads, as the supervisor sees them ---- */

static struct user_context *find_context(const struct tracer *t, const struct space *sp, pid_t tid)
{
	const struct image *im = t->env->im;
	const struct user_claim *claims = image_claims(im);
	for (uint32_t i = 0; i < im->session->n_contexts; i++)
		if (claims[i].tid == (uint32_t)tid && claims[i].token == sp->token)
			return image_context(im, i);
	return NULL;
}

/* Does what user_context_find does in the target. */
static struct user_context *claim_context(const struct tracer *t, const struct space *sp, pid_t pid,
					  pid_t tid)
{
	const struct image *im = t->env->im;
	struct user_claim *claims = image_claims(im);
	struct user_context *u = find_context(t, sp, tid);
	if (u || !sp->base)
		return u;
	for (uint32_t i = 0; i < im->session->n_contexts; i++) {
		uint32_t free = 0;
		if (claims[i].tid || !__atomic_compare_exchange_n(&claims[i].tid, &free,
								  (uint32_t)tid, false,
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
		u->token = sp->token;
		u->rt.regs = (void *)(uintptr_t)(there + USER_CONTEXT_REGS);
		u->rt.port = (void *)(uintptr_t)there;
		u->rt.is_return = 0;
		__atomic_store_n(&claims[i].token, sp->token, __ATOMIC_RELEASE);
		return u;
	}
	return NULL;
}

/* So that the first hit of a thread needs no system call: its context goes into the table
 * that entry.S looks into.  Should another thread take the same place at the same time, one
 * of them is found the slow way. */
static void introduce(const struct tracer *t, const struct space *sp, pid_t pid, pid_t tid,
		      uint64_t thread_pointer)
{
	const struct image *im = t->env->im;
	struct user_table_entry e[USER_TABLE_PROBES];
	struct user_context *u = thread_pointer && sp->base ? claim_context(t, sp, pid, tid) : NULL;
	uint32_t h = (uint32_t)((thread_pointer * USER_TABLE_HASH) >> (64 - USER_TABLE_BITS));
	uint64_t at = sp->base + (uint64_t)im->header->process + USER_PROCESS_TABLE + h * sizeof e[0];
	if (!u || remote_read(&sp->mem, at, e, sizeof e))
		return;
	for (unsigned i = 0; i < USER_TABLE_PROBES; i++)
		if (e[i].key == thread_pointer + 1)
			return;
	for (unsigned i = 0; i < USER_TABLE_PROBES; i++)
		if (e[i].key == 0) {
			e[i].key = thread_pointer + 1;
			e[i].context = sp->base + (uint64_t)((char *)u - im->base);
			remote_write(&sp->mem, at + i * sizeof e[0], &e[i], sizeof e[i]);
			return;
		}
}

/* Takes a context out of the table of a process that goes on. */
static void forget_context(const struct tracer *t, const struct space *sp, struct user_context *u)
{
	const struct image *im = t->env->im;
	static struct user_table_entry table[USER_TABLE_SIZE + USER_TABLE_PROBES];
	uint64_t there = sp->base + (uint64_t)((char *)u - im->base);
	uint64_t at = sp->base + (uint64_t)im->header->process + USER_PROCESS_TABLE;
	static const struct user_table_entry none;
	if (remote_read(&sp->mem, at, table, sizeof table))
		return;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].context == there)
			remote_write(&sp->mem, at + i * sizeof table[0], &none, sizeof none);
}

/* What a thread leaves behind that has died in a handler, or whose handler is given up. */
static void recover_context(const struct tracer *t, struct user_context *u)
{
	const struct image *im = t->env->im;
	((void (*)(struct rt_context *))(uintptr_t)image_at(im, im->header->context_recover))(&u->rt);
	for (uint32_t r = 0; r < im->session->n_rings; r++) {
		uint32_t owner = u->rt.id;
		__atomic_compare_exchange_n(&image_ring(im, r)->lock, &owner, 0, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}
}

static void release_context(const struct tracer *t, struct user_context *u)
{
	const struct image *im = t->env->im;
	struct user_claim *claim = &image_claims(im)[u->rt.id - 1];
	recover_context(t, u);
	u->rt.port = NULL;
	u->n_returns = 0;
	u->deferred = 0;
	u->held = 0;
	u->token = 0;
	claim->token = 0;
	__atomic_store_n(&claim->tid, 0, __ATOMIC_RELEASE);
}

static void release_all(const struct tracer *t, uint32_t token)
{
	const struct image *im = t->env->im;
	const struct user_claim *claims = image_claims(im);
	for (uint32_t i = 0; token && i < im->session->n_contexts; i++)
		if (claims[i].tid && claims[i].token == token)
			release_context(t, image_context(im, i));
}

/* ---- resuming ---- */

static void thread_gone(struct tracer *t, struct thread *th, int status);

static void resume(struct thread *th, int signal)
{
	th->state = THREAD_RUNNING;
	th->signal = 0;
	th->in_group_stop = false;
	/* ESRCH: it was killed; its end will be reported */
	ptrace(PTRACE_CONT, th->tid, NULL, signal);
}

/* Waits for a thread that has been told to stop.  False: it can't, or is dead. */
static bool wait_thread(struct tracer *t, struct thread *th, int *status)
{
	struct timespec nap = { 0, 50000 };
	for (unsigned i = 0; i < 40000; i++) { /* 2 s */
		pid_t got = waitpid(th->tid, status, __WALL | WNOHANG);
		if (got == th->tid) {
			if (WIFSTOPPED(*status))
				return true;
			thread_gone(t, th, *status);
			return false;
		}
		if (got < 0 && errno != EINTR)
			return false;
		nanosleep(&nap, NULL);
	}
	return false;
}

static bool is_event_stop(int status)
{
	return status >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8);
}

/* Brings a running thread to a stop; what it stopped for, if not for us, is parked. */
static bool stop_thread(struct tracer *t, struct thread *th)
{
	int status;
	if (th->state != THREAD_RUNNING)
		return th->state != THREAD_GONE;
	if (ptrace(PTRACE_INTERRUPT, th->tid, NULL, NULL) < 0 || !wait_thread(t, th, &status))
		return false;
	th->state = THREAD_STOPPED;
	if (!is_event_stop(status)) {
		th->status = status;
		th->is_parked = true;
	}
	return true;
}

/* SP NULL: everything. */
static void stop_space(struct tracer *t, const struct space *sp)
{
	for (int i = 0; i < THREAD_BUCKETS; i++)
		for (struct thread *th = t->threads[i], *next; th; th = next) {
			next = th->next;
			if (th->process && (!sp || th->process->space == sp))
				stop_thread(t, th);
		}
}

static void handle(struct tracer *t, struct thread *th, int status);

/* Lets the threads of a space go on, dealing with what they had stopped for. */
static void start_space(struct tracer *t, const struct space *sp)
{
	for (int i = 0; i < THREAD_BUCKETS; i++)
		for (struct thread *th = t->threads[i], *next; th; th = next) {
			next = th->next;
			if (!th->process || th->process->space != sp ||
			    th->state != THREAD_STOPPED || th == t->command)
				continue;
			if (th->is_parked) {
				th->is_parked = false;
				handle(t, th, th->status);
			} else {
				resume(th, th->signal);
			}
		}
}

/* ---- arming ---- */

/* A thread that has died in a remote call. */
static void take_final(struct tracer *t, struct thread *th, const struct remote_call *r)
{
	if (!r->final)
		return;
	if (WIFSTOPPED(r->final)) {
		th->status = r->final;
		th->is_parked = true;
	} else {
		thread_gone(t, th, r->final);
	}
}

/* Takes a stopped thread to an event stop. */
static bool to_event_stop(struct tracer *t, struct thread *th)
{
	int other;
	int err = remote_to_event_stop(th->tid, &other);
	if (other) {
		if (WIFSTOPPED(other)) {
			th->status = other;
			th->is_parked = true;
		} else {
			thread_gone(t, th, other);
		}
	}
	return err == 0;
}

/* TH is in an event stop, all others of the space are stopped. */
static void arm(struct tracer *t, struct thread *th)
{
	struct space *sp = th->process->space;
	struct remote_call r;
	sp->mem.tid = th->tid;
	space_arm(t->env, sp, th->tid, &r);
	take_final(t, th, &r);
}

static bool is_wanted(const struct tracer *t, struct space *sp)
{
	struct maps m;
	if (sp->is_refused || t->is_closing || maps_read(&m, sp->pid))
		return false;
	bool needs = space_needs(t->env, sp, &m);
	maps_free(&m);
	return needs;
}

/* ---- where a thread is ---- */

enum place {
	PLACE_OUT,    /* the program's own code, or the slot's */
	PLACE_BEFORE, /* in the stub, up to its call */
	PLACE_IN,     /* in the object */
	PLACE_TAIL    /* in the object, its registers being put back */
};

static enum place place_of(const struct tracer *t, const struct space *sp, uint64_t ip)
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
static void roll_back(const struct tracer *t, const struct space *sp, struct user_regs_struct *regs)
{
	const struct patch *p = space_find_slot(sp, regs->rip);
	const struct site_recipe *r = &t->env->im->sites[p->site];
	uint64_t start = p->stub + USER_STUB_CODE;
	if ((r->flags & SITE_RED_ZONE) && regs->rip != start)
		regs->rsp += USER_RED_ZONE;
	regs->rip = start;
}

/* From PLACE_TAIL, or the deferred trap, to behind the stub's call. */
static void roll_forward(const struct tracer *t, const struct space *sp, struct user_context *u,
			 struct user_regs_struct *regs)
{
	(void)t;
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

/* ---- signals ---- */

/* Our own resending of a held signal gets its siginfo back, in *NOW too.  When the same signal
 * has come from elsewhere meanwhile, the two are one (signal(7): standard signals don't queue). */
static void take_resent(struct thread *th, siginfo_t *now)
{
	bool ours = now->si_code == SI_TKILL && now->si_pid == getpid();
	if (!ours && now->si_signo >= SIGRTMIN)
		return;
	for (unsigned i = 0; i < th->n_resent; i++) {
		if (th->held[i].si_signo != now->si_signo)
			continue;
		if (ours) {
			*now = th->held[i];
			ptrace(PTRACE_SETSIGINFO, th->tid, NULL, now);
		}
		memmove(&th->held[i], &th->held[i + 1], (th->n_held - i - 1) * sizeof th->held[0]);
		th->n_resent--;
		th->n_held--;
		return;
	}
}

static void resend(struct thread *th)
{
	for (; th->n_resent < th->n_held; th->n_resent++)
		syscall(SYS_tgkill, th->process->pid, th->tid, th->held[th->n_resent].si_signo);
}

/* Keeps a signal away from a thread that is in our code; false: deliver it. */
static bool hold(struct tracer *t, struct thread *th, const siginfo_t *info)
{
	struct space *sp = th->process->space;
	struct user_regs_struct regs;
	if (remote_get_regs(th->tid, &regs))
		return false;
	enum place place = place_of(t, sp, regs.rip);
	if (place == PLACE_OUT) {
		if (space_find_slot(sp, regs.rip))
			sp->frames_in_slots = true;
		return false;
	}
	struct user_context *u = claim_context(t, sp, th->process->pid, th->tid);
	if (!u || th->n_held == HELD_MAX) {
		if (place == PLACE_BEFORE) {
			roll_back(t, sp, &regs);
			remote_set_regs(th->tid, &regs);
			sp->frames_in_slots = true;
		}
		return false;
	}
	if (place == PLACE_TAIL) {
		roll_forward(t, sp, u, &regs);
		remote_set_regs(th->tid, &regs);
		sp->frames_in_slots = true;
		return false;
	}
	th->held[th->n_held++] = *info;
	if (info->si_signo < 64)
		u->held |= 1ULL << info->si_signo;
	u->deferred = 1;
	return true;
}

/* The trap at the end of a handler during which something was deferred. */
static bool deferred_trap(struct tracer *t, struct thread *th, uint64_t trap)
{
	struct space *sp = th->process->space;
	struct user_regs_struct regs;
	if (!sp->base || trap != sp->base + (uint64_t)t->env->im->header->deferred_trap)
		return false;
	struct user_context *u = find_context(t, sp, th->tid);
	if (!u || remote_get_regs(th->tid, &regs))
		return true;
	roll_forward(t, sp, u, &regs);
	remote_set_regs(th->tid, &regs);
	return true;
}

/* After a change of the list of libraries, or of the mappings: look for new sites. */
static void look_again(struct tracer *t, struct thread *th)
{
	struct space *sp = th->process->space;
	th->state = THREAD_STOPPED;
	if (!t->is_closing && !sp->is_refused) {
		struct maps m;
		bool needs = false;
		if (maps_read(&m, sp->pid) == 0) {
			space_drop_unmapped(t->env, sp, &m);
			needs = space_needs(t->env, sp, &m);
			maps_free(&m);
		}
		if (needs) {
			stop_space(t, sp);
			if (to_event_stop(t, th))
				arm(t, th);
			start_space(t, sp);
			return;
		}
	}
	resume(th, 0);
}

/*
 * A trap that hits while SIGTRAP is blocked or ignored is forced: the kernel unblocks the signal
 * and resets what the process does about it, also when we swallow it.  Puts both back.  Our
 * handler is there in every process with breakpoints, so that its absence tells; programs that
 * block nothing (nearly all, nearly always) pay one system call for the question.
 */
static void mend_trap(struct tracer *t, struct thread *th)
{
	struct space *sp = th->process->space;
	const uint64_t bit = 1ULL << (SIGTRAP - 1);
	uint64_t mask = 0, caught = 0;
	struct remote_call r;
	if (!sp->has_safety ||
	    ptrace(PTRACE_GETSIGMASK, th->tid, sizeof mask, &mask) < 0 || mask == 0 ||
	    maps_status(th->tid, "SigCgt", 16, &caught, 1) != 1 || caught & bit)
		return;
	th->state = THREAD_STOPPED;
	if (!to_event_stop(t, th))
		return;
	space_renew_safety(t->env, sp, th->tid, &r);
	take_final(t, th, &r);
	mask |= bit;
	if (th->state != THREAD_GONE)
		ptrace(PTRACE_SETSIGMASK, th->tid, sizeof mask, &mask);
}

/* Goes on after a trap of ours. */
static void resume_trap(struct tracer *t, struct thread *th)
{
	mend_trap(t, th);
	if (th->state == THREAD_GONE)
		return;
	if (th->is_parked) {
		th->is_parked = false;
		handle(t, th, th->status);
	} else {
		resume(th, 0);
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
	}
	remote_set_regs(th->tid, &regs);
}

/* Stops the thread at the N ADDRESSES by its debug registers; none of them with N = 0. */
static void set_debug_stops(struct thread *th, const uint64_t *addresses, unsigned n)
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
 * or else at the thread's next hit (target_return.c). */
static void suspend_returns(const struct tracer *t, struct thread *th, enum watch_reason why)
{
	const struct space *sp = th->process->space;
	struct user_context *u = find_context(t, sp, th->tid);
	struct user_regs_struct regs;
	uint64_t back;
	if (!u || !u->n_returns)
		return;
	space_restore_returns(t->env->im, sp, u);
	u->suspended = 1;
	if (why == WATCH_THROW)
		set_debug_stops(th, sp->landings, sp->n_landings);
	else if (remote_get_regs(th->tid, &regs) == 0 && remote_read(&sp->mem, regs.rsp, &back, 8) == 0)
		set_debug_stops(th, &back, 1);
}

/* At a debug stop: an exception was caught, or the unwinder has returned. */
static void resume_returns(const struct tracer *t, struct thread *th)
{
	const struct space *sp = th->process->space;
	struct user_context *u = find_context(t, sp, th->tid);
	struct user_regs_struct regs;
	set_debug_stops(th, NULL, 0);
	if (u && u->suspended && remote_get_regs(th->tid, &regs) == 0)
		space_replace_returns(t->env->im, sp, u, regs.rsp);
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
	if (p && p->kind == PATCH_BREAK) {
		remote_set_ip(th->tid, p->stub + USER_STUB_CODE);
		resume_trap(t, th);
		return true;
	}
	const struct space_watch *w = space_find_watch(sp, trap);
	if (w) {
		if (w->why != WATCH_LINKER)
			suspend_returns(t, th, w->why);
		step_over(sp, th, w->w.does);
		if (w->why == WATCH_LINKER)
			look_again(t, th);
		else
			resume_trap(t, th);
		return true;
	}
	if (deferred_trap(t, th, trap)) {
		if (th->is_leaving) {
			th->state = THREAD_STOPPED;
			return true;
		}
		resend(th);
		resume_trap(t, th);
		return true;
	}
	uint8_t byte;
	siginfo_t info = { 0 };
	ptrace(PTRACE_GETSIGINFO, th->tid, NULL, &info);
	if (th->has_debug_stops && info.si_code == TRAP_HWBKPT) {
		resume_returns(t, th);
		resume_trap(t, th);
		return true;
	}
	/* Somebody's own int3; or one that was ours a moment ago. */
	if (info.si_code == SI_KERNEL &&
	    remote_read(&sp->mem, trap, &byte, 1) == 0 && byte != 0xcc) {
		remote_set_ip(th->tid, trap);
		resume(th, 0);
		return true;
	}
	return false;
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
			resume(th, 0);
			return true;
		}
	}
	struct user_context *u = find_context(t, sp, th->tid);
	struct user_regs_struct regs;
	if (!u || !u->rt.busy || remote_get_regs(th->tid, &regs))
		return false;
	fprintf(stderr, "ERROR: fault in a handler (at object offset %#lx); the handler was ended\n",
		(unsigned long)(ip - sp->base));
	recover_context(t, u);
	u->rt.regs = (void *)(uintptr_t)(sp->base + (uint64_t)((char *)&u->regs - im->base));
	roll_forward(t, sp, u, &regs);
	remote_set_regs(th->tid, &regs);
	resend(th);
	resume(th, 0);
	return true;
}

static void signal_stop(struct tracer *t, struct thread *th, int signal)
{
	siginfo_t info;
	if (signal == SIGTRAP && breakpoint(t, th))
		return;
	if ((signal == SIGSEGV || signal == SIGBUS) && fault(t, th))
		return;
	if (ptrace(PTRACE_GETSIGINFO, th->tid, NULL, &info) == 0) {
		take_resent(th, &info);
		if (hold(t, th, &info)) {
			resume(th, 0);
			return;
		}
	}
	if (th->is_leaving || t->is_closing) {
		th->state = THREAD_STOPPED;
		th->signal = signal;
		return;
	}
	resume(th, signal);
}

/* ---- events ---- */

/* What a thread that has made another one asked for: the clone flags, and the child's thread
 * pointer. */
static uint64_t clone_flags(const struct thread *th, uint64_t *thread_pointer)
{
	struct user_regs_struct regs;
	struct clone_args args = { 0 };
	uint64_t flags = 0, tls = 0;
	*thread_pointer = 0;
	if (remote_get_regs(th->tid, &regs))
		return 0;
	switch (regs.orig_rax) {
	case SYS_clone:
		flags = regs.rdi;
		tls = regs.r8;
		break;
	case SYS_clone3:
		remote_read_some(&th->process->space->mem, regs.rdi, &args,
				 regs.rsi < sizeof args ? regs.rsi : sizeof args);
		flags = args.flags;
		tls = args.tls;
		break;
	case SYS_vfork:
		flags = CLONE_VM | CLONE_VFORK;
		break;
	}
	*thread_pointer = flags & CLONE_SETTLS ? tls : regs.fs_base;
	return flags;
}

/* The child returns from the functions that its parent was in. */
static void inherit_returns(const struct tracer *t, const struct space *parent, pid_t parent_tid,
			    const struct space *child, pid_t child_tid)
{
	const struct image *im = t->env->im;
	struct user_context *from = find_context(t, parent, parent_tid);
	if (!from || !from->n_returns)
		return;
	struct user_context *to = claim_context(t, child, child_tid, child_tid);
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
static void lend_context(const struct tracer *t, const struct process *p, pid_t tid, pid_t child_pid,
			 pid_t child_tid)
{
	struct user_context *u = claim_context(t, p->space, p->pid, tid);
	if (u) {
		u->rt.pid = child_pid;
		u->rt.tid = child_tid;
	}
}

static void start_unknown(struct tracer *t, struct thread *child)
{
	if (child->state == THREAD_UNKNOWN && child->is_parked) {
		child->is_parked = false;
		handle(t, child, child->status);
	} else if (child->state == THREAD_UNKNOWN) {
		child->state = THREAD_RUNNING;
	}
}

static void new_child(struct tracer *t, struct thread *th, int event)
{
	unsigned long msg;
	if (ptrace(PTRACE_GETEVENTMSG, th->tid, NULL, &msg) < 0 || msg == 0)
		return;
	pid_t tid = (pid_t)msg;
	uint64_t thread_pointer, flags = clone_flags(th, &thread_pointer);
	struct thread *child = find_thread(t, tid);
	if (!child)
		child = add_thread(t, tid);
	if (!child)
		return;
	struct process *p = th->process;
	if (!(flags & CLONE_THREAD)) {
		struct space *sp = p->space;
		if (flags & CLONE_VM)
			sp->refs++;
		else
			sp = space_fork(sp, tid);
		struct process *q = add_process(t, tid, sp);
		if (!q)
			return;
		q->is_begun = p->is_begun;
		if (!(flags & CLONE_VM) && sp->base) {
			sp->token = ++t->env->im->session->next_token;
			space_set_process(t->env, sp, tid, true);
			inherit_returns(t, p->space, th->tid, sp, tid);
			introduce(t, sp, tid, tid, thread_pointer);
		}
		if (event == PTRACE_EVENT_VFORK && (flags & CLONE_VM)) {
			introduce(t, sp, p->pid, th->tid, thread_pointer);
			lend_context(t, p, th->tid, tid, tid);
		}
		if (t->process_begun)
			t->process_begun(t->data, q);
		p = q;
	} else {
		introduce(t, p->space, p->pid, tid, thread_pointer);
	}
	join_process(child, p);
	if (t->thread_begun)
		t->thread_begun(t->data, p, tid);
	start_unknown(t, child);
}

static void exec_event(struct tracer *t, struct thread *th)
{
	unsigned long former = 0;
	struct process *p = th->process;
	ptrace(PTRACE_GETEVENTMSG, th->tid, NULL, &former);
	if (former && (pid_t)former != th->tid) {
		struct thread *old = find_thread(t, (pid_t)former);
		if (old)
			thread_gone(t, old, 0);
	}
	/* The other threads are dead, if not reported yet. */
	struct space *sp = p->space;
	if (sp->refs == 1) {
		release_all(t, sp->token);
	} else {
		struct user_context *u = find_context(t, sp, th->tid);
		if (u) {
			forget_context(t, sp, u);
			release_context(t, u);
		}
	}
	if (t->process_ended && p->is_begun)
		t->process_ended(t->data, p);
	p->is_begun = false;
	space_put(sp);
	p->space = space_new(p->pid);
	th->n_held = th->n_resent = 0;
	th->state = THREAD_STOPPED;
	if (p->space && is_wanted(t, p->space) && to_event_stop(t, th))
		arm(t, th);
	if (th->state == THREAD_GONE)
		return;
	p->is_begun = true;
	if (t->process_begun)
		t->process_begun(t->data, p);
	if (t->hold_command && p->pid == t->command_pid) {
		t->command = th;
		return;
	}
	if (th->is_parked) {
		th->is_parked = false;
		handle(t, th, th->status);
	} else {
		resume(th, 0);
	}
}

static void exit_event(struct tracer *t, struct thread *th)
{
	struct process *p = th->process;
	struct user_context *u = p->space->base ? find_context(t, p->space, th->tid) : NULL;
	if (t->thread_ended)
		t->thread_ended(t->data, p, th->tid);
	if (u) {
		if (p->n_threads > 1 || p->space->refs > 1)
			forget_context(t, p->space, u);
		release_context(t, u);
	}
	resume(th, 0);
}

static void thread_gone(struct tracer *t, struct thread *th, int status)
{
	struct process *p = th->process;
	if (th->state == THREAD_GONE)
		return;
	th->state = THREAD_GONE;
	if (t->command == th)
		t->command = NULL;
	if (p) {
		struct user_context *u = p->space->base ? find_context(t, p->space, th->tid) : NULL;
		if (u)
			release_context(t, u);
		if (p->pid == th->tid && p->pid == t->command_pid && !t->command_done) {
			t->command_done = true;
			t->command_status = status;
		}
		if (--p->n_threads == 0)
			drop_process(t, p);
		th->process = NULL;
	}
}

static void free_gone(struct tracer *t, pid_t tid)
{
	for (struct thread **at = bucket(t, tid); *at;) {
		struct thread *th = *at;
		if (th->state == THREAD_GONE) {
			*at = th->next;
			t->n_threads--;
			free(th);
		} else {
			at = &th->next;
		}
	}
}

static void handle(struct tracer *t, struct thread *th, int status)
{
	if (!WIFSTOPPED(status)) {
		thread_gone(t, th, status);
		return;
	}
	int signal = WSTOPSIG(status);
	if (!th->process) {
		th->status = status;
		th->is_parked = true;
		return;
	}
	th->state = THREAD_STOPPED;
	switch (status >> 16) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_CLONE:
		new_child(t, th, status >> 16);
		resume(th, 0);
		break;
	case PTRACE_EVENT_VFORK:
		new_child(t, th, status >> 16);
		resume(th, 0);
		th->state = THREAD_VFORK;
		break;
	case PTRACE_EVENT_VFORK_DONE:
		lend_context(t, th->process, th->tid, th->process->pid, th->tid);
		resume(th, 0);
		break;
	case PTRACE_EVENT_EXEC:
		exec_event(t, th);
		break;
	case PTRACE_EVENT_EXIT:
		exit_event(t, th);
		break;
	case PTRACE_EVENT_STOP:
		if (signal == SIGTRAP) {
			resume(th, 0);
		} else { /* group stop: until SIGCONT, which is another event stop */
			ptrace(PTRACE_LISTEN, th->tid, NULL, NULL);
			th->state = THREAD_RUNNING;
			th->in_group_stop = true;
		}
		break;
	case 0:
		if (signal == (SIGTRAP | 0x80))
			resume(th, 0);
		else
			signal_stop(t, th, signal);
		break;
	default:
		resume(th, 0);
		break;
	}
}

void tracer_poll(struct tracer *t)
{
	int status;
	pid_t tid;
	while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
		struct thread *th = find_thread(t, tid);
		if (!th && WIFSTOPPED(status))
			th = add_thread(t, tid);
		if (!th)
			continue;
		handle(t, th, status);
		if (th->state == THREAD_GONE)
			free_gone(t, tid);
	}
}

/* ---- getting hold of processes ---- */

int tracer_launch(struct tracer *t, char *const *argv)
{
	int go[2], report[2];
	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(report, O_CLOEXEC) < 0) {
		int err = -errno;
		close(go[0]);
		close(go[1]);
		return err;
	}
	pid_t pid = fork();
	if (pid == 0) {
		char c;
		sigset_t none;
		close(go[1]);
		close(report[0]);
		if (read(go[0], &c, 1) != 1)
			_exit(127);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		int err = errno;
		/* told by the pipe, for the tracer sees only the exit status */
		if (write(report[1], &err, sizeof err) != sizeof err)
			_exit(126);
		_exit(127);
	}
	close(go[0]);
	close(report[1]);
	int err = pid < 0 ? -errno : 0;
	if (!err && ptrace(PTRACE_SEIZE, pid, NULL, options) < 0) {
		err = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	struct thread *th = NULL;
	if (!err) {
		struct process *p = add_process(t, pid, space_new(pid));
		th = add_thread(t, pid);
		if (!p || !th)
			err = -ENOMEM;
		if (!err) {
			join_process(th, p);
			p->is_target = true;
			th->state = THREAD_RUNNING;
			t->command_pid = pid;
			t->hold_command = true;
			if (write(go[1], "g", 1) != 1)
				err = -errno;
		}
	}
	while (!err && !t->command && !t->command_done) {
		int status;
		pid_t got = waitpid(pid, &status, __WALL);
		if (got == pid)
			handle(t, th, status);
		else if (errno != EINTR)
			break;
	}
	int exec_errno;
	if (!err && t->command_done) {
		ssize_t n = read(report[0], &exec_errno, sizeof exec_errno);
		err = n == sizeof exec_errno ? -exec_errno : -ECHILD;
	}
	close(go[1]);
	close(report[0]);
	return err;
}

/* Seizes the threads of PID, and those that they make meanwhile. */
static int seize_all(struct tracer *t, struct process *p)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/task", p->pid);
	for (bool more = true; more;) {
		more = false;
		DIR *dir = opendir(path);
		if (!dir)
			return -ESRCH;
		for (struct dirent *e; (e = readdir(dir));) {
			pid_t tid = (pid_t)atoi(e->d_name);
			if (tid <= 0 || find_thread(t, tid))
				continue;
			if (ptrace(PTRACE_SEIZE, tid, NULL, options) < 0) {
				if (errno == ESRCH)
					continue;
				int err = -errno;
				closedir(dir);
				return err;
			}
			struct thread *th = add_thread(t, tid);
			if (!th) {
				closedir(dir);
				return -ENOMEM;
			}
			th->state = THREAD_RUNNING;
			join_process(th, p);
			stop_thread(t, th);
			more = true;
		}
		closedir(dir);
	}
	return 0;
}

int tracer_attach(struct tracer *t, pid_t pid)
{
	if (find_process(t, pid))
		return 0;
	struct process *p = add_process(t, pid, space_new(pid));
	if (!p)
		return -ENOMEM;
	p->is_target = true;
	p->n_threads++; /* ours, while threads come and go */
	int err = seize_all(t, p);
	struct thread *th = find_thread(t, pid);
	if (!err && (!th || th->state != THREAD_STOPPED))
		err = -ESRCH;
	if (!err && is_wanted(t, p->space) && !th->is_parked) {
		arm(t, th);
		for (int i = 0; i < THREAD_BUCKETS; i++)
			for (struct thread *o = t->threads[i]; o; o = o->next) {
				uint64_t ip;
				if (o->process != p || o->state != THREAD_STOPPED ||
				    remote_get_ip(o->tid, &ip))
					continue;
				uint64_t to = space_move_in(t->env->im, p->space, ip);
				if (to != ip)
					remote_set_ip(o->tid, to);
			}
	}
	p->is_begun = true;
	if (--p->n_threads == 0)
		drop_process(t, p);
	else
		start_space(t, p->space);
	return err;
}

void tracer_start(struct tracer *t)
{
	struct thread *th = t->command;
	t->command = NULL;
	t->hold_command = false;
	if (!th)
		return;
	if (th->is_parked) {
		th->is_parked = false;
		handle(t, th, th->status);
	} else {
		resume(th, 0);
	}
}

/* ---- letting go ---- */

/* Gets a stopped thread out of stubs and slots, now that the code is the original again;
 * false: it is in the object and must first run out of it. */
static bool get_out(struct tracer *t, struct thread *th)
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
		u = claim_context(t, sp, th->process->pid, th->tid);
		if (u)
			u->deferred = 1;
		return false;
	case PLACE_TAIL:
		u = find_context(t, sp, th->tid);
		if (!u)
			return false;
		roll_forward(t, sp, u, &regs);
		break;
	case PLACE_BEFORE:
		roll_back(t, sp, &regs);
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

static bool detach_ready(struct tracer *t, struct thread *th)
{
	for (unsigned tries = 0; tries < 1000; tries++) {
		if (th->state != THREAD_STOPPED || th->is_parked)
			return false;
		if (get_out(t, th))
			return true;
		int status;
		th->is_leaving = true;
		resume(th, 0);
		if (!wait_thread(t, th, &status))
			return false;
		handle(t, th, status);
		if (th->state == THREAD_RUNNING) /* an event on its way: once more */
			stop_thread(t, th);
	}
	return false;
}

static void let_go(struct tracer *t, struct space *sp)
{
	struct thread *one = NULL;
	bool all_out = true;
	sp->refs++;
	space_restore(t->env->im, sp);
	for (int i = 0; i < THREAD_BUCKETS; i++)
		for (struct thread *th = t->threads[i]; th; th = th->next) {
			if (!th->process || th->process->space != sp || th->state == THREAD_GONE)
				continue;
			if (th->state == THREAD_VFORK || !detach_ready(t, th))
				all_out = false;
			else if (!one && !th->in_group_stop && !th->signal)
				one = th;
		}
	space_restore(t->env->im, sp); /* what handlers have done meanwhile */
	if (one && all_out && sp->base && to_event_stop(t, one)) {
		struct remote_call r;
		sp->mem.tid = one->tid;
		space_unmap(t->env->im, sp, one->tid, &r);
		take_final(t, one, &r);
	}
	release_all(t, sp->token);
	space_put(sp);
}

static void detach(struct thread *th)
{
	int signal = th->signal;
	if (th->is_parked && WIFSTOPPED(th->status) && th->status >> 16 == 0 &&
	    WSTOPSIG(th->status) != (SIGTRAP | 0x80) && WSTOPSIG(th->status) != SIGTRAP)
		signal = WSTOPSIG(th->status);
	set_debug_stops(th, NULL, 0);
	ptrace(PTRACE_DETACH, th->tid, NULL, signal);
	for (; th->n_resent < th->n_held; th->n_resent++)
		syscall(SYS_tkill, th->tid, th->held[th->n_resent].si_signo);
}

void tracer_close(struct tracer *t, bool kill_command)
{
	t->is_closing = true;
	if (t->command && kill_command)
		kill(t->command_pid, SIGKILL);
	/* Children that are being born are found by going round until nothing is new. */
	for (int round = 0; round < 3; round++) {
		tracer_poll(t);
		stop_space(t, NULL);
		for (int i = 0; i < THREAD_BUCKETS; i++)
			for (struct thread *th = t->threads[i], *next; th; th = next) {
				next = th->next;
				if (!th->is_parked || !th->process)
					continue;
				int event = th->status >> 16;
				if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
				    event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_EXEC ||
				    (event == 0 && WSTOPSIG(th->status) == SIGTRAP)) {
					th->is_parked = false;
					handle(t, th, th->status);
				}
			}
	}
	stop_space(t, NULL);
	for (struct process *p = t->processes; p; p = p ? p->next : t->processes)
		if (!p->is_let_go) {
			p->is_let_go = true;
			let_go(t, p->space); /* processes may go meanwhile */
			p = NULL;
		}
	for (int i = 0; i < THREAD_BUCKETS; i++)
		for (struct thread *th = t->threads[i]; th; th = th->next)
			if (th->state != THREAD_GONE)
				detach(th);
}
