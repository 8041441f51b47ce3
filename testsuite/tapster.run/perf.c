/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two threads' worth of page faults and work between two places. */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

__attribute__((noinline)) void touch(char *at, int n)
{
	for (int i = 0; i < n; i++)
		((volatile char *)at)[i * PAGE] = 1;
}

static void *run(void *pages)
{
	int n = *(int *)pages;
	char *at = mmap(NULL, (size_t)n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(at, (size_t)n * PAGE, MADV_NOHUGEPAGE);
	touch(at, 0);
	touch(at, n);
	return NULL;
}

int main(void)
{
	pthread_t t;
	int many = 500, few = 50;

	pthread_create(&t, NULL, run, &many);
	pthread_join(t, NULL);
	run(&few);
	return 0;
}
