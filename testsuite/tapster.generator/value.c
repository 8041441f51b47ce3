/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <string.h>

struct value value_string(struct arena *a, const struct limits *l, const char *s, size_t n)
{
	n = strnlen(s, n);
	if (n > l->max_string - 1)
		n = l->max_string - 1;
	return (struct value){ .s = arena_strndup(a, s, n) };
}

int value_compare(struct value a, struct value b)
{
	if (a.s)
		return strcmp(a.s, b.s);
	return (a.n > b.n) - (a.n < b.n);
}

/* ---- statistics ---- */

static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* SystemTap's variance: Welford's method in integers that truncate, on numbers shifted to the
 * left; of a scalar then one step of the law of total variance around the mean of all. */
static int64_t variance(const struct samples *s, int shift, bool is_element)
{
	int64_t mean = 0, n = (int64_t)s->at.n;
	uint64_t squares = 0, total = 0, off;

	if (n < 2)
		return 0;
	VEC_EACH(&s->at, i) {
		int64_t x = (int64_t)((uint64_t)s->at.at[i] << shift), delta = minus(x, mean);

		mean += delta / (int64_t)(i + 1);
		squares += i ? (uint64_t)delta * (uint64_t)minus(x, mean) : 0;
		total += (uint64_t)s->at.at[i];
	}
	off = is_element ? 0 : (uint64_t)minus(mean, (int64_t)(total << shift) / n);
	squares = (uint64_t)(n - 1) * (uint64_t)((int64_t)squares / (n - 1));
	return (int64_t)((uint64_t)n * off * off + squares) / (n - 1) >> (2 * shift);
}

int64_t samples_extract(const struct samples *s, enum statop op, int shift, bool is_element)
{
	int64_t min = INT64_MAX, max = INT64_MIN;
	uint64_t sum = 0;

	if (!s->at.n)
		return 0;
	VEC_EACH(&s->at, i) {
		min = s->at.at[i] < min ? s->at.at[i] : min;
		max = s->at.at[i] > max ? s->at.at[i] : max;
		sum += (uint64_t)s->at.at[i];
	}
	switch (op) {
	case STATOP_COUNT: return (int64_t)s->at.n;
	case STATOP_SUM: return (int64_t)sum;
	case STATOP_MIN: return min;
	case STATOP_MAX: return max;
	case STATOP_AVG: return (int64_t)sum / (int64_t)s->at.n;
	case STATOP_VARIANCE: return variance(s, shift, is_element);
	}
	return 0;
}

/* ---- histograms ---- */

/*
 * Logarithmic: 128 buckets; 64 is zero, 65 + i holds 2^i to 2^(i+1) - 1, 63 - i their
 * negatives.  Linear: the first is what is too low, the last what is too high.
 */
enum { LOG_BUCKETS = 128, LOG_ZERO = 64, BAR = 50 };

size_t histogram_buckets(const struct histogram *h)
{
	if (h->kind == HIST_LOG)
		return LOG_BUCKETS;
	return (size_t)((h->high - h->low) / h->interval) + 3;
}

static size_t bucket_of(const struct histogram *h, int64_t v)
{
	size_t last = histogram_buckets(h) - 1, i;
	uint64_t magnitude = v < 0 ? -(uint64_t)v : (uint64_t)v;

	if (h->kind == HIST_LINEAR) {
		if (v < h->low)
			return 0;
		i = (size_t)(((uint64_t)v - (uint64_t)h->low) / (uint64_t)h->interval) + 1;
		return i < last ? i : last;
	}
	if (!v)
		return LOG_ZERO;
	for (i = 0; magnitude >> 1; magnitude >>= 1)
		i++;
	return v > 0 ? LOG_ZERO + 1 + i : LOG_ZERO - 1 - i;
}

int64_t histogram_count(const struct histogram *h, const struct samples *s, size_t bucket)
{
	int64_t n = 0;

	VEC_EACH(&s->at, i)
		n += bucket_of(h, s->at.at[i]) == bucket;
	return n;
}

static void label(const struct histogram *h, size_t i, char text[32])
{
	if (h->kind == HIST_LOG) {
		uint64_t size = i == LOG_ZERO ? 0 : 1ull << (i > LOG_ZERO ? i - LOG_ZERO - 1 : LOG_ZERO - 1 - i);

		snprintf(text, 32, "%lld", (long long)(i < LOG_ZERO ? -size : size));
	} else if (!i) {
		snprintf(text, 32, "<%lld", (long long)h->low);
	} else if (i == histogram_buckets(h) - 1) {
		snprintf(text, 32, ">%lld", (long long)h->high);
	} else {
		snprintf(text, 32, "%lld", (long long)(h->low + (int64_t)(i - 1) * h->interval));
	}
}

/* How many empty buckets there are from I on, before END. */
static size_t empty_run(const struct histogram *h, const struct samples *s, size_t i, size_t end)
{
	size_t n = 0;

	while (i + n < end && !histogram_count(h, s, i + n))
		n++;
	return n;
}

struct layout {
	int label_width, count_width;
	int64_t scale; /* of a character of the bar */
};

static void print_row(const struct histogram *h, const struct samples *s, size_t i,
		      const struct layout *layout, struct buf *out)
{
	int64_t count = histogram_count(h, s, i);
	char text[32];

	label(h, i, text);
	buf_printf(out, "%*s |", layout->label_width, text);
	for (int64_t k = 0; k < BAR; k++)
		buf_printf(out, k < count / layout->scale ? "@" : " ");
	buf_printf(out, " %*lld\n", layout->count_width, (long long)count);
}

void histogram_print(const struct histogram *h, const struct samples *s, struct buf *out)
{
	enum { MARGIN = 2 };
	size_t n = histogram_buckets(h), first = n, last = 0;
	struct layout layout = { .label_width = 5 /* "value" */ };
	int64_t most = 0;
	char text[32];

	for (size_t i = 0; i < n; i++) {
		int64_t count = histogram_count(h, s, i);

		if (count && first == n)
			first = i;
		if (count)
			last = i;
		if (count > most)
			most = count;
	}
	/* of the margin nothing is below zero, or outside of a linear histogram */
	for (int i = 0; i < MARGIN; i++)
		if (h->kind == HIST_LOG ? first && first != LOG_ZERO : first > 1)
			first--;
	for (int i = 0; i < MARGIN; i++)
		if (last + (h->kind == HIST_LOG ? 1 : 2) < n)
			last++;
	for (size_t i = first; i <= last; i++) {
		int width;

		label(h, i, text);
		width = (int)strlen(text);
		if (width > layout.label_width)
			layout.label_width = width;
	}
	layout.count_width = snprintf(text, sizeof(text), "%lld", (long long)most);
	layout.scale = (most + BAR - 1) / BAR;
	buf_printf(out, "%*s |", layout.label_width, "value");
	for (int i = 0; i < BAR; i++)
		buf_printf(out, "-");
	buf_printf(out, " count\n");
	for (size_t i = first; i <= last; i++) {
		size_t run = empty_run(h, s, i, last + 1);

		if (run > 2 * MARGIN) {
			for (size_t k = 0; k < MARGIN; k++)
				print_row(h, s, i + k, &layout, out);
			buf_printf(out, "%*s\n", layout.label_width + 2, "~");
			i += run - MARGIN;
		}
		print_row(h, s, i, &layout, out);
	}
	buf_printf(out, "\n");
}

/* ---- arrays ---- */

bool element_matches(const struct table *t, const struct element *e, const struct value *keys,
		     const bool *fixed)
{
	for (size_t i = 0; i < t->n_keys; i++)
		if ((!fixed || fixed[i]) && value_compare(e->keys[i], keys[i]))
			return false;
	return true;
}

struct element *table_find(const struct table *t, const struct value *keys)
{
	VEC_EACH(&t->elements, i)
		if (element_matches(t, t->elements.at[i], keys, NULL))
			return t->elements.at[i];
	return NULL;
}

static void remove_at(struct table *t, size_t i)
{
	memmove(&t->elements.at[i], &t->elements.at[i + 1],
		(--t->elements.n - i) * sizeof(*t->elements.at));
}

struct element *table_get(struct arena *a, struct table *t, const struct value *keys, struct value empty)
{
	struct element *e = table_find(t, keys);

	if (e)
		return e;
	if (t->elements.n == t->capacity && !t->wraps)
		return NULL;
	if (t->elements.n == t->capacity)
		remove_at(t, 0);
	e = ARENA_NEW(a, struct element);
	memcpy(e->keys, keys, t->n_keys * sizeof(*keys));
	e->value = empty;
	VEC_PUSH(a, &t->elements, e);
	return e;
}

void table_delete(struct table *t, const struct value *keys, const bool *fixed)
{
	for (size_t i = 0; i < t->elements.n;)
		if (element_matches(t, t->elements.at[i], keys, fixed))
			remove_at(t, i);
		else
			i++;
}
