/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/intern.h"

#include "unit.h"

static void equal_names_are_one(void)
{
	struct arena *a = arena_new("test");
	struct intern *t = intern_new(a);
	char text[] = "foobar";
	const char *foo = intern_n(t, text, 3);

	CHECK_STR(foo, "foo");
	CHECK(foo != text);
	CHECK(intern(t, "foo") == foo);
	CHECK(intern(t, "foob") != foo);
	CHECK(intern(t, "") == intern_n(t, "x", 0));
	arena_free(a);
}

static void pointers_outlive_growth(void)
{
	struct arena *a = arena_new("test");
	struct intern *t = intern_new(a);
	static const char *names[20000];

	for (int i = 0; i < 20000; i++)
		names[i] = intern(t, arena_printf(a, "name_%d", i));
	for (int i = 0; i < 20000; i++)
		if (!CHECK(intern(t, arena_printf(a, "name_%d", i)) == names[i]))
			break;
	arena_free(a);
}

UNIT_MAIN(TEST(equal_names_are_one), TEST(pointers_outlive_growth))
