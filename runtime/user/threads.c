/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/tracer_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct thread **bucket(struct tracer *t, pid_t tid)
{
	return &t->threads[(unsigned)tid % THREAD_BUCKETS];
}

struct thread *thread_find(struct tracer *t, pid_t tid)
{
	struct thread *th = *bucket(t, tid);
	while (th && th->tid != tid)
		th = th->next;
	return th;
}

struct thread *thread_add(struct tracer *t, pid_t tid)
{
	struct thread *th = calloc(1, sizeof *th);
	if (!th)
		return NULL;
	th->tid = th->context_tid = tid;
	th->next = *bucket(t, tid);
	*bucket(t, tid) = th;
	t->n_threads++;
	return th;
}

struct process *process_find(struct tracer *t, pid_t pid)
{
	struct process *p = t->processes;
	while (p && p->pid != pid)
		p = p->next;
	return p;
}

struct process *process_add(struct tracer *t, pid_t pid, struct space *space)
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

void process_look(struct process *p)
{
	char path[64];
	struct stat st;
	snprintf(path, sizeof path, "/proc/%d/exe", p->pid);
	if (stat(path, &st) == 0) {
		p->exe_device = st.st_dev;
		p->exe_inode = st.st_ino;
	}
	maps_name(p->pid, p->comm);
}

void process_begin(struct tracer *t, struct process *p)
{
	p->is_begun = true;
	p->has_syscall_stops = t->wants_syscalls && t->wants_syscalls(t->data, p);
	if (t->process_begun)
		t->process_begun(t->data, p);
}

void process_end(struct tracer *t, struct process *p)
{
	if (t->process_ended && p->is_begun)
		t->process_ended(t->data, p);
	p->is_begun = false;
}

void process_drop(struct tracer *t, struct process *p)
{
	process_end(t, p);
	for (struct process **at = &t->processes; *at; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	space_put(p->space);
	free(p);
}

void thread_join(struct thread *th, struct process *p)
{
	th->process = p;
	p->n_threads++;
}

/* Is this the stop of a process that SIGSTOP or its like has stopped, until SIGCONT?  Asked of the
 * kernel, since that may have changed while we made the thread do other things. */
static bool in_group_stop(pid_t tid)
{
	siginfo_t info;
	return ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) == 0 &&
	       info.si_code >> 8 == PTRACE_EVENT_STOP && (info.si_code & 0xff) != SIGTRAP;
}

void thread_resume(struct thread *th, int signal)
{
	bool stays = !signal && !th->is_leaving && in_group_stop(th->tid);
	bool has_stops = th->process && th->process->has_syscall_stops;
	th->state = THREAD_RUNNING;
	/* ESRCH: it was killed; its end will be reported */
	ptrace(stays ? PTRACE_LISTEN : has_stops ? PTRACE_SYSCALL : PTRACE_CONT, th->tid, NULL, signal);
}

bool thread_hold(struct thread *th, const siginfo_t *info)
{
	if (th->n_held == th->cap_held) {
		size_t cap = th->cap_held ? 2 * th->cap_held : 4;
		siginfo_t *held = realloc(th->held, cap * sizeof *held);
		if (!held)
			return false;
		th->held = held;
		th->cap_held = cap;
	}
	th->held[th->n_held++] = *info;
	return true;
}

void thread_give_back(struct tracer *t, struct thread *th)
{
	struct remote_call r;
	if (!th->n_held || !thread_to_event_stop(t, th))
		return;
	int err = remote_begin(&r, th->tid, 0);
	for (size_t i = 0; !err && i < th->n_held; i++)
		err = remote_queue_signal(&r, &th->held[i]);
	th->n_held = 0;
	if (!r.final)
		remote_end(&r);
	thread_take_final(t, th, &r);
}

/* A running thread has stopped; what for, if not for us, is parked. */
static void take_stop(struct thread *th, int status)
{
	th->state = THREAD_STOPPED;
	if (status >> 16 != PTRACE_EVENT_STOP) {
		th->status = status;
		th->is_parked = true;
	}
}

/* A thread in exec can't stop before the process's other ones are dead, and they may wait for us,
 * in their exit stops. */
static void let_others_die(struct tracer *t, struct thread *waiting)
{
	for (int i = 0; i < THREAD_BUCKETS; i++)
		for (struct thread *th = t->threads[i]; th; th = th->next) {
			int status;
			if (th == waiting || th->process != waiting->process)
				continue;
			if (th->state == THREAD_RUNNING &&
			    waitpid(th->tid, &status, __WALL | WNOHANG) == th->tid) {
				if (WIFSTOPPED(status))
					take_stop(th, status);
				else
					thread_gone(t, th, status);
			}
			if (th->state == THREAD_STOPPED && th->is_parked &&
			    th->status >> 16 == PTRACE_EVENT_EXIT) {
				th->is_parked = false;
				tracer_handle(t, th, th->status);
			}
		}
}

/* Waits for a thread that has been told to stop.  False: it can't, or is dead. */
bool thread_wait(struct tracer *t, struct thread *th, int *status)
{
	struct timespec nap = { 0, 50000 };
	for (unsigned i = 0; i < 40000; i++) { /* 2 s */
		if (i % 100 == 99)
			let_others_die(t, th);
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

/* Brings a running thread to a stop; what it stopped for, if not for us, is parked. */
bool thread_stop(struct tracer *t, struct thread *th)
{
	int status;
	if (th->state != THREAD_RUNNING)
		return th->state != THREAD_GONE;
	if (ptrace(PTRACE_INTERRUPT, th->tid, NULL, NULL) < 0 || !thread_wait(t, th, &status))
		return false;
	take_stop(th, status);
	return true;
}

/* SP NULL: everything. */
void threads_stop(struct tracer *t, const struct space *sp)
{
	for (int i = 0; i < THREAD_BUCKETS; i++)
		for (struct thread *th = t->threads[i], *next; th; th = next) {
			next = th->next;
			if (th->process && (!sp || th->process->space == sp))
				thread_stop(t, th);
		}
}

void thread_unpark(struct tracer *t, struct thread *th)
{
	tracer_pay_return(t, th);
	if (th->is_parked) {
		th->is_parked = false;
		tracer_handle(t, th, th->status);
	} else {
		thread_resume(th, 0);
	}
}

/* Lets the threads of a space go on, dealing with what they had stopped for. */
void threads_start(struct tracer *t, const struct space *sp)
{
	for (int i = 0; i < THREAD_BUCKETS; i++)
		for (struct thread *th = t->threads[i], *next; th; th = next) {
			next = th->next;
			if (!th->process || th->process->space != sp ||
			    th->state != THREAD_STOPPED || th == t->command)
				continue;
			thread_unpark(t, th);
		}
}

/* A thread that has died in a remote call. */
void thread_take_final(struct tracer *t, struct thread *th, const struct remote_call *r)
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
bool thread_to_event_stop(struct tracer *t, struct thread *th)
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

void thread_gone(struct tracer *t, struct thread *th, int status)
{
	struct process *p = th->process;
	if (th->state == THREAD_GONE)
		return;
	th->state = THREAD_GONE;
	if (t->command == th)
		t->command = NULL;
	if (p) {
		struct user_context *u = p->space->base ? context_find(t, p->space, th->tid) : NULL;
		if (u) /* its own: not one that it had borrowed */
			context_release(t, u);
		if (p->pid == th->tid && p->pid == t->command_pid && !t->command_done) {
			t->command_done = true;
			t->command_status = status;
		}
		if (--p->n_threads == 0)
			process_drop(t, p);
		th->process = NULL;
	}
}

void threads_free_gone(struct tracer *t, pid_t tid)
{
	for (struct thread **at = bucket(t, tid); *at;) {
		struct thread *th = *at;
		if (th->state == THREAD_GONE) {
			*at = th->next;
			t->n_threads--;
			free(th->held);
			free(th);
		} else {
			at = &th->next;
		}
	}
}
