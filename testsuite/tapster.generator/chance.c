/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gen_int.h"

#include <stdarg.h>

/* splitmix64 */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

struct chance chance_from(uint64_t seed)
{
	return (struct chance){ mix(mix(seed + 1)) };
}

unsigned chance_below(struct chance *c, unsigned n)
{
	return (unsigned)(mix(c->state += 0x9e3779b97f4a7c15u) >> 32) % n;
}

unsigned below(struct gen *g, unsigned n)
{
	return chance_below(&g->c, n);
}

bool one_in(struct gen *g, unsigned n)
{
	return !below(g, n);
}

void put(struct gen *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(g->out, fmt, ap);
	va_end(ap);
}
