/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating point by integers, against the processor's, bit for bit. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "host/rt_host.h"

enum { RANDOM_PAIRS = 200000 };

static int64_t bits(double d)
{
	int64_t v;

	memcpy(&v, &d, 8);
	return isnan(d) ? 0x7ff8000000000000 : v;
}

static double number(int64_t v)
{
	double d;

	memcpy(&d, &v, 8);
	return d;
}

static const double special[] = {
	0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, 1.5, 10.0, 0.1, 1e300, -1e300, 1e-300, 4.9e-324, -4.9e-324, 2.2250738585072014e-308,
	2.2250738585072009e-308, 1.7976931348623157e308, 9007199254740992.0, 9007199254740993.0, INFINITY, -INFINITY, NAN,
};
enum { SPECIAL = sizeof(special) / sizeof(*special) };

/* Which NaN a result is, is checked in strings() only. */
static int64_t plain(int64_t v)
{
	return isnan(number(v)) ? bits(NAN) : v;
}

static int64_t random_bits(void)
{
	int64_t v = (int64_t)((uint64_t)mrand48() << 32 ^ (uint32_t)mrand48());

	/* near each other as often as not, and often with few digits */
	if (mrand48() & 1)
		v = (v & (int64_t)0x800fffffffffffff) | (int64_t)(1000 + (mrand48() & 63)) << 52;
	if (mrand48() & 1)
		v &= ~0xffffffffull;
	return v;
}

static void pair(int64_t a, int64_t b)
{
	double x = number(a), y = number(b);

	CHECK_INT(plain(rt_fp_add(a, b)), bits(x + y));
	CHECK_INT(plain(rt_fp_sub(a, b)), bits(x - y));
	CHECK_INT(plain(rt_fp_mul(a, b)), bits(x * y));
	CHECK_INT(plain(rt_fp_div(a, b)), bits(x / y));
	CHECK_INT(plain(rt_fp_rem(a, b)), bits(remainder(x, y)));
	CHECK_INT(plain(rt_fp_sqrt(a)), bits(sqrt(x)));
	CHECK_INT(rt_fp_eq(a, b), x == y);
	CHECK_INT(rt_fp_le(a, b), x <= y);
	CHECK_INT(rt_fp_lt(a, b), x < y);
}

static void special_numbers(void)
{
	for (int i = 0; i < SPECIAL; i++)
		for (int j = 0; j < SPECIAL; j++)
			pair(bits(special[i]), bits(special[j]));
}

static void random_numbers(void)
{
	srand48(3);
	for (int i = 0; i < RANDOM_PAIRS && !unit_failures; i++)
		pair(random_bits(), random_bits());
}

static void from_integers(void)
{
	CHECK_INT(rt_fp_from_long(0), 0);
	CHECK_INT(rt_fp_from_long(-7), bits(-7.0));
	CHECK_INT(rt_fp_from_long(INT64_MIN), bits((double)INT64_MIN));
	CHECK_INT(rt_fp_from_long(INT64_MAX), bits((double)INT64_MAX));
	for (int i = 0; i < 1000; i++) {
		int64_t v = random_bits();
		uint32_t single = (uint32_t)v;
		float f;

		CHECK_INT(rt_fp_from_long(v), bits((double)v));
		memcpy(&f, &single, 4);
		CHECK_INT(plain(rt_fp_from_single((int64_t)single)), bits((double)f));
	}
	for (uint32_t single = 0; single < 5; single++) {
		float f;

		memcpy(&f, &single, 4);
		CHECK_INT(rt_fp_from_single(single), bits((double)f));
	}
}

static void to_integers(void)
{
	static const double values[] = { 0.0, 0.4, 0.5, 0.6, 1.0, 1.5, 2.5, -0.5, -1.5, -2.5, -2.6, 123456789.75, 1e-300 };

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		int64_t f = bits(values[i]);

		CHECK_INT(rt_fp_to_long(f, 0), (int64_t)nearbyint(values[i]));
		CHECK_INT(rt_fp_to_long(f, 1), (int64_t)trunc(values[i]));
		CHECK_INT(rt_fp_to_long(f, 2), (int64_t)floor(values[i]));
		CHECK_INT(rt_fp_to_long(f, 3), (int64_t)ceil(values[i]));
		CHECK_INT(rt_fp_to_long(f, 4), (int64_t)round(values[i]));
	}
	CHECK_INT(rt_fp_to_long(bits(2.5), 6), 3);
	CHECK_INT(rt_fp_to_long(bits(3.5), 6), 3);
	CHECK_INT(rt_fp_to_long(bits(1e30), 0), INT64_MAX);
	CHECK_INT(rt_fp_to_long(bits(-1e30), 0), INT64_MIN);
	CHECK_INT(rt_fp_to_long(bits(-9223372036854775808.0), 0), INT64_MIN);
	CHECK_INT(rt_fp_to_long(bits(NAN), 0), 0);
}

static const char *text(double d, int64_t precision)
{
	static char dst[64];

	rt_fp_to_string(dst, sizeof(dst), bits(d), precision);
	return dst;
}

static void strings(void)
{
	struct rt_context *c = host_start();

	CHECK_STR(text(0.0, 2), "0.00");
	CHECK_STR(text(3.0, 0), "3.0");
	CHECK_STR(text(-1.5, 3), "-1.500");
	CHECK_STR(text(3.141592653589793, 5), "3.14159");
	CHECK_STR(text(0.75, 1), "0.8");
	CHECK_STR(text(9.96, 1), "9.10"); /* these are as of SystemTap */
	CHECK_STR(text(-0.996, 2), "-0.910");
	CHECK_STR(text(4503599627370497.0, 1), "4503599627370497.0");
	CHECK_STR(text(18446744073709551616.0, 1), "1.0");
	CHECK_STR(text(9223372036854775808.0, 3), "0.500");
	CHECK_STR(text(1e-4, 6), "1844674407370955.250000");
	CHECK_STR(text(-INFINITY, 4), "-1.0000");
	CHECK_STR(text(NAN, 4), "1.5000");
	CHECK_INT(rt_fp_add(0x7ff8000000000123, bits(1.0)), 0x7ff8000000000123);
	CHECK_INT(rt_fp_mul(bits(1.0), 0x7ff0000000000001), 0x7ff8000000000001);
	CHECK_INT(rt_fp_from_single(0x7fc00001), 0x7ff8000020000000);
	CHECK_INT(rt_fp_from_string(c, "1e5"), 0x40f869ffffffffff);
	CHECK_INT(rt_fp_from_string(c, "1.25e20"), 0x441b1ae4d6e2ef4f);
	CHECK_INT(rt_fp_from_string(c, "3.14159265358979323846"), 0x400921fb54442d17);
	CHECK_INT(rt_fp_from_string(c, "1.5"), bits(1.5));
	CHECK_INT(rt_fp_from_string(c, "-0.1"), bits(-0.1));
	CHECK_INT(rt_fp_from_string(c, "123456.789"), bits(123456.789));
	CHECK_INT(rt_fp_from_string(c, "2e3"), bits(2000.0));
	CHECK_INT(rt_fp_from_string(c, "25e-1"), bits(2.5));
	CHECK_INT(rt_fp_from_string(c, "0e999"), bits(0.0));
	CHECK_INT(rt_fp_from_string(c, "1e999"), bits(INFINITY));
	CHECK_INT(rt_fp_from_string(c, ""), 0);
	CHECK(!rt_failed(c));
	CHECK_INT(rt_fp_from_string(c, "1.5x"), 0);
	CHECK_STR(c->error, "invalid format");
	free(c);
}

UNIT_MAIN(TEST(special_numbers), TEST(random_numbers), TEST(from_integers), TEST(to_integers), TEST(strings))
