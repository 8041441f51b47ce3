/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular expressions over the letters that strings are made of. */
#include "gen_int.h"

static void alternatives(struct gen *g, unsigned depth);

static void atom(struct gen *g, unsigned depth)
{
	static const char *const classes[] = { "[ab]", "[^a]", "[a-c]", "[^b-z]", "[0-9]", "[]a]", "[a-]", "[[:alpha:]]" };

	switch (below(g, depth ? 6 : 4)) {
	case 0:
		put(g, ".");
		break;
	case 1:
		put(g, "%s", PICK(g, classes));
		break;
	case 4:
	case 5:
		put(g, "(");
		alternatives(g, depth - 1);
		put(g, ")");
		break;
	default:
		put(g, "%c", "aabbckx1"[below(g, 8)]);
	}
}

static void sequence(struct gen *g, unsigned depth)
{
	static const char *const repetitions[] = { "*", "+", "?", "{2}", "{1,2}", "{2,}", "{0,1}" };

	for (unsigned n = 1 + below(g, 3); n; n--) {
		atom(g, depth);
		if (one_in(g, 3))
			put(g, "%s", PICK(g, repetitions));
	}
}

static void alternatives(struct gen *g, unsigned depth)
{
	sequence(g, depth);
	while (one_in(g, 4)) {
		put(g, "|");
		sequence(g, depth);
	}
}

void regex_with_groups(struct gen *g)
{
	static const char *const patterns[] = {
		"(a+)(b*)", "([a-z]+)([0-9]*)", "(.)(.)", "^(a)?(b)", "([^a]*)(a|b)", "(k)(e)(y)", "()a", "(.*)$",
		"^(.*)b(.*)$", "(a)|(b)", "((a)(b))", "((a+)|b)x?", "(x[0-9])|(key)", "^([^ ]*) ([^ ]*)$", "([[:digit:]]+)",
		"(.)(.)(.)(.)(.)(.)(.)", "a(b)?c?", "([abc])([abc])([abc])",
	};

	put(g, "\"%s\"", PICK(g, patterns));
}

/* With one "$" at most: nothing comes behind an end in SystemTap, not even another end. */
void regex(struct gen *g)
{
	put(g, "\"");
	if (one_in(g, 4))
		put(g, "^");
	if (one_in(g, 4))
		put(g, "%s", PICK(g, ((const char *[]){ "", "[0-9]+", "(ab)+", "a.*a" })));
	else
		alternatives(g, 2);
	if (one_in(g, 4))
		put(g, "$");
	put(g, "\"");
}
