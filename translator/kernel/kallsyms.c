/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See kallsyms.h.  The tables have no labels in an image without sections, so they are
 * found by what they must look like, the one with the plainest contents first:
 *
 *	token_table   256 strings, NUL-terminated: what each byte of a name stands for.  All
 *	              digits stand for themselves
 *	token_index   256 x 16 bits, behind it: where each string begins
 *	num_syms      32 bits, some way before it
 *	names         8 bytes behind num_syms: for each symbol its length (7 bits, or 14 in
 *	              two bytes), then so many tokens, of which the first begins with the type
 *	markers       behind names: 32 bits for each 256th symbol, where in names it begins
 */
#include "translator/kernel/kallsyms.h"

#include <string.h>

enum {
	TOKENS = 256,
	PER_MARKER = 256,   /* symbols */
	NAME_MAX_SIZE = 512, /* KSYM_NAME_LEN */
	ALIGNMENT = 8,
	MIN_SYMBOLS = 1000,
	MAX_DISTANCE = 16 << 20 /* from names to token_table */
};

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* ---- the boot image: Documentation/arch/x86/boot.rst ---- */

static const struct packer {
	const char *program;
	uint8_t magic[4];
	size_t magic_size;
} packers[] = {
	{ "gzip", { 0x1f, 0x8b }, 2 },
	{ "xz", { 0xfd, '7', 'z', 'X' }, 4 },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4 },
	{ "bzip2", { 'B', 'Z', 'h' }, 3 },
	{ "lzma", { 0x5d, 0, 0 }, 3 },
	{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4 },
};

const char *kallsyms_find_payload(const uint8_t *image, size_t n, size_t *at, size_t *size)
{
	enum { MAGIC_AT = 0x202, SECTORS_AT = 0x1f1, OFFSET_AT = 0x248, LENGTH_AT = 0x24c, HEADER = 0x250 };
	size_t sectors, offset, length;

	if (n < HEADER || memcmp(image + MAGIC_AT, "HdrS", 4))
		return NULL;
	sectors = image[SECTORS_AT] ? image[SECTORS_AT] : 4;
	offset = (sectors + 1) * 512 + u32_at(image + OFFSET_AT);
	length = u32_at(image + LENGTH_AT);
	if (offset > n || length > n - offset || length < 8)
		return NULL;
	*at = offset;
	*size = length - 4; /* the unpacked size stands behind, but for gzip, which doesn't mind */
	for (size_t i = 0; i < sizeof(packers) / sizeof(*packers); i++)
		if (!memcmp(image + offset, packers[i].magic, packers[i].magic_size)) {
			*size += i == 0 ? 4 : 0;
			return packers[i].program;
		}
	return NULL;
}

/* ---- the tables ---- */

struct tables {
	const uint8_t *start, *end; /* of all */
	const char *tokens;
	const uint8_t *index;
	const uint8_t *names, *names_end;
	size_t n_symbols;
};

static const char *token(const struct tables *t, uint8_t c)
{
	return t->tokens + (t->index[2 * c] | t->index[2 * c + 1] << 8);
}

/* Is there a table of tokens at AT, with its index behind it? */
static bool are_tokens(struct tables *t, const uint8_t *at)
{
	const uint8_t *p = at, *index;

	for (unsigned i = 0; i < TOKENS; i++) {
		const uint8_t *nul = memchr(p, 0, (size_t)(t->end - p));

		if (!nul)
			return false;
		p = nul + 1;
	}
	index = t->start + ((size_t)(p - t->start) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (index + 2 * TOKENS > t->end)
		return false;
	p = at;
	for (unsigned i = 0; i < TOKENS; i++) {
		if ((index[2 * i] | index[2 * i + 1] << 8) != p - at)
			return false;
		p += strlen((const char *)p) + 1;
	}
	t->tokens = (const char *)at;
	t->index = index;
	return true;
}

static bool find_tokens(struct tables *t)
{
	static const char digits[] = "0\0" "1\0" "2\0" "3\0" "4\0" "5\0" "6\0" "7\0" "8\0" "9";
	const uint8_t *p = t->start, *at;

	while ((p = memmem(p, (size_t)(t->end - p), digits, sizeof(digits)))) {
		at = p;
		/* the strings before "0" */
		for (unsigned i = 0; i < '0' && at > t->start + 1; i++) {
			for (at--; at > t->start && at[-1]; at--)
				;
		}
		if (are_tokens(t, at))
			return true;
		p++;
	}
	return false;
}

/* Behind the name at P; *TEXT its tokens, *N how many. */
static const uint8_t *next_name(const uint8_t *p, const uint8_t **text, size_t *n)
{
	*n = *p++;
	if (*n & 0x80)
		*n = (*n & 0x7f) | (size_t)*p++ << 7;
	*text = p;
	return p + *n;
}

/* Are there as many names at AT as the number before them says, and the markers behind them? */
static bool are_names(struct tables *t, const uint8_t *at)
{
	const uint8_t *end = (const uint8_t *)t->tokens, *p = at, *text;
	size_t n_symbols = u32_at(at - 8), second = 0, n;

	if (n_symbols < MIN_SYMBOLS || n_symbols > (size_t)(end - at) / 2 || u32_at(at - 4))
		return false;
	for (size_t i = 0; i < n_symbols; i++) {
		if (i == PER_MARKER)
			second = (size_t)(p - at);
		if (p + 2 >= end)
			return false;
		p = next_name(p, &text, &n);
		if (!n || n > NAME_MAX_SIZE)
			return false;
	}
	p = t->start + ((size_t)(p - t->start) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (p + 8 > end || u32_at(p) || u32_at(p + 4) != second)
		return false;
	t->names = at;
	t->names_end = p;
	t->n_symbols = n_symbols;
	return true;
}

static bool find_names(struct tables *t)
{
	size_t here = (size_t)(t->tokens - (const char *)t->start);

	for (size_t at = here > MAX_DISTANCE ? (here - MAX_DISTANCE) / ALIGNMENT * ALIGNMENT : ALIGNMENT; at < here;
	     at += ALIGNMENT)
		if (are_names(t, t->start + at))
			return true;
	return false;
}

static void tell_all(const struct tables *t, kallsyms_fn *tell, void *data)
{
	const uint8_t *p = t->names, *text;
	char name[NAME_MAX_SIZE + 1];
	size_t n;

	for (size_t i = 0; i < t->n_symbols && p < t->names_end; i++) {
		size_t len = 0;

		p = next_name(p, &text, &n);
		for (size_t k = 0; k < n && text + k < t->names_end; k++)
			for (const char *c = token(t, text[k]); *c && len < NAME_MAX_SIZE; c++)
				name[len++] = *c;
		name[len] = 0;
		if (len > 1)
			tell(data, name[0], name + 1);
	}
}

bool kallsyms_each(const uint8_t *kernel, size_t n, kallsyms_fn *tell, void *data)
{
	struct tables t = { .start = kernel, .end = kernel + n };

	if (n < 4096 || !find_tokens(&t) || !find_names(&t))
		return false;
	tell_all(&t, tell, data);
	return true;
}
