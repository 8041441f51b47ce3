/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the library that are called. */
#include "machine_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct value substring(struct machine *m, const char *s, int64_t start, int64_t n)
{
	if (start < 0 || n <= 0 || start >= (int64_t)strlen(s))
		return (struct value){ .s = "" };
	return value_string(m->arena, m->limits, s + start, (size_t)n);
}

static struct value matched(struct machine *m, struct loc loc, int64_t i)
{
	if (!m->has_match)
		return fail(m, loc, arena_printf(m->arena,
			"Attempted to get subexpression %lld from failed match", (long long)i));
	if (i < 0 || i >= (int64_t)m->n_groups)
		return fail(m, loc, arena_printf(m->arena,
			"Attempted to get nonexistent subexpression %lld", (long long)i));
	if (m->groups[i].rm_so < 0)
		return (struct value){ .s = "" };
	return value_string(m->arena, m->limits, m->subject + m->groups[i].rm_so,
			    (size_t)(m->groups[i].rm_eo - m->groups[i].rm_so));
}

/* ANY, as long as it is found; nothing is replaced by "" in place of nothing. */
static struct value replace(struct machine *m, const char *s, const char *what, const char *by)
{
	const char *text = "", *at;

	while (*what && (at = strstr(s, what))) {
		text = arena_printf(m->arena, "%s%.*s%s", text, (int)(at - s), s, by);
		s = at + strlen(what);
	}
	text = arena_printf(m->arena, "%s%s", text, s);
	return value_string(m->arena, m->limits, text, strlen(text));
}

/* The next part that isn't empty, between any of the characters of DELIM. */
static struct value tokenize(struct machine *m, const char *s, const char *delim)
{
	const char *token;

	if (*s)
		m->tokens = s;
	if (!m->tokens)
		return (struct value){ .s = "" };
	token = m->tokens + strspn(m->tokens, delim);
	m->tokens = token + strcspn(token, delim);
	token = arena_strndup(m->arena, token, (size_t)(m->tokens - token));
	if (*m->tokens)
		m->tokens++;
	return (struct value){ .s = token };
}

/* What doesn't print as in a literal. */
static struct value escape(struct machine *m, const char *s)
{
	static const char letters[] = "\aa\bb\tt\nn\vv\ff\rr\\\\\"\"";
	const char *text = "";

	for (; *s; s++) {
		const char *l = letters, *add;

		while (*l && *l != *s)
			l += 2;
		if (*l)
			add = arena_printf(m->arena, "\\%c", l[1]);
		else if (isprint((unsigned char)*s))
			add = arena_printf(m->arena, "%c", *s);
		else
			add = arena_printf(m->arena, "\\%03o", (unsigned char)*s);
		/* no half of an escape sequence */
		if (strlen(text) + strlen(add) > m->limits->max_string - 1)
			break;
		text = arena_printf(m->arena, "%s%s", text, add);
	}
	return (struct value){ .s = text };
}

static struct value string_at(struct machine *m, struct loc loc, const char *s, int64_t i)
{
	if (i < 0 || i >= (int64_t)strlen(s))
		return fail(m, loc, "Position out of bounds");
	return number((signed char)s[i]);
}

static struct value position(const char *s, const char *what)
{
	const char *at = strstr(s, what);

	return number(at ? at - s : -1);
}

/* As the kernel's simple_strtol, which neither skips blanks nor minds an overflow. */
static int64_t to_number(const char *s, int64_t base)
{
	bool is_negative = *s == '-';
	uint64_t n = 0;

	s += is_negative;
	if (base == 16 && s[0] == '0' && tolower((unsigned char)s[1]) == 'x' && isxdigit((unsigned char)s[2]))
		s += 2;
	for (; isxdigit((unsigned char)*s); s++) {
		int digit = isdigit((unsigned char)*s) ? *s - '0' : tolower((unsigned char)*s) - 'a' + 10;

		if (digit >= base)
			break;
		n = n * (uint64_t)base + (uint64_t)digit;
	}
	return (int64_t)(is_negative ? -n : n);
}

enum function {
	STRLEN, SUBSTR, ISINSTR, STRTOL, MATCHED, NGROUPS, ERROR, EXIT, STRPOS, ISDIGIT, STRINGAT,
	STR_REPLACE, TOKENIZE, TEXT_STR, PP,
};

static enum function function_of(const char *name)
{
	static const char *const names[] = {
		[STRLEN] = "strlen", [SUBSTR] = "substr", [ISINSTR] = "isinstr", [STRTOL] = "strtol",
		[MATCHED] = "matched", [NGROUPS] = "ngroups", [ERROR] = "error", [EXIT] = "exit",
		[STRPOS] = "strpos", [ISDIGIT] = "isdigit", [STRINGAT] = "stringat",
		[STR_REPLACE] = "str_replace", [TOKENIZE] = "tokenize", [TEXT_STR] = "text_str", [PP] = "pp",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return (enum function)i;
	abort();
}

struct value call_library(struct machine *m, const struct expr *e, const struct value *args)
{
	switch (function_of(e->call.name)) {
	case STRLEN: return number((int64_t)strlen(args[0].s));
	case SUBSTR: return substring(m, args[0].s, args[1].n, args[2].n);
	case ISINSTR: return number(strstr(args[0].s, args[1].s) != NULL);
	case STRTOL: return number(to_number(args[0].s, args[1].n));
	case MATCHED: return matched(m, e->loc, args[0].n);
	case NGROUPS: return number((int64_t)m->n_groups);
	case ERROR: return fail(m, (struct loc){ 0 }, args[0].s);
	case EXIT: m->exits = true; return number(0);
	case STRPOS: return position(args[0].s, args[1].s);
	case ISDIGIT: return number(*args[0].s >= '0' && *args[0].s <= '9');
	case STRINGAT: return string_at(m, e->loc, args[0].s, args[1].n);
	case STR_REPLACE: return replace(m, args[0].s, args[1].s, args[2].s);
	case TOKENIZE: return tokenize(m, args[0].s, args[1].s);
	case TEXT_STR: return escape(m, args[0].s);
	case PP: return (struct value){ .s = m->point };
	}
	abort();
}
