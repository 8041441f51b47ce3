/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What handler.sh probes for the throughput of several threads: hit_thread() is
 * called N times by each of T threads at once, each timed by its own CPU clock.
 *
 *	target_threads T CALLS     prints "hit_thread: X ns/call", the mean, and "wall: X ns", from
 *	                           the first thread's start to the last one's end by all calls
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_THREADS = 64 };

long hit_thread(long a, long b);
__asm__(".text\n"
	".globl hit_thread\n.type hit_thread,@function\n"
	"hit_thread: push %rbp\n mov %rsp,%rbp\n lea (%rdi,%rsi),%rax\n pop %rbp\n ret\n"
	".size hit_thread,.-hit_thread\n .balign 16\n");

static pthread_barrier_t start;
static long calls;
static double used[MAX_THREADS];

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *work(void *data)
{
	double *mine = data;
	long sum = 0;

	hit_thread(0, 0); /* the first hit claims a context */
	pthread_barrier_wait(&start);
	*mine = now(CLOCK_THREAD_CPUTIME_ID);
	for (long i = 0; i < calls; i++)
		sum += hit_thread(i, sum);
	*mine = now(CLOCK_THREAD_CPUTIME_ID) - *mine;
	return (void *)sum;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 2;
	pthread_t threads[MAX_THREADS];
	double sum = 0, began;

	calls = argc > 2 ? atol(argv[2]) : 1000000;
	if (n < 1 || n > MAX_THREADS)
		return 2;
	pthread_barrier_init(&start, NULL, (unsigned)n + 1);
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, work, &used[i]);
	pthread_barrier_wait(&start);
	began = now(CLOCK_MONOTONIC);
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		sum += used[i];
	}
	printf("hit_thread: %.1f ns/call\n", sum / n / (double)calls);
	printf("wall: %.1f ns\n", (now(CLOCK_MONOTONIC) - began) / n / (double)calls);
	return 0;
}
