/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of runtime/core/ share and nobody else sees: reading strings
 * a word at a time, and the sink that formatting writes to.
 */
#ifndef TAPSTER_RUNTIME_CORE_INT_H
#define TAPSTER_RUNTIME_CORE_INT_H

#include "runtime/api.h"
#include "runtime/port.h"

#pragma GCC visibility push(hidden)

/*
 * Where formatted text goes.  With a context the sink is its print buffer, and a full
 * buffer goes out as a record; without one it is a string, and what does not fit is cut.
 * END leaves room for a string's NUL.
 */
struct sink {
	char *at, *end;
	struct rt_context *c;
	int64_t widest; /* wider fields are made so wide; 0: any width */
};
void sink_put(struct sink *s, const char *data, size_t n);
void sink_fill(struct sink *s, char with, int64_t n);
/* Pads to WIDTH on the side that FLAGS say. */
void sink_text(struct sink *s, uint32_t flags, int64_t width, const char *text, size_t n);
void sink_number(struct sink *s, uint32_t conv, uint32_t flags, int64_t width, int64_t precision, int64_t v);
void sink_format(struct sink *s, const char *fmt, va_list ap);

/* The context's destination as a sink and back: print, or the string of a sprintf. */
static inline struct sink sink_open(struct rt_context *c)
{
	return c->out_at ? (struct sink){ c->at, c->end, NULL, c->widest } : (struct sink){ c->at, c->end, c, 0 };
}

static inline void sink_close(struct rt_context *c, const struct sink *s)
{
	c->at = s->at;
}

/* ADDR can't be read: an error, unless --skip-badvars makes it 0. */
void rt_read_fault(struct rt_context *c, uint64_t addr);

struct unaligned {
	uint64_t v;
} __attribute__((packed, may_alias));

/* The 8 bytes at S up to its NUL, the rest zero; *N is how many stand before the NUL (8: none
 * found).  Never reads a page that holds no byte of the string. */
__attribute__((no_sanitize("address"))) static inline uint64_t load_word(const char *s, unsigned *n)
{
	uint64_t w, zero;

	if (rt_unlikely(((uintptr_t)s & 4095) > 4088)) {
		w = 0;
		for (*n = 0; *n < 8 && s[*n]; ++*n)
			w |= (uint64_t)(unsigned char)s[*n] << (8 * *n);
		return w;
	}
	w = ((const struct unaligned *)s)->v;
	zero = (w - 0x0101010101010101u) & ~w & 0x8080808080808080u;
	if (!zero) {
		*n = 8;
		return w;
	}
	*n = (unsigned)__builtin_ctzll(zero) >> 3;
	return *n ? w & (~0ull >> (64 - 8 * *n)) : 0;
}

/* Our own calls are checked; a script's embedded C may be looser. */
void rt_error(struct rt_context *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rt_warn(struct rt_context *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int rt_snprintf(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Value of a statistic for sorting; 0 where it is empty. */
int64_t stat_extract(const struct rt_stat_spec *s, const struct rt_stat *st, unsigned op);

#pragma GCC visibility pop

#endif
