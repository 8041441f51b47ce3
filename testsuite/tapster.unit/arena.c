/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "unit.h"

static void memory_is_zeroed_and_aligned(void)
{
	struct arena *a = arena_new("test");

	for (size_t size = 1; size < 300000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(a, size);
		unsigned char any = 0;

		CHECK((uintptr_t)p % alignof(max_align_t) == 0);
		for (size_t i = 0; i < size; i++)
			any |= p[i];
		CHECK_INT(any, 0);
		memset(p, 0xff, size);
	}
	arena_free(a);
}

static void reset_gives_back_and_zeroes_again(void)
{
	struct arena *a = arena_new("test");
	char *keep = arena_strdup(a, "keep");
	struct arena_mark mark = arena_mark(a);
	size_t used = arena_used(a);
	char *p;

	for (int i = 0; i < 1000; i++)
		memset(arena_alloc(a, 1000), 0x55, 1000);
	arena_reset(a, mark);
	CHECK_INT((long long)arena_used(a), (long long)used);
	CHECK_STR(keep, "keep");
	p = arena_alloc(a, 1000);
	for (int i = 0; i < 1000; i++)
		if (!CHECK_INT(p[i], 0))
			break;
	arena_free(a);
}

static void reset_to_empty(void)
{
	struct arena *a = arena_new("test");
	struct arena_mark mark = arena_mark(a);

	arena_alloc(a, 10);
	arena_reset(a, mark);
	CHECK_INT((long long)arena_used(a), 0);
	CHECK_STR(arena_strdup(a, "x"), "x");
	arena_free(a);
}

static void texts(void)
{
	struct arena *a = arena_new("test");

	CHECK_STR(arena_strndup(a, "abcdef", 3), "abc");
	CHECK_STR(arena_strndup(a, "ab", 3), "ab");
	CHECK_STR(arena_printf(a, "%s-%d", "x", 7), "x-7");
	CHECK_STR(arena_printf(a, "%s", ""), "");
	CHECK_INT((long long)strlen(arena_printf(a, "%*s", 100000, "x")), 100000);
	arena_free(a);
}

UNIT_MAIN(TEST(memory_is_zeroed_and_aligned), TEST(reset_gives_back_and_zeroes_again),
	  TEST(reset_to_empty), TEST(texts))
