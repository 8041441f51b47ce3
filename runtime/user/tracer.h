/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor: which processes and threads are traced, and what happens at
 * each of their stops.  All calls come from one thread (ptrace demands it).
 *
 *	THREAD_UNKNOWN  it has reported, but not yet its parent: waits
 *	THREAD_RUNNING  may run; or waits in the kernel
 *	THREAD_STOPPED  in a ptrace stop that has been dealt with; stays there
 *	THREAD_VFORK    its vfork child runs in its memory: it does not run, and
 *	                can't be stopped either, until the child is through
 *	THREAD_DYING    behind its exit stop: runs no more code of the program
 *	THREAD_GONE     dead
 */
#ifndef TAPSTER_RUNTIME_USER_TRACER_H
#define TAPSTER_RUNTIME_USER_TRACER_H

#include <sys/resource.h>

#include "runtime/host.h"
#include "runtime/user/space.h"

enum thread_state {
	THREAD_UNKNOWN,
	THREAD_RUNNING,
	THREAD_STOPPED,
	THREAD_VFORK,
	THREAD_DYING,
	THREAD_GONE
};

struct process {
	struct process *next;
	pid_t pid;
	struct space *space;
	unsigned n_threads;
	bool is_begun;  /* process.begin has been reported */
	char comm[16];  /* as of its exec, or later */
	dev_t exe_device;
	ino_t exe_inode;
	bool is_let_go; /* tracer_close is through with it */
	bool is_target; /* the -c command or an -x process */
	bool has_syscall_stops; /* each of its system calls is a stop (see syscall_stop) */
};

struct thread {
	struct thread *next; /* of the same hash bucket */
	pid_t tid;
	pid_t context_tid;       /* of whose context it uses: in a vfork child its parent's */
	struct process *process; /* NULL while UNKNOWN */
	enum thread_state state;
	int status;            /* wait status of an unknown or parked thread */
	bool is_arriving;      /* of no process yet: tracer_hold */
	bool is_parked;        /* STATUS has not been dealt with yet */
	bool is_leaving;       /* runs only to get out of the object, for good */
	bool is_out;           /* it is */
	bool owes_return;      /* its return from exec has not been told, and makes no stop */
	bool has_debug_stops;  /* its debug registers are in use */
	siginfo_t *held;       /* signals that were kept away from handlers */
	size_t n_held, cap_held;
};

enum { THREAD_BUCKETS = 1024 };

struct tracer {
	const struct space_env *env;
	struct process *processes;
	struct thread *threads[THREAD_BUCKETS];
	size_t n_threads;
	bool is_closing;    /* processes are let go: nothing new is armed */
	bool hold_command;  /* the command stays stopped at its exec */
	struct thread *command; /* the held one */
	pid_t command_pid;
	/* What the command is started with. */
	const struct host_signals *command_signals;
	pid_t command_group;
	pid_t rescuer; /* may trace it, too, should we die (Yama) */
	struct rlimit file_limit; /* what the command gets: ours was raised */
	bool command_done;
	int command_status;
	/* What the driver wants to hear of; may be NULL. */
	void (*process_begun)(void *data, struct process *p);
	void (*process_ended)(void *data, struct process *p);
	void (*thread_begun)(void *data, struct process *p, pid_t tid);
	void (*thread_ended)(void *data, struct process *p, pid_t tid);
	/* Does it want the system calls of P, now that P begins?  If so it hears of each entry and
	 * return; REGS as they are there. */
	bool (*wants_syscalls)(void *data, const struct process *p);
	void (*syscall_stop)(void *data, struct process *p, pid_t tid, bool is_return, bool is_32bit,
			     const struct user_regs_struct *regs);
	void *data;
	/* Does the program that PID begins to run matter?  If not it is let go.  NULL: all do. */
	bool (*wants_program)(const struct tracer *t, pid_t pid);
};

/* Starts ARGV and holds it at its exec with its sites armed.  0 or -errno (of exec, too). */
int tracer_launch(struct tracer *t, char *const *argv);
/* Our name in the process list: not to be hit by what is meant for the front (front.h), as
 * killall tapster, pkill -f, pidof. */
#define TRACER_NAME "tap-supervisor"
/* Who traces PID, and its name; 0: nobody. */
pid_t tracer_of(pid_t pid, char name[16]);
/* Seizes a running process and arms it.  Waits a moment for another one of us to let it go. */
int tracer_attach(struct tracer *t, pid_t pid);
/* Seizes a thread of a process that is nobody's, which waits in the kernel.  If the next that it does is
 * to come out of exec, its process is traced from there; else it is let go, unless tracer_attach has
 * taken its process by then. */
int tracer_hold(struct tracer *t, pid_t tid);
/* Lets the held command run. */
void tracer_start(struct tracer *t);
/* Deals with what has happened; doesn't wait.  True: there is more. */
bool tracer_poll(struct tracer *t);
/* Notes what program P runs, and what it is called. */
void process_look(struct process *p);
/* Restores all processes and lets them go.  The command is killed where KILL_COMMAND. */
void tracer_close(struct tracer *t, bool kill_command);

#endif
