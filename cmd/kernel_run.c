/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two threads: this one drives the session, the other drains the output, so
 * that begin and end probes, which run inside our ioctls, can print without end.
 * Draining is under a lock and may be done by either.
 */
#include "cmd/kernel_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/modules.h"
#include "cmd/child.h"
#include "cmd/load.h"
#include "runtime/driver/daemon.h"
#include "runtime/kernel/transport.h"

enum {
	BUFFER = 1 << 18,
	N_SKIPS = 8,
	IMPATIENCE = 3 /* as many signals end it at once */
};

struct run {
	const struct kernel_run_options *o;
	char name[MODULE_NAME_SIZE];
	int fd;        /* the session's file */
	struct host_signals signals;
	int ready_fd;  /* of a daemon that is not ready; -1 */
	struct child child;
	bool is_interrupted; /* by a signal: then a bad end of the command is no failure */
	pthread_t reader;
	pthread_mutex_t drain_lock; /* the buffer and the sink */
	struct sink *sink;
	bool write_failed;
	char buffer[BUFFER];
};

/* ---- output ---- */

static void take(struct run *r, size_t size)
{
	for (size_t at = 0; at + sizeof(struct kernel_record) <= size;) {
		const struct kernel_record *rec = (const void *)(r->buffer + at);

		sink_put(r->sink, (enum rt_output)rec->kind, rec->cpu, rec->stamp, rec->data, rec->size);
		at += (sizeof(*rec) + rec->size + 7) & ~(size_t)7;
	}
	if (!sink_flush(r->sink) && !r->write_failed) {
		r->write_failed = true;
		kill(getpid(), SIGTERM);
	}
}

/* Writes all that there is; false: no more will come. */
static bool drain(struct run *r)
{
	ssize_t n;

	pthread_mutex_lock(&r->drain_lock);
	while ((n = read(r->fd, r->buffer, BUFFER)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			take(r, (size_t)n);
	pthread_mutex_unlock(&r->drain_lock);
	return n < 0 && errno == EAGAIN;
}

static void *read_on(void *data)
{
	struct run *r = data;
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	while (drain(r))
		poll(&p, 1, -1);
	return NULL;
}

static void switch_files(struct run *r)
{
	pthread_mutex_lock(&r->drain_lock);
	sink_switch(r->sink);
	sink_flush(r->sink);
	pthread_mutex_unlock(&r->drain_lock);
}

/* ---- the session ---- */

static bool open_session(struct run *r)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/" KERNEL_PROC_PREFIX "%s", r->name);
	r->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (r->fd < 0)
		fprintf(stderr, "ERROR: cannot open %s: %s\n", path, strerror(errno));
	else if (r->o->run.output.bulk)
		ioctl(r->fd, KERNEL_BULK);
	return r->fd >= 0;
}

static bool open_fds(struct run *r)
{
	int err = host_signals_open(&r->signals, false);

	if (err)
		fprintf(stderr, "ERROR: cannot take signals: %s\n", strerror(-err));
	r->sink = err ? NULL : sink_open(&r->o->run.output, 0);
	return r->sink;
}

static bool set_globals(struct run *r)
{
	for (const char *const *g = r->o->globals; g && *g; g++) {
		struct kernel_global k = { 0 };
		size_t n = strcspn(*g, "=");

		snprintf(k.name, sizeof(k.name), "%.*s", (int)n, *g);
		snprintf(k.value, sizeof(k.value), "%s", *g + n + 1);
		if (n >= sizeof(k.name) || strlen(*g + n + 1) >= sizeof(k.value))
			errno = E2BIG;
		else if (!ioctl(r->fd, KERNEL_GLOBAL, &k))
			continue;
		fprintf(stderr, "ERROR: cannot set '%s': %s\n", *g,
			errno == ENOENT ? "the script has no such global variable" :
			errno == EDOM	? "it should be a number" :
			errno == EISDIR ? "arrays and statistics can't be set" : strerror(errno));
		return false;
	}
	return true;
}

static bool start(struct run *r)
{
	struct kernel_start s = { .abi = KERNEL_ABI, .tool_pid = getpid(), .tool_uid = (int32_t)getuid() };
	time_t now = time(NULL);
	struct tm local;

	if (!set_globals(r))
		return false;
	s.target = r->o->run.command ? r->child.pid : r->o->run.target;
	if (localtime_r(&now, &local)) {
		s.tz_offset = local.tm_gmtoff;
		snprintf(s.tz_name, sizeof(s.tz_name), "%s", local.tm_zone);
	}
	if (!ioctl(r->fd, KERNEL_START, &s))
		return true;
	fprintf(stderr, "ERROR: cannot start module %s: %s\n", r->name,
		errno == ENOTTY ? "it was built by another version of tapster" : strerror(errno));
	return false;
}

/* A session that was left running becomes ours. */
static bool attach(struct run *r)
{
	struct kernel_status s;
	uint32_t no = 0;

	if (ioctl(r->fd, KERNEL_STATUS, &s) || !s.is_running || !s.is_detached) {
		fprintf(stderr, "ERROR: cannot attach to module %s: %s\n", r->name,
			s.is_running ? "somebody else is attached to it" : "its script is over");
		return false;
	}
	if (!ioctl(r->fd, KERNEL_DETACH, &no))
		return true;
	fprintf(stderr, "ERROR: cannot attach to module %s: %s\n", r->name, strerror(errno));
	return false;
}

static bool detach(struct run *r)
{
	uint32_t yes = 1;

	drain(r);
	if (ioctl(r->fd, KERNEL_DETACH, &yes)) {
		fprintf(stderr, "ERROR: cannot detach: %s\n", strerror(errno));
		return false;
	}
	fprintf(stderr, "Disconnecting from the module.\nTo reconnect, type \"taprun -A %s\"\n", r->name);
	return true;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int time_left(uint64_t deadline)
{
	uint64_t now = now_ms();

	return deadline == UINT64_MAX ? -1 : now >= deadline ? 0 :
	       deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}

enum end { END_STOP, END_DETACH };

/* Until something ends the session, or our part in it. */
static enum end wait_for_end(struct run *r)
{
	uint64_t deadline = r->o->run.timeout_ms ? now_ms() + r->o->run.timeout_ms : UINT64_MAX;

	for (;;) {
		struct pollfd fds[2] = { { r->signals.fd, POLLIN, 0 }, { r->fd, POLLPRI, 0 } };
		struct signalfd_siginfo info;

		child_reap(&r->child);
		if (r->child.is_done || time_left(deadline) == 0)
			return END_STOP;
		if (poll(fds, 2, time_left(deadline)) > 0 && fds[1].revents)
			return END_STOP;
		while (read(r->signals.fd, &info, sizeof(info)) == sizeof(info))
			switch (info.ssi_signo) {
			case SIGCHLD:
				break;
			case SIGUSR2:
				switch_files(r);
				break;
			case SIGQUIT:
				return END_DETACH;
			default:
				r->is_interrupted = true;
				return END_STOP;
			}
	}
}

/* While the end probes run, in an ioctl of the other thread that signals don't interrupt. */
static void *count_signals(void *data)
{
	sigset_t *set = data;
	int signal;

	for (int n = 1; n < IMPATIENCE; n++)
		sigwait(set, &signal);
	_exit(1);
}

static void watch_for_impatience(void)
{
	static sigset_t set;
	pthread_t thread;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (!pthread_create(&thread, NULL, count_signals, &set))
		pthread_detach(thread);
}

/* ---- the summary ---- */

static const char *const skip_texts[N_SKIPS] = {
	"in a handler already", "a global's lock was not to be had", "no free context",
	"before the start or after the end", "no room for a return record",
	"the thread died in the handler",
};

static void print_ledger(struct run *r, uint32_t n)
{
	struct kernel_ledger l;

	for (uint32_t i = 0; i < n; i++) {
		l.probe = i;
		if (ioctl(r->fd, KERNEL_LEDGER, &l))
			return;
		fprintf(stderr, "%s: %" PRIu64 " hits\n", l.name, l.run);
		for (unsigned k = 0; k < N_SKIPS; k++)
			if (l.skipped[k] && skip_texts[k])
				fprintf(stderr, "%s: %" PRIu64 " skipped: %s\n", l.name, l.skipped[k],
					skip_texts[k]);
	}
}

static void report_loss(struct run *r, uint64_t dropped)
{
	uint64_t overwritten = 0;

	for (uint32_t cpu = 0;; cpu++) {
		struct kernel_ring k = { .cpu = cpu };

		if (ioctl(r->fd, KERNEL_RING, &k) && errno != ENODEV)
			break;
		overwritten += k.overwritten;
		if (k.dropped && r->o->run.verbose)
			fprintf(stderr, "CPU %" PRIu32 ": %" PRIu64 " records lost\n", k.cpu, k.dropped);
	}
	if (overwritten)
		fprintf(stderr, "WARNING: While nobody was attached %" PRIu64 " older records of output were "
				"overwritten.\n", overwritten);
	if (dropped)
		fprintf(stderr, "WARNING: There were %" PRIu64 " transport failures.\n", dropped);
}

static int report(struct run *r)
{
	struct kernel_status s;
	int status = r->write_failed;

	if (ioctl(r->fd, KERNEL_STATUS, &s))
		return 1;
	if (s.n_errors)
		status = 1;
	if (s.too_many_skipped) {
		fprintf(stderr, "ERROR: Skipped too many probes, check MAXSKIPPED or try again with "
				"stap -t for more details.\n");
		status = 1;
	}
	if ((s.n_errors || s.n_suppressed || s.n_skipped) && !r->o->run.output.no_warnings)
		fprintf(stderr, "WARNING: Number of errors: %" PRIu32 ", skipped probes: %" PRIu64 "\n",
			s.n_errors + s.n_suppressed, s.n_skipped);
	if (r->o->run.verbose)
		print_ledger(r, s.n_probes);
	if (s.n_refused && !r->o->run.output.no_warnings)
		fprintf(stderr, "WARNING: %" PRIu64 " breakpoints in processes were not placed: the text there is "
				"not that of the file, has a breakpoint already, or no room near it.\n",
			s.n_refused);
	if (!r->o->run.output.no_warnings)
		report_loss(r, s.dropped);
	if (!r->is_interrupted && child_report(&r->child))
		status = 1;
	return status;
}

/* ---- all of it ---- */

/* With the session's file open.  True: the module is to be removed. */
static bool run_open(struct run *r, int *status)
{
	bool is_running, is_good;

	*status = 1;
	if (r->o->attach && !attach(r))
		return false;
	if (r->o->run.command && !child_hold(&r->child, r->o->run.command, &r->signals))
		return true;
	if (pthread_create(&r->reader, NULL, read_on, r)) {
		fprintf(stderr, "ERROR: cannot start a thread\n");
		return true;
	}
	is_good = is_running = r->o->attach || start(r);
	drain(r); /* before the command's own output */
	if (is_running) {
		bool is_left = r->o->detach;

		if (!is_left && r->o->run.command)
			is_good = child_go(&r->child);
		if (!is_left && is_good) {
			daemon_is_ready(&r->ready_fd);
			is_left = wait_for_end(r) == END_DETACH;
		}
		if (is_left && detach(r)) {
			pthread_join(r->reader, NULL);
			*status = 0;
			return false;
		}
	}
	watch_for_impatience();
	ioctl(r->fd, KERNEL_STOP);
	pthread_join(r->reader, NULL);
	child_reap(&r->child);
	*status = report(r) || !is_good;
	return true;
}

static bool load(struct run *r)
{
	const struct kernel_run_options *o = r->o;

	if (!o->attach)
		return load_engine(o->run.object, o->engine) && load_module(o->run.object, o->run.buffer_mb, r->name);
	snprintf(r->name, sizeof(r->name), "%s", o->attach);
	return true;
}

int kernel_run(const struct kernel_run_options *o)
{
	struct run *r = calloc(1, sizeof(*r));
	const char *refusal = modules_refusal();
	int status = 1, lock = -1;
	bool remove = true;

	if (!r)
		return 1;
	r->o = o;
	r->fd = r->signals.fd = r->ready_fd = r->child.go_fd = -1;
	pthread_mutex_init(&r->drain_lock, NULL);
	if (refusal) {
		fprintf(stderr, "ERROR: the kernel runtime can't be used here: %s\n", refusal);
		goto out;
	}
	if (o->run.daemon) {
		r->ready_fd = daemon_begin(&status);
		if (r->ready_fd < 0)
			goto out;
	}
	if (!open_fds(r))
		goto out;
	lock = lock_loading();
	if (!o->attach)
		remove_finished();
	if (!load(r))
		goto out;
	remove = !o->attach;
	if (open_session(r)) {
		close(lock);
		lock = -1;
		remove = run_open(r, &status);
	}
	child_drop(&r->child);
	if (r->fd >= 0)
		close(r->fd);
	if (remove) {
		if (!remove_module(r->name))
			status = 1;
		remove_engine();
	}
out:
	if (lock >= 0)
		close(lock);
	if (r->sink && !sink_close(r->sink))
		status = 1;
	if (r->signals.fd >= 0)
		close(r->signals.fd);
	free(r);
	return status;
}
