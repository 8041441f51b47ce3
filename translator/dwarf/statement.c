/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements: "func@file:line", "func@file+line", "*@file:line", ":first-last",
 * ":1,3,5-7", ":*".  A line that has code in several places of one function is
 * probed at the lowest address there.
 */
#include "translator/dwarf/dw_int.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "translator/dwarf/line_int.h"

struct line_span {
	unsigned first, last;
};

struct candidate {
	uint64_t address, file;
	unsigned line;
};

struct searcher {
	struct dw_file *file;
	const char *function, *source;
	VEC(struct line_span) spans;
	bool is_relative;     /* spans count from the function's line */
	bool *is_wanted;      /* of the files of the table at work on */
	size_t n_files;
	VEC(struct candidate) candidates;
};

static void parse_lines(struct searcher *k, const char *text)
{
	struct arena *a = k->file->dw->arena;

	while (*text) {
		struct line_span span;
		char *end;

		if (*text == '*') {
			span = (struct line_span){ 0, UINT32_MAX };
			end = (char *)text + 1;
		} else {
			span.first = span.last = (unsigned)strtoul(text, &end, 10);
			if (end == text)
				return;
			if (*end == '-')
				span.last = (unsigned)strtoul(end + 1, &end, 10);
		}
		VEC_PUSH(a, &k->spans, span);
		text = *end == ',' ? end + 1 : "";
	}
}

static bool parse(struct searcher *k, const char *text)
{
	struct arena *a = k->file->dw->arena;
	const char *at = strchr(text, '@'), *mark;

	if (!at)
		return false;
	k->function = arena_strndup(a, text, (size_t)(at - text));
	mark = strpbrk(at + 1, ":+");
	if (!mark)
		return false;
	k->source = arena_strndup(a, at + 1, (size_t)(mark - at - 1));
	k->is_relative = *mark == '+';
	parse_lines(k, mark + 1);
	return k->spans.n;
}

static bool is_wanted_line(const struct searcher *k, unsigned line)
{
	VEC_EACH(&k->spans, i)
		if (line >= k->spans.at[i].first && line <= k->spans.at[i].last)
			return true;
	return false;
}

static void collect_row(void *data, const struct line_row *row)
{
	struct searcher *k = data;
	struct candidate c = { row->address, row->file, row->line };

	if (row->is_end || !row->is_stmt || !row->line || row->file >= k->n_files ||
	    !k->is_wanted[row->file] || (!k->is_relative && !is_wanted_line(k, row->line)) ||
	    row->address < k->file->low_address)
		return;
	VEC_PUSH(k->file->dw->arena, &k->candidates, c);
}

bool source_matches(const char *path, const char *pattern)
{
	const char *tail = path;

	if (!path)
		return false;
	if (fnmatch(pattern, path, 0) == 0)
		return true;
	while ((tail = strchr(tail, '/')))
		if (fnmatch(pattern, ++tail, 0) == 0)
			return true;
	return false;
}

static int compare_candidates(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;

	return a->address < b->address ? -1 : a->address > b->address;
}

/* The inlined instance or function right around ADDRESS. */
static void innermost(struct dw_func *func, uint64_t address)
{
	const struct dw_func_die *outer = func->die;
	struct dw_func_die *d;
	Dwarf_Die at, child;
	bool is_deeper = true;
	int line;

	if (!outer)
		return;
	at = outer->die;
	while (is_deeper) {
		is_deeper = false;
		for (int next = dwarf_child(&at, &child); next == 0;
		     next = dwarf_siblingof(&child, &child)) {
			int tag = dwarf_tag(&child);

			if ((tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) ||
			    dwarf_haspc(&child, address) <= 0)
				continue;
			at = child;
			is_deeper = true;
			if (tag == DW_TAG_lexical_block)
				break;
			d = ARENA_NEW(func->file->dw->arena, struct dw_func_die);
			d->die = child;
			d->frame = outer->frame;
			func->die = d;
			func->is_inlined = true;
			func->name = dwarf_diename(&child);
			func->decl_file = line_decl_file(func->file, &child);
			func->decl_line = dwarf_decl_line(&child, &line) ? 0 : (unsigned)line;
			if (func_entry(func->file, &child, &func->address, &func->size))
				func->probe_address = func->address;
			break;
		}
	}
}

static bool has_hit(const dw_line_vec *out, size_t first, const struct dw_func *func, unsigned line)
{
	for (size_t i = first; i < out->n; i++)
		if (out->at[i].func.address == func->address && out->at[i].line == line)
			return true;
	return false;
}

static void add_hit(struct searcher *k, const struct candidate *c, const char *source, size_t first,
		    dw_line_vec *out)
{
	struct dw_line_hit hit = { .address = c->address, .src = source, .line = c->line };

	if (!dw_func_at(k->file, c->address, &hit.func))
		return;
	innermost(&hit.func, c->address);
	if (!hit.func.name || fnmatch(k->function, hit.func.name, 0))
		return;
	if (k->is_relative &&
	    (c->line < hit.func.decl_line || !is_wanted_line(k, c->line - hit.func.decl_line)))
		return;
	if (!has_hit(out, first, &hit.func, c->line))
		VEC_PUSH(k->file->dw->arena, out, hit);
}

static void search_unit(struct searcher *k, Dwarf_CU *cu, size_t first, dw_line_vec *out)
{
	struct arena *a = k->file->dw->arena;
	struct dw_line_table *t = line_table_of(k->file, cu);
	const char **paths;
	bool is_any = false;

	if (!t)
		return;
	k->n_files = t->files.n;
	k->is_wanted = ARENA_ARRAY(a, k->n_files + 1, bool);
	paths = ARENA_ARRAY(a, k->n_files + 1, const char *);
	for (size_t i = 0; i < k->n_files; i++) {
		paths[i] = line_file_path(t, i);
		k->is_wanted[i] = source_matches(paths[i], k->source);
		is_any |= k->is_wanted[i];
	}
	if (!is_any)
		return;
	k->candidates.n = 0;
	line_each(t, collect_row, k);
	if (k->candidates.n)
		qsort(k->candidates.at, k->candidates.n, sizeof(*k->candidates.at),
		      compare_candidates);
	VEC_EACH(&k->candidates, i)
		add_hit(k, &k->candidates.at[i], paths[k->candidates.at[i].file], first, out);
}

/* "func" or "func@file" without a line: the statement is the function's first one. */
static size_t find_functions(struct dw_file *f, const char *pattern, dw_line_vec *out)
{
	dw_func_vec found = { 0 };

	dw_find_functions(f, pattern, DW_WANT_CALLABLE | DW_WANT_INLINED, &found);
	VEC_EACH(&found, i) {
		struct dw_line_hit hit = { .address = found.at[i].probe_address,
					   .func = found.at[i], .src = found.at[i].decl_file,
					   .line = found.at[i].decl_line };

		VEC_PUSH(f->dw->arena, out, hit);
	}
	return found.n;
}

static void search_file(struct searcher *k, dw_line_vec *out)
{
	size_t first = out->n;
	Dwarf_CU *cu = NULL;

	/* the tables of split units are in the skeletons */
	while (k->file->dwarf &&
	       dwarf_get_units(k->file->dwarf, cu, &cu, NULL, NULL, NULL, NULL) == 0) {
		Dwarf_Die unit;

		if (dwarf_cu_die(cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL) &&
		    (dwarf_tag(&unit) == DW_TAG_compile_unit ||
		     dwarf_tag(&unit) == DW_TAG_skeleton_unit))
			search_unit(k, cu, first, out);
	}
}

/* Of two lines the nearer to WANTED: the next one with code, or else the last before it. */
static unsigned nearer(unsigned wanted, unsigned a, unsigned b)
{
	if ((a > wanted) != (b > wanted))
		return a > wanted ? a : b;
	return (a < b) == (a > wanted) ? a : b;
}

static unsigned line_in(const struct searcher *k, const struct dw_line_hit *hit)
{
	return k->is_relative ? hit->line - hit->func.decl_line : hit->line;
}

/* The line WANTED has no code: what is found goes by its name. */
static void search_nearest(struct searcher *k, unsigned wanted, dw_line_vec *out)
{
	dw_line_vec all = { 0 };
	unsigned best;

	k->spans.at[0] = (struct line_span){ 0, UINT32_MAX };
	search_file(k, &all);
	if (!all.n)
		return;
	best = line_in(k, &all.at[0]);
	VEC_EACH(&all, i)
		best = nearer(wanted, best, line_in(k, &all.at[i]));
	VEC_EACH(&all, i) {
		if (line_in(k, &all.at[i]) != best)
			continue;
		all.at[i].line += wanted - best;
		VEC_PUSH(k->file->dw->arena, out, all.at[i]);
	}
}

size_t dw_find_lines(struct dw_file *f, const char *pattern, bool nearest, dw_line_vec *out)
{
	struct searcher k = { .file = f };
	size_t first = out->n, n;

	if (!parse(&k, pattern))
		return find_functions(f, pattern, out);
	debug_find(f);
	if (!nearest) {
		search_file(&k, out);
		return out->n - first;
	}
	n = k.spans.n;
	k.spans.n = 1;
	for (size_t i = 0; i < n; i++) {
		struct line_span span = k.spans.at[i];
		size_t before = out->n;

		k.spans.at[0] = span;
		search_file(&k, out);
		if (out->n == before && span.first == span.last)
			search_nearest(&k, span.first, out);
	}
	return out->n - first;
}
