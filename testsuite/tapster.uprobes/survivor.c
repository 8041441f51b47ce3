/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * survivor FILE MS: hits probes for MS milliseconds while it blocks SIGTRAP, in all the
 * ways in which the death of tapster could catch it: running, in forked children, in
 * signals that must arrive with their data and in their order, between dlopen and dlclose,
 * across exec.  FILE says "started", and in the end "alive" or what went wrong.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *path;
static int *n_signals; /* shared with the sender */
static volatile sig_atomic_t n_bad, bad_code, bad_value, bad_wanted;

static void say(const char *format, ...)
{
	FILE *f = fopen(path, "w");
	va_list args;
	va_start(args, format);
	if (f) {
		vfprintf(f, format, args);
		fclose(f);
	}
	va_end(args);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

__attribute__((noinline)) int beat(int n)
{
	__asm__ volatile("" : "+r"(n));
	return n + 1;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (!n_bad && (info->si_code != SI_QUEUE || info->si_value.sival_int != *n_signals)) {
		bad_wanted = *n_signals;
		bad_code = info->si_code;
		bad_value = info->si_value.sival_int;
		n_bad = 1;
	}
	__atomic_fetch_add(n_signals, 1, __ATOMIC_SEQ_CST);
}

static pid_t start_sender(void)
{
	pid_t parent = getpid(), pid = fork();
	const struct timespec nap = { 0, 300000 };
	if (pid)
		return pid;
	for (int i = 0; getppid() == parent;) {
		/* few enough to let the parent get on */
		if (i - __atomic_load_n(n_signals, __ATOMIC_SEQ_CST) < 3)
			i += sigqueue(parent, SIGRTMIN, (union sigval){ .sival_int = i }) == 0;
		nanosleep(&nap, NULL);
	}
	_exit(0);
}

static void *beat_on(void *data)
{
	for (volatile int *stop = data; !*stop;)
		beat(0);
	return NULL;
}

static int child_does_well(void)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 20; i++)
			beat(i);
		_exit(7);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigset_t trap, before;
	pthread_t thread;
	volatile int stop = 0;
	if (argc < 3)
		return 2;
	path = argv[1];
	say("started\n");
	n_signals = mmap(NULL, sizeof *n_signals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	sigemptyset(&trap);
	sigaddset(&trap, SIGTRAP);
	sigprocmask(SIG_BLOCK, &trap, NULL);
	sigaction(SIGRTMIN, &sa, NULL);
	const double begin = now(), ms = atof(argv[2]);
	pid_t sender = start_sender();
	sigaddset(&trap, SIGRTMIN); /* by one thread, in order */
	sigprocmask(SIG_BLOCK, &trap, &before);
	pthread_create(&thread, NULL, beat_on, (void *)&stop);
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (int i = 0; (now() - begin < ms / 2 || !*n_signals) && !n_bad; i++) {
		beat(i);
		if (i % 64 == 0 && !child_does_well()) {
			say("a child died\n");
			return 1;
		}
		if (i % 16 == 0) {
			void *library = dlopen("libresolv.so.2", RTLD_NOW);
			if (library)
				dlclose(library);
		}
	}
	kill(sender, SIGKILL);
	while (waitpid(sender, NULL, 0) < 0 && errno == EINTR)
		;
	if (n_bad || *n_signals == 0) {
		say("of %d signals number %d came with code %d, value %d\n", *n_signals, bad_wanted,
		    bad_code, bad_value);
		return 1;
	}
	if (argc == 3) { /* the second thread is still at it */
		execl("/proc/self/exe", argv[0], argv[1], argv[2], "again", NULL);
		return 1;
	}
	stop = 1;
	pthread_join(thread, NULL);
	say("alive\n");
	return 0;
}
