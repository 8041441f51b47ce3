/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thread-local variables in three threads. */
#include <pthread.h>

__thread char pad[24] __attribute__((aligned(64))) = "pad";
static __thread volatile int first = 7;
__thread int counter;

__attribute__((noinline)) int tick(int n)
{
	counter += n;
	return counter + first + pad[0];
}

static void *work(void *n)
{
	for (int i = 0; i < 3; i++)
		tick((int)(long)n);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	work((void *)1L);
	for (long i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, work, (void *)(10L * (i + 1)));
		pthread_join(threads[i], NULL);
	}
	return 0;
}
