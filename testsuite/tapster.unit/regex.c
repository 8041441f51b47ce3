/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions: compiled by the translator, run by runtime/core, against
 * the C library's regexec over random patterns and subjects.  (No anchors
 * inside a pattern: the C library gets those wrong.)
 */
#include <regex.h>
#include <stdlib.h>

#include "runtime/api.h"
#include "translator/regex.h"
#include "unit.h"

/* What regex.c of the runtime needs of the rest of it. */
size_t rt_str_copy(char *dst, size_t size, const char *src)
{
	return snprintf(dst, size, "%s", src);
}

size_t rt_str_copy_n(char *dst, size_t size, const char *src, size_t n)
{
	return snprintf(dst, size, "%.*s", (int)n, src);
}

static int n_errors;

void rt_error(struct rt_context *c, const char *fmt, ...)
{
	(void)c;
	(void)fmt;
	n_errors++;
}

static struct rt_context *context;
static struct arena *arena;

static bool run_dfa(const struct regex *re, const char *s)
{
	return rt_regex_match(re->class, re->next, re->n_classes, re->start, re->first_end, s);
}

static bool run_program(const struct regex *re, const char *s)
{
	return rt_regex_search(context, (const struct rt_regex_insn *)re->insns, re->n_insns,
			       (const uint8_t(*)[32])re->sets, re->n_groups, s, 512);
}

static unsigned seed = 1;

static unsigned pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void add_pattern(char *p, int depth)
{
	static const char *const atoms[] = { "a", "b", "c", ".", "[ab]", "[^a]" };
	static const char *const repeats[] = { "", "", "", "*", "+", "?", "{1,2}", "{2}" };

	for (unsigned n = 1 + pick(3); n; n--) {
		if (depth < 3 && pick(3) == 0) {
			strcat(p, "(");
			add_pattern(p, depth + 1);
			if (pick(2)) {
				strcat(p, "|");
				add_pattern(p, depth + 1);
			}
			strcat(p, ")");
		} else {
			strcat(p, atoms[pick(6)]);
		}
		strcat(p, repeats[pick(8)]);
	}
}

static void compare(const char *pattern, const regex_t *libc, const struct regex *re)
{
	for (int i = 0; i < 20; i++) {
		char s[16] = "";
		regmatch_t m[1];
		unsigned n = pick(10);
		bool want;

		for (unsigned k = 0; k < n; k++)
			s[k] = "abc"[pick(3)];
		want = !regexec(libc, s, 1, m, 0);
		if (re->n_states && run_dfa(re, s) != want)
			printf("failed random: automaton of %s on %s\n", pattern, s), unit_failures++;
		if (run_program(re, s) != want ||
		    (want && (context->match->at[0] != m[0].rm_so ||
			      context->match->at[1] != m[0].rm_eo)))
			printf("failed random: program of %s on %s\n", pattern, s), unit_failures++;
	}
}

static void random_patterns(void)
{
	for (int i = 0; i < 3000; i++) {
		struct arena_mark mark = arena_mark(arena);
		char p[8192] = "";
		struct regex *re;
		regex_t libc;
		const char *why;
		size_t at;

		if (pick(4) == 0)
			strcat(p, "^");
		add_pattern(p, 0);
		if (strlen(p) > 60)
			continue;
		if (pick(4) == 0)
			strcat(p, "$");
		if (regcomp(&libc, p, REG_EXTENDED))
			continue;
		re = regex_compile(arena, p, &why, &at);
		if (CHECK(re != NULL))
			compare(p, &libc, re);
		regfree(&libc);
		arena_reset(arena, mark);
	}
}

static void groups(void)
{
	const char *why;
	size_t at;
	char out[512];
	struct regex *re = regex_compile(arena, "([a-z]+)=([0-9]*)(;x)?", &why, &at);

	CHECK(run_program(re, "  key=42 "));
	CHECK_INT(rt_ngroups(context), 4);
	rt_matched(context, out, sizeof(out), 0);
	CHECK_STR(out, "key=42");
	rt_matched(context, out, sizeof(out), 1);
	CHECK_STR(out, "key");
	rt_matched(context, out, sizeof(out), 2);
	CHECK_STR(out, "42");
	rt_matched(context, out, sizeof(out), 3);
	CHECK_STR(out, "");
	CHECK_INT(n_errors, 0);
	rt_matched(context, out, sizeof(out), 4);
	CHECK_INT(n_errors, 1);
	CHECK(!run_program(re, "none"));
	rt_matched(context, out, sizeof(out), 0);
	CHECK_INT(n_errors, 2);
}

static void refusals(void)
{
	static const char *const bad[] = { "(", ")a", "a)b", "[", "[a", "[z-a]", "*a", "a{2", "a{3,1}",
					   "a{99999}", "\\", "^*", "(?=a)", "[[:nosuch:]]", "+", "a{x}" };
	const char *why;
	size_t at;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		CHECK(regex_compile(arena, bad[i], &why, &at) == NULL);
		CHECK(why != NULL);
	}
}

/* More states than are worth a table: the program does it. */
static void huge_automaton(void)
{
	const char *why;
	size_t at;
	struct regex *re = regex_compile(arena, "(a|b)*a(a|b){12}c", &why, &at);

	CHECK_INT(re->n_states, 0);
	CHECK(run_program(re, "bbababababababac"));
	CHECK(!run_program(re, "bbbbbbbbbbbbbbbbc"));
}

int main(void)
{
	static const struct unit_test tests[] = { TEST(random_patterns), TEST(groups), TEST(refusals),
						  TEST(huge_automaton) };

	arena = arena_new("regex");
	context = calloc(1, sizeof(*context) + (1 << 20));
	context->frame_top = sizeof(*context);
	context->match = calloc(1, RT_MATCH_SIZE);
	int status = unit_run(tests, sizeof(tests) / sizeof(tests[0]));

	free(context->match);
	free(context);
	arena_free(arena);
	return status;
}
