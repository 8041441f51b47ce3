/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind tracer.h share:
 *
 *	launch.c    getting hold of processes
 *	tracer.c    their events: fork, clone, exec, exit, libraries
 *	trap.c      signals, breakpoints, faults
 *	place.c     where a thread is, and how it gets out of our code
 *	threads.c   the tables; stopping and resuming
 *	contexts.c  the contexts of threads (layout.h) from outside
 *	leave.c     letting processes go
 *
 * A function that may find the thread dead says so; after it look at th->state
 * before anything else: th->process is NULL then.
 */
#ifndef TAPSTER_RUNTIME_USER_TRACER_INT_H
#define TAPSTER_RUNTIME_USER_TRACER_INT_H

#include "runtime/user/tracer.h"

/* ---- tracer.c ---- */

/* Deals with a wait status, and lets the thread go on unless it is to stay.  May find it dead. */
void tracer_handle(struct tracer *t, struct thread *th, int status);
/* Tells of the return from exec that arming has swallowed. */
void tracer_pay_return(struct tracer *t, struct thread *th);
/* Is there something to be armed in a space? */
bool tracer_wants(const struct tracer *t, struct space *sp);
/* Arms the space of TH, which is in an event stop; all other threads of it are stopped.  May
 * find it dead. */
void tracer_arm(struct tracer *t, struct thread *th);
/* The mappings of TH's process have changed: arms what is new, and resumes it. */
void tracer_look_again(struct tracer *t, struct thread *th);

/* TH is at the exec of what its process is to run from now on: arms that and lets it go.  May find it
 * dead. */
void tracer_begin_program(struct tracer *t, struct thread *th);

/* ---- launch.c ---- */

/* Is TH, at its first stop, a thread that tracer_hold has? */
bool launch_is_arrival(struct tracer *t, struct thread *th, int status);
/* Takes it in if it has come to its exec; else it is let go. */
void launch_arrive(struct tracer *t, struct thread *th, int status);

/* ---- trap.c ---- */

/* A signal-delivery stop. */
void trap_signal_stop(struct tracer *t, struct thread *th, int signal);
/* A thread that has stopped at a breakpoint of ours, where the code is the original again: as if it
 * had not got there yet.  False: it was the program's own trap. */
bool trap_undo(struct tracer *t, struct thread *th);
/* Stops the thread at the N ADDRESSES by its debug registers; none of them with N = 0. */
void trap_set_debug_stops(struct thread *th, const uint64_t *addresses, unsigned n);

/* ---- place.c ---- */

enum place {
	PLACE_OUT,    /* the program's own code, or the slot's */
	PLACE_BEFORE, /* in the stub, up to its call */
	PLACE_IN,     /* in the object */
	PLACE_TAIL    /* in the object, its registers being put back */
};
enum place place_of(const struct tracer *t, const struct space *sp, uint64_t ip);
/* From PLACE_BEFORE to the start of the stub, as if nothing had been done. */
void place_roll_back(const struct tracer *t, const struct space *sp, struct user_regs_struct *regs);
/* From PLACE_TAIL, or the deferred trap, to behind the stub's call. */
void place_roll_forward(const struct space *sp, struct user_context *u, struct user_regs_struct *regs);
/* Gets a stopped thread out of stubs and slots, now that the code is the original again;
 * false: it is in the object and must first run out of it. */
bool place_get_out(struct tracer *t, struct thread *th);

/* ---- threads.c ---- */

struct thread *thread_find(struct tracer *t, pid_t tid);
struct thread *thread_add(struct tracer *t, pid_t tid);
void thread_join(struct thread *th, struct process *p);
/* Its end; STATUS is its wait status. */
void thread_gone(struct tracer *t, struct thread *th, int status);
void threads_free_gone(struct tracer *t, pid_t tid);
struct process *process_find(struct tracer *t, pid_t pid);
struct process *process_add(struct tracer *t, pid_t pid, struct space *space);
void process_drop(struct tracer *t, struct process *p);
/* Tell the driver; the end only once. */
void process_begin(struct tracer *t, struct process *p);
void process_end(struct tracer *t, struct process *p);

void thread_resume(struct thread *th, int signal);
/* Keeps a signal back.  False: there is no memory. */
bool thread_hold(struct thread *th, const siginfo_t *info);
/* Makes the signals that were held back pending again, with their data, for a stopped thread that
 * is out of our code.  May find it dead or parked. */
void thread_give_back(struct tracer *t, struct thread *th);
/* Waits for a thread that has been told to stop.  False: it can't, or is dead. */
bool thread_wait(struct tracer *t, struct thread *th, int *status);
/* Brings a running thread to a stop; what it stopped for, if not for us, is parked. */
bool thread_stop(struct tracer *t, struct thread *th);
/* Those of a space; of all with SP NULL. */
void threads_stop(struct tracer *t, const struct space *sp);
/* Lets the threads of a space go on, dealing with what they had stopped for. */
void threads_start(struct tracer *t, const struct space *sp);
/* Deals with what a stopped thread had stopped for, or just resumes it. */
void thread_unpark(struct tracer *t, struct thread *th);
/* Takes a stopped thread to an event stop.  May find it dead or parked: false. */
bool thread_to_event_stop(struct tracer *t, struct thread *th);
/* After remote calls: a thread that has died in them. */
void thread_take_final(struct tracer *t, struct thread *th, const struct remote_call *r);

/* ---- contexts.c ---- */

struct user_context *context_find(const struct tracer *t, const struct space *sp, pid_t tid);
/* Does what user_context_find does in the target. */
struct user_context *context_claim(const struct tracer *t, const struct space *sp, pid_t pid,
				   pid_t tid);
/* Claims one and enters it in the target's table, so that the thread's first hit needs no
 * system call. */
void context_introduce(const struct tracer *t, const struct space *sp, pid_t pid, pid_t tid,
		       uint64_t thread_pointer);
/* Takes it out of the table of a process that goes on. */
void context_forget(const struct tracer *t, const struct space *sp, struct user_context *u);
/* What a thread leaves behind that has died in a handler, or whose handler is given up. */
void context_recover(const struct tracer *t, struct user_context *u);
void context_release(const struct tracer *t, struct user_context *u);
void context_release_all(const struct tracer *t, uint32_t token);
/* A forked child returns from the functions that its parent was in. */
void context_inherit(const struct tracer *t, const struct space *parent, pid_t parent_tid,
		     const struct space *child, pid_t child_tid);
/* A vfork child runs with its parent's thread pointer, so with its context: which says
 * meanwhile that it is the child's. */
void context_lend(const struct tracer *t, const struct process *p, pid_t tid, pid_t child_pid,
		  pid_t child_tid);

#endif
