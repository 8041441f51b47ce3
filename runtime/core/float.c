/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point for scripts: IEEE 754 binary64 in a long, by integer
 * operations only, since handlers own no floating-point registers.  Results are
 * rounded to nearest, ties to even.  No flags are kept.
 *
 * A finite number is taken apart into a sign, an exponent and a 64-bit
 * significand with its highest bit set; FINISH rounds and packs it again, given
 * whether anything but zeroes was lost below the significand's last bit.
 */
#include "runtime/core/core_int.h"

#define SIGN 0x8000000000000000u
#define INFINITE 0x7ff0000000000000u
#define NOT_A_NUMBER 0x7ff8000000000000u
#define QUIET 0x0008000000000000u
#define FRACTION 0x000fffffffffffffu
#define BIAS 1023

struct number {
	bool is_negative;
	int exponent;         /* value = significand / 2^63 * 2^exponent */
	uint64_t significand; /* 0: zero; else the highest bit is set */
};

static bool is_nan(uint64_t f)
{
	return (f & ~SIGN) > INFINITE;
}

/* Of two numbers one of which is a NaN: the first NaN, made quiet. */
static int64_t nan_of(uint64_t a, uint64_t b)
{
	return (int64_t)((is_nan(a) ? a : b) | QUIET);
}

static bool is_infinite(uint64_t f)
{
	return (f & ~SIGN) == INFINITE;
}

static struct number take_apart(uint64_t f)
{
	struct number n = { f >> 63, (int)(f >> 52 & 0x7ff) - BIAS, (f & FRACTION) << 11 };

	if (n.exponent > -BIAS) {
		n.significand |= SIGN;
	} else if (n.significand) { /* subnormal */
		int shift = __builtin_clzll(n.significand);

		n.significand <<= shift;
		n.exponent = -BIAS + 1 - shift;
	}
	return n;
}

/* V >> N, with 1 in the lowest bit when anything was lost. */
static uint64_t shift_sticky(uint64_t v, int n)
{
	if (n == 0)
		return v;
	if (n > 63)
		return v != 0;
	return v >> n | ((v << (64 - n)) != 0);
}

static uint64_t finish(struct number n, bool lost)
{
	uint64_t sign = n.is_negative ? SIGN : 0, v = n.significand, packed;
	int biased = n.exponent + BIAS;

	if (!v)
		return sign;
	v |= lost; /* 11 bits stand below the last one that is kept */
	if (biased >= 0x7ff)
		return sign | INFINITE;
	if (biased <= 0) {
		v = shift_sticky(v, 1 - biased);
		biased = 0;
	} else {
		biased--; /* the highest bit of v will add one */
	}
	packed = ((uint64_t)biased << 52) + (v >> 11);
	v &= 0x7ff;
	if (v > 0x400 || (v == 0x400 && (packed & 1)))
		packed++; /* carries into the exponent, up to infinity, as it should */
	return sign | packed;
}

/* ---- addition ---- */

static uint64_t add(uint64_t a, uint64_t b)
{
	struct number x, y, sum;
	uint64_t small;
	bool lost = false;
	int distance;

	if (is_nan(a) || is_nan(b))
		return (uint64_t)nan_of(a, b);
	if (is_infinite(a))
		return is_infinite(b) && a != b ? NOT_A_NUMBER : a;
	if (is_infinite(b))
		return b;
	x = take_apart(a);
	y = take_apart(b);
	if (!x.significand && !y.significand)
		return a & b; /* -0 + -0 is -0 */
	if (!x.significand)
		return b;
	if (!y.significand)
		return a;
	if ((a & ~SIGN) < (b & ~SIGN)) {
		sum = x;
		x = y;
		y = sum;
	}
	/* Two bits of room below, one above. */
	distance = x.exponent - y.exponent;
	sum = x;
	if (x.is_negative == y.is_negative) {
		small = shift_sticky(y.significand, distance);
		if (__builtin_add_overflow(x.significand, small, &sum.significand)) {
			lost = sum.significand & 1;
			sum.significand = sum.significand >> 1 | SIGN;
			sum.exponent++;
		}
		return finish(sum, lost);
	}
	small = shift_sticky(y.significand, distance);
	sum.significand = x.significand - small;
	if (!sum.significand)
		return 0;
	distance = __builtin_clzll(sum.significand);
	sum.significand <<= distance;
	sum.exponent -= distance;
	return finish(sum, false);
}

int64_t rt_fp_add(int64_t a, int64_t b)
{
	return (int64_t)add((uint64_t)a, (uint64_t)b);
}

int64_t rt_fp_sub(int64_t a, int64_t b)
{
	return (int64_t)add((uint64_t)a, is_nan((uint64_t)b) ? (uint64_t)b : (uint64_t)b ^ SIGN);
}

/* ---- multiplication, division, square root, remainder ---- */

int64_t rt_fp_mul(int64_t fa, int64_t fb)
{
	uint64_t a = (uint64_t)fa, b = (uint64_t)fb, sign = (a ^ b) & SIGN;
	struct number x, y;
	unsigned __int128 product;

	if (is_nan(a) || is_nan(b))
		return nan_of(a, b);
	if (is_infinite(a) || is_infinite(b))
		return (int64_t)((a & ~SIGN) && (b & ~SIGN) ? sign | INFINITE : NOT_A_NUMBER);
	x = take_apart(a);
	y = take_apart(b);
	if (!x.significand || !y.significand)
		return (int64_t)sign;
	product = (unsigned __int128)x.significand * y.significand;
	x.exponent += y.exponent + 1;
	if (!(product >> 127)) {
		product <<= 1;
		x.exponent--;
	}
	x.is_negative = sign != 0;
	x.significand = (uint64_t)(product >> 64);
	return (int64_t)finish(x, (uint64_t)product != 0);
}

int64_t rt_fp_div(int64_t fa, int64_t fb)
{
	uint64_t a = (uint64_t)fa, b = (uint64_t)fb, sign = (a ^ b) & SIGN, quotient = 0, rest;
	struct number x, y;

	if (is_nan(a) || is_nan(b))
		return nan_of(a, b);
	if (is_infinite(a) && is_infinite(b))
		return NOT_A_NUMBER;
	if (is_infinite(a))
		return (int64_t)(sign | INFINITE);
	if (is_infinite(b))
		return (int64_t)sign;
	x = take_apart(a);
	y = take_apart(b);
	if (!y.significand)
		return (int64_t)(x.significand ? sign | INFINITE : NOT_A_NUMBER);
	if (!x.significand)
		return (int64_t)sign;
	x.exponent -= y.exponent;
	rest = x.significand;
	if (rest < y.significand) {
		x.exponent--;
	} else {
		rest -= y.significand;
		quotient = 1;
	}
	/* Bit by bit; REST < Y stays true, and a carry out of the shift means it is at least Y. */
	while (!(quotient & SIGN)) {
		bool carry = rest >> 63;

		rest <<= 1;
		quotient <<= 1;
		if (carry || rest >= y.significand) {
			rest -= y.significand;
			quotient |= 1;
		}
	}
	x.is_negative = sign != 0;
	x.significand = quotient;
	return (int64_t)finish(x, rest != 0);
}

int64_t rt_fp_sqrt(int64_t fa)
{
	uint64_t a = (uint64_t)fa, root = 0;
	unsigned __int128 rest = 0, value;
	struct number x;

	if (is_nan(a))
		return nan_of(a, a);
	if (a == (SIGN | INFINITE))
		return NOT_A_NUMBER;
	if (is_infinite(a) || !(a & ~SIGN))
		return fa;
	if (a & SIGN)
		return NOT_A_NUMBER;
	x = take_apart(a);
	/* An even exponent, and the root of a 128-bit number digit by digit. */
	value = (unsigned __int128)x.significand << 63;
	if (x.exponent & 1)
		value <<= 1;
	x.exponent >>= 1;
	for (int i = 0; i < 64; i++) {
		unsigned __int128 try = (unsigned __int128)root << 2 | 1;

		rest = rest << 2 | (uint64_t)(value >> 126);
		value <<= 2;
		root <<= 1;
		if (rest >= try) {
			rest -= try;
			root |= 1;
		}
	}
	x.significand = root;
	return (int64_t)finish(x, rest != 0);
}

/* As SoftFloat's: the remainder of the quotient rounded to nearest, ties to even. */
int64_t rt_fp_rem(int64_t fa, int64_t fb)
{
	uint64_t a = (uint64_t)fa, b = (uint64_t)fb, rest;
	struct number x, y;
	bool odd = false, above;
	int distance;

	if (is_nan(a) || is_nan(b))
		return nan_of(a, b);
	if (is_infinite(a) || !(b & ~SIGN))
		return NOT_A_NUMBER;
	x = take_apart(a);
	if (is_infinite(b) || !x.significand)
		return fa;
	y = take_apart(b);
	distance = x.exponent - y.exponent;
	if (distance < -1)
		return fa;
	rest = x.significand;
	if (distance < 0) { /* half of it: between a quarter and one of b */
		above = rest > y.significand; /* a > b / 2 */
		if (!above)
			return fa;
		/* a - b; both taken at a's exponent */
		return rt_fp_sub(fa, (int64_t)((b & ~SIGN) | (a & SIGN)));
	}
	if (rest >= y.significand) {
		rest -= y.significand;
		odd = true;
	}
	while (distance-- > 0) {
		bool carry = rest >> 63;

		rest <<= 1;
		odd = carry || rest >= y.significand;
		if (odd)
			rest -= y.significand;
	}
	/* REST is in units of y's last place, below y: nearer to y than to 0? */
	x.exponent = y.exponent;
	if (rest > y.significand - rest || (rest == y.significand - rest && odd)) {
		rest = y.significand - rest;
		x.is_negative = !x.is_negative;
	}
	if (!rest)
		return (int64_t)(a & SIGN);
	distance = __builtin_clzll(rest);
	x.significand = rest << distance;
	x.exponent -= distance;
	return (int64_t)finish(x, false);
}

/* ---- comparison ---- */

/* Order as of signed numbers: -0 and 0 are the same. */
static int64_t rank(uint64_t f)
{
	return f & SIGN ? -(int64_t)(f & ~SIGN) : (int64_t)f;
}

int64_t rt_fp_eq(int64_t a, int64_t b)
{
	return !is_nan((uint64_t)a) && !is_nan((uint64_t)b) && rank((uint64_t)a) == rank((uint64_t)b);
}

int64_t rt_fp_le(int64_t a, int64_t b)
{
	return !is_nan((uint64_t)a) && !is_nan((uint64_t)b) && rank((uint64_t)a) <= rank((uint64_t)b);
}

int64_t rt_fp_lt(int64_t a, int64_t b)
{
	return !is_nan((uint64_t)a) && !is_nan((uint64_t)b) && rank((uint64_t)a) < rank((uint64_t)b);
}

/* ---- conversion ---- */

int64_t rt_fp_from_long(int64_t v)
{
	struct number n = { v < 0, 63, v < 0 ? -(uint64_t)v : (uint64_t)v };
	int shift;

	if (!v)
		return 0;
	shift = __builtin_clzll(n.significand);
	n.significand <<= shift;
	n.exponent -= shift;
	return (int64_t)finish(n, false);
}

int64_t rt_fp_from_single(int64_t v)
{
	uint32_t f = (uint32_t)v;
	uint64_t sign = (uint64_t)(f >> 31) << 63;
	struct number n = { f >> 31, (int)(f >> 23 & 0xff) - 127, (uint64_t)(f & 0x7fffff) << 40 };

	if (n.exponent == 128) /* of a NaN the payload stays */
		return (int64_t)(sign | INFINITE | (n.significand ? QUIET | n.significand >> 11 : 0));
	if (n.exponent > -127) {
		n.significand |= SIGN;
	} else if (n.significand) {
		int shift = __builtin_clzll(n.significand);

		n.significand <<= shift;
		n.exponent = -126 - shift;
	}
	return (int64_t)finish(n, false);
}

/* Modes: 0 nearest, ties to even; 1 toward zero; 2 down; 3 up; 4 nearest, ties away from zero;
 * 6 to odd. What a long can't hold becomes the nearest that it can; a NaN 0. */
int64_t rt_fp_to_long(int64_t f, int64_t mode)
{
	struct number n = take_apart((uint64_t)f);
	uint64_t whole, rest; /* REST: the fraction as a 64-bit binary one, its last bit sticky */
	bool up = false;

	if (is_nan((uint64_t)f))
		return 0;
	if (n.exponent >= 63)
		return n.is_negative ? INT64_MIN : INT64_MAX;
	if (n.exponent >= 0) {
		whole = n.significand >> (63 - n.exponent);
		rest = n.significand << 1 << n.exponent;
	} else {
		whole = 0;
		rest = shift_sticky(n.significand, -1 - n.exponent);
	}
	switch (mode) {
	case 0: up = rest > SIGN || (rest == SIGN && (whole & 1)); break;
	case 2: up = rest && n.is_negative; break;
	case 3: up = rest && !n.is_negative; break;
	case 4: up = rest >= SIGN; break;
	case 6: up = rest && !(whole & 1); break;
	default: break;
	}
	whole += up;
	if (whole >> 63 && !n.is_negative)
		return INT64_MAX;
	return n.is_negative ? -(int64_t)whole : (int64_t)whole;
}

/*
 * PRECISION digits behind the point, at least one.  They are those of a binary fraction of 64 bits,
 * multiplied by ten for each digit; the last one is rounded by itself, so that 0.96 with one digit is
 * "0.10", as in SystemTap; of which also is what becomes of infinities, NaN, numbers from 2^53 on and
 * those below 2^-12: the significand is shifted by the exponent as x86 shifts, modulo 64.
 */
void rt_fp_to_string(char *dst, size_t size, int64_t f, int64_t precision)
{
	struct sink s = { dst, dst + size - 1, NULL, 0 };
	int exponent = (int)((uint64_t)f >> 52 & 0x7ff) - BIAS;
	uint64_t significand = ((uint64_t)f & FRACTION) | (exponent > -BIAS ? FRACTION + 1 : 0);
	uint64_t whole = significand >> ((52 - exponent) & 63), rest = significand << ((12 + exponent) & 63);
	if (f < 0)
		sink_put(&s, "-", 1);
	sink_number(&s, RT_UNSIGNED, 0, -1, -1, (int64_t)whole);
	sink_put(&s, ".", 1);
	for (precision = precision < 1 ? 1 : precision; precision > 0 && s.at < s.end; precision--) {
		unsigned __int128 ten = (unsigned __int128)rest * 10;
		int digit = (int)(ten >> 64);

		rest = (uint64_t)ten;
		if (precision == 1 && (rest & SIGN))
			digit++;
		sink_number(&s, RT_UNSIGNED, 0, -1, -1, digit);
	}
	*s.at = 0;
}

/* [+-]digits, at most 1000 of value; *S is moved behind them. */
static int64_t parse_exponent(const char **s)
{
	bool negative = **s == '-';
	int64_t v = 0;

	if (**s == '-' || **s == '+')
		(*s)++;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		v = v < 1000 ? v * 10 + (**s - '0') : v;
	if (v > 1000)
		v = 1000;
	return negative ? -v : v;
}

/* [+-]digits[.digits][e[+-]digits], where digits may also be missing.  The digits as one number and a power
 * of ten that divides it are both rounded at each step, as in SystemTap. */
int64_t rt_fp_from_string(struct rt_context *c, const char *s)
{
	const int64_t ten = rt_fp_from_long(10);
	int64_t v = 0, divisor = rt_fp_from_long(1), exponent = 0;
	bool negative = *s == '-', behind_point = false;

	if (*s == '-' || *s == '+')
		s++;
	for (; (*s >= '0' && *s <= '9') || (*s == '.' && !behind_point); s++) {
		if (*s == '.') {
			behind_point = true;
			continue;
		}
		v = rt_fp_add(rt_fp_mul(v, ten), rt_fp_from_long(*s - '0'));
		if (behind_point)
			divisor = rt_fp_mul(divisor, ten);
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		exponent = parse_exponent(&s);
	}
	if (*s) {
		rt_error(c, "invalid format");
		return 0;
	}
	for (; exponent < 0; exponent++)
		divisor = rt_fp_mul(divisor, ten);
	for (; exponent > 0; exponent--)
		divisor = rt_fp_div(divisor, ten);
	v = rt_fp_div(v, divisor);
	if (is_nan((uint64_t)v)) /* 0 / 0 */
		v = 0;
	return (int64_t)((uint64_t)v | (negative ? SIGN : 0));
}
