/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/driver/daemon.h"
#include "runtime/host.h"
#include "runtime/user/driver.h"
#include "runtime/user/ledger.h"
#include "runtime/user/maps.h"
#include "runtime/user/rescue.h"
#include "runtime/user/tracer.h"

enum { IMPATIENCE = 3 }; /* as many signals end it at once */

struct front {
	const struct run_options *o;
	struct image im;
	struct host_signals signals;
	int link_fd; /* the end that we write to */
	int ready_fd; /* of a daemon that is not ready; -1 */
	pid_t driver;
	struct driver_result *result;
	unsigned n_signals; /* that mean an end */
};

/* ---- the driver's first steps ---- */

static char *copy_of(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* Our name in the process list.  The arguments are overwritten for it, so scripts get a copy. */
static void rename_self(struct driver_start *start)
{
	static const char name[] = TRACER_NAME;
	prctl(PR_SET_NAME, name);
	if (!maps_strings(getpid(), start->strings)) {
		memset(start->strings, 0, sizeof start->strings);
		return;
	}
	char *args = (char *)(uintptr_t)start->strings[0];
	size_t size = start->strings[1] - start->strings[0];
	char *copy = malloc(size);
	if (!copy || size < sizeof name)
		return;
	start->strings[0] = (uint64_t)(uintptr_t)memcpy(copy, args, size);
	start->strings[1] = start->strings[0] + size;
	memset(args, 0, size);
	memcpy(args, name, sizeof name);
}

static _Noreturn void be_driver(struct driver_start *start)
{
	sigset_t terminal;
	struct run_options o = *start->o; /* some of it is in our arguments */
	o.object = copy_of(o.object);
	o.command = copy_of(o.command);
	o.output.file = copy_of(o.output.file);
	start->o = &o;
	snprintf(start->name, sizeof start->name, "%s", program_invocation_short_name);
	setpgid(0, 0);
	sigemptyset(&terminal); /* we write to a terminal from its background */
	sigaddset(&terminal, SIGTTOU);
	sigprocmask(SIG_BLOCK, &terminal, NULL);
	rename_self(start);
	driver_run(start);
	_exit(0);
}

static bool start_driver(struct front *f)
{
	int link[2];
	struct driver_start start = { .o = f->o, .im = &f->im, .signals = &f->signals,
				      .result = f->result, .pid = getpid(), .ppid = getppid(),
				      .group = getpgrp() };
	if (pipe2(link, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	fflush(NULL);
	f->driver = fork();
	if (f->driver == 0) {
		close(link[1]);
		start.link_fd = link[0];
		be_driver(&start);
	}
	close(link[0]);
	f->link_fd = link[1];
	return f->driver > 0;
}

/* ---- while it runs ---- */

static void tell_driver(const struct front *f, int signal)
{
	char byte = (char)signal;
	if (write(f->link_fd, &byte, 1) != 1) {
		/* it is about to end, or hears of more signals than it can read */
	}
}

/* Stops, as any program would; the driver goes on with the targets, but keeps quiet. */
static void take_a_break(const struct front *f)
{
	sigset_t stop;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	tell_driver(f, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here we are stopped */
	sigprocmask(SIG_BLOCK, &stop, NULL);
	tell_driver(f, SIGCONT);
}

static void take_signals(struct front *f)
{
	struct signalfd_siginfo info;
	while (read(f->signals.fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGTSTP) {
			take_a_break(f);
		} else if (info.ssi_signo == SIGUSR2) {
			tell_driver(f, SIGUSR2);
		} else if (info.ssi_signo != SIGCHLD) {
			f->n_signals++;
			tell_driver(f, (int)info.ssi_signo);
		}
}

/* Until the driver has ended: true, or the user has lost patience. */
static bool wait_for_driver(struct front *f, int *how)
{
	struct pollfd fd = { f->signals.fd, POLLIN, 0 };
	while (f->n_signals < IMPATIENCE) {
		if (waitpid(f->driver, how, WNOHANG) == f->driver) {
			/* Ctrl-C goes to the command as well, whose end may be seen first. */
			take_signals(f);
			return true;
		}
		if (f->result->is_started)
			daemon_is_ready(&f->ready_fd);
		poll(&fd, 1, -1);
		take_signals(f);
	}
	return false;
}

static int watch_over(struct front *f)
{
	const struct driver_result *r = f->result;
	int how;
	if (!wait_for_driver(f, &how))
		return 1; /* it lets the targets go when it misses us */
	if (!r->is_complete) {
		rescue(&f->im);
		fprintf(stderr, "ERROR: the process that supervises the targets was killed (%s); "
				"they run on without probes\n",
			WIFSIGNALED(how) ? strsignal(WTERMSIG(how)) : "it has ended itself");
		return 1;
	}
	/* What follows the user's own wish to end is no failure. */
	int status = r->command_done && !f->n_signals ? host_report_command(r->command_status) : 0;
	return r->status ? r->status : status;
}

/* ---- all of it ---- */

static bool open_image(struct front *f)
{
	const struct run_options *o = f->o;
	const char *why;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n_rings = cpus < 1 ? 1 : cpus > 64 ? 64 : (unsigned)cpus;
	uint64_t bytes = (uint64_t)(o->buffer_mb ? o->buffer_mb : 1) * n_rings << 20;

	if (!(getauxval(AT_HWCAP2) & 2)) {
		fprintf(stderr, "ERROR: the user runtime needs the FSGSBASE instructions "
				"(Linux 5.9 on a processor of 2012 or later)\n");
		return false;
	}
	int err = image_open(&f->im, o->object, bytes, n_rings, &why);
	if (err)
		fprintf(stderr, "ERROR: cannot load %s: %s\n", o->object, why ? why : strerror(-err));
	return !err;
}

int user_run(const struct run_options *o)
{
	struct front f = { .o = o, .link_fd = -1, .ready_fd = -1 };
	int status = 1;
	if (o->daemon) {
		f.ready_fd = daemon_begin(&status);
		if (f.ready_fd < 0)
			return status;
	}
	if (!open_image(&f))
		return 1;
	int err = ledger_open();
	if (!err) {
		f.result = ledger_alloc(sizeof *f.result);
		err = host_signals_open(&f.signals, true);
		if (!err && !start_driver(&f))
			err = -errno;
		if (!err)
			status = watch_over(&f);
		host_signals_restore(&f.signals);
		close(f.signals.fd);
	}
	if (err)
		fprintf(stderr, "ERROR: cannot start the supervisor: %s\n", strerror(-err));
	if (f.link_fd >= 0)
		close(f.link_fd);
	image_close(&f.im);
	return status;
}
