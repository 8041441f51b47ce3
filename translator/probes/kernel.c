/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes of the kernel: its functions and their returns by symbol (kernel.function,
 * kprobe.function), its tracepoints by name; on the kernel runtime.  They have no
 * variables yet.  symbols.h says where the names come from; without a list a name
 * is believed, and the module says at its start what isn't there.
 */
#include "translator/point.h"

#include <fnmatch.h>
#include <string.h>

#include "translator/choose.h"
#include "translator/kernel/symbols.h"
#include "translator/kernel/tree.h"
#include "translator/near.h"
#include "translator/point_messages.h"

enum kernel_tag { FUNCTION, RETURN, TRACE };

#define OBJECT "{kernel,kprobe}"

static const struct point_pattern patterns[] = {
	{ OBJECT ".function(STRING){,.call}", FUNCTION },
	{ OBJECT ".function(STRING).return{,.maxactive(NUMBER)}", RETURN },
	{ "kernel.trace(STRING)", TRACE },
};

enum { MOST_ACTIVE = 65536 };

static bool is_wildcard(const char *pattern)
{
	return pattern[strcspn(pattern, "*?[")];
}

/* The names of all functions, or all tracepoints, for "similar". */
static const char *similar(struct session *s, const struct kernel_symbols *k, const char *name, bool events)
{
	size_t n = events ? k->n_tracepoints : k->n_functions;
	const char **names = ARENA_ARRAY(s->scratch, n + 1, const char *);

	for (size_t i = 0; i < n; i++)
		names[i] = events ? k->tracepoints[i] : k->functions[i].name;
	return near_similar(s->arena, events ? "similar tracepoints" : "similar functions", name, names, n);
}

static bool report_no_list(struct session *s, const struct point_part *part, const char *pattern)
{
	struct kernel_tree tree;

	kernel_tree_find(s, &tree);
	diag_error(&s->diag, part->arg->loc, E_NO_KERNEL_SYMBOLS, pattern, tree.release);
	return false;
}

static void add(struct session *s, const struct point_match *m, const char *symbol, bool is_one_of_many)
{
	const struct point *point = m->point;
	const char *name = arena_printf(s->arena, "%s.%s(\"%s\")", point->parts.at[0].name,
					point->parts.at[1].name, symbol);
	const struct point_part *active = point_part(point, "maxactive");
	struct probe *p;

	for (size_t i = 2; i < point->parts.n; i++)
		name = arena_printf(s->arena, point->parts.at[i].has_arg ? "%s.%s(%lld)" : "%s.%s", name,
				    point->parts.at[i].name,
				    point->parts.at[i].has_arg ? (long long)point_number(&point->parts.at[i]) : 0);
	p = point_add_probe(s, m, &family_kernel, name);
	p->symbol = symbol;
	p->function = m->tag == TRACE ? NULL : symbol;
	p->is_one_of_many = is_one_of_many;
	p->row.kind = m->tag == TRACE ? PROBE_TRACEPOINT : m->tag == RETURN ? PROBE_KERNEL_RETURN : PROBE_KERNEL_FUNCTION;
	p->row.flags = is_one_of_many || point->is_optional || point->is_sufficient ? PROBE_OPTIONAL : 0;
	if (m->tag == RETURN)
		p->row.arg2 = active ? point_number(active) : session_limit(s, "KRETACTIVE", 0);
}

/* ---- functions ---- */

/* PATTERN means NAME, or what the compiler has made of it: name.isra.0 */
static bool is_meant(const char *pattern, const char *name)
{
	size_t base = strcspn(name, ".");
	char text[256];

	if (!fnmatch(pattern, name, 0))
		return true;
	if (!name[base] || base >= sizeof(text))
		return false;
	memcpy(text, name, base);
	text[base] = 0;
	return !fnmatch(pattern, text, 0);
}

static void report_no_function(struct session *s, const struct point_part *part, const struct kernel_symbols *k,
			       const struct kernel_symbol *other)
{
	if (!other)
		diag_error(&s->diag, part->arg->loc, E_NO_FUNCTION, similar(s, k, point_string(part), false));
	else if (other->state == KERNEL_SYMBOL_REFUSED)
		diag_error(&s->diag, part->arg->loc, E_KERNEL_REFUSES, other->name);
	else
		diag_error(&s->diag, part->arg->loc, E_KERNEL_AMBIGUOUS, other->name);
}

static int match_functions(struct session *s, const struct point_match *m, const struct point_part *part)
{
	const char *pattern = point_string(part);
	const struct kernel_symbols *k = kernel_symbols(s);
	const struct kernel_symbol *other = NULL;
	int count = 0;

	if (strchr(pattern, '@')) {
		diag_error(&s->diag, part->arg->loc, E_KERNEL_SOURCE, pattern);
		return -1;
	}
	if (!k) {
		if (is_wildcard(pattern) && !report_no_list(s, part, pattern))
			return -1;
		add(s, m, pattern, false);
		return 1;
	}
	for (size_t i = 0; i < k->n_functions; i++) {
		const struct kernel_symbol *f = &k->functions[i];

		if (!is_meant(pattern, f->name))
			continue;
		if (f->state == KERNEL_SYMBOL_OK) {
			add(s, m, f->name, is_wildcard(pattern));
			count++;
		} else {
			other = f;
		}
	}
	if (!count)
		report_no_function(s, part, k, other);
	return count ? count : -1;
}

/* ---- tracepoints ---- */

static int match_events(struct session *s, const struct point_match *m, const struct point_part *part)
{
	const char *pattern = point_string(part);
	const struct kernel_symbols *k = kernel_symbols(s);
	const char *event = strchr(pattern, ':') ? strchr(pattern, ':') + 1 : pattern;
	int count = 0;

	if (!k || !k->n_tracepoints) {
		if (is_wildcard(pattern) && !report_no_list(s, part, pattern))
			return -1;
		add(s, m, pattern, false);
		return 1;
	}
	for (size_t i = 0; i < k->n_tracepoints; i++) {
		const char *full = k->tracepoints[i], *colon = strchr(full, ':');

		/* the subsystem of some is in no header: whatever is asked for is it */
		if (fnmatch(colon ? pattern : event, event == pattern && colon ? colon + 1 : full, 0))
			continue;
		add(s, m, full, is_wildcard(pattern));
		count++;
	}
	if (!count)
		diag_error(&s->diag, part->arg->loc, E_NO_FUNCTION, similar(s, k, pattern, true));
	return count ? count : -1;
}

static int match(struct session *s, const struct point_match *m)
{
	const struct point_part *part = &m->point->parts.at[1], *active = point_part(m->point, "maxactive");

	if (s->runtime != RUNTIME_KERNEL && !s->opt.list) {
		choose_needs_kernel(s, point_text(s->arena, m->point));
		diag_error(&s->diag, m->point->loc, E_NEEDS_KERNEL, point_text(s->arena, m->point));
		return -1;
	}
	if (active && (point_number(active) < 1 || point_number(active) > MOST_ACTIVE)) {
		diag_error(&s->diag, active->arg->loc, E_MAXACTIVE, MOST_ACTIVE);
		return -1;
	}
	return m->tag == TRACE ? match_events(s, m, part) : match_functions(s, m, part);
}

static struct expr *resolve_var(struct session *s, struct probe *p, struct expr *e, unsigned flags)
{
	(void)p;
	if (!(flags & RESOLVE_QUIET))
		diag_error(&s->diag, e->loc, E_KERNEL_VARIABLE,
			   e->target.is_at_var ? e->target.var_name : e->target.name);
	return NULL;
}

const struct probe_family family_kernel = {
	.name = "kernel",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
	.resolve_var = resolve_var,
	.kernel_runtime = true,
};
