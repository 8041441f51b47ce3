/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/tracer_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			    PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACEVFORKDONE |
			    PTRACE_O_TRACESYSGOOD;

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
		close(go[1]);
		close(report[0]);
		if (read(go[0], &c, 1) != 1)
			_exit(127);
		host_signals_restore(t->command_signals);
		setpgid(0, t->command_group); /* unless that is gone, with the front */
		prctl(PR_SET_PTRACER, t->rescuer);
		if (t->file_limit.rlim_cur)
			setrlimit(RLIMIT_NOFILE, &t->file_limit);
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
		struct process *p = process_add(t, pid, space_new(pid));
		th = thread_add(t, pid);
		if (!p || !th)
			err = -ENOMEM;
		if (!err) {
			thread_join(th, p);
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
			tracer_handle(t, th, status);
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

/* Has it ended, and waits for its parent to hear of that? */
static bool is_zombie(pid_t tid)
{
	char path[64], line[256];
	bool is = false;
	snprintf(path, sizeof path, "/proc/%d/status", tid);
	FILE *f = fopen(path, "re");
	while (f && !is && fgets(line, sizeof line, f))
		is = strncmp(line, "State:\tZ", 8) == 0;
	if (f)
		fclose(f);
	return is;
}

static int seize(struct tracer *t, pid_t tid, struct thread **th)
{
	*th = thread_add(t, tid);
	if (!*th)
		return -ENOMEM;
	(*th)->state = THREAD_RUNNING;
	if (ptrace(PTRACE_SEIZE, tid, NULL, options) == 0)
		return 0;
	int err = errno == EPERM && is_zombie(tid) ? -ESRCH : -errno;
	thread_gone(t, *th, 0);
	threads_free_gone(t, tid);
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
			struct thread *th = tid > 0 ? thread_find(t, tid) : NULL;
			if (tid <= 0 || (th && th->process))
				continue;
			int err = th ? 0 : seize(t, tid, &th);
			if (err == -ESRCH)
				continue;
			if (err) {
				closedir(dir);
				return err;
			}
			th->is_arriving = false;
			thread_join(th, p);
			thread_stop(t, th);
			more = true;
		}
		closedir(dir);
	}
	return 0;
}

pid_t tracer_of(pid_t pid, char name[16])
{
	uint64_t tracer = 0;
	maps_status(pid, "TracerPid", 10, &tracer, 1);
	if (tracer)
		maps_name((pid_t)tracer, name);
	return (pid_t)tracer;
}

/* A tapster that has been killed a moment ago may be still about it. */
static void await_release(pid_t pid)
{
	const struct timespec nap = { 0, 10000000 };
	char name[16];
	pid_t tracer;
	for (unsigned i = 0; i < 200 && (tracer = tracer_of(pid, name)) && tracer != getpid() &&
			     strcmp(name, TRACER_NAME) == 0; i++)
		nanosleep(&nap, NULL);
}

int tracer_hold(struct tracer *t, pid_t tid)
{
	struct thread *th;
	int err = seize(t, tid, &th);
	if (err)
		return err;
	th->is_arriving = true;
	return ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 ? -errno : 0;
}

bool launch_is_arrival(struct tracer *t, struct thread *th, int status)
{
	unsigned long former;
	if (th->process || th->is_arriving || !WIFSTOPPED(status) ||
	    status >> 16 != PTRACE_EVENT_EXEC ||
	    ptrace(PTRACE_GETEVENTMSG, th->tid, NULL, &former) < 0)
		return th->is_arriving;
	/* it was another thread of its process before */
	struct thread *old = thread_find(t, (pid_t)former);
	th->is_arriving = old && old->is_arriving;
	if (th->is_arriving) {
		thread_gone(t, old, 0);
		threads_free_gone(t, (pid_t)former);
	}
	return th->is_arriving;
}

void launch_arrive(struct tracer *t, struct thread *th, int status)
{
	int event = WIFSTOPPED(status) && !t->is_closing ? status >> 16 : 0;
	uint64_t pid;
	if (event == PTRACE_EVENT_EXEC) {
		struct process *p = process_add(t, th->tid, space_new(th->tid));
		if (p) {
			th->is_arriving = false;
			thread_join(th, p);
			process_look(p);
			tracer_begin_program(t, th);
			return;
		}
	} else if (event == PTRACE_EVENT_STOP && maps_status(th->tid, "Tgid", 10, &pid, 1) == 1 &&
		   t->wants_program && t->wants_program(t, (pid_t)pid)) {
		/* it was seized late, and runs what it was to run */
		th->state = THREAD_STOPPED;
		tracer_attach(t, (pid_t)pid);
		if (!th->is_arriving)
			return;
	}
	th->is_arriving = false;
	if (WIFSTOPPED(status))
		ptrace(PTRACE_DETACH, th->tid, NULL, status >> 16 ? 0 : WSTOPSIG(status));
	thread_gone(t, th, status);
}

int tracer_attach(struct tracer *t, pid_t pid)
{
	if (process_find(t, pid))
		return 0;
	await_release(pid);
	struct process *p = process_add(t, pid, space_new(pid));
	if (!p)
		return -ENOMEM;
	p->is_target = true;
	p->n_threads++; /* ours, while threads come and go */
	int err = seize_all(t, p);
	struct thread *th = thread_find(t, pid);
	if (!err && (!th || th->state != THREAD_STOPPED))
		err = -ESRCH;
	if (!err && tracer_wants(t, p->space) && !th->is_parked) {
		tracer_arm(t, th);
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
	process_look(p);
	process_begin(t, p);
	if (--p->n_threads == 0)
		process_drop(t, p);
	else
		threads_start(t, p->space);
	return err;
}

void tracer_start(struct tracer *t)
{
	struct thread *th = t->command;
	t->command = NULL;
	t->hold_command = false;
	if (!th)
		return;
	thread_unpark(t, th);
}

