/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions: the tables of translator/regex.h as constants re_N_*, and
 * the call that runs one.  A script that never asks what matched gets
 * the automaton only (where there is one), the others the program.
 */
#include "translator/regex.h"

#include "runtime/api.h"
#include "translator/emit/emit_int.h"

static bool needs_program(const struct emit *e, const struct regex *re)
{
	return e->has_groups || (!re->n_states && re->start != REGEX_MATCHED);
}

static void emit_numbers(struct emit *e, const char *type, unsigned id, const char *name,
			 unsigned n, const uint16_t *at)
{
	struct buf line;

	buf_init(&line);
	out_open(&e->o, "__attribute__((unused)) static const %s re_%u_%s[%u] =", type, id, name, n);
	for (unsigned i = 0; i < n; i++) {
		buf_printf(&line, "%u,", at[i]);
		if (i % 24 == 23 || i == n - 1) {
			out(&e->o, "%s", line.data);
			buf_clear(&line);
		}
	}
	out_close(&e->o, ";");
	buf_fini(&line);
}

static void emit_automaton(struct emit *e, const struct regex *re)
{
	uint16_t class[256];

	for (unsigned i = 0; i < 256; i++)
		class[i] = re->class[i];
	emit_numbers(e, "uint8_t", re->id, "class", 256, class);
	emit_numbers(e, "uint16_t", re->id, "next", re->n_states * re->n_classes, re->next);
}

static void emit_program(struct emit *e, const struct regex *re)
{
	uint16_t set[32];

	out_open(&e->o, "__attribute__((unused)) static const struct rt_regex_insn re_%u_code[%u] =", re->id, re->n_insns);
	for (unsigned i = 0; i < re->n_insns; i++)
		out(&e->o, "{ %u, %u, %u },", re->insns[i].op, re->insns[i].x, re->insns[i].y);
	out_close(&e->o, ";");
	out_open(&e->o, "__attribute__((unused)) static const uint8_t re_%u_sets[%u][32] =", re->id,
		 re->n_sets ? re->n_sets : 1);
	for (unsigned i = 0; i < re->n_sets; i++) {
		struct buf line;

		buf_init(&line);
		for (unsigned k = 0; k < 32; k++) {
			set[k] = re->sets[i][k];
			buf_printf(&line, "%u,", set[k]);
		}
		out(&e->o, "{ %s },", line.data);
		buf_fini(&line);
	}
	if (!re->n_sets)
		out(&e->o, "{ 0 },");
	out_close(&e->o, ";");
}

void emit_regexes(struct emit *e)
{
	VEC_EACH(&e->s->regexes, i) {
		const struct regex *re = e->s->regexes.at[i];

		if (needs_program(e, re))
			emit_program(e, re);
		else if (re->n_states)
			emit_automaton(e, re);
		out(&e->o, "%s", "");
	}
}

const char *regex_c(struct emit *e, const struct expr *x)
{
	const struct regex *re = x->regex.regex;
	const char *subject = expr_c(e, x->regex.left);
	const char *not = x->regex.op == OP_NOMATCH ? "!" : "";

	if (needs_program(e, re))
		return arena_printf(e->a, "%srt_regex_search(c, re_%u_code, %u, re_%u_sets, %u, %s, RT_STRLEN)",
				    not, re->id, re->n_insns, re->id, re->n_groups, subject);
	if (!re->n_states)
		return *not ? "0" : "1"; /* matches everything */
	return arena_printf(e->a, "%srt_regex_match(re_%u_class, re_%u_next, %u, %u, %u, %s)", not,
			    re->id, re->id, re->n_classes, re->start, re->first_end, subject);
}

size_t regexes_frame_need(const struct emit *e)
{
	size_t most = 0;

	VEC_EACH(&e->s->regexes, i) {
		const struct regex *re = e->s->regexes.at[i];
		size_t size = needs_program(e, re) ? RT_REGEX_SCRATCH(re->n_insns, re->n_groups) : 0;

		if (size > most)
			most = size;
	}
	if (e->has_groups)
		most += sizeof(struct rt_match) + session_max_string(e->s) + 16;
	return most;
}

void emit_match_open(struct emit *e)
{
	if (!e->has_groups)
		return;
	out(&e->o, "c->match = rt_frame_push(c, RT_MATCH_SIZE);");
	out(&e->o, "c->match->n_groups = 0;");
}

void emit_match_close(struct emit *e)
{
	if (e->has_groups)
		out(&e->o, "rt_frame_pop(c, RT_MATCH_SIZE);");
}
