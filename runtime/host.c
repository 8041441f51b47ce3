/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/host.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

extern char **environ;

int host_signals_open(struct host_signals *s, bool with_stop)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR2, SIGTSTP };
	const struct sigaction ignore = { .sa_handler = SIG_IGN }, standard = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct sigaction now;

		/* A shell ignores SIGINT and SIGQUIT for what a script runs in its background, where kill -INT
		 * shall end it all the same; nohup means what it does. */
		bool is_for_us = wanted[i] == SIGINT || wanted[i] == SIGQUIT ||
				 (!sigaction(wanted[i], NULL, &now) && now.sa_handler != SIG_IGN);
		if (is_for_us && (wanted[i] != SIGTSTP || with_stop))
			sigaddset(&set, wanted[i]);
	}
	sigaction(SIGPIPE, &ignore, &s->old_pipe);
	sigaction(SIGCHLD, &standard, &s->old_child);
	sigprocmask(SIG_BLOCK, &set, &s->old_mask);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->fd < 0 ? -errno : 0;
}

void host_signals_restore(const struct host_signals *s)
{
	sigaction(SIGPIPE, &s->old_pipe, NULL);
	sigaction(SIGCHLD, &s->old_child, NULL);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

char **host_command_words(const char *command)
{
	wordexp_t words;

	if (!wordexp(command, &words, WRDE_NOCMD | WRDE_UNDEF))
		return words.we_wordc ? words.we_wordv : NULL;

	char **shell = calloc(4, sizeof(*shell));

	if (shell) {
		shell[0] = (char *)"/bin/sh";
		shell[1] = (char *)"-c";
		shell[2] = (char *)(size_t)command;
	}
	return shell;
}

int host_report_command(int how)
{
	if (WIFSIGNALED(how))
		fprintf(stderr, "WARNING: Child process exited with signal %d (%s)\n", WTERMSIG(how),
			strsignal(WTERMSIG(how)));
	else if (WEXITSTATUS(how))
		fprintf(stderr, "WARNING: Child process exited with status %d\n", WEXITSTATUS(how));
	return how ? 1 : 0;
}

void host_system(const char *text, size_t n, pid_t group)
{
	char *command = strndup(text, n);
	char *argv[] = { (char *)"sh", (char *)"-c", command, NULL };
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	pid_t pid;
	int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	if (group) {
		posix_spawnattr_setpgroup(&attr, group);
		flags |= POSIX_SPAWN_SETPGROUP;
	}
	posix_spawnattr_setflags(&attr, (short)flags);

	int err = command ? posix_spawn(&pid, "/bin/sh", NULL, &attr, argv, environ) : ENOMEM;

	if (err)
		fprintf(stderr, "WARNING: system(): %s\n", strerror(err));
	posix_spawnattr_destroy(&attr);
	free(command);
}

bool host_is_new(struct host_said *said, const char *text, size_t n)
{
	unsigned long h = 0xcbf29ce484222325; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3;
	for (unsigned i = 0; i < said->n; i++)
		if (said->hashes[i] == h)
			return false;
	if (said->n < sizeof(said->hashes) / sizeof(said->hashes[0]))
		said->hashes[said->n++] = h;
	return true;
}
