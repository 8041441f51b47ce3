/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/arrivals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <time.h>
#include <unistd.h>

#include "runtime/user/maps.h"
#include "runtime/user/running.h"

enum {
	SEIZE_NS = 2000000,    /* seizing that takes longer waits for the mutex */
	BUSY_NS = 1000000000   /* nobody waits longer for the tracer to begin with him */
};

/* May TID of PID go on?  The thread that answers makes it, and frees it when both are through. */
struct question {
	struct question *next;
	int fd; /* of the file, as the kernel's answer wants it; -1: answered */
	pid_t pid, tid;
	bool is_exec; /* else a library is being opened */
	uint64_t asked_ns;
	_Atomic uint64_t begun_ns; /* the tracer is at it since then; 0: not yet */
	atomic_bool is_done;       /* the tracer won't look at it again */
};

struct arrivals {
	struct tracer *tracer; /* its files, which don't change, is what the thread reads */
	int fan_fd;            /* what the kernel asks */
	int ask_fd[2];         /* a pipe of pointers: questions for the tracer */
	int done_fd;           /* eventfd: the tracer has done something about them, or: stop */
	atomic_bool is_stopping;
	struct question *questions;
	pthread_t thread;
	bool has_thread;
};

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- the thread that answers ---- */

static void allow(const struct arrivals *a, int *fd)
{
	const struct fanotify_response yes = { .fd = *fd, .response = FAN_ALLOW };

	if (write(a->fan_fd, &yes, sizeof yes) < 0 && errno != ENOENT) /* it was killed meanwhile */
		perror("WARNING: fanotify");
	close(*fd);
	*fd = -1;
}

/* Is TID, in a system call, in the dynamic linker? */
static bool is_in_linker(pid_t pid, pid_t tid)
{
	char path[64], line[256] = "";
	uint64_t linker = maps_auxv(pid, AT_BASE);
	struct maps m;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", pid, tid);
	if (!linker || !(f = fopen(path, "re")))
		return false;
	const char *last = fgets(line, sizeof line, f) ? strrchr(line, ' ') : NULL;
	fclose(f);
	if (!last || maps_read(&m, pid))
		return false;
	const struct mapping *at = maps_find(&m, strtoull(last, NULL, 16));
	const struct mapping *base = maps_find(&m, linker);
	bool is = at && base && at->inode == base->inode && at->device == base->device;
	maps_free(&m);
	return is;
}

static bool is_asked_about(const struct arrivals *a, pid_t tid)
{
	for (const struct question *q = a->questions; q; q = q->next)
		if (q->tid == tid)
			return true;
	return false;
}

/* Does TID come to matter by that, and is it nobody's yet?  NULL: no. */
static struct question *arrival(const struct arrivals *a, pid_t tid, bool is_exec)
{
	uint64_t pid = 0, tracer = 0;

	maps_status(tid, "TracerPid", 10, &tracer, 1);
	if (tracer || is_asked_about(a, tid) || maps_status(tid, "Tgid", 10, &pid, 1) != 1 ||
	    pid == (uint64_t)getpid())
		return NULL;
	if (!is_exec && (!is_in_linker((pid_t)pid, tid) || running_is_tracer(a->tracer, (pid_t)pid)))
		return NULL;
	struct question *q = calloc(1, sizeof *q);
	if (q) {
		q->pid = (pid_t)pid;
		q->tid = tid;
		q->is_exec = is_exec;
		q->asked_ns = now_ns();
	}
	return q;
}

static void take_events(struct arrivals *a)
{
	struct fanotify_event_metadata events[64], *e;
	ssize_t n = read(a->fan_fd, events, sizeof events);

	for (e = events; n > 0 && FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n)) {
		struct question *q = e->pid ? arrival(a, e->pid, e->mask & FAN_OPEN_EXEC_PERM) : NULL;
		if (q && write(a->ask_fd[1], &q, sizeof q) == sizeof q) {
			q->fd = e->fd;
			q->next = a->questions;
			a->questions = q;
		} else {
			free(q);
			allow(a, &e->fd);
		}
	}
}

/* Answers what can be; when to look again, in ms, or -1. */
static int answer_due(struct arrivals *a)
{
	uint64_t now = now_ns();
	int timeout = -1;

	for (struct question **at = &a->questions; *at;) {
		struct question *q = *at;
		bool is_done = atomic_load(&q->is_done);
		uint64_t begun = atomic_load(&q->begun_ns);
		uint64_t due = begun ? begun + SEIZE_NS : q->asked_ns + BUSY_NS;
		if (q->fd >= 0 && (is_done || due <= now))
			allow(a, &q->fd);
		if (is_done) {
			*at = q->next;
			free(q);
			continue;
		}
		if (q->fd >= 0) {
			int ms = (int)((due - now) / 1000000) + 1;
			timeout = timeout < 0 || ms < timeout ? ms : timeout;
		}
		at = &q->next;
	}
	return timeout;
}

static void *answer(void *data)
{
	struct arrivals *a = data;
	struct pollfd fds[] = { { a->fan_fd, POLLIN, 0 }, { a->done_fd, POLLIN, 0 } };
	uint64_t ignored;

	while (!atomic_load(&a->is_stopping)) {
		if (poll(fds, 2, answer_due(a)) <= 0)
			continue;
		if (fds[1].revents && read(a->done_fd, &ignored, sizeof ignored) < 0)
			break;
		if (fds[0].revents)
			take_events(a);
	}
	return NULL;
}

/* ---- the tracer's side ---- */

static void wake(const struct arrivals *a)
{
	const uint64_t one = 1;

	if (write(a->done_fd, &one, sizeof one) < 0)
		perror("WARNING: eventfd");
}

/* Seizes a thread, ahead of whatever else there is to be run. */
static int hold(struct arrivals *a, struct question *q)
{
	struct sched_param usual, first = { .sched_priority = 1 };
	int policy, err;
	bool is_first = pthread_getschedparam(pthread_self(), &policy, &usual) == 0 &&
			pthread_setschedparam(pthread_self(), SCHED_FIFO, &first) == 0;

	atomic_store(&q->begun_ns, now_ns());
	wake(a);
	err = tracer_hold(a->tracer, q->tid);
	if (is_first)
		pthread_setschedparam(pthread_self(), policy, &usual);
	return err;
}

void arrivals_take(struct arrivals *a)
{
	struct question *q;

	while (read(a->ask_fd[0], &q, sizeof q) == sizeof q) {
		bool is_exec = q->is_exec;
		pid_t pid = q->pid;
		int err = hold(a, q);

		atomic_store(&q->is_done, true); /* and q is the other thread's */
		wake(a);
		if (!err && !is_exec)
			err = tracer_attach(a->tracer, pid);
		if (err && err != -ESRCH && !a->tracer->env->no_warnings)
			fprintf(stderr, "WARNING: cannot trace process %d: %s\n", pid, strerror(-err));
	}
}

int arrivals_fd(const struct arrivals *a)
{
	return a ? a->ask_fd[0] : -1;
}

static int watch(struct arrivals *a, const bool *files)
{
	const struct space_env *env = a->tracer->env;
	int err;

	a->fan_fd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_TID |
				  FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS,
				  O_RDONLY | O_CLOEXEC | O_LARGEFILE);
	if (a->fan_fd < 0 || pipe2(a->ask_fd, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    (a->done_fd = eventfd(0, EFD_CLOEXEC)) < 0)
		return -errno;
	/* Before the first mark: whom that stops must find an answer. */
	err = pthread_create(&a->thread, NULL, answer, a);
	a->has_thread = !err;
	for (uint32_t i = 0; i < env->im->info->n_files && !err; i++)
		if (files[i] && env->files[i].exists &&
		    fanotify_mark(a->fan_fd, FAN_MARK_ADD, FAN_OPEN_EXEC_PERM | FAN_OPEN_PERM,
				  AT_FDCWD, env->files[i].path) < 0)
			err = errno;
	return -err;
}

int arrivals_start(struct arrivals **to, struct tracer *t, const bool *files)
{
	struct arrivals *a = calloc(1, sizeof *a);
	int err = -ENOMEM;

	if (a) {
		a->tracer = t;
		a->fan_fd = a->ask_fd[0] = a->ask_fd[1] = a->done_fd = -1;
		err = watch(a, files);
	}
	if (err) {
		arrivals_stop(a);
		a = NULL;
	}
	*to = a;
	return err;
}

void arrivals_stop(struct arrivals *a)
{
	const int fds[] = { a ? a->fan_fd : -1, a ? a->done_fd : -1, a ? a->ask_fd[0] : -1,
			    a ? a->ask_fd[1] : -1 };

	if (!a)
		return;
	atomic_store(&a->is_stopping, true);
	if (a->has_thread) {
		wake(a);
		pthread_join(a->thread, NULL);
	}
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]); /* which allows all that is asked still */
	for (struct question *q = a->questions, *next; q; q = next) {
		next = q->next;
		if (q->fd >= 0)
			close(q->fd);
		free(q);
	}
	free(a);
}
