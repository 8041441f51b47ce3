/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capacity doubles; an empty buffer points to a static NUL and owns nothing. */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char nothing[1];

void buf_init(struct buf *b)
{
	*b = (struct buf){ .data = nothing };
}

void buf_fini(struct buf *b)
{
	if (b->cap)
		free(b->data);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->cap)
		b->data[0] = '\0';
}

/* Room for MORE bytes and the NUL. */
static void reserve(struct buf *b, size_t more)
{
	size_t need, cap;
	char *data;

	if (__builtin_add_overflow(b->len, more, &need) || need > SIZE_MAX / 2)
		goto out_of_memory;
	if (need < b->cap)
		return;
	cap = b->cap ? b->cap : 64;
	while (cap <= need)
		cap *= 2;
	data = realloc(b->cap ? b->data : NULL, cap);
	if (!data)
		goto out_of_memory;
	b->data = data;
	b->cap = cap;
	return;

out_of_memory:
	fprintf(stderr, "tapster: out of memory (a text of %zu bytes)\n", b->len);
	exit(EXIT_FAILURE);
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	reserve(b, len);
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len > 0) {
		reserve(b, (size_t)len);
		vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
}
