/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Histograms: their buckets by value, and the bar chart.
 *
 * The chart has a row per bucket, from two before the first that is not empty to
 * as many behind the last.  Of a long run of empty ones HIST_ELISION (two) rows
 * stay on each side and a "~" stands for the others; a negative HIST_ELISION
 * leaves all, one of less than two makes the margins smaller, too.  The longest
 * bar has at most HIST_WIDTH (50) characters, each for the same whole number of
 * values.
 */
#include "runtime/core/core_int.h"

enum { MARGIN = 2 };
#define ZERO_BUCKET 64 /* of @hist_log: the value 0 */

/* The value that bucket I begins with. */
static int64_t bucket_value(const struct rt_stat_spec *s, uint32_t i)
{
	if (s->hist == RT_HIST_LOG)
		return i == ZERO_BUCKET ? 0 :
		       i > ZERO_BUCKET ? (int64_t)(1ull << (i - ZERO_BUCKET - 1)) :
					 -(int64_t)(1ull << (ZERO_BUCKET - 1 - i));
	return s->low + ((int64_t)i - 1) * s->interval;
}

/* False: values below or above a linear histogram. */
static bool has_value(const struct rt_stat_spec *s, uint32_t i)
{
	return s->hist == RT_HIST_LOG || (i > 0 && i < s->buckets - 1);
}

static size_t label(const struct rt_stat_spec *s, uint32_t i, char text[24])
{
	if (has_value(s, i))
		return (size_t)rt_snprintf(text, 24, "%lld", (long long)bucket_value(s, i));
	return i == 0 ? (size_t)rt_snprintf(text, 24, "<%lld", (long long)s->low)
		      : (size_t)rt_snprintf(text, 24, ">%lld", (long long)bucket_value(s, i - 1));
}

static size_t digits(uint64_t n)
{
	size_t len = 1;

	while (n >= 10) {
		n /= 10;
		len++;
	}
	return len;
}

static void print_row(struct sink *out, const struct rt_stat_spec *s, size_t label_width, const char *text, size_t n, int64_t bar,
		      size_t count_width, int64_t count)
{
	sink_text(out, 0, (int64_t)label_width, text, n);
	sink_put(out, " |", 2);
	sink_fill(out, '@', bar);
	sink_fill(out, ' ', s->width - bar);
	sink_put(out, " ", 1);
	sink_number(out, RT_SIGNED, 0, (int64_t)count_width, -1, count);
	sink_put(out, "\n", 1);
}

/* How many empty buckets begin at I, before END. */
static uint32_t empty_run(const struct rt_stat *st, uint32_t i, uint32_t end)
{
	uint32_t n = 0;

	while (i + n < end && !st->bucket[i + n])
		n++;
	return n;
}

static void print_chart(struct sink *out, const struct rt_stat_spec *s, const struct rt_stat *st)
{
	uint32_t first = 0, last = s->buckets - 1, lowest;
	int64_t most = 0, scale;
	size_t label_width = 5, count_width;
	uint64_t margin = s->elision < 0 || s->elision > MARGIN ? MARGIN : (uint64_t)s->elision;
	uint64_t kept = (uint64_t)s->elision; /* of each end of a gap */
	char text[24];

	while (!st->bucket[first])
		first++;
	while (!st->bucket[last])
		last--;
	/* rows of margin, but no empty "<LOW" and ">HIGH", and negative ones only beside others */
	lowest = s->hist == RT_HIST_LINEAR ? 1 : first < ZERO_BUCKET ? 0 : ZERO_BUCKET;
	for (uint64_t i = 0; i < margin && first > lowest; i++)
		first--;
	for (uint64_t i = 0; i < margin && last < s->buckets - 1 && has_value(s, last + 1); i++)
		last++;
	for (uint32_t i = first; i <= last; i++) {
		size_t n = label(s, i, text);

		if (n > label_width)
			label_width = n;
		if (st->bucket[i] > most)
			most = st->bucket[i];
	}
	count_width = digits((uint64_t)most);
	scale = most / s->width + (most % s->width != 0);

	sink_text(out, 0, (int64_t)label_width, "value", 5);
	sink_put(out, " |", 2);
	sink_fill(out, '-', s->width);
	sink_put(out, " count\n", 7);
	for (uint32_t i = first; i <= last; i++) {
		uint32_t run = empty_run(st, i, last + 1);
		bool elide = s->elision >= 0 && run > 2 * kept;

		for (uint32_t j = i; j < i + run; j++) {
			if (elide && j == i + kept) {
				sink_fill(out, ' ', (int64_t)label_width + 1);
				sink_put(out, "~\n", 2);
				j = i + run - (uint32_t)kept;
				if (j == i + run)
					break;
			}
			print_row(out, s, label_width, text, label(s, j, text), 0, count_width, 0);
		}
		i += run;
		if (i <= last)
			print_row(out, s, label_width, text, label(s, i, text), st->bucket[i] / scale,
				  count_width, st->bucket[i]);
	}
	sink_put(out, "\n", 1);
}

static bool is_empty(struct rt_context *c, const struct rt_stat *st)
{
	if (st && st->count)
		return false;
	rt_error(c, "empty aggregate");
	return true;
}

void rt_print_hist(struct rt_context *c, const struct rt_stat_spec *s, const struct rt_stat *st)
{
	struct sink out = sink_open(c);

	if (is_empty(c, st))
		return;
	print_chart(&out, s, st);
	sink_close(c, &out);
}

int64_t rt_hist_get(struct rt_context *c, const struct rt_stat_spec *s, const struct rt_stat *st, int64_t i)
{
	if (is_empty(c, st))
		return 0;
	if ((uint64_t)i >= s->buckets) {
		rt_error(c, "histogram index out of range");
		return 0;
	}
	return st->bucket[i];
}

bool rt_hist_next(const struct rt_stat_spec *s, const struct rt_stat *st, uint32_t *i, int64_t *index,
		  int64_t *count)
{
	if (*i >= s->buckets)
		return false;
	*index = *i;
	*count = st ? st->bucket[*i] : 0;
	(*i)++;
	return true;
}
