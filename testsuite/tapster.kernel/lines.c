/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lines N [THREADS]: N calls of line(number, thread) in each thread, then the end at once. */
#include <pthread.h>
#include <stdlib.h>

static long calls;

__attribute__((noinline, noipa)) void line(long number, long thread)
{
	__asm__ volatile("" : : "r"(number), "r"(thread));
}

static void *work(void *thread)
{
	for (long i = 0; i < calls; i++)
		line(i, (long)thread);
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc > 2 ? atol(argv[2]) : 1;
	pthread_t others[64];

	calls = argc > 1 ? atol(argv[1]) : 1000;
	for (long i = 1; i < threads && i < 64; i++)
		pthread_create(&others[i], NULL, work, (void *)i);
	work(NULL);
	for (long i = 1; i < threads && i < 64; i++)
		pthread_join(others[i], NULL);
	return 0;
}
