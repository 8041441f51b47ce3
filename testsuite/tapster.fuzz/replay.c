/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target on files, each in a process of its own with bounds on time and
 * memory:
 *
 *	replay_parse FILE...
 *
 * prints "ok FILE" or "failed FILE: why" for each; what the target prints is left out,
 * with -v shown.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sys.h"

/* Of the processor's time, which a busy machine doesn't make longer; all in all a minute. */
enum { MAX_SECONDS = 5, MAX_WAIT = 60, MAX_MEGABYTES = 1024 };

static _Noreturn void run(const struct buf *text, bool verbose)
{
	int null = verbose ? -1 : open("/dev/null", O_WRONLY);

	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	setrlimit(RLIMIT_CPU, &(struct rlimit){ MAX_SECONDS, MAX_SECONDS + 1 });
	alarm(MAX_WAIT);
	/* _exit: what stdio still has is nobody's output */
	_exit(LLVMFuzzerTestOneInput((const uint8_t *)text->data, text->len));
}

/* "" where the target has done well. */
static const char *judge(int status, const struct rusage *usage)
{
	static char why[80];

	why[0] = '\0';
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGALRM))
		snprintf(why, sizeof(why), "it takes more than %d seconds", MAX_SECONDS);
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "killed: %s", strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		snprintf(why, sizeof(why), "status %d", WEXITSTATUS(status));
	else if (usage->ru_maxrss > MAX_MEGABYTES * 1024L)
		snprintf(why, sizeof(why), "it takes %ld MB", usage->ru_maxrss / 1024);
	return why;
}

static bool replay(const char *path, bool verbose)
{
	struct rusage usage;
	struct buf text;
	const char *why;
	int status, err;
	pid_t pid;

	buf_init(&text);
	err = sys_read_file(path, &text);
	if (err) {
		printf("failed %s: %s\n", path, strerror(-err));
		return false;
	}
	fflush(stdout);
	pid = fork();
	if (!pid)
		run(&text, verbose);
	buf_fini(&text);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
		perror("replay");
		return false;
	}
	why = judge(status, &usage);
	printf(*why ? "failed %s: %s\n" : "ok %s\n", path, why);
	return !*why;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v"), ok = true;

	for (int i = 1 + verbose; i < argc; i++)
		ok &= replay(argv[i], verbose);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
