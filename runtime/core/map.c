/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Associative arrays: a hash table with chains over a fixed pool of elements,
 * which also stand in a list: in order of insertion, but where a sorted foreach
 * has changed it.  Links are element numbers from 1; all zeroes is an empty map.
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
		if (s->when_full != RT_FULL_WRAPS)
			return NULL;
		unlink(s, m, entry(s, m, m->head)); /* the oldest makes room, or the first of the last sorted foreach */
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
	if (!e && s->when_full == RT_FULL_FAILS)
		rt_error(c, "Array overflow, check MAXMAPENTRIES");
	else if (!e)
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

/* Makes the chain by PREV from RELINK the list; PREV and TAIL are to be made anew. */
static void take_over(const struct rt_map_spec *s, struct rt_map *m)
{
	for (uint32_t i = m->relink; i; i = entry(s, m, i)->prev)
		entry(s, m, i)->next = entry(s, m, i)->prev;
	m->head = m->relink;
	RT_BARRIER();
	m->relink = 0;
	RT_BARRIER();
}

void rt_map_repair(const struct rt_map_spec *s, struct rt_map *m)
{
	const uint32_t loose = ~0u; /* PREV of elements that the list doesn't hold */
	uint32_t prev = 0, used = m->fresh < s->capacity ? m->fresh : s->capacity;

	if (m->relink)
		take_over(s, m);
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

/*
 * Sorting changes the order of the list, for this loop and later ones, as in
 * SystemTap.  It works on a copy of the NEXT chain, in the PREV fields, which
 * RELINK then names: from that store on the copy is the truth, until it has been
 * copied back.
 */

/* Merge sort of the chain from HEAD by PREV, stable: runs of WIDTH become runs of twice that. */
static uint32_t merge_sort(const struct rt_map_spec *s, const struct rt_map *m, uint32_t head, int column, int order)
{
	for (uint64_t width = 1; width < m->count; width *= 2) {
		uint32_t a = head, *link = &head;

		while (a) {
			uint32_t b = a;
			uint64_t n_a = 0, n_b = width;

			for (; b && n_a < width; n_a++)
				b = entry(s, m, b)->prev;
			while (n_a || (n_b && b)) {
				bool right = !n_a || (n_b && b && order * compare(s, entry(s, m, b), entry(s, m, a),
										  column) < 0);

				*link = right ? b : a;
				link = &entry(s, m, *link)->prev;
				if (right) {
					b = *link;
					n_b--;
				} else {
					a = *link;
					n_a--;
				}
			}
			a = b;
		}
		*link = 0;
	}
	return head;
}

/* The first N in order, the others behind them: each element moves before the first of the first N
 * that it precedes. */
static uint32_t sort_first(const struct rt_map_spec *s, const struct rt_map *m, uint32_t head, int column, int order,
			   int64_t n)
{
	uint32_t first = 0, *end = &first;

	for (uint32_t i = head, next; i; i = next) {
		uint32_t *link = &first;
		int64_t at = 0;

		next = entry(s, m, i)->prev;
		while (*link && at < n && order * compare(s, entry(s, m, i), entry(s, m, *link), column) >= 0) {
			link = &entry(s, m, *link)->prev;
			at++;
		}
		if (at == n || !*link)
			link = end;
		entry(s, m, i)->prev = *link;
		*link = i;
		if (link == end)
			end = &entry(s, m, i)->prev;
	}
	return first;
}

enum { FEW = 30 }; /* so many of the first are found without sorting all */

static void sort(const struct rt_map_spec *s, struct rt_map *m, int column, int order, int64_t first)
{
	uint32_t head = m->head, prev = 0;

	for (uint32_t i = head; i; i = entry(s, m, i)->next)
		entry(s, m, i)->prev = entry(s, m, i)->next;
	if (first > FEW)
		head = merge_sort(s, m, head, column, order);
	else
		head = sort_first(s, m, head, column, order, first);
	RT_BARRIER();
	m->relink = head;
	RT_BARRIER();
	take_over(s, m);
	for (uint32_t i = head; i; i = entry(s, m, i)->next) {
		entry(s, m, i)->prev = prev;
		prev = i;
	}
	m->tail = prev;
}

void rt_foreach(struct rt_iter *it, const struct rt_map_spec *s, struct rt_map *m, int column, int order,
		int64_t limit, const union rt_key *keys, uint32_t fixed)
{
	if (column != RT_BY_NONE && limit > 0 && m->count > 1)
		sort(s, m, column, order, limit);
	*it = (struct rt_iter){ .spec = s, .map = m, .generation = m->generation, .fixed = fixed, .keys = keys,
				.left = limit };
}

/* The list may have been sorted otherwise since: what follows is what follows now.  What a slice passes over
 * counts, too, as in SystemTap. */
bool rt_foreach_next(struct rt_iter *it)
{
	const struct rt_map_spec *s = it->spec;
	uint32_t next;

	do {
		if (it->left-- <= 0 || it->map->generation != it->generation)
			return false;
		next = it->entry ? it->entry->next : it->map->head;
		if (!next)
			return false;
		it->entry = entry(s, it->map, next);
	} while (it->fixed && !same_keys(s, it->entry, it->keys, it->fixed));
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
