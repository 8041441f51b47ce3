// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What leaves probed frames without returning: exceptions, pthread_exit, cancellation; and
 * backtrace(), which looks at them.  Prints "calls 0 wrong N", as target.c does.
 *
 *	throw MODE N
 *	throw spin N     N threads throw until SIGTERM; signals, whose handlers sleep for a moment, stop
 *	                 them anywhere
 *	throw forks N    two threads throw while the main one forks N times, so that their stacks become
 *	                 read-only under them
 *
 * throws(D) is entered D + 1 times and never returns; catches() and cleans() return.
 */
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
long throws(long depth);
long catches(long depth);
long cleans(long x);
long traces(long depth);
long leaves(long depth);
}

static volatile long wrong;
static volatile int level;

struct cleaner {
	~cleaner() { level += (int)cleans(1); }
};

__attribute__((noinline)) long cleans(long x)
{
	__asm__ volatile("");
	return x;
}

__attribute__((noinline)) long throws(long depth)
{
	cleaner c;

	if (depth == 0)
		throw 42;
	return throws(depth - 1) + 1;
}

/* Itself called from a frame that is probed; catches, throws on once, and returns. */
__attribute__((noinline)) long catches(long depth)
{
	try {
		try {
			return throws(depth);
		} catch (int x) {
			wrong += x != 42;
			throw 43L;
		}
	} catch (long x) {
		wrong += x != 43;
		return cleans(depth);
	}
}

static void *plain[64], *again[64];

__attribute__((noinline)) long traces(long depth)
{
	if (depth)
		return traces(depth - 1) + 1;
	int n = backtrace(again, 64);
	static int first;

	if (!first) {
		first = n;
		memcpy(plain, again, sizeof(plain));
	}
	/* main's caller and so on: at least five more; all in the same place each time */
	wrong += n != first || n < 7 || memcmp(plain, again, (size_t)n * sizeof(plain[0])) != 0;
	for (int i = 0; i + 4 < n; i++)
		wrong += again[i] < (void *)0x1000;
	return 0;
}

__attribute__((noinline)) long leaves(long depth)
{
	cleaner c;

	if (depth)
		return leaves(depth - 1) + 1;
	pthread_exit(NULL);
}

static void *leaving(void *unused)
{
	leaves(3);
	wrong++;
	return unused;
}

static void *one_catches(void *unused)
{
	wrong += catches(3) != 3;
	return unused;
}

static volatile sig_atomic_t stop;

static void on_term(int)
{
	stop = 1;
}

static void nap(int)
{
	usleep(5000);
}

enum { THREADS_MAX = 64 };
static volatile long caught[THREADS_MAX];

static void *throws_on(void *number)
{
	long me = (long)number;
	static __thread char stack[32768];
	stack_t ss = {};

	ss.ss_sp = stack;
	ss.ss_size = sizeof(stack);
	if (me % 2)
		sigaltstack(&ss, NULL);
	for (long i = 0; !stop; i++, caught[me]++)
		if (catches(i % 7) != i % 7)
			wrong++;
	return NULL;
}

static void forks(long n)
{
	pthread_t t[2];

	for (long i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, throws_on, (void *)(2 * i));
	for (; n; n--) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	stop = 1;
	for (long i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	level = 0;
}

static void spin(long n)
{
	struct sigaction term = {}, usr = {};
	long seen[THREADS_MAX] = {};
	pthread_t t[THREADS_MAX];

	term.sa_handler = on_term;
	sigaction(SIGTERM, &term, NULL);
	usr.sa_handler = nap;
	usr.sa_flags = SA_ONSTACK | SA_RESTART;
	sigaction(SIGUSR1, &usr, NULL);
	for (long i = 0; i < n; i++)
		pthread_create(&t[i], NULL, throws_on, (void *)i);
	for (long i = 0; !stop; i = (i + 1) % n, usleep(500))
		if (seen[i] != caught[i]) { /* so that it gets on */
			seen[i] = caught[i];
			pthread_kill(t[i], SIGUSR1);
		}
	for (long i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	level = 0;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 1;
	pthread_t t;

	if (strcmp(argv[1], "spin") == 0) {
		spin(n);
		n = 0;
	} else if (strcmp(argv[1], "forks") == 0) {
		forks(n);
		n = 0;
	}
	for (long i = 0; i < n; i++) {
		if (strcmp(argv[1], "throw") == 0) {
			wrong += catches(i % 7) != i % 7;
		} else if (strcmp(argv[1], "trace") == 0) {
			traces(3);
		} else {
			pthread_create(&t, NULL, i % 2 ? leaving : one_catches, NULL);
			pthread_join(t, NULL);
		}
	}
	printf("calls %d wrong %ld\n", level, wrong);
	return wrong != 0;
}
