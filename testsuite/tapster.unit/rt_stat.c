/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics: extraction, variance as in SystemTap's manual, buckets, charts as in its language
 * reference and examples, stripes and their merging.
 */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>

#include "host/rt_host.h"

enum { ALL = 63 };
RT_STAT(linear, ALL, RT_HIST_LINEAR, 0, 10240, 200, 0);
RT_STAT(logarithmic, ALL, RT_HIST_LOG, 0, 0, 1, 1);
RT_STAT(counted, RT_STAT_COUNT | RT_STAT_SUM, RT_HIST_NONE, 0, 0, 1, 0);

static struct rt_context *c;
static char merged[8192] RT_LINE;

static struct rt_stat *read_log(void)
{
	return rt_stats_read(c, &logarithmic_spec, &logarithmic.head, merged);
}

static void add_log(int64_t x, int64_t times)
{
	while (times--)
		rt_stats_add(c, &logarithmic_spec, &logarithmic.head, x);
}

static void start(void)
{
	c = host_start();
	rt_stats_clear(c, &logarithmic_spec, &logarithmic.head);
	rt_stats_clear(c, &linear_spec, &linear.head);
	rt_stats_clear(c, &counted_spec, &counted.head);
}

static void extraction(void)
{
	struct rt_stat *st;

	start();
	CHECK_INT(rt_stat_count(read_log()), 0);
	CHECK_INT(rt_stat_sum(read_log()), 0);
	CHECK_INT(rt_stat_count(NULL), 0);
	rt_stat_avg(c, read_log());
	CHECK(rt_failed(c));
	CHECK_STR(c->error, "empty aggregate");
	c->failed = RT_OK;
	rt_stat_min(c, NULL);
	CHECK(rt_failed(c));
	c->failed = RT_OK;
	add_log(-7, 1);
	add_log(2, 1);
	st = read_log();
	CHECK_INT(rt_stat_count(st), 2);
	CHECK_INT(rt_stat_sum(st), -5);
	CHECK_INT(rt_stat_avg(c, st), -2); /* truncates to zero */
	CHECK_INT(rt_stat_min(c, st), -7);
	CHECK_INT(rt_stat_max(c, st), 2);
	rt_stats_clear(c, &logarithmic_spec, &logarithmic.head);
	CHECK_INT(rt_stat_count(read_log()), 0);
	add_log(5, 1);
	CHECK_INT(rt_stat_min(c, read_log()), 5);
	CHECK_INT(rt_stat_max(c, read_log()), 5);
	CHECK(!rt_failed(c));
	free(c);
}

/* The manual's: 12 without shift, 2 with a shift of 1. */
static void variance(void)
{
	start();
	for (int i = 1; i <= 5; i++) {
		rt_stats_add(c, &linear_spec, &linear.head, i);
		add_log(i, 1);
	}
	CHECK_INT(rt_stat_variance(c, &linear_spec, rt_stats_read(c, &linear_spec, &linear.head, merged)), 12);
	CHECK_INT(rt_stat_variance(c, &logarithmic_spec, read_log()), 2);
	rt_stats_clear(c, &linear_spec, &linear.head);
	rt_stats_add(c, &linear_spec, &linear.head, 3);
	CHECK_INT(rt_stat_variance(c, &linear_spec, rt_stats_read(c, &linear_spec, &linear.head, merged)), 0);
	free(c);
}

static void log_buckets(void)
{
	static const int64_t values[] = { 0, 1, 2, 3, 4, INT64_MAX, -1, -2, -3, -4, INT64_MIN };
	static const int64_t numbers[] = { 64, 65, 66, 66, 67, 127, 63, 62, 62, 61, 0 };

	start();
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		rt_stats_clear(c, &logarithmic_spec, &logarithmic.head);
		add_log(values[i], 1);
		CHECK_INT(rt_hist_get(c, &logarithmic_spec, read_log(), numbers[i]), 1);
	}
	CHECK(!rt_failed(c));
	CHECK_INT(rt_hist_get(c, &logarithmic_spec, read_log(), 5), 0);
	CHECK(!rt_failed(c));
	rt_hist_get(c, &logarithmic_spec, read_log(), 128);
	CHECK(rt_failed(c));
	free(c);
}

static void buckets_in_foreach(void)
{
	int64_t index, count;
	uint32_t i = 0;

	start();
	CHECK(rt_hist_next(&logarithmic_spec, NULL, &i, &index, &count));
	CHECK_INT(index, 0);
	CHECK_INT(count, 0);
	i = 0;
	add_log(3, 4);
	add_log(100, 1);
	for (int want = 0; want < 128; want++) {
		CHECK(rt_hist_next(&logarithmic_spec, read_log(), &i, &index, &count));
		CHECK_INT(index, want);
		CHECK_INT(count, want == 66 ? 4 : want == 71 ? 1 : 0);
	}
	CHECK(!rt_hist_next(&logarithmic_spec, read_log(), &i, &index, &count));
	free(c);
}

static const char *chart(void)
{
	rt_print_hist(c, &logarithmic_spec, read_log());
	return host_printed(c);
}

/* The language reference, 8.4.1 and 8.4.2 (whose second chart has one blank less before its
 * five-digit counts than all the charts of the examples would have). */
static void charts_of_the_reference(void)
{
	start();
	for (int i = 0; i < 1650; i++)
		rt_stats_add(c, &linear_spec, &linear.head, i % 200);
	for (int i = 0; i < 8; i++)
		rt_stats_add(c, &linear_spec, &linear.head, 250);
	rt_stats_add(c, &linear_spec, &linear.head, 1500);
	rt_print_hist(c, &linear_spec, rt_stats_read(c, &linear_spec, &linear.head, merged));
	CHECK_STR(host_printed(c),
		  "value |-------------------------------------------------- count\n"
		  "    0 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1650\n"
		  "  200 |                                                      8\n"
		  "  400 |                                                      0\n"
		  "  600 |                                                      0\n"
		  "      ~\n"
		  " 1000 |                                                      0\n"
		  " 1200 |                                                      0\n"
		  " 1400 |                                                      1\n"
		  " 1600 |                                                      0\n"
		  " 1800 |                                                      0\n"
		  "\n");
	add_log(32, 254);
	add_log(64, 3);
	add_log(128, 2);
	add_log(256, 2);
	add_log(512, 4);
	add_log(1024, 16689);
	CHECK_STR(chart(),
		  "value |-------------------------------------------------- count\n"
		  "    8 |                                                       0\n"
		  "   16 |                                                       0\n"
		  "   32 |                                                     254\n"
		  "   64 |                                                       3\n"
		  "  128 |                                                       2\n"
		  "  256 |                                                       2\n"
		  "  512 |                                                       4\n"
		  " 1024 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@  16689\n"
		  " 2048 |                                                       0\n"
		  " 4096 |                                                       0\n"
		  "\n");
	free(c);
}

/* From examples/io/deviceseeks.txt: negative values, elided rows on both sides of zero. */
static void negative_values(void)
{
	start();
	add_log(-100, 3);
	add_log(0, 60);
	add_log(40, 1);
	CHECK_STR(chart(),
		  "value |-------------------------------------------------- count\n"
		  " -256 |                                                    0\n"
		  " -128 |                                                    0\n"
		  "  -64 |@                                                   3\n"
		  "  -32 |                                                    0\n"
		  "  -16 |                                                    0\n"
		  "      ~\n"
		  "   -2 |                                                    0\n"
		  "   -1 |                                                    0\n"
		  "    0 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@                     60\n"
		  "    1 |                                                    0\n"
		  "    2 |                                                    0\n"
		  "      ~\n"
		  "    8 |                                                    0\n"
		  "   16 |                                                    0\n"
		  "   32 |                                                    1\n"
		  "   64 |                                                    0\n"
		  "  128 |                                                    0\n"
		  "\n");
	free(c);
}

static const char *chart_with(int64_t elision)
{
	struct rt_stat_spec spec = linear_spec;

	spec.elision = elision;
	spec.high = 2000;
	spec.buckets = RT_HIST_BUCKETS(RT_HIST_LINEAR, 0, 2000, 200);
	rt_print_hist(c, &spec, rt_stats_read(c, &linear_spec, &linear.head, merged));
	return host_printed(c);
}

/* The language reference, 8.4.1: -DHIST_ELISION. */
static void elision(void)
{
	start();
	rt_stats_add(c, &linear_spec, &linear.head, 200);
	rt_stats_add(c, &linear_spec, &linear.head, 1000);
	CHECK_STR(chart_with(1),
		  "value |-------------------------------------------------- count\n"
		  "    0 |                                                   0\n"
		  "  200 |@                                                  1\n"
		  "  400 |                                                   0\n"
		  "      ~\n"
		  "  800 |                                                   0\n"
		  " 1000 |@                                                  1\n"
		  " 1200 |                                                   0\n"
		  "\n");
	CHECK_STR(chart_with(0),
		  "value |-------------------------------------------------- count\n"
		  "  200 |@                                                  1\n"
		  "      ~\n"
		  " 1000 |@                                                  1\n"
		  "\n");
	CHECK_STR(chart_with(-1),
		  "value |-------------------------------------------------- count\n"
		  "    0 |                                                   0\n"
		  "  200 |@                                                  1\n"
		  "  400 |                                                   0\n"
		  "  600 |                                                   0\n"
		  "  800 |                                                   0\n"
		  " 1000 |@                                                  1\n"
		  " 1200 |                                                   0\n"
		  " 1400 |                                                   0\n"
		  "\n");
	free(c);
}

static void outside_of_a_linear_range(void)
{
	start();
	rt_stats_add(c, &linear_spec, &linear.head, -5);
	rt_stats_add(c, &linear_spec, &linear.head, 10400);
	rt_stats_add(c, &linear_spec, &linear.head, 10240);
	rt_print_hist(c, &linear_spec, rt_stats_read(c, &linear_spec, &linear.head, merged));
	CHECK_STR(host_printed(c),
		  " value |-------------------------------------------------- count\n"
		  "    <0 |@                                                  1\n"
		  "     0 |                                                   0\n"
		  "   200 |                                                   0\n"
		  "       ~\n"
		  "  9800 |                                                   0\n"
		  " 10000 |                                                   0\n"
		  " 10200 |@                                                  1\n"
		  ">10200 |@                                                  1\n"
		  "\n");
	free(c);
}

/* ---- threads ---- */

enum { THREADS = 4, ADDS = 50000 };

static void *adder(void *context)
{
	for (int i = 0; i < ADDS; i++) {
		rt_stats_add(context, &counted_spec, &counted.head, 2);
		rt_stats_add(context, &linear_spec, &linear.head, i % 1000);
	}
	return NULL;
}

/* Contexts with stripes of their own and contexts that share one lose nothing, and a reader in
 * between sees whole values. */
static void stripes(void)
{
	static const uint16_t ids[THREADS] = { 2, 3, 100, 101 };
	pthread_t threads[THREADS];
	struct rt_context *contexts[THREADS];
	struct rt_stat *st;

	start();
	for (int i = 0; i < THREADS; i++) {
		contexts[i] = host_context(ids[i]);
		pthread_create(&threads[i], NULL, adder, contexts[i]);
	}
	for (int i = 0; i < 200; i++) {
		st = rt_stats_read(c, &counted_spec, &counted.head, merged);
		CHECK_INT(rt_stat_sum(st), 2 * rt_stat_count(st));
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		free(contexts[i]);
	}
	st = rt_stats_read(c, &counted_spec, &counted.head, merged);
	CHECK_INT(rt_stat_count(st), THREADS * ADDS);
	CHECK_INT(rt_stat_sum(st), 2 * THREADS * ADDS);
	st = rt_stats_read(c, &linear_spec, &linear.head, merged);
	CHECK_INT(rt_stat_count(st), THREADS * ADDS);
	CHECK_INT(rt_hist_get(c, &linear_spec, st, 2), THREADS * ADDS / 5);
	free(c);
}

static void a_dead_writer_is_passed(void)
{
	struct rt_stats_stripe *stripe;

	start();
	add_log(1, 1);
	stripe = (struct rt_stats_stripe *)(void *)logarithmic.stripes[c->stripe];
	stripe->sequence |= 1; /* died in the middle */
	CHECK_INT(rt_stat_count(read_log()), 1);
	add_log(1, 1);
	CHECK_INT(stripe->sequence & 1, 0);
	CHECK_INT(rt_stat_count(read_log()), 2);
	free(c);
}

UNIT_MAIN(TEST(extraction), TEST(variance), TEST(log_buckets), TEST(buckets_in_foreach),
	  TEST(charts_of_the_reference), TEST(negative_values), TEST(elision), TEST(outside_of_a_linear_range),
	  TEST(stripes), TEST(a_dead_writer_is_passed))
