/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Associative arrays: a hash table with chains over a fixed pool of elements,
 * which also stand in a list in order of insertion.  Links are element numbers
 * from 1; all zeroes is an empty map.
 *
 * A thread may die in the middle of a change.  The list's NEXT chain from HEAD
 * is the truth: every change takes effect with one store to it, everything
 * else (PREV, TAIL, COUNT, buckets, free list) follows and can be made anew
 * from it (rt_map_repair).
 */
#include "runtime/core/core_int.h"

static inline struct rt_entry *entry(const struct rt_map_spec *s, const struct rt_map *m, uint32_t i)
{
	return (struct rt_entry *)((char *)(uintptr_t)m + s->entries_at + (size_t)(i - 1) * s->entry_size);
}

static inline uint32_t number(const struct rt_map_spec *s, const struct rt_map *m, const struct rt_entry *e)
{
	return (uint32_t)((size_t)((const char *)e - (const char *)m - s->entries_at) / s->entry_size) + 1;
}

static inline int64_t *key_long(const struct rt_map_spec *s, const struct rt_entry *e, unsigned i)
{
	return (int64_t *)((char *)(uintptr_t)e + s->key_at[i]);
}

static inline char *key_str(const struct rt_map_spec *s, const struct rt_entry *e, unsigned i)
{
	return (char *)(uintptr_t)e + s->key_at[i];
}

static inline bool is_str(const struct rt_map_spec *s, unsigned i)
{
	return s->string_keys >> i & 1;
}

#define HASH_FACTOR 0x9e3779b97f4a7c15u /* 2^64 / golden ratio; as in rt_hash_long */

static inline uint64_t mix(uint64_t h, uint64_t w)
{
	return ((h << 29 | h >> 35) ^ w) * HASH_FACTOR;
}

/* A string counts up to what a key can hold. */
static uint64_t hash_str(uint64_t h, const char *str, uint32_t size)
{
	uint32_t left = size - 1;
	unsigned n;

	do {
		uint64_t w = load_word(str, &n);

		if (n >= left) {
			if (left < 8)
				w &= (1ull << (8 * left)) - 1;
			return mix(h, w);
		}
		h = mix(h, w);
		str += 8;
		left -= n;
	} while (n == 8);
	return h;
}

static uint32_t hash(const struct rt_map_spec *s, const union rt_key *keys)
{
	uint64_t h = 0;

	for (unsigned i = 0; i < s->n_keys; i++)
		h = is_str(s, i) ? hash_str(h, keys[i].s, s->string_size) : mix(h, (uint64_t)keys[i].n);
	return (uint32_t)(h >> 32);
}

/* Does element E have the keys of which FIXED has a bit? */
static bool same_keys(const struct rt_map_spec *s, const struct rt_entry *e, const union rt_key *keys,
		      uint32_t fixed)
{
	for (unsigned i = 0; i < s->n_keys; i++) {
		if (!(fixed >> i & 1))
			continue;
		if (is_str(s, i) ? !rt_str_eq(key_str(s, e, i), keys[i].s) : *key_long(s, e, i) != keys[i].n)
			return false;
	}
	return true;
}

static inline uint32_t *bucket_of(const struct rt_map_spec *s, struct rt_map *m, uint32_t h)
{
	return &m->bucket[h >> s->hash_shift];
}

static struct rt_entry *find(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys, uint32_t h)
{
	for (uint32_t i = *bucket_of(s, m, h); i; ) {
		struct rt_entry *e = entry(s, m, i);

		if (e->hash == h && same_keys(s, e, keys, ~0u))
			return e;
		i = e->chain;
	}
	return NULL;
}

static void clear_value(const struct rt_map_spec *s, struct rt_entry *e)
{
	if (s->value == RT_STATISTIC)
		__builtin_memset(e->value, 0, sizeof(struct rt_stat) + 8 * (size_t)s->stat.buckets);
	else
		e->value[0] = 0; /* also the empty string */
}

static void unlink(const struct rt_map_spec *s, struct rt_map *m, struct rt_entry *e)
{
	uint32_t i = number(s, m, e), *link = bucket_of(s, m, e->hash);

	if (e->prev)
		entry(s, m, e->prev)->next = e->next;
	else
		m->head = e->next;
	RT_BARRIER();
	if (e->next)
		entry(s, m, e->next)->prev = e->prev;
	else
		m->tail = e->prev;
	while (*link != i)
		link = &entry(s, m, *link)->chain;
	*link = e->chain;
	e->chain = m->free;
	m->free = i;
	m->count--;
}

/* An unused element, or NULL when the map is full. */
static struct rt_entry *take(const struct rt_map_spec *s, struct rt_map *m)
{
	struct rt_entry *e;

	if (!m->free && m->fresh < s->capacity)
		return entry(s, m, ++m->fresh);
	if (!m->free) {
		if (!s->wraps)
			return NULL;
		unlink(s, m, entry(s, m, m->head)); /* the oldest makes room */
	}
	e = entry(s, m, m->free);
	m->free = e->chain;
	return e;
}

static struct rt_entry *insert(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys, uint32_t h)
{
	struct rt_entry *e = take(s, m);
	uint32_t i, *bucket;

	if (!e)
		return NULL;
	i = number(s, m, e);
	bucket = bucket_of(s, m, h);
	e->hash = h;
	e->next = 0;
	e->prev = m->tail;
	e->chain = *bucket;
	/* The keys before the value: a key may be the value of the element that has just made room. */
	for (unsigned k = 0; k < s->n_keys; k++) {
		if (is_str(s, k))
			rt_str_copy(key_str(s, e, k), s->string_size, keys[k].s);
		else
			*key_long(s, e, k) = keys[k].n;
	}
	clear_value(s, e);
	RT_BARRIER();
	if (m->tail)
		entry(s, m, m->tail)->next = i;
	else
		m->head = i;
	RT_BARRIER();
	m->tail = i;
	*bucket = i;
	m->count++;
	return e;
}

static struct rt_entry *find_or_insert(struct rt_context *c, const struct rt_map_spec *s, struct rt_map *m,
				       const union rt_key *keys)
{
	uint32_t h = hash(s, keys);
	struct rt_entry *e = find(s, m, keys, h);

	if (rt_likely(e != NULL))
		return e;
	e = insert(s, m, keys, h);
	if (!e)
		rt_error(c, "Array overflow, check size limit (%u)", s->capacity);
	return e;
}

/* ---- elements ---- */

int64_t rt_map_get_long(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys)
{
	struct rt_entry *e = find(s, m, keys, hash(s, keys));

	return e ? e->value[0] : 0;
}

const char *rt_map_get_str(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys)
{
	struct rt_entry *e = find(s, m, keys, hash(s, keys));

	return e ? (const char *)e->value : "";
}

struct rt_stat *rt_map_get_stat(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys)
{
	struct rt_entry *e = find(s, m, keys, hash(s, keys));

	return e ? (struct rt_stat *)e->value : NULL;
}

bool rt_map_in(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys)
{
	return find(s, m, keys, hash(s, keys)) != NULL;
}

int64_t *rt_map_long(struct rt_context *c, const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys)
{
	struct rt_entry *e = find_or_insert(c, s, m, keys);

	return e ? e->value : NULL;
}

char *rt_map_str(struct rt_context *c, const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys)
{
	return (char *)rt_map_long(c, s, m, keys);
}

struct rt_stat *rt_map_stat(struct rt_context *c, const struct rt_map_spec *s, struct rt_map *m,
			    const union rt_key *keys)
{
	return (struct rt_stat *)rt_map_long(c, s, m, keys);
}

void rt_map_delete(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys)
{
	struct rt_entry *e = find(s, m, keys, hash(s, keys));

	if (e)
		unlink(s, m, e);
}

void rt_map_clear(const struct rt_map_spec *s, struct rt_map *m)
{
	uint32_t i = m->head;

	m->generation++;
	m->head = 0;
	RT_BARRIER();
	if (m->count < s->n_buckets / 16) {
		for (; i; i = entry(s, m, i)->next)
			*bucket_of(s, m, entry(s, m, i)->hash) = 0;
	} else {
		__builtin_memset(m->bucket, 0, 4 * (size_t)s->n_buckets);
	}
	m->tail = m->free = m->fresh = m->count = 0;
}

bool rt_map_in_slice(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys, uint32_t fixed)
{
	for (uint32_t i = m->head; i; i = entry(s, m, i)->next)
		if (same_keys(s, entry(s, m, i), keys, fixed))
			return true;
	return false;
}

void rt_map_delete_slice(const struct rt_map_spec *s, struct rt_map *m, const union rt_key *keys, uint32_t fixed)
{
	for (uint32_t i = m->head, next; i; i = next) {
		struct rt_entry *e = entry(s, m, i);

		next = e->next;
		if (same_keys(s, e, keys, fixed))
			unlink(s, m, e);
	}
}

void rt_map_repair(const struct rt_map_spec *s, struct rt_map *m)
{
	const uint32_t loose = ~0u; /* PREV of elements that the list doesn't hold */
	uint32_t prev = 0, used = m->fresh < s->capacity ? m->fresh : s->capacity;

	for (uint32_t i = 1; i <= used; i++)
		entry(s, m, i)->prev = loose;
	__builtin_memset(m->bucket, 0, 4 * (size_t)s->n_buckets);
	m->count = 0;
	for (uint32_t i = m->head; i && i <= used && entry(s, m, i)->prev == loose; i = entry(s, m, i)->next) {
		struct rt_entry *e = entry(s, m, i);

		e->prev = prev;
		e->chain = *bucket_of(s, m, e->hash);
		*bucket_of(s, m, e->hash) = i;
		m->count++;
		prev = i;
	}
	m->tail = prev;
	if (prev)
		entry(s, m, prev)->next = 0;
	else
		m->head = 0;
	m->free = 0;
	for (uint32_t i = 1; i <= used; i++) {
		if (entry(s, m, i)->prev != loose)
			continue;
		entry(s, m, i)->chain = m->free;
		m->free = i;
	}
	m->fresh = used;
	m->sort_depth = 0;
}

/* ---- foreach ---- */

/* <0 0 >0: A before B in ascending order. */
static int compare(const struct rt_map_spec *s, const struct rt_entry *a, const struct rt_entry *b, int column)
{
	int64_t x, y;

	if (column == RT_BY_VALUE && s->value == RT_STATISTIC)
		column = RT_BY_COUNT;
	if (column >= RT_BY_COUNT) {
		x = stat_extract(&s->stat, (const struct rt_stat *)a->value, (unsigned)(column - RT_BY_COUNT));
		y = stat_extract(&s->stat, (const struct rt_stat *)b->value, (unsigned)(column - RT_BY_COUNT));
	} else if (column == RT_BY_VALUE) {
		if (s->value == RT_STRING)
			return rt_str_cmp((const char *)a->value, (const char *)b->value);
		x = a->value[0];
		y = b->value[0];
	} else {
		unsigned key = (unsigned)(column - RT_BY_KEY);

		if (is_str(s, key))
			return rt_str_cmp(key_str(s, a, key), key_str(s, b, key));
		x = *key_long(s, a, key);
		y = *key_long(s, b, key);
	}
	return (x > y) - (x < y);
}

/* Bottom-up merge sort of N element numbers, stable, so that equal ones stay in order of
 * insertion; SPARE has room for N. */
static void sort(const struct rt_map_spec *s, const struct rt_map *m, uint32_t *at, uint32_t *spare, uint32_t n,
		 int column, int order)
{
	uint32_t *from = at, *to = spare;

	for (uint64_t width = 1; width < n; width *= 2) {
		for (uint64_t lo = 0; lo < n; lo += 2 * width) {
			uint64_t mid = lo + width < n ? lo + width : n;
			uint64_t hi = lo + 2 * width < n ? lo + 2 * width : n;
			uint64_t a = lo, b = mid;

			for (uint64_t out = lo; out < hi; out++) {
				bool right = a == mid || (b < hi && order * compare(s, entry(s, m, from[b]),
									entry(s, m, from[a]), column) < 0);

				to[out] = from[right ? b++ : a++];
			}
		}
		uint32_t *was = from;

		from = to;
		to = was;
	}
	if (from != at)
		__builtin_memcpy(at, from, 4 * (size_t)n);
}

bool rt_foreach(struct rt_context *c, struct rt_iter *it, const struct rt_map_spec *s, struct rt_map *m,
		int column, int order, int64_t limit, const union rt_key *keys, uint32_t fixed)
{
	uint32_t *spare;

	*it = (struct rt_iter){ .spec = s, .map = m, .next = m->head, .generation = m->generation,
				.fixed = fixed, .keys = keys, .left = limit };
	if (column == RT_BY_NONE || limit <= 0)
		return true;
	if (m->sort_depth == RT_SORT_DEPTH) {
		it->map = NULL;
		rt_error(c, "more than %d sorted foreach loops over one array inside each other", RT_SORT_DEPTH);
		return false;
	}
	it->order = (uint32_t *)((char *)m + s->orders_at) + (size_t)m->sort_depth * s->capacity;
	spare = it->order + s->capacity;
	m->sort_depth++;
	for (uint32_t i = m->head; i; i = entry(s, m, i)->next)
		if (!fixed || same_keys(s, entry(s, m, i), keys, fixed))
			it->order[it->n++] = i;
	sort(s, m, it->order, spare, it->n, column, order);
	it->next = 0;
	return true;
}

bool rt_foreach_next(struct rt_iter *it)
{
	const struct rt_map_spec *s = it->spec;

	if (it->left <= 0 || it->map->generation != it->generation)
		return false;
	if (it->order) {
		if (it->next == it->n)
			return false;
		it->entry = entry(s, it->map, it->order[it->next++]);
	} else {
		const struct rt_entry *e;

		do {
			if (!it->next)
				return false;
			e = entry(s, it->map, it->next);
			it->next = e->next;
		} while (it->fixed && !same_keys(s, e, it->keys, it->fixed));
		it->entry = e;
	}
	it->left--;
	return true;
}

int64_t rt_foreach_key_long(const struct rt_iter *it, unsigned i)
{
	return *key_long(it->spec, it->entry, i);
}

const char *rt_foreach_key_str(const struct rt_iter *it, unsigned i)
{
	return key_str(it->spec, it->entry, i);
}

int64_t *rt_foreach_long(const struct rt_iter *it)
{
	return (int64_t *)(uintptr_t)it->entry->value;
}

char *rt_foreach_str(const struct rt_iter *it)
{
	return (char *)(uintptr_t)it->entry->value;
}

struct rt_stat *rt_foreach_stat(const struct rt_iter *it)
{
	return (struct rt_stat *)(uintptr_t)it->entry->value;
}

void rt_foreach_end(struct rt_iter *it)
{
	if (it->order && it->map)
		it->map->sort_depth--;
}
