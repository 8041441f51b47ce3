/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages wait in a list in the arena until they are flushed.  What stands at
 * a location ("identifier 'foo'") is read off the source line by a rough
 * scanner of tokens, so that reporters need not describe it.
 */
#include "base/diag.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "base/log.h"

enum {
	MAX_ERRORS = 20,  /* printed per run unless the owner says otherwise */
	MAX_CHAIN = 16,   /* macro expansions shown per message */
	LINE_WINDOW = 160 /* bytes of a source line shown */
};

struct diag_message {
	struct diag_message *next;
	enum diag_severity severity;
	struct loc loc;
	const char *id;
	const char *text;
};

void diag_init(struct diag *d, struct arena *a, diag_locate_fn *locate, void *sources)
{
	*d = (struct diag){
		.arena = a,
		.locate = locate,
		.sources = sources,
		.kind = "error",
		.max_errors = MAX_ERRORS,
	};
}

static void append(struct diag *d, struct diag_message *m)
{
	if (d->last)
		d->last->next = m;
	else
		d->first = m;
	d->last = m;
}

static void add(struct diag *d, enum diag_severity severity, struct loc loc, const char *id,
		const char *fmt, va_list ap)
{
	struct diag_message *m = ARENA_NEW(d->arena, struct diag_message);

	m->severity = severity;
	m->loc = loc;
	m->id = id;
	m->text = arena_vprintf(d->arena, fmt, ap);
	append(d, m);
}

void diag_error(struct diag *d, struct loc loc, const char *id, const char *fmt, ...)
{
	va_list ap;

	d->n_errors++;
	va_start(ap, fmt);
	add(d, DIAG_ERROR, loc, id, fmt, ap);
	va_end(ap);
}

void diag_warning(struct diag *d, struct loc loc, const char *id, const char *fmt, ...)
{
	va_list ap;

	if (d->warnings_as_errors)
		d->n_errors++;
	else
		d->n_warnings++;
	va_start(ap, fmt);
	add(d, d->warnings_as_errors ? DIAG_ERROR : DIAG_WARNING, loc, id, fmt, ap);
	va_end(ap);
}

void diag_note(struct diag *d, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	if (!d->last)
		BUG("a note without a message");
	va_start(ap, fmt);
	add(d, DIAG_NOTE, loc, NULL, fmt, ap);
	va_end(ap);
}

struct diag_mark diag_mark(const struct diag *d)
{
	return (struct diag_mark){ d->last, d->n_errors, d->n_warnings };
}

void diag_rollback(struct diag *d, struct diag_mark mark)
{
	d->last = mark.last;
	if (mark.last)
		mark.last->next = NULL;
	else
		d->first = NULL;
	d->n_errors = mark.n_errors;
	d->n_warnings = mark.n_warnings;
}

struct diag_kept diag_keep(struct diag *d, struct diag_mark mark)
{
	struct diag_kept kept = {
		.first = mark.last ? mark.last->next : d->first,
		.n_errors = d->n_errors - mark.n_errors,
		.n_warnings = d->n_warnings - mark.n_warnings,
	};

	diag_rollback(d, mark);
	return kept;
}

void diag_report(struct diag *d, const struct diag_kept *kept)
{
	for (const struct diag_message *m = kept->first; m; m = m->next) {
		struct diag_message *copy = ARENA_NEW(d->arena, struct diag_message);

		*copy = *m;
		copy->next = NULL;
		append(d, copy);
	}
	d->n_errors += kept->n_errors;
	d->n_warnings += kept->n_warnings;
}

bool diag_has_since(const struct diag *d, struct diag_mark mark, const char *id)
{
	for (const struct diag_message *m = mark.last ? mark.last->next : d->first; m; m = m->next)
		if (m->id && !strcmp(m->id, id))
			return true;
	return false;
}

/* ---- printing ---- */

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static bool is_keyword(const char *p, unsigned len)
{
	static const char *const keywords[] = {
		"break", "catch", "continue", "delete", "else", "for", "foreach", "function", "global", "if", "in",
		"limit", "long", "next", "private", "probe", "return", "string", "try", "while",
	};

	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strlen(keywords[i]) == len && !memcmp(p, keywords[i], len))
			return true;
	return false;
}

const char *diag_token(struct arena *a, const char *p, unsigned len)
{
	static const char *const operators[] = {
		"<<<", ">>>", "<<=", ">>=", "&&", "||", "++", "--", "->", "==", "!=", "<=",
		">=",  "=~",  "!~",  "+=",  "-=", "*=", "/=", "%=", ".=", "<<", ">>",
	};
	const char *what = "operator";
	unsigned n = 0;

	if (!len || *p == '\n')
		return "end of line";
	if (*p == '"') {
		what = "string";
		for (n = 1; n < len && p[n] != '"'; n++)
			if (p[n] == '\\' && n + 1 < len)
				n++;
		return arena_printf(a, "%s '%.*s'", what, (int)n - 1, p + 1);
	}
	if (isdigit((unsigned char)*p))
		what = "number";
	else if (isalpha((unsigned char)*p) || *p == '_' || *p == '$')
		what = "identifier";
	if (*p == '@' || is_name_byte(*p)) {
		for (n = 1; n < len && (is_name_byte(p[n]) || (*p == '@' && p[n] == '@')); n++)
			;
	} else {
		for (size_t i = 0; i < sizeof(operators) / sizeof(*operators) && !n; i++)
			if (strlen(operators[i]) <= len &&
			    !memcmp(p, operators[i], strlen(operators[i])))
				n = (unsigned)strlen(operators[i]);
		if (!n)
			n = 1;
	}
	if (is_keyword(p, n))
		return "keyword";
	return arena_printf(a, "%s '%.*s'", what, (int)n, p);
}

/* The colours of messages: "Select Graphic Rendition" parameters of a terminal. */
#define COLOR_ERROR "1;31"
#define COLOR_WARNING "33"
#define COLOR_SOURCE "34"
#define COLOR_CARET "1"

static void color_on(const struct diag *d, const char *color, FILE *out)
{
	if (d->color)
		fprintf(out, "\033[%sm", color);
}

static void color_off(const struct diag *d, FILE *out)
{
	if (d->color)
		fputs("\033[m", out);
}

/* The source line and a caret under its column.  Of a long line, a window. */
static void print_line(const struct diag *d, const struct diag_place *place, FILE *out)
{
	unsigned column = place->column - 1, from = 0, to = place->text_len;

	if (to > LINE_WINDOW) {
		if (column > LINE_WINDOW * 3 / 4)
			from = column - LINE_WINDOW * 3 / 4;
		if (to > from + LINE_WINDOW)
			to = from + LINE_WINDOW;
	}
	fputs("        source: ", out);
	color_on(d, COLOR_SOURCE, out);
	fprintf(out, "%.*s", (int)(to - from), place->text + from);
	color_off(d, out);
	fputs("\n                ", out);
	for (unsigned i = from; i < column; i++) {
		unsigned char c = i < place->text_len ? (unsigned char)place->text[i] : ' ';

		if (c == '\t')
			fputc('\t', out);
		else if ((c & 0xc0) != 0x80) /* not a continuation byte of UTF-8 */
			fputc(' ', out);
	}
	color_on(d, COLOR_CARET, out);
	fputc('^', out);
	color_off(d, out);
	fputc('\n', out);
}

static void print_at(const struct diag *d, const struct diag_place *place, FILE *out)
{
	unsigned column = place->column - 1;

	if (place->text && column <= place->text_len)
		fprintf(out, "%s ", diag_token(d->arena, place->text + column, place->text_len - column));
	fprintf(out, "at %s:%u:%u\n", place->file, place->line, place->column);
	if (place->text)
		print_line(d, place, out);
}

/* Where the message belongs, then the macro uses that led there. */
static void print_places(const struct diag *d, struct loc loc, FILE *out)
{
	struct diag_place place = { 0 };
	const char *via;

	d->locate(d->sources, loc, &place);
	print_at(d, &place, out);
	for (unsigned i = 0; place.parent.file && i < MAX_CHAIN; i++) {
		loc = place.parent;
		via = place.via;
		place = (struct diag_place){ 0 };
		d->locate(d->sources, loc, &place);
		fprintf(out, "\tin expansion of %s: ", via ? via : "macro");
		print_at(d, &place, out);
	}
}

static void print_message(const struct diag *d, const struct diag_message *m, FILE *out)
{
	bool is_parse = d->kind && !strncmp(d->kind, "parse", 5);

	if (m->severity == DIAG_NOTE && !m->loc.file) {
		fprintf(out, "        note: %s\n", m->text);
		return;
	}
	color_on(d, m->severity == DIAG_WARNING ? COLOR_WARNING : COLOR_ERROR, out);
	fprintf(out, "%s:", m->severity == DIAG_WARNING ? "WARNING" : d->kind);
	color_off(d, out);
	fprintf(out, " %s", m->text);
	if (m->id && d->verbose > 1)
		fprintf(out, " [%s]", m->id);
	if (!m->loc.file || !d->locate) {
		fputc('\n', out);
		return;
	}
	if (is_parse && m->severity == DIAG_ERROR)
		fprintf(out, "\n        %s: ", strstr(m->text, "expected") ? "saw" : "at");
	else
		fputs(": ", out);
	print_places(d, m->loc, out);
}

/* The same words at the same place have been printed before; of a warning, anywhere. */
static bool is_repeated(const struct diag *d, const struct diag_message *m)
{
	if (m->severity == DIAG_WARNING && !d->verbose)
		for (const struct diag_message *e = d->warned; e; e = e->next)
			if (!strcmp(e->text, m->text))
				return true;
	for (const struct diag_message *e = d->first; e != m; e = e->next)
		if (e->severity == m->severity && e->loc.file == m->loc.file &&
		    e->loc.offset == m->loc.offset && !strcmp(e->text, m->text))
			return true;
	return false;
}

static void note_warned(struct diag *d, const struct diag_message *m)
{
	struct diag_message *copy = arena_memdup(d->arena, m, sizeof(*m));

	copy->next = d->warned;
	d->warned = copy;
}

/* Errors, and notes that show a place, stand apart by blank lines. */
static bool is_apart(const struct diag_message *m)
{
	return m->severity == DIAG_ERROR || (m->severity == DIAG_NOTE && m->loc.file);
}

void diag_flush(struct diag *d, FILE *out)
{
	unsigned printed = 0, left_out = 0;
	bool skip = false; /* notes go with their message */
	bool is_apart_before = false;

	for (const struct diag_message *m = d->first; m; m = m->next) {
		if (m->severity != DIAG_NOTE)
			skip = (m->severity == DIAG_WARNING && d->no_warnings) || is_repeated(d, m);
		if (!skip && m->severity == DIAG_ERROR && ++printed > d->max_errors) {
			left_out++;
			skip = true;
		}
		if (skip)
			continue;
		if (is_apart_before && (m->loc.file || m->severity != DIAG_NOTE))
			fputc('\n', out);
		print_message(d, m, out);
		if (m->severity == DIAG_WARNING)
			note_warned(d, m);
		is_apart_before = is_apart(m) || (is_apart_before && m->severity == DIAG_NOTE);
	}
	if (is_apart_before)
		fputc('\n', out);
	if (left_out)
		fprintf(out, "%u more errors not shown\n", left_out);
	d->first = d->last = NULL;
}

/* ---- near-miss names ---- */

/* Levenshtein distance, in one row; names longer than the row are far from everything. */
static unsigned distance(const char *a, const char *b)
{
	enum { MAX_NAME = 128 };
	unsigned row[MAX_NAME + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > MAX_NAME || nb > MAX_NAME)
		return (unsigned)(na > nb ? na : nb);
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

unsigned diag_similar(const char *name, const char *const *candidates, unsigned n,
		      const char **out, unsigned max)
{
	enum { MAX_OUT = 16 };
	unsigned scores[MAX_OUT], found = 0;

	if (max > MAX_OUT)
		max = MAX_OUT;
	for (unsigned i = 0; i < n; i++) {
		unsigned score = distance(name, candidates[i]), at = 0;
		bool known = false;

		while (at < found && scores[at] <= score)
			known |= !strcmp(out[at++], candidates[i]);
		if (known || at == max)
			continue;
		if (found < max)
			found++;
		memmove(&scores[at + 1], &scores[at], (found - at - 1) * sizeof(*scores));
		memmove(&out[at + 1], &out[at], (found - at - 1) * sizeof(*out));
		scores[at] = score;
		out[at] = candidates[i];
	}
	return found;
}
