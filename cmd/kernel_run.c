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
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

#include "cmd/load.h"
#include "runtime/kernel/transport.h"

enum {
	BUFFER = 1 << 18,
	SEEN = 256,      /* warnings that are remembered, to be said once */
	N_SKIPS = 8,
	IMPATIENCE = 3   /* as many signals end it at once */
};

/* enum rt_output of runtime/port.h, which is no header for programs */
enum output { OUTPUT_PRINT, OUTPUT_WARNING, OUTPUT_ERROR, OUTPUT_LOG, OUTPUT_SYSTEM };

extern char **environ;

struct run {
	const struct kernel_run_options *o;
	char name[MODULE_NAME_SIZE];
	int fd;        /* the session's file */
	int out_fd, signal_fd;
	int go_fd;     /* closing it lets the command be executed */
	int failed_fd; /* tells why it could not */
	pid_t child;
	int child_status;
	bool child_done;
	sigset_t old_mask;
	pthread_t reader;
	pthread_mutex_t drain_lock;
	bool write_failed;
	uint64_t seen[SEEN];
	unsigned n_seen;
	char buffer[BUFFER];
};

/* ---- output ---- */

static void write_all(struct run *r, const char *text, size_t n)
{
	while (n && !r->write_failed) {
		ssize_t done = write(r->out_fd, text, n);

		if (done >= 0) {
			text += done;
			n -= (size_t)done;
		} else if (errno != EINTR) {
			if (errno != EPIPE)
				fprintf(stderr, "ERROR: cannot write the output: %s\n",
					strerror(errno));
			r->write_failed = true;
			kill(getpid(), SIGTERM);
		}
	}
}

static bool is_new_warning(struct run *r, const char *text, size_t n)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3;
	for (unsigned i = 0; i < r->n_seen; i++)
		if (r->seen[i] == h)
			return false;
	if (r->n_seen < SEEN)
		r->seen[r->n_seen++] = h;
	return true;
}

static void run_command(const char *text, size_t n)
{
	char *command = strndup(text, n);
	char *argv[] = { (char *)"sh", (char *)"-c", command, NULL };
	posix_spawnattr_t attr;
	sigset_t none, pipe;
	pid_t pid;
	int err;

	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	err = command ? posix_spawn(&pid, "/bin/sh", NULL, &attr, argv, environ) : ENOMEM;
	if (err)
		fprintf(stderr, "WARNING: system(): %s\n", strerror(err));
	posix_spawnattr_destroy(&attr);
	free(command);
}

static void take_message(struct run *r, const struct kernel_record *rec)
{
	int n = (int)rec->size;

	switch (rec->kind) {
	case OUTPUT_LOG:
		fprintf(stderr, "%.*s\n", n, rec->data);
		break;
	case OUTPUT_WARNING:
		if (!r->o->no_warnings && is_new_warning(r, rec->data, rec->size))
			fprintf(stderr, "WARNING: %.*s\n", n, rec->data);
		break;
	case OUTPUT_ERROR:
		fprintf(stderr, "ERROR: %.*s\n", n, rec->data);
		break;
	case OUTPUT_SYSTEM:
		run_command(rec->data, rec->size);
		break;
	}
}

/* The text of the records in the buffer is moved together, so that one write does. */
static void take(struct run *r, size_t size)
{
	size_t text = 0;

	for (size_t at = 0; at + sizeof(struct kernel_record) <= size;) {
		const struct kernel_record *rec = (const void *)(r->buffer + at);
		size_t next = at + ((sizeof(*rec) + rec->size + 7) & ~(size_t)7);

		if (rec->kind == OUTPUT_PRINT) {
			size_t n = rec->size;

			memmove(r->buffer + text, rec->data, n);
			text += n;
		} else {
			write_all(r, r->buffer, text);
			text = 0;
			take_message(r, rec);
		}
		at = next;
	}
	write_all(r, r->buffer, text);
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

/* ---- the command ---- */

/* The child waits for GO, then becomes the command; it tells errno by its other pipe. */
static void become(struct run *r, int go, int failed)
{
	wordexp_t words;
	char *shell[] = { (char *)"/bin/sh", (char *)"-c", (char *)r->o->command, NULL };
	char **argv = shell;
	char ignored;
	int err;

	sigprocmask(SIG_SETMASK, &r->old_mask, NULL);
	signal(SIGPIPE, SIG_DFL);
	while (read(go, &ignored, 1) < 0 && errno == EINTR)
		;
	if (wordexp(r->o->command, &words, WRDE_NOCMD | WRDE_UNDEF) == 0 && words.we_wordc)
		argv = words.we_wordv;
	execvp(argv[0], argv);
	err = errno;
	fprintf(stderr, "ERROR: cannot run %s: %s\n", argv[0], strerror(err));
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

static bool launch(struct run *r)
{
	int go[2], failed[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC)) {
		fprintf(stderr, "ERROR: %s\n", strerror(errno));
		return false;
	}
	fflush(NULL);
	r->child = fork();
	if (r->child == 0) {
		close(go[1]);
		become(r, go[0], failed[1]);
	}
	close(go[0]);
	close(failed[1]);
	r->go_fd = go[1];
	r->failed_fd = failed[0];
	if (r->child < 0)
		fprintf(stderr, "ERROR: cannot start a process: %s\n", strerror(errno));
	return r->child > 0;
}

/* Lets the child execute the command; false: it can't be executed. */
static bool let_go(struct run *r)
{
	int err = 0;
	ssize_t n;

	close(r->go_fd);
	r->go_fd = -1;
	while ((n = read(r->failed_fd, &err, sizeof(err))) < 0 && errno == EINTR)
		;
	return n == 0;
}

static void reap(struct run *r)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == r->child) {
			r->child_done = true;
			r->child_status = status;
		}
}

/* ---- the session ---- */

static bool open_session(struct run *r)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/" KERNEL_PROC_PREFIX "%s", r->name);
	r->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (r->fd < 0)
		fprintf(stderr, "ERROR: cannot open %s: %s\n", path, strerror(errno));
	return r->fd >= 0;
}

static bool open_fds(struct run *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &r->old_mask);
	signal(SIGPIPE, SIG_IGN);
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	r->out_fd = STDOUT_FILENO;
	if (r->o->output)
		r->out_fd = open(r->o->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (r->out_fd < 0) {
		fprintf(stderr, "ERROR: cannot write %s: %s\n", r->o->output, strerror(errno));
		return false;
	}
	return r->signal_fd >= 0;
}

static bool start(struct run *r)
{
	struct kernel_start s = { .abi = KERNEL_ABI, .tool_pid = getpid(), .tool_uid = (int32_t)getuid() };
	time_t now = time(NULL);
	struct tm local;

	s.target = r->o->command ? r->child : r->o->target;
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

/* Until something ends the session. */
static void wait_for_end(struct run *r)
{
	uint64_t deadline = r->o->timeout_ms ? now_ms() + r->o->timeout_ms : UINT64_MAX;

	for (;;) {
		struct pollfd fds[2] = { { r->signal_fd, POLLIN, 0 }, { r->fd, POLLPRI, 0 } };
		struct signalfd_siginfo info;

		reap(r);
		if ((r->o->command && r->child_done) || time_left(deadline) == 0 ||
		    (r->o->target && kill(r->o->target, 0) && errno == ESRCH))
			return;
		/* the end of a process that is not our child is looked for */
		int wait = time_left(deadline);
		if (r->o->target && (wait < 0 || wait > 100))
			wait = 100;
		if (poll(fds, 2, wait) > 0 && fds[1].revents)
			return;
		while (read(r->signal_fd, &info, sizeof(info)) == sizeof(info))
			if (info.ssi_signo != SIGCHLD)
				return;
	}
}

/* While the end probes run, signals are counted by this handler. */
static void on_impatience(int signal)
{
	static volatile sig_atomic_t n;

	(void)signal;
	if (++n >= IMPATIENCE - 1)
		_exit(1);
}

static void let_signals_through(struct run *r)
{
	struct sigaction sa = { .sa_handler = on_impatience, .sa_flags = SA_RESTART };
	sigset_t set;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)r;
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

static int report_child(struct run *r)
{
	int how = r->child_status;

	if (!r->child_done)
		return 0;
	if (WIFSIGNALED(how))
		fprintf(stderr, "WARNING: Child process exited with signal %d (%s)\n", WTERMSIG(how),
			strsignal(WTERMSIG(how)));
	else if (WEXITSTATUS(how))
		fprintf(stderr, "WARNING: Child process exited with status %d\n", WEXITSTATUS(how));
	return how ? 1 : 0;
}

static int report(struct run *r)
{
	struct kernel_status s;
	int status = r->write_failed;

	if (ioctl(r->fd, KERNEL_STATUS, &s))
		return 1;
	if (s.error_state)
		status = 1;
	if (s.too_many_skipped) {
		fprintf(stderr, "ERROR: Skipped too many probes, check MAXSKIPPED or try again with "
				"stap -t for more details.\n");
		status = 1;
	}
	if ((s.n_errors || s.n_skipped) && !r->o->no_warnings)
		fprintf(stderr, "WARNING: Number of errors: %" PRIu32 ", skipped probes: %" PRIu64 "\n",
			s.n_errors, s.n_skipped);
	if (r->o->verbose)
		print_ledger(r, s.n_probes);
	if (s.dropped && !r->o->no_warnings)
		fprintf(stderr, "WARNING: There were %" PRIu64 " transport failures.\n", s.dropped);
	return status | report_child(r);
}

/* ---- all of it ---- */

static int detach(struct run *r)
{
	uint32_t yes = 1;

	drain(r);
	if (ioctl(r->fd, KERNEL_KEEP, &yes)) {
		fprintf(stderr, "ERROR: cannot detach: %s\n", strerror(errno));
		return 1;
	}
	fprintf(stderr, "Disconnecting from the module; to attach again: taprun -A %s\n", r->name);
	return 0;
}

/* With the session's file open.  True: the module is to be removed. */
static bool run_open(struct run *r, int *status)
{
	uint32_t no = 0;
	bool started = true;

	*status = 1;
	if (r->o->command && !launch(r))
		return true;
	if (r->o->attach)
		ioctl(r->fd, KERNEL_KEEP, &no);
	if (pthread_create(&r->reader, NULL, read_on, r)) {
		fprintf(stderr, "ERROR: cannot start a thread\n");
		return true;
	}
	if (!r->o->attach)
		started = start(r);
	if (started && r->o->detach) {
		*status = detach(r);
		return false;
	}
	drain(r); /* before the command's own output */
	if (started && (!r->o->command || let_go(r)))
		wait_for_end(r);
	let_signals_through(r);
	ioctl(r->fd, KERNEL_STOP);
	pthread_join(r->reader, NULL);
	reap(r);
	*status = report(r) || !started;
	return true;
}

int kernel_run(const struct kernel_run_options *o)
{
	struct run *r = calloc(1, sizeof(*r));
	const char *refusal = load_refusal();
	int status = 1;
	bool remove = true;

	if (!r)
		return 1;
	r->o = o;
	r->fd = r->go_fd = r->failed_fd = -1;
	pthread_mutex_init(&r->drain_lock, NULL);
	if (refusal) {
		fprintf(stderr, "ERROR: %s\n", refusal);
		goto out;
	}
	if (!open_fds(r))
		goto out;
	if (o->attach)
		snprintf(r->name, sizeof(r->name), "%s", o->attach);
	else if (!load_engine(o->object, o->engine) || !load_module(o->object, o->buffer_mb, r->name))
		goto out;
	if (open_session(r))
		remove = run_open(r, &status);
	if (r->go_fd >= 0) /* the command never ran */
		kill(r->child, SIGKILL);
	if (r->fd >= 0)
		close(r->fd);
	if (remove) {
		if (!remove_module(r->name))
			status = 1;
		remove_engine();
	}
out:
	free(r);
	return status;
}
