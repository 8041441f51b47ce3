/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Associative arrays: against a simple model, order, wrapping, slices, sorting, and what is left
 * of one when its thread dies between any two instructions of a change.
 */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/rt_host.h"

RT_MAP(longs, 1, 0, RT_LONG, 100, 0, 0, 0, 0, 0, 1, 0);
RT_MAP(wrapping, 1, 0, RT_LONG, 10, 1, 0, 0, 0, 0, 1, 0);
RT_MAP(pairs, 2, 2, RT_STRING, 50, 0, 0, 0, 0, 0, 1, 0);
RT_MAP(one, 1, 1, RT_STRING, 1, 1, 0, 0, 0, 0, 1, 0);
RT_MAP(stats, 1, 1, RT_STATISTIC, 20, 0, 63, RT_HIST_LOG, 0, 0, 1, 0);

static struct rt_context *c;

static union rt_key key(int64_t n)
{
	return (union rt_key){ .n = n };
}

static void put(int64_t k, int64_t v)
{
	union rt_key keys[] = { key(k) };
	int64_t *p = rt_map_long(c, &longs_spec, RT_MAP_OF(longs), keys);

	if (p)
		*p = v;
}

static int64_t get(int64_t k)
{
	union rt_key keys[] = { key(k) };

	CHECK_INT(rt_map1_get_long(&longs_spec, RT_MAP_OF(longs), k),
		  rt_map_get_long(&longs_spec, RT_MAP_OF(longs), keys));
	return rt_map_get_long(&longs_spec, RT_MAP_OF(longs), keys);
}

static void delete(int64_t k)
{
	union rt_key keys[] = { key(k) };

	rt_map_delete(&longs_spec, RT_MAP_OF(longs), keys);
}

/* "1 2 3": the keys of a map of longs in the order of a foreach. */
static const char *walk(const struct rt_map_spec *s, void *map, int column, int order, int64_t limit)
{
	static char text[4096];
	struct rt_iter it;
	size_t at = 0;

	text[0] = 0;
	rt_foreach(&it, s, map, column, order, limit, NULL, 0);
	while (rt_foreach_next(&it))
		at += (size_t)sprintf(text + at, "%s%lld", at ? " " : "", (long long)rt_foreach_key_long(&it, 0));
	return text;
}

static void start(void)
{
	c = host_start();
	rt_map_clear(&longs_spec, RT_MAP_OF(longs));
	rt_map_clear(&wrapping_spec, RT_MAP_OF(wrapping));
	rt_map_clear(&pairs_spec, RT_MAP_OF(pairs));
	rt_map_clear(&stats_spec, RT_MAP_OF(stats));
}

static void elements(void)
{
	start();
	CHECK_INT(get(7), 0);
	CHECK(!rt_map1_in(&longs_spec, RT_MAP_OF(longs), 7));
	put(7, 70);
	put(-1, 10);
	put(INT64_MIN, 5);
	CHECK_INT(get(7), 70);
	CHECK_INT(get(-1), 10);
	CHECK_INT(get(INT64_MIN), 5);
	delete(7);
	delete(8);
	CHECK_INT(get(7), 0);
	CHECK(!rt_map1_in(&longs_spec, RT_MAP_OF(longs), 7));
	CHECK_INT(RT_MAP_OF(longs)->count, 2);
	free(c);
}

static void insertion_order(void)
{
	start();
	for (int i = 5; i > 0; i--)
		put(i, i);
	CHECK_STR(walk(&longs_spec, longs, RT_BY_NONE, 0, RT_NO_LIMIT), "5 4 3 2 1");
	delete(3);
	put(4, 9);
	put(3, 3);
	CHECK_STR(walk(&longs_spec, longs, RT_BY_NONE, 0, RT_NO_LIMIT), "5 4 2 1 3");
	CHECK_STR(walk(&longs_spec, longs, RT_BY_NONE, 0, 2), "5 4");
	CHECK_STR(walk(&longs_spec, longs, RT_BY_NONE, 0, 0), "");
	CHECK_STR(walk(&longs_spec, longs, RT_BY_NONE, 0, -3), "");
	free(c);
}

static void overflow(void)
{
	start();
	for (int i = 0; i < 100; i++)
		put(i, i);
	CHECK(!rt_failed(c));
	put(50, 1);
	CHECK(!rt_failed(c));
	put(100, 1);
	CHECK(rt_failed(c));
	CHECK_STR(c->error, "Array overflow, check MAXMAPENTRIES");
	c->failed = RT_OK;
	delete(3);
	put(100, 1);
	CHECK(!rt_failed(c));
	CHECK_INT(RT_MAP_OF(longs)->count, 100);
	free(c);
}

static void wrapping_drops_the_oldest(void)
{
	start();
	for (int i = 0; i < 25; i++) {
		union rt_key keys[] = { key(i) };

		*rt_map_long(c, &wrapping_spec, RT_MAP_OF(wrapping), keys) = i;
		keys[0].n = i - 1; /* changing an element does not make it younger */
		if (i % 10 > 5)
			++*rt_map_long(c, &wrapping_spec, RT_MAP_OF(wrapping), keys);
	}
	CHECK_STR(walk(&wrapping_spec, wrapping, RT_BY_NONE, 0, RT_NO_LIMIT), "15 16 17 18 19 20 21 22 23 24");
	CHECK_INT(RT_MAP_OF(wrapping)->count, 10);
	free(c);
}

static void string_keys_and_values(void)
{
	char long_text[600];
	union rt_key keys[2];

	start();
	memset(long_text, 'k', sizeof(long_text));
	long_text[599] = 0;
	for (int i = 0; i < 20; i++) {
		char text[16];

		snprintf(text, sizeof(text), "key%d", i % 10);
		keys[0].n = i;
		keys[1].s = text;
		rt_str_copy(rt_map_str(c, &pairs_spec, RT_MAP_OF(pairs), keys), 512, text);
	}
	keys[0].n = 13;
	keys[1].s = "key3";
	CHECK_STR(rt_map_get_str(&pairs_spec, RT_MAP_OF(pairs), keys), "key3");
	keys[0].n = 14;
	CHECK_STR(rt_map_get_str(&pairs_spec, RT_MAP_OF(pairs), keys), "");
	CHECK(rt_map_in_slice(&pairs_spec, RT_MAP_OF(pairs), keys, 2));
	CHECK(!rt_map_in_slice(&pairs_spec, RT_MAP_OF(pairs), keys, 3));
	rt_map_delete_slice(&pairs_spec, RT_MAP_OF(pairs), keys, 2);
	CHECK(!rt_map_in_slice(&pairs_spec, RT_MAP_OF(pairs), keys, 2));
	CHECK_INT(RT_MAP_OF(pairs)->count, 18);
	/* A key longer than a string can be is the key that it is cut to. */
	keys[1].s = long_text;
	rt_str_copy(rt_map_str(c, &pairs_spec, RT_MAP_OF(pairs), keys), 512, "cut");
	long_text[511] = 0;
	CHECK_STR(rt_map_get_str(&pairs_spec, RT_MAP_OF(pairs), keys), "cut");
	free(c);
}

/* a[a["k"]] = "v": the key is the value of the element that makes room. */
static void a_key_from_the_element_that_goes(void)
{
	union rt_key keys[] = { { .s = "k" } };

	start();
	rt_str_copy(rt_map_str(c, &one_spec, RT_MAP_OF(one), keys), 512, "inner");
	keys[0].s = rt_map_get_str(&one_spec, RT_MAP_OF(one), keys);
	rt_str_copy(rt_map_str(c, &one_spec, RT_MAP_OF(one), keys), 512, "v");
	keys[0].s = "inner";
	CHECK_STR(rt_map_get_str(&one_spec, RT_MAP_OF(one), keys), "v");
	CHECK_INT(RT_MAP_OF(one)->count, 1);
	free(c);
}

static void sorting(void)
{
	static const int values[] = { 30, 10, 20, 10, 40 };

	start();
	for (int i = 0; i < 5; i++)
		put(i, values[i]);
	CHECK_STR(walk(&longs_spec, longs, RT_BY_VALUE, 1, RT_NO_LIMIT), "1 3 2 0 4");
	CHECK_STR(walk(&longs_spec, longs, RT_BY_VALUE, -1, RT_NO_LIMIT), "4 0 2 1 3");
	CHECK_STR(walk(&longs_spec, longs, RT_BY_KEY, -1, RT_NO_LIMIT), "4 3 2 1 0");
	CHECK_STR(walk(&longs_spec, longs, RT_BY_VALUE, -1, 2), "4 0");
	CHECK_STR(walk(&longs_spec, longs, RT_BY_NONE, 0, RT_NO_LIMIT), "4 0 2 3 1"); /* sorted as far as wanted */
	rt_map_clear(&longs_spec, RT_MAP_OF(longs));
	CHECK_STR(walk(&longs_spec, longs, RT_BY_VALUE, 1, RT_NO_LIMIT), "");
	srand(1);
	for (int i = 0; i < 100; i++)
		put(i, rand() % 50);
	{
		struct rt_iter it;
		int64_t last = -1, last_key = -1;
		int n = 0;

		rt_foreach(&it, &longs_spec, RT_MAP_OF(longs), RT_BY_VALUE, 1, RT_NO_LIMIT, NULL, 0);
		for (; rt_foreach_next(&it); n++) {
			int64_t v = *rt_foreach_long(&it), k = rt_foreach_key_long(&it, 0);

			CHECK(v > last || (v == last && k > last_key));
			last = v;
			last_key = k;
		}
		CHECK_INT(n, 100);
	}
	free(c);
}

static void sorting_strings_and_statistics(void)
{
	static const char *const names[] = { "pear", "apple", "fig", "quince" };
	union rt_key keys[1];
	char got[64] = "";

	start();
	for (int i = 0; i < 4; i++) {
		keys[0].s = names[i];
		for (int j = 0; j <= (i * 3) % 4; j++)
			rt_stat_add(&stats_spec.stat, rt_map_stat(c, &stats_spec, RT_MAP_OF(stats), keys), 10 * i - j);
	}
	for (int column = RT_BY_VALUE; column <= RT_BY_COUNT + 1; column += column == RT_BY_KEY ? RT_BY_COUNT - 1 : 1) {
		struct rt_iter it;

		rt_foreach(&it, &stats_spec, RT_MAP_OF(stats), column, -1, RT_NO_LIMIT, NULL, 0);
		while (rt_foreach_next(&it))
			strncat(got, (char[]){ rt_foreach_key_str(&it, 0)[0], 0 }, 2);
		strcat(got, " ");
	}
	/* @count: pear 1, apple 4, fig 3, quince 2; @sum: 0, 34, 57, 59 */
	CHECK_STR(got, "afqp qpfa afqp qfap ");
	free(c);
}

static void slices_in_foreach(void)
{
	union rt_key keys[2] = { { .n = 3 }, { .s = "b" } };
	int n = 0;

	start();
	for (int i = 0; i < 12; i++) {
		union rt_key k[2] = { { .n = i % 4 }, { .s = i < 4 ? "a" : i < 8 ? "b" : "c" } };

		rt_str_copy(rt_map_str(c, &pairs_spec, RT_MAP_OF(pairs), k), 512, "v");
	}
	for (int column = RT_BY_NONE; column < RT_BY_KEY + 1; column++) {
		struct rt_iter it;

		rt_foreach(&it, &pairs_spec, RT_MAP_OF(pairs), column, 1, RT_NO_LIMIT, keys, 2);
		for (; rt_foreach_next(&it); n++)
			CHECK_STR(rt_foreach_key_str(&it, 1), "b");
	}
	CHECK_INT(n, 12);
	free(c);
}

static void delete_inside_ends_the_loop(void)
{
	struct rt_iter it;
	int n = 0;

	start();
	for (int i = 0; i < 10; i++)
		put(i, i);
	rt_foreach(&it, &longs_spec, RT_MAP_OF(longs), RT_BY_VALUE, 1, RT_NO_LIMIT, NULL, 0);
	for (; rt_foreach_next(&it); n++)
		if (n == 3)
			rt_map_clear(&longs_spec, RT_MAP_OF(longs));
	CHECK_INT(n, 4);
	CHECK_INT(RT_MAP_OF(longs)->count, 0);
	free(c);
}

/* The inner loop decides what follows in the outer one. */
static void nested_sorted_loops(void)
{
	struct rt_iter outer, inner;
	char seen[32] = "";
	int at = 0;

	start();
	for (int i = 0; i < 4; i++)
		put(i, i * 3 % 4);
	rt_foreach(&outer, &longs_spec, RT_MAP_OF(longs), RT_BY_KEY, -1, RT_NO_LIMIT, NULL, 0);
	while (rt_foreach_next(&outer)) {
		at += sprintf(seen + at, "%d:", (int)rt_foreach_key_long(&outer, 0));
		rt_foreach(&inner, &longs_spec, RT_MAP_OF(longs), RT_BY_KEY, 1, 2, NULL, 0);
		while (rt_foreach_next(&inner))
			at += sprintf(seen + at, "%d ", (int)rt_foreach_key_long(&inner, 0));
	}
	CHECK_STR(seen, "3:0 1 ");
	free(c);
}

/* Many random changes, against an array that says the same. */
static void model(void)
{
	struct {
		int64_t key, value;
	} want[100];
	int n = 0;

	start();
	srand(7);
	for (int step = 0; step < 20000; step++) {
		int64_t k = (rand() % 150) * 4096;
		int i = 0;

		while (i < n && want[i].key != k)
			i++;
		if (rand() % 500 == 0) {
			rt_map_clear(&longs_spec, RT_MAP_OF(longs));
			n = 0;
		} else if (rand() % 3 == 0) {
			delete(k);
			if (i < n)
				memmove(&want[i], &want[i + 1], sizeof(*want) * (size_t)(--n - i));
		} else if (i < n || n < 100) {
			put(k, step);
			want[i].key = k;
			want[i].value = step;
			n += i == n;
		}
		if (step % 50)
			continue;
		struct rt_iter it;

		i = 0;
		rt_foreach(&it, &longs_spec, RT_MAP_OF(longs), RT_BY_NONE, 0, RT_NO_LIMIT, NULL, 0);
		for (; rt_foreach_next(&it); i++) {
			CHECK(i < n && rt_foreach_key_long(&it, 0) == want[i].key);
			CHECK(i < n && *rt_foreach_long(&it) == want[i].value);
			CHECK_INT(get(want[i].key), want[i].value);
		}
		CHECK_INT(i, n);
	}
	CHECK(!rt_failed(c));
	free(c);
}

/* ---- death in the middle ---- */

static void change(struct rt_map *m, int which)
{
	union rt_key keys[1];

	switch (which) {
	case 0: /* insert, in the place of a deleted one */
		keys[0].n = 1000;
		rt_map_long(c, &wrapping_spec, m, keys);
		break;
	case 1: /* delete in the middle */
		keys[0].n = 4;
		rt_map_delete(&wrapping_spec, m, keys);
		break;
	case 2: /* the oldest makes room */
		keys[0].n = 1000;
		rt_map_long(c, &wrapping_spec, m, keys);
		keys[0].n = 1001;
		rt_map_long(c, &wrapping_spec, m, keys);
		keys[0].n = 1002;
		rt_map_long(c, &wrapping_spec, m, keys);
		break;
	default:
		rt_map_clear(&wrapping_spec, m);
		break;
	}
}

/* The map must be whole: as many in the list as it counts, each to be found, and room for the rest. */
static void check_whole(struct rt_map *m)
{
	struct rt_iter it;
	union rt_key keys[1];
	unsigned n = 0;

	rt_foreach(&it, &wrapping_spec, m, RT_BY_NONE, 0, RT_NO_LIMIT, NULL, 0);
	for (; rt_foreach_next(&it) && n < 100; n++) {
		keys[0].n = rt_foreach_key_long(&it, 0);
		CHECK(rt_map_in(&wrapping_spec, m, keys));
	}
	CHECK_INT(n, m->count);
	CHECK(n <= 10);
	for (int i = 0; i < 10; i++) {
		keys[0].n = 5000 + i;
		rt_map_long(c, &wrapping_spec, m, keys);
	}
	CHECK_INT(m->count, 10);
	CHECK_STR(walk(&wrapping_spec, m, RT_BY_NONE, 0, RT_NO_LIMIT),
		  "5000 5001 5002 5003 5004 5005 5006 5007 5008 5009");
}

/*
 * A child makes the change in shared memory and is stopped after every instruction: had it died
 * there, this is what it would have left.  Returns how many different states were seen.
 */
static unsigned follow(struct rt_map *m, int which)
{
	static char was[sizeof(wrapping)], left[sizeof(wrapping)] RT_LINE;
	unsigned states = 0;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		change(m, which);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	while (WIFSTOPPED(status)) {
		if (memcmp(was, m, sizeof(was)) != 0) {
			memcpy(was, m, sizeof(was));
			memcpy(left, m, sizeof(was));
			rt_map_repair(&wrapping_spec, (struct rt_map *)left);
			check_whole((struct rt_map *)left);
			states++;
		}
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		waitpid(pid, &status, 0);
	}
	return states;
}

static void death_between_instructions(void)
{
	struct rt_map *m = mmap(NULL, sizeof(wrapping), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	start();
	for (int which = 0; which < 4; which++) {
		memset(m, 0, sizeof(wrapping));
		for (int i = 0; i < 10; i++) {
			union rt_key keys[] = { key(i) };

			rt_map_long(c, &wrapping_spec, m, keys);
			if (i == 2 || i == 3)
				rt_map_delete(&wrapping_spec, m, keys);
		}
		CHECK(follow(m, which) > 4);
	}
	munmap(m, sizeof(wrapping));
	free(c);
}

UNIT_MAIN(TEST(elements), TEST(insertion_order), TEST(overflow), TEST(wrapping_drops_the_oldest),
	  TEST(string_keys_and_values), TEST(a_key_from_the_element_that_goes),
	  TEST(sorting), TEST(sorting_strings_and_statistics), TEST(slices_in_foreach),
	  TEST(delete_inside_ends_the_loop), TEST(nested_sorted_loops), TEST(model), TEST(death_between_instructions))
