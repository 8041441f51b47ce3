/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include "unit.h"

static void find_put_replace(void)
{
	struct arena *a = arena_new("test");
	struct map m;
	int one, two;

	map_init(&m, a);
	CHECK(!map_find(&m, "x"));
	CHECK(!map_has(&m, "x"));
	CHECK(!map_put(&m, "x", &one));
	CHECK(map_find(&m, "x") == &one);
	CHECK(map_put(&m, "x", &two) == &one);
	CHECK(map_find(&m, "x") == &two);
	CHECK_INT((long long)m.n, 1);
	map_put(&m, "null", NULL);
	CHECK(map_has(&m, "null"));
	CHECK(!map_find(&m, "null"));
	arena_free(a);
}

static void order_is_that_of_insertion(void)
{
	struct arena *a = arena_new("test");
	struct map m;

	map_init(&m, a);
	for (int i = 0; i < 5000; i++)
		map_put(&m, arena_printf(a, "key%d", i * 7919 % 5000), NULL);
	CHECK_INT((long long)m.n, 5000);
	for (int i = 0; i < 5000; i++)
		if (!CHECK_STR(m.entries[i].key, arena_printf(a, "key%d", i * 7919 % 5000)))
			break;
	CHECK(!map_has(&m, "key5000"));
	arena_free(a);
}

UNIT_MAIN(TEST(find_put_replace), TEST(order_is_that_of_insertion))
