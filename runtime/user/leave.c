/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letting processes go: everything is stopped, the code restored, threads that
 * are in handlers run out of them (all at the same time, since one may wait for
 * another's lock), and what was mapped is taken out where no thread can come
 * back to it.
 */
#include "runtime/user/tracer_int.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

enum { PATIENCE_MS = 2000 };

/* Does something with each thread that is alive. */
#define EACH_THREAD(t, th)                                                               \
	for (int bucket_ = 0; bucket_ < THREAD_BUCKETS; bucket_++)                       \
		for (struct thread *th = (t)->threads[bucket_]; th; th = th->next)       \
			if (th->state != THREAD_GONE && th->process)

/* A trap must not reach a thread that nobody traces any more. */
static void await_trap(struct tracer *t, struct thread *th)
{
	int status;
	if (th->state != THREAD_STOPPED || th->is_parked || !remote_has_trap(th->tid) ||
	    ptrace(PTRACE_CONT, th->tid, NULL, NULL) < 0 || !thread_wait(t, th, &status))
		return;
	th->status = status;
	th->is_parked = true;
}

/* Stops all threads; children that are being born meanwhile are found by going round. */
static void stop_all(struct tracer *t)
{
	for (int round = 0; round < 4; round++) {
		tracer_poll(t);
		threads_stop(t, NULL);
		EACH_THREAD(t, th) {
			if (!th->is_parked)
				continue;
			int event = th->status >> 16;
			if (event == PTRACE_EVENT_EXIT || event == PTRACE_EVENT_VFORK_DONE ||
			    event == PTRACE_EVENT_STOP)
				continue;
			th->is_parked = false;
			tracer_handle(t, th, th->status);
		}
	}
	threads_stop(t, NULL);
	EACH_THREAD(t, th) await_trap(t, th);
}

/* What a thread had stopped for before us, if it was a signal; 0: it was not. */
static int parked_signal(const struct thread *th)
{
	bool is_signal = th->is_parked && WIFSTOPPED(th->status) && th->status >> 16 == 0 &&
			 WSTOPSIG(th->status) != (SIGTRAP | 0x80);
	return is_signal ? WSTOPSIG(th->status) : 0;
}

/* A signal stop that was before us, now that the code is the original again: a trap of ours has
 * not happened; signals of the program wait until the thread is out. */
static void put_off_signal(struct tracer *t, struct thread *th, enum place place)
{
	int signal = parked_signal(th);
	siginfo_t info;
	if (!signal)
		return;
	th->is_parked = false;
	if (signal == SIGTRAP && trap_undo(t, th))
		return; /* perhaps parked again, or dead */
	th->is_parked = place == PLACE_OUT || ptrace(PTRACE_GETSIGINFO, th->tid, NULL, &info) < 0 ||
			!thread_hold(th, &info);
}

/* Sends one thread on its way out; true: it is out, or can't run. */
static bool leave(struct tracer *t, struct thread *th)
{
	uint64_t ip;
	if (th->state != THREAD_STOPPED || (th->is_parked && th->status >> 16 == PTRACE_EVENT_EXIT) ||
	    remote_get_ip(th->tid, &ip))
		return true;
	enum place place = place_of(t, th->process->space, ip);
	if (place != PLACE_IN) {
		put_off_signal(t, th, place);
		if (th->state != THREAD_GONE)
			place_get_out(t, th);
		return true;
	}
	bool has_signal = parked_signal(th) != 0;
	place_get_out(t, th); /* it is told that it is wanted */
	th->is_parked = false;
	th->is_leaving = true; /* even if stopped by SIGSTOP; the kernel stops it again in the end */
	if (has_signal)
		tracer_handle(t, th, th->status);
	else
		thread_resume(th, 0);
	return th->state == THREAD_GONE;
}

static void leave_all(struct tracer *t)
{
	const struct timespec nap = { 0, 100000 };
	unsigned n = 0;
	EACH_THREAD(t, th) {
		th->is_out = leave(t, th);
		n += !th->is_out;
	}
	for (unsigned ms10 = 0; n && ms10 < PATIENCE_MS * 10;) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid <= 0) {
			if (tid < 0 && errno != EINTR)
				return;
			nanosleep(&nap, NULL);
			ms10++;
			continue;
		}
		struct thread *th = thread_find(t, tid);
		if (!th)
			continue;
		bool was_out = th->is_out || !th->process;
		tracer_handle(t, th, status);
		if (th->state == THREAD_GONE)
			th->is_out = true;
		else if (th->state == THREAD_STOPPED && !was_out)
			th->is_out = leave(t, th);
		n -= th->is_out && !was_out;
	}
}

/* Takes everything out of a space that no thread is in. */
static void clear(struct tracer *t, struct space *sp)
{
	struct thread *one = NULL;
	bool all_out = true;
	EACH_THREAD(t, th) {
		if (th->process->space != sp)
			continue;
		if (th->state == THREAD_VFORK || !th->is_out)
			all_out = false;
		else if (!one && !th->is_parked)
			one = th;
	}
	space_restore(t->env->im, sp); /* what handlers have done on their way out */
	if (one && all_out && sp->base && thread_to_event_stop(t, one)) {
		struct remote_call r;
		sp->mem.tid = one->tid;
		space_unmap(t->env->im, sp, one->tid, &r);
		thread_take_final(t, one, &r);
	}
	context_release_all(t, sp->token);
}

static void detach(struct tracer *t, struct thread *th)
{
	put_off_signal(t, th, th->n_held ? PLACE_IN : PLACE_OUT);
	trap_set_debug_stops(th, NULL, 0);
	if (th->state != THREAD_GONE)
		thread_give_back(t, th);
	if (th->state != THREAD_GONE)
		ptrace(PTRACE_DETACH, th->tid, NULL, parked_signal(th));
}

void tracer_close(struct tracer *t, bool kill_command)
{
	t->is_closing = true;
	for (struct process *p = t->processes; p; p = p->next)
		p->has_syscall_stops = false;
	if (t->command && kill_command)
		kill(t->command_pid, SIGKILL);
	stop_all(t);
	for (struct process *p = t->processes; p; p = p->next)
		space_restore(t->env->im, p->space);
	leave_all(t);
	for (struct process *p = t->processes; p; p = p ? p->next : t->processes)
		if (!p->is_let_go) {
			struct space *sp = p->space;
			p->is_let_go = true;
			sp->refs++;
			clear(t, sp); /* processes may die meanwhile: start again */
			space_put(sp);
			p = NULL;
		}
	EACH_THREAD(t, th) detach(t, th);
}
