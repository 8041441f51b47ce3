/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks by way of the port, what is made of them, and dates. */
#include "runtime/core/core_int.h"

int64_t rt_cycles(struct rt_context *c)
{
	(void)c;
	return (int64_t)rt_port_cycles();
}

int64_t rt_realtime_ns(struct rt_context *c)
{
	(void)c;
	return (int64_t)rt_port_realtime_ns();
}

int64_t rt_monotonic_ns(struct rt_context *c)
{
	(void)c;
	return (int64_t)rt_port_monotonic_ns();
}

void rt_delay(struct rt_context *c, uint64_t ns)
{
	uint64_t start = rt_port_monotonic_ns();

	(void)c;
	while (rt_port_monotonic_ns() - start < ns)
		rt_port_relax(0);
}

uint64_t rt_random(struct rt_context *c)
{
	/* splitmix64, seeded by the clock */
	uint64_t z = c->random ? c->random : rt_port_cycles() * 2 + 1;

	z += 0x9e3779b97f4a7c15u;
	c->random = z;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void rt_ctime(char *dst, size_t size, int64_t seconds)
{
	/* Days since 1 March 0000, in cycles of 400 years of 146097 days: leap days come last in
	 * such a year, so that months have a closed form. */
	int64_t days = seconds / 86400, rest = seconds % 86400;
	int64_t cycle, in_cycle, year, in_year, month, day;

	/* What an int can hold as a year, as in C. */
	if (seconds > 67768036191676799 || seconds < -67768040609740800) {
		rt_str_copy(dst, size, "<unknown>");
		return;
	}
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	days += 719468;
	cycle = (days >= 0 ? days : days - 146096) / 146097;
	in_cycle = days - cycle * 146097;
	year = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
	in_year = in_cycle - (365 * year + year / 4 - year / 100);
	month = (5 * in_year + 2) / 153; /* 0: March */
	day = in_year - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 2 : month - 10; /* 0: January */
	year += cycle * 400 + (month < 2);
	/* 1 March 0000 was a Wednesday */
	rt_snprintf(dst, size, "%.3s %.3s %2d %02d:%02d:%02d %lld", day_names + 3 * (((days + 3) % 7 + 7) % 7),
		    month_names + 3 * month, (int)day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60),
		    (long long)year);
}
