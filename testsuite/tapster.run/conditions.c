// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Four threads, each of which enables and disables its own function's probe, at once and with
 * pauses in which the probe may lose its breakpoint.  With an argument the program waits, at first,
 * until that has happened.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
enum { ROUNDS = 12, FLIPS = 300, CALLS = 20, PATIENCE = 3000 };

#define FUNCTIONS(x)                                        \
	NOINLINE void set_##x(int v) { __asm__ volatile("" : : "r"(v)); } \
	NOINLINE int work_##x(int v) { __asm__ volatile("" : "+r"(v)); return v + 1; }
FUNCTIONS(a)
FUNCTIONS(b)
FUNCTIONS(c)
FUNCTIONS(d)

struct job {
	void (*set)(int v);
	int (*work)(int v);
	unsigned seed;
};

static bool is_armed(const struct job *j)
{
	return *(volatile uint8_t *)(uintptr_t)j->work == 0xcc;
}

/* The probe is disabled.  Its breakpoint goes, and comes with the condition. */
static int loses_breakpoint(const struct job *j)
{
	for (int i = 0; i < PATIENCE && is_armed(j); i++) {
		j->work(i);
		usleep(10000);
	}
	if (is_armed(j))
		return 0;
	j->set(1);
	return is_armed(j);
}

static void *run(void *data)
{
	struct job *j = data;

	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < FLIPS; k++) {
			j->set(1);
			j->work(k);
			j->set(0);
			j->work(k);
		}
		j->seed = j->seed * 1103515245 + 12345;
		usleep((j->seed >> 16) % 300000);
		j->work(i);
		usleep(150000);
		j->set(1);
		for (int k = 0; k < CALLS; k++)
			j->work(k);
		j->set(0);
		j->work(i);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct job jobs[] = { { set_a, work_a, 1 }, { set_b, work_b, 2 }, { set_c, work_c, 3 }, { set_d, work_d, 4 } };
	pthread_t threads[4];

	(void)argv;
	if (argc > 1) {
		printf("rests: %d\n", loses_breakpoint(&jobs[0]));
		fflush(stdout);
	}
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run, &jobs[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
