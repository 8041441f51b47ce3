/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads a library, and calls it in three threads. */
#include <dlfcn.h>
#include <pthread.h>

static int (*tick)(int);

static void *work(void *n)
{
	for (int i = 0; i < 3; i++)
		tick((int)(long)n);
	return NULL;
}

int main(int argc, char **argv)
{
	void *library = dlopen(argv[argc - 1], RTLD_NOW);
	pthread_t threads[2];

	*(void **)&tick = library ? dlsym(library, "tick") : NULL;
	if (!tick)
		return 1;
	work((void *)1L);
	for (long i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, work, (void *)(10L * (i + 1)));
		pthread_join(threads[i], NULL);
	}
	return 0;
}
