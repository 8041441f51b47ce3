/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/emit/out.h"

#include <stdio.h>
#include <string.h>

void out_init(struct out *o, struct arena *a)
{
	buf_init(&o->text);
	buf_init(&o->strings);
	map_init(&o->string_index, a);
	o->arena = a;
	o->indent = 0;
	o->line = 1;
	memset(&o->holes, 0, sizeof(o->holes));
	buf_addc(&o->strings, '\0');
}

void out_fini(struct out *o)
{
	buf_fini(&o->text);
	buf_fini(&o->strings);
}

static void write_indent(struct out *o, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_addc(&o->text, '\t');
}

/* Takes the marks of holes out of what has been added at FROM, and notes where the holes are. */
static void take_holes(struct out *o, size_t from)
{
	struct out_hole hole = { 0 };
	char *text = o->text.data;
	bool is_open = false;
	size_t to = from;

	if (!memchr(text + from, *OUT_HOLE, o->text.len - from))
		return;
	for (size_t i = from; i < o->text.len; i++) {
		if (text[i] == *OUT_HOLE) {
			is_open = true;
			hole.from = to;
		} else if (is_open && text[i] == *OUT_HOLE_END) {
			is_open = false;
			hole.to = to;
			VEC_PUSH(o->arena, &o->holes, hole);
		} else {
			text[to++] = text[i];
		}
	}
	o->text.len = to;
	text[to] = '\0';
}

static void write_line(struct out *o, unsigned indent, const char *fmt, va_list ap)
{
	size_t before = o->text.len;
	const char *at;

	/* preprocessor lines stand at the margin */
	if (*fmt && *fmt != '#')
		write_indent(o, indent);
	buf_vprintf(&o->text, fmt, ap);
	take_holes(o, before);
	if (o->text.len == before + indent)
		o->text.data[o->text.len = before] = '\0';
	buf_addc(&o->text, '\n');
	for (at = o->text.data + before; (at = strchr(at, '\n')); at++)
		o->line++;
}

void out(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(o, o->indent, fmt, ap);
	va_end(ap);
}

void out_label(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(o, o->indent ? o->indent - 1 : 0, fmt, ap);
	va_end(ap);
}

void out_open(struct out *o, const char *fmt, ...)
{
	va_list ap;
	size_t before;

	write_indent(o, o->indent);
	before = o->text.len;
	va_start(ap, fmt);
	buf_vprintf(&o->text, fmt, ap);
	va_end(ap);
	take_holes(o, before);
	buf_adds(&o->text, o->text.len > before ? " {\n" : "{\n");
	o->line++;
	o->indent++;
}

void out_gap(struct out *o)
{
	if (o->text.len >= 2 && o->text.data[o->text.len - 2] != '{')
		out(o, "%s", "");
}

void out_close(struct out *o, const char *suffix)
{
	o->indent--;
	out(o, "}%s", suffix);
}

void out_else(struct out *o)
{
	o->indent--;
	out(o, "} else {");
	o->indent++;
}

void out_verbatim(struct out *o, const char *file, unsigned line, unsigned column,
		  const char *text, size_t len)
{
	const char *at;

	out(o, "#line %u %s", line, out_str(o, file));
	/* so that the compiler's columns are the script's */
	for (unsigned i = 1; i < column; i++)
		buf_addc(&o->text, ' ');
	buf_add(&o->text, text, len);
	for (at = text; at < text + len; at++)
		o->line += *at == '\n';
	if (!len || text[len - 1] != '\n') {
		buf_addc(&o->text, '\n');
		o->line++;
	}
	out(o, "#line " OUT_HOLE "%u" OUT_HOLE_END " \"script.c\"", o->line + 1);
}

void out_part_begin(struct out *o)
{
	o->part = o->text.len;
	o->part_line = o->line;
	o->holes.n = 0;
}

void out_part_text(const struct out *o, struct buf *text)
{
	size_t at = o->part;

	VEC_EACH(&o->holes, i) {
		buf_add(text, o->text.data + at, o->holes.at[i].from - at);
		buf_addc(text, *OUT_HOLE);
		at = o->holes.at[i].to;
	}
	buf_add(text, o->text.data + at, o->text.len - at);
}

void out_part_drop(struct out *o)
{
	o->text.data[o->text.len = o->part] = '\0';
	o->line = o->part_line;
	o->holes.n = 0;
}

const char *out_str_n(struct out *o, const char *text, size_t len)
{
	struct buf b;
	const char *literal;

	buf_init(&b);
	buf_addc(&b, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c == '"' || c == '\\')
			buf_printf(&b, "\\%c", c);
		else if (c == '\n')
			buf_adds(&b, "\\n");
		else if (c == '\t')
			buf_adds(&b, "\\t");
		else if (c == '?' && i && text[i - 1] == '?')
			buf_adds(&b, "\\?"); /* no trigraphs */
		else if (c < 0x20 || c >= 0x7f)
			buf_printf(&b, "\\%03o", c);
		else
			buf_addc(&b, c);
	}
	buf_addc(&b, '"');
	literal = arena_strndup(o->arena, b.data, b.len);
	buf_fini(&b);
	return literal;
}

const char *out_str(struct out *o, const char *text)
{
	return out_str_n(o, text, strlen(text));
}

uint32_t out_string_id(struct out *o, const char *text)
{
	uintptr_t at;

	if (!text || !*text)
		return 0;
	at = (uintptr_t)map_find(&o->string_index, text);
	if (!at) {
		at = o->strings.len + 1;
		buf_add(&o->strings, text, strlen(text) + 1);
		map_put(&o->string_index, arena_strdup(o->arena, text), (void *)at);
	}
	return at - 1;
}

void out_strings(struct out *o)
{
	size_t at = 0;

	out(o, "const char script_strings[] =");
	o->indent++;
	while (at < o->strings.len) {
		const char *text = o->strings.data + at;
		size_t n = strlen(text);

		/* the terminating NUL of the last one is the literal's own */
		if (at + n + 1 == o->strings.len)
			out(o, "%s;", out_str_n(o, text, n));
		else
			out(o, "%s", arena_printf(o->arena, "%.*s\\0\"",
						  (int)strlen(out_str_n(o, text, n)) - 1,
						  out_str_n(o, text, n)));
		at += n + 1;
	}
	o->indent--;
}
