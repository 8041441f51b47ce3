/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/tracer_int.h"

#include <linux/audit.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* At a time: targets that hit breakpoints all the time would never let us do anything else. */
enum { POLL_MAX = 256 };

/* ---- arming ---- */

/* TH is in an event stop, all others of the space are stopped. */
void tracer_arm(struct tracer *t, struct thread *th)
{
	struct space *sp = th->process->space;
	struct remote_call r;
	sp->mem.tid = th->tid;
	space_arm(t->env, sp, th->tid, &r);
	thread_take_final(t, th, &r);
}

bool tracer_wants(const struct tracer *t, struct space *sp)
{
	struct maps m;
	if (sp->is_refused || t->is_closing || maps_read(&m, sp->pid))
		return false;
	bool needs = space_needs(t->env, sp, &m);
	maps_free(&m);
	return needs;
}

/* After a change of the list of libraries, or of the mappings: look for new sites. */
void tracer_look_again(struct tracer *t, struct thread *th)
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
			threads_stop(t, sp);
			if (thread_to_event_stop(t, th))
				tracer_arm(t, th);
			threads_start(t, sp);
			return;
		}
	}
	thread_resume(th, 0);
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

static void start_unknown(struct tracer *t, struct thread *child)
{
	if (child->state == THREAD_UNKNOWN && child->is_parked) {
		child->is_parked = false;
		tracer_handle(t, child, child->status);
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
	struct thread *child = thread_find(t, tid);
	if (!child)
		child = thread_add(t, tid);
	if (!child)
		return;
	struct process *p = th->process;
	if (!(flags & CLONE_THREAD)) {
		struct space *sp = p->space;
		if (flags & CLONE_VM)
			sp->refs++;
		else
			sp = space_fork(sp, tid);
		struct process *q = process_add(t, tid, sp);
		if (!q)
			return;
		if (!(flags & CLONE_VM) && sp->base) {
			sp->token = ++t->env->im->session->next_token;
			space_set_process(t->env, sp, tid, true);
			context_inherit(t, p->space, th->tid, sp, tid);
			context_introduce(t, sp, tid, tid, thread_pointer);
		}
		if (event == PTRACE_EVENT_VFORK && (flags & CLONE_VM)) {
			context_introduce(t, sp, p->pid, th->tid, thread_pointer);
			context_lend(t, p, th->tid, tid, tid);
			if (!(flags & CLONE_SETTLS))
				child->context_tid = th->context_tid;
		}
		memcpy(q->comm, p->comm, sizeof q->comm);
		q->exe_device = p->exe_device;
		q->exe_inode = p->exe_inode;
		process_begin(t, q);
		p = q;
	} else {
		context_introduce(t, p->space, p->pid, tid, thread_pointer);
	}
	thread_join(child, p);
	if (t->thread_begun && flags & CLONE_THREAD)
		t->thread_begun(t->data, p, tid);
	start_unknown(t, child);
}

static void exec_event(struct tracer *t, struct thread *th)
{
	unsigned long former = 0;
	struct process *p = th->process;
	ptrace(PTRACE_GETEVENTMSG, th->tid, NULL, &former);
	if (former && (pid_t)former != th->tid) {
		struct thread *old = thread_find(t, (pid_t)former);
		if (old)
			thread_gone(t, old, 0);
	}
	/* The other threads are dead, if not reported yet. */
	struct space *sp = p->space;
	if (sp->refs == 1) {
		context_release_all(t, sp->token);
	} else {
		struct user_context *u = context_find(t, sp, th->tid);
		if (u) {
			context_forget(t, sp, u);
			context_release(t, u);
		}
	}
	process_end(t, p);
	process_look(p);
	space_put(sp);
	p->space = space_new(p->pid);
	th->n_held = 0;
	th->context_tid = th->tid;
	if (!t->wants_program || t->is_closing || t->wants_program(t, p->pid)) {
		tracer_begin_program(t, th);
	} else {
		ptrace(PTRACE_DETACH, th->tid, NULL, NULL);
		thread_gone(t, th, 0);
	}
}

void tracer_begin_program(struct tracer *t, struct thread *th)
{
	struct process *p = th->process;
	th->state = THREAD_STOPPED;
	th->owes_return = p->space && tracer_wants(t, p->space) && thread_to_event_stop(t, th);
	if (th->owes_return)
		tracer_arm(t, th);
	if (th->state == THREAD_GONE)
		return;
	process_begin(t, p);
	if (t->hold_command && p->pid == t->command_pid) {
		t->command = th;
		return;
	}
	thread_unpark(t, th);
}

static void exit_event(struct tracer *t, struct thread *th)
{
	struct process *p = th->process;
	struct user_context *u = p->space->base ? context_find(t, p->space, th->tid) : NULL;
	if (t->thread_ended && th->tid != p->pid)
		t->thread_ended(t->data, p, th->tid);
	if (p->n_threads == 1) {
		process_look(p);
		process_end(t, p);
	}
	if (u) {
		if (p->n_threads > 1 || p->space->refs > 1)
			context_forget(t, p->space, u);
		context_release(t, u);
	}
	thread_resume(th, 0);
	th->state = THREAD_DYING;
}

/* The thread enters or leaves the kernel.  What handlers in the object do there is their own. */
static void tell_syscall(struct tracer *t, struct thread *th, bool is_return, bool is_32bit)
{
	struct user_regs_struct regs;
	struct process *p = th->process;

	if (t->syscall_stop && p->has_syscall_stops && !t->is_closing &&
	    remote_get_regs(th->tid, &regs) == 0 &&
	    place_of(t, p->space, regs.rip) == PLACE_OUT)
		t->syscall_stop(t->data, p, th->tid, is_return, is_32bit, &regs);
}

static void syscall_event(struct tracer *t, struct thread *th)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, th->tid, sizeof info, &info) > 0 &&
	    (info.op == PTRACE_SYSCALL_INFO_ENTRY || info.op == PTRACE_SYSCALL_INFO_EXIT))
		tell_syscall(t, th, info.op == PTRACE_SYSCALL_INFO_EXIT,
			     info.arch == AUDIT_ARCH_I386);
	thread_resume(th, 0);
}

void tracer_pay_return(struct tracer *t, struct thread *th)
{
	if (th->owes_return)
		tell_syscall(t, th, true, false);
	th->owes_return = false;
}

void tracer_handle(struct tracer *t, struct thread *th, int status)
{
	if (launch_is_arrival(t, th, status)) {
		launch_arrive(t, th, status);
		return;
	}
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
		thread_resume(th, 0);
		break;
	case PTRACE_EVENT_VFORK:
		new_child(t, th, status >> 16);
		thread_resume(th, 0);
		th->state = THREAD_VFORK;
		break;
	case PTRACE_EVENT_VFORK_DONE:
		context_lend(t, th->process, th->tid, th->process->pid, th->tid);
		thread_resume(th, 0);
		break;
	case PTRACE_EVENT_EXEC:
		exec_event(t, th);
		break;
	case PTRACE_EVENT_EXIT:
		exit_event(t, th);
		break;
	case 0:
		if (signal == (SIGTRAP | 0x80))
			syscall_event(t, th);
		else
			trap_signal_stop(t, th, signal);
		break;
	default:
		thread_resume(th, 0);
		break;
	}
}

bool tracer_poll(struct tracer *t)
{
	int status;
	pid_t tid = 0;
	for (unsigned n = 0; n < POLL_MAX && (tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0; n++) {
		struct thread *th = thread_find(t, tid);
		if (!th && WIFSTOPPED(status))
			th = thread_add(t, tid);
		if (!th)
			continue;
		tracer_handle(t, th, status);
		if (th->state == THREAD_GONE)
			threads_free_gone(t, tid);
	}
	return tid > 0;
}
