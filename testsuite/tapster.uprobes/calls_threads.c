/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls_threads N CALLS: N threads call hit() CALLS times each. */
#include <pthread.h>
#include <stdlib.h>

__attribute__((noinline, noclone)) void hit(long i)
{
	__asm__ volatile("" : : "r"(i) : "memory");
}

static long calls;

static void *run(void *unused)
{
	for (long i = 0; i < calls; i++)
		hit(i);
	return unused;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 4;
	pthread_t threads[64];

	calls = argc > 2 ? atol(argv[2]) : 1000;
	if (n > 64)
		n = 64;
	for (int i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, run, NULL))
			return 1;
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
