/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU time of the runtime's operations, each in a handler as the translator writes it, without
 * getting into the handler: the least of several rounds.  Built and run by core.sh.
 */
#include <stdio.h>
#include <time.h>

#include "host/rt_host.h"

RT_MAP(by_long, 1, 0, RT_LONG, 2048, 0, 0, RT_HIST_NONE, 0, 0, 1, 0);
RT_MAP(by_string, 1, 1, RT_LONG, 2048, 0, 0, RT_HIST_NONE, 0, 0, 1, 0);
RT_MAP(histograms, 1, 0, RT_STATISTIC, 2048, 0, 0, RT_HIST_LOG, 0, 0, 1, 0);
RT_STAT(statistic, 31, RT_HIST_NONE, 0, 0, 1, 0);
RT_STAT(histogram, 0, RT_HIST_LOG, 0, 0, 1, 0);
RT_COUNTER(counter);
static int64_t plain;
static char names[1000][16];

enum { HITS = 1000000, ROUNDS = 9 };

#define HANDLER(name) static __attribute__((noinline)) void name(struct rt_context *c, int64_t i)
#define ENTER                                              \
	(void)i;                                           \
	if (!rt_probe_enter(c, 1, RT_ORDINARY, 1000))      \
		return
#define LOCK                                               \
	if (!rt_lock_write(c, 1)) {                        \
		rt_probe_skip(c, RT_SKIP_LOCK);            \
		return;                                    \
	}

HANDLER(nothing)
{
	ENTER;
	rt_probe_leave(c);
}

HANDLER(count)
{
	ENTER;
	rt_counter_add(c, &counter, 1);
	rt_probe_leave(c);
}

HANDLER(count_locked)
{
	ENTER;
	LOCK;
	plain++;
	rt_unlock_write(c, 1);
	rt_probe_leave(c);
}

static int64_t scattered(int64_t i)
{
	return (int64_t)((uint64_t)i * 7919 % 1000);
}

HANDLER(element_of_long)
{
	int64_t *at;

	ENTER;
	LOCK;
	at = rt_map1_long(c, &by_long_spec, RT_MAP_OF(by_long), scattered(i));
	if (at)
		++*at;
	rt_unlock_write(c, 1);
	rt_probe_leave(c);
}

HANDLER(element_of_string)
{
	union rt_key key = { .s = names[scattered(i)] };
	int64_t *at;

	ENTER;
	LOCK;
	at = rt_map_long(c, &by_string_spec, RT_MAP_OF(by_string), &key);
	if (at)
		++*at;
	rt_unlock_write(c, 1);
	rt_probe_leave(c);
}

HANDLER(add)
{
	ENTER;
	rt_stats_add(c, &statistic_spec, &statistic.head, i);
	rt_probe_leave(c);
}

HANDLER(add_to_histogram)
{
	ENTER;
	rt_stats_add(c, &histogram_spec, &histogram.head, i);
	rt_probe_leave(c);
}

HANDLER(add_to_element)
{
	struct rt_stat *at;

	ENTER;
	LOCK;
	at = rt_map1_stat(c, &histograms_spec, RT_MAP_OF(histograms), i & 15);
	if (at)
		rt_stat_add(&histograms_spec.stat, at, i);
	rt_unlock_write(c, 1);
	rt_probe_leave(c);
}

HANDLER(print)
{
	ENTER;
	rt_print_s(c, "program");
	rt_print_lit(c, "(", 1);
	rt_print_d(c, 12345);
	rt_print_lit(c, ") open ", 7);
	rt_print_d(c, i);
	rt_print_lit(c, "\n", 1);
	c->at = c->out; /* without the transport */
	rt_probe_leave(c);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double measure(struct rt_context *c, void (*handler)(struct rt_context *c, int64_t i))
{
	double least = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns(), ns;

		for (int64_t i = 0; i < HITS; i++)
			handler(c, i);
		ns = (now_ns() - start) / HITS;
		if (ns < least)
			least = ns;
	}
	return least;
}

int main(void)
{
	static const struct {
		const char *name;
		void (*handler)(struct rt_context *c, int64_t i);
	} handlers[] = {
		{ "{}", nothing },
		{ "n++", count },
		{ "n++ under a lock", count_locked },
		{ "a[k]++, 1000 numbers", element_of_long },
		{ "a[k]++, 1000 strings", element_of_string },
		{ "s <<< x", add },
		{ "s <<< x, @hist_log", add_to_histogram },
		{ "a[k] <<< x, @hist_log", add_to_element },
		{ "printf(\"%s(%d) open %d\\n\", ...)", print },
	};
	struct rt_context *c = host_start();

	for (int i = 0; i < 1000; i++)
		snprintf(names[i], sizeof(names[i]), "process%d", i);
	rt_session_accept(RT_ORDINARY);
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		printf("%-32s %5.1f ns\n", handlers[i].name, measure(c, handlers[i].handler));
	return 0;
}
