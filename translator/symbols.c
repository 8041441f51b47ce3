/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/symbols.h"

#include "translator/plan.h"
#include "translator/probes/program.h"
#include "translator/uses.h"

static bool has_pragma(const struct session *s, const char *word)
{
	VEC_EACH(&s->functions, i) {
		const struct stmt *b = s->functions.at[i]->function.body;

		if (b && b->kind == STMT_EMBEDDED &&
		    embedded_has_pragma(b->embedded.code, b->embedded.len, word))
			return true;
	}
	return false;
}

bool lines_are_wanted(const struct session *s)
{
	return has_pragma(s, "lines");
}

bool symbols_are_wanted(const struct session *s)
{
	return has_pragma(s, "symbols") || lines_are_wanted(s);
}

bool modules_are_wanted(const struct session *s)
{
	return symbols_are_wanted(s) || has_pragma(s, "modules");
}

bool symbols_plan(struct session *s)
{
	size_t n;

	if (!symbols_are_wanted(s))
		return true;
	VEC_EACH(&s->opt.symbol_files, i) {
		struct dw_file *f = program_module(s, s->opt.symbol_files.at[i], (struct loc){ 0 }, false);

		if (!f)
			return false;
		plan_file(s, f);
	}
	n = s->files.n;
	for (size_t i = 0; s->opt.symbols_of_libraries && i < n; i++) {
		program_vec needed = { 0 };

		program_needed(s, s->files.at[i], &needed);
		VEC_EACH(&needed, k)
			plan_file(s, needed.at[k].file);
	}
	return true;
}
