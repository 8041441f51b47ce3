/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include "unit.h"

static void empty_is_a_text(void)
{
	struct buf b;

	buf_init(&b);
	CHECK_STR(b.data, "");
	buf_clear(&b);
	CHECK_STR(b.data, "");
	buf_add(&b, NULL, 0);
	CHECK_STR(b.data, "");
	buf_fini(&b);
	CHECK_STR(b.data, "");
}

static void growth(void)
{
	struct buf b;

	buf_init(&b);
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%d,", i % 10);
	CHECK_INT((long long)b.len, 20000);
	CHECK(!memcmp(b.data, "0,1,2,3,4,5,6,7,8,9,0,", 22));
	CHECK_INT(b.data[b.len], 0);
	buf_clear(&b);
	buf_addc(&b, 'x');
	buf_adds(&b, "yz");
	CHECK_STR(b.data, "xyz");
	buf_fini(&b);
}

static void zero_bytes_are_kept(void)
{
	struct buf b;

	buf_init(&b);
	buf_add(&b, "a\0b", 3);
	CHECK_INT((long long)b.len, 3);
	CHECK(!memcmp(b.data, "a\0b", 4));
	buf_fini(&b);
}

UNIT_MAIN(TEST(empty_is_a_text), TEST(growth), TEST(zero_bytes_are_kept))
