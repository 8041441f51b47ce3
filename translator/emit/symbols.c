/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of symbols (struct script_symtab of runtime/object.h), when the
 * script asks for names of addresses.  The symbols are printed as the bytes of
 * a string: of ten thousands of initialisers compilers are slow to read.
 */
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "runtime/object.h"
#include "translator/dwarf/dw.h"
#include "translator/emit/emit_int.h"
#include "translator/symbols.h"

/* Octal escapes that the next character can't be taken for a part of. */
static void put_bytes(struct buf *b, const void *data, size_t n)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < n; i++) {
		bool digit_follows = i + 1 < n && at[i + 1] >= '0' && at[i + 1] <= '7';

		if (at[i] >= ' ' && at[i] < 127 && at[i] != '"' && at[i] != '\\' && at[i] != '?')
			buf_addc(b, (char)at[i]);
		else
			buf_printf(b, digit_follows ? "\\%03o" : "\\%o", at[i]);
	}
}

/* A string literal of at most that many bytes, and more of them behind it: compilers have limits. */
enum { PIECE = 16384 };

static void out_bytes(struct emit *e, const char *head, const struct buf *bytes)
{
	out(&e->o, "%s", head);
	for (size_t at = 0; at == 0 || at < bytes->len; at += PIECE) {
		size_t n = bytes->len - at < PIECE ? bytes->len - at : PIECE;
		struct buf text;

		buf_init(&text);
		put_bytes(&text, bytes->data + at, n);
		out(&e->o, "\t\"%.*s\"%s", (int)text.len, text.data ? text.data : "",
		    at + PIECE < bytes->len ? "" : ";");
		buf_fini(&text);
	}
}

struct tables {
	struct buf symbols, lines, names;
	struct map paths; /* of source files: offset in NAMES, + 1 */
};

static uint32_t path_at(struct tables *t, const char *path)
{
	uintptr_t at = (uintptr_t)map_find(&t->paths, path);

	if (!at) {
		at = t->names.len + 1;
		map_put(&t->paths, path, (void *)at);
		buf_add(&t->names, path, strlen(path) + 1);
	}
	return (uint32_t)at - 1;
}

/* How many there are. */
static size_t add_lines(struct emit *e, uint32_t file, uint64_t low, struct tables *t)
{
	dw_line_row_vec rows = { 0 };

	if (!lines_are_wanted(e->s))
		return 0;
	dw_line_rows(e->s->files.at[file], &rows);
	VEC_EACH(&rows, i) {
		struct script_line l = { .at = (uint32_t)(rows.at[i].address - low),
					 .line = rows.at[i].line,
					 .path = rows.at[i].path ? path_at(t, rows.at[i].path) : 0 };

		buf_add(&t->lines, &l, sizeof(l));
	}
	return rows.n;
}

static void add_table(struct emit *e, uint32_t file, struct tables *t)
{
	size_t first_line = t->lines.len / sizeof(struct script_line), n_lines;
	struct buf *symbols = &t->symbols, *names = &t->names;
	dw_symbol_vec list = { 0 };
	uint32_t first = (uint32_t)(symbols->len / sizeof(struct script_symbol));
	uint64_t low, size;

	dw_symbols(e->s->files.at[file], &list, &low, &size);
	VEC_EACH(&list, i) {
		struct script_symbol s = { .at = (uint32_t)(list.at[i].address - low),
					   .size = (uint32_t)list.at[i].size,
					   .name = (uint32_t)names->len };

		buf_add(symbols, &s, sizeof(s));
		buf_add(names, list.at[i].name, strlen(list.at[i].name) + 1);
	}
	n_lines = add_lines(e, file, low, t);
	out(&e->o, "{ .file = %u, .first = %u, .n = %zu, .first_line = %zu, .n_lines = %zu,", file, first,
	    list.n, first_line, n_lines);
	out(&e->o, "  .low = 0x%llx, .size = 0x%llx }, /* %s */", (unsigned long long)low,
	    (unsigned long long)size, dw_info(e->s->files.at[file])->path);
}

size_t emit_symbols(struct emit *e)
{
	size_t n = symbols_are_wanted(e->s) ? e->s->files.n : 0;
	struct tables t;

	buf_init(&t.symbols);
	buf_init(&t.lines);
	buf_init(&t.names);
	map_init(&t.paths, e->a);
	out_open(&e->o, "const struct script_symtab script_symtabs[] =");
	for (size_t i = 0; i < n; i++)
		add_table(e, (uint32_t)i, &t);
	if (!n)
		out(&e->o, "{ .file = 0 },");
	out_close(&e->o, ";");
	out_bytes(e, "const char script_symbols[] __attribute__((aligned(8))) =", &t.symbols);
	out_bytes(e, "const char script_lines[] __attribute__((aligned(8))) =", &t.lines);
	out_bytes(e, "const char script_symbol_names[] =", &t.names);
	out(&e->o, "%s", "");
	buf_fini(&t.symbols);
	buf_fini(&t.lines);
	buf_fini(&t.names);
	return n;
}
