/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass expand: probe declarations become concrete probes.
 *
 * Needs:   user_files; the library, whose aliases are loaded as points name them.
 * Leaves:  runtime; dw; probes, in the order of stap -p2: declarations in order,
 *          their points in order, the alternatives of an alias in order, those of a
 *          wildcard by name; used_files.
 * Refuses: points that no family and no alias has, suffixes that don't fit, aliases
 *          that lead to themselves, and what the families refuse.
 *
 * A point is walked down the tree of components (point.h).  Where it ends at a
 * family's pattern the family takes over; where it ends at an alias, or goes on
 * behind one, the alias's points take its place, with the rest as their suffix.
 */
#include "translator/expand.h"

#include <fnmatch.h>
#include <string.h>

#include "base/buf.h"
#include "lang/ast_print.h"
#include "translator/choose.h"
#include "translator/dwarf/dw.h"
#include "translator/library.h"
#include "translator/messages.h"
#include "translator/near.h"
#include "translator/passes.h"
#include "translator/point.h"
#include "translator/point_messages.h"

/* One point on its way, with what the aliases around it have added so far. */
struct use {
	struct session *s;
	const struct decl *decl;   /* the probe declaration at the bottom of it */
	const struct point *first; /* its point, as written */
	struct stmt *body;
	struct expr *condition;
	const char *chain;
	bool is_optional;
	const struct use *outer;   /* the use of the alias that this point comes from ... */
	const struct decl *alias;  /* ... and that alias */
};

static void derive_point(const struct use *outer, const struct point *p);

/* ---- messages ---- */

/* What could stand below N; at the root also the names that aliases begin with. */
static const char *similar_children(struct session *s, const struct point_node *n,
				    const char *name)
{
	const char *const *library = NULL;
	size_t n_library = 0, count = 0;
	const char **names;

	if (n == point_tree(s))
		n_library = library_names(s->library, LIBRARY_ALIAS, &library);
	names = ARENA_ARRAY(s->arena, n->children.n + n_library + 1, const char *);
	VEC_EACH(&n->children, i)
		if (!count || names[count - 1] != n->children.at[i]->name)
			names[count++] = n->children.at[i]->name;
	for (size_t i = 0; i < n_library; i++) {
		size_t k;

		for (k = 0; k < count && names[k] != library[i]; k++)
			;
		if (k == count)
			names[count++] = library[i];
	}
	return near_similar(s->arena, "similar", name, names, count);
}

static const char *follow_text(struct session *s, const struct point_node *n)
{
	static const char *const args[] = { "", "(number)", "(string)" };
	const char *text = "";

	VEC_EACH(&n->children, i)
		text = arena_printf(s->arena, "%s%s%s%s", text, i ? " " : "",
				    n->children.at[i]->name, args[n->children.at[i]->arg]);
	return text;
}

/* ---- walking the tree ---- */

static struct point *copy_point(struct arena *a, const struct point *p)
{
	struct point *copy = ARENA_NEW(a, struct point);

	*copy = *p;
	copy->parts.at = ARENA_ARRAY(a, p->parts.n + 1, struct point_part);
	copy->parts.cap = p->parts.n + 1;
	if (p->parts.n)
		memcpy(copy->parts.at, p->parts.at, p->parts.n * sizeof(*p->parts.at));
	return copy;
}

static struct point *with_name(struct arena *a, const struct point *p, size_t i, const char *name)
{
	struct point *copy = copy_point(a, p);

	copy->parts.at[i].name = name;
	return copy;
}

static struct expr *both(struct arena *a, struct expr *first, struct expr *second)
{
	if (!first || !second)
		return first ? first : second;
	return expr_binary(a, EXPR_LOGICAL, first->loc, OP_LAND, first, second);
}

/* "begin, end(1)" */
static const char *points_text(struct arena *a, const point_vec *points, const char *between)
{
	struct buf text;
	const char *copy;

	buf_init(&text);
	VEC_EACH(points, i) {
		buf_adds(&text, i ? between : "");
		buf_adds(&text, point_text(a, points->at[i]));
	}
	copy = arena_strndup(a, text.data, text.len);
	buf_fini(&text);
	return copy;
}

static bool is_in_expansion(const struct use *u, const struct decl *alias)
{
	for (; u; u = u->outer)
		if (u->alias == alias)
			return true;
	return false;
}

/* P without its first I parts goes behind each of the alias's points. */
static void take_alias(const struct use *u, const struct decl *alias, const struct point *p,
		       size_t i)
{
	struct session *s = u->s;
	struct arena *a = s->arena;

	if (is_in_expansion(u, alias)) {
		diag_error(&s->diag, p->loc, E_ALIAS_LOOP, point_text(a, p));
		return;
	}
	struct use inner = *u;
	struct stmt *block = stmt_new(a, STMT_BLOCK, alias->loc);
	size_t n_outside;

	VEC_PUSH(a, &block->block.body,
		 alias->probe.is_alias_epilogue ? u->body : alias->probe.body);
	VEC_PUSH(a, &block->block.body,
		 alias->probe.is_alias_epilogue ? alias->probe.body : u->body);
	if (alias->probe.epilogue)
		VEC_PUSH(a, &block->block.body, alias->probe.epilogue);
	inner.body = block;
	inner.outer = u;
	inner.alias = alias;
	inner.chain = arena_printf(a, "%s %s %s <- %s",
				   points_text(a, &alias->probe.names, ", "),
				   alias->probe.is_alias_epilogue ? "+=" : "=",
				   points_text(a, &alias->probe.points, ", "), u->chain);
	n_outside = s->probes.n;
	VEC_EACH(&alias->probe.points, k) {
		struct point *inside = copy_point(a, alias->probe.points.at[k]);
		unsigned n_errors = s->diag.n_errors;
		size_t n_probes = s->probes.n;

		for (size_t rest = i; rest < p->parts.n; rest++)
			VEC_PUSH(a, &inside->parts, p->parts.at[rest]);
		derive_point(&inner, inside);
		if (s->diag.n_errors != n_errors)
			diag_note(&s->diag, p->loc, N_ALIAS_USE, point_text(a, p));
		if (inside->is_sufficient && s->probes.n > n_probes)
			break;
	}
	/* a wildcard has tried it perhaps, and it leads nowhere */
	if (alias->is_tapset && s->probes.n > n_outside)
		expand_use_file_of(s, alias);
}

static void take_family(const struct use *u, const struct point_end *end, const struct point *p)
{
	struct session *s = u->s;
	struct point_match m = {
		.point = p,
		.tag = end->tag,
		.decl = u->decl,
		.body = u->body,
		.condition = u->condition,
		.chain = u->chain,
		.use = u->first,
		.is_aliased = u->alias,
	};
	unsigned n_errors = s->diag.n_errors;

	if (s->opt.privilege == PRIVILEGE_STAPUSR && !end->family->unprivileged) {
		diag_error(&s->diag, p->loc, E_PRIVILEGE_POINT, session_privilege(s));
		return;
	}
	if (end->family->match(s, &m) == 0 && s->diag.n_errors == n_errors)
		BUG("family %s has matched nothing and has not said why", end->family->name);
}

static void walk(const struct use *u, const struct point_node *n, const struct point *p, size_t i);

/* Goes on with P, whose wildcard has been replaced: in the script's own point that is its name from now on. */
static void walk_named(const struct use *u, const struct point_node *n, const struct point *p, size_t i)
{
	struct use named = *u;

	if (!u->outer)
		named.first = p;
	walk(&named, n, p, i);
}

/* a**b at I stands for two components at least: CHILD is a*, and below it are *b, or **b again. */
static void walk_double_star(const struct use *u, const struct point_node *child, const struct point *p,
			     size_t i, const char *tail)
{
	struct arena *a = u->s->arena;
	const struct point_part *part = &p->parts.at[i];

	for (unsigned crossed = 1; crossed <= 2; crossed++, tail--) {
		struct point *below = with_name(a, p, i, child->name);

		VEC_PUSH(a, &below->parts, *part);
		memmove(&below->parts.at[i + 2], &below->parts.at[i + 1],
			(below->parts.n - i - 2) * sizeof(*below->parts.at));
		below->parts.at[i + 1] = *part;
		below->parts.at[i + 1].name = intern(u->s->names, tail);
		walk_named(u, child, below, i + 1);
	}
}

/* The component at I is a wildcard: tries what matches it, each on its own. */
static void walk_wildcard(const struct use *u, const struct point_node *n, const struct point *p,
			  size_t i)
{
	struct session *s = u->s;
	const struct point_part *part = &p->parts.at[i];
	const char *double_star = strstr(part->name, "**");
	const char *pattern = part->name;
	size_t n_probes = s->probes.n;
	size_t n_candidates = 0;
	const struct point_node *only = NULL;

	if (double_star)
		pattern = arena_strndup(s->arena, part->name, (size_t)(double_star - part->name) + 1);
	VEC_EACH(&n->children, k) {
		const struct point_node *child = n->children.at[k];
		struct diag_mark mark = diag_mark(&s->diag);

		if (fnmatch(pattern, child->name, 0))
			continue;
		if (double_star) {
			if (child->arg == POINT_NO_ARG && child->children.n)
				walk_double_star(u, child, p, i, double_star + 1);
		} else if (child->arg == point_arg_of(part)) {
			n_candidates++;
			only = child;
			walk_named(u, child, with_name(s->arena, p, i, child->name), i + 1);
		}
		diag_rollback(&s->diag, mark);
	}
	if (s->probes.n > n_probes)
		return;
	if (n_candidates == 1) /* its error is the point's */
		walk_named(u, only, with_name(s->arena, p, i, only->name), i + 1);
	else if (n->rest)
		take_family(u, &(struct point_end){ n->rest, n->rest_tag, NULL }, p);
	else
		diag_error(&s->diag, part->loc, E_POINT_WILDCARD,
			   similar_children(s, n, part->name));
}

/* N has been reached by the first I parts of P. */
static void walk(const struct use *u, const struct point_node *n, const struct point *p, size_t i)
{
	struct session *s = u->s;

	if (i == p->parts.n) {
		if (!n->ends.n)
			diag_error(&s->diag, p->parts.at[i - 1].loc, E_POINT_TRUNCATED,
				   follow_text(s, n));
		VEC_EACH(&n->ends, k) {
			const struct point_end *end = &n->ends.at[k];

			if (end->alias)
				take_alias(u, end->alias, p, i);
			else
				take_family(u, end, p);
		}
		return;
	}

	const struct point_part *part = &p->parts.at[i];
	const struct point_node *child = point_child(n, part);
	bool has_alias = false;

	if (child) {
		walk(u, child, p, i + 1);
		return;
	}
	if (strchr(part->name, '*')) {
		walk_wildcard(u, n, p, i);
		return;
	}
	VEC_EACH(&n->ends, k) {
		if (n->ends.at[k].alias) {
			has_alias = true;
			take_alias(u, n->ends.at[k].alias, p, i);
		}
	}
	if (has_alias)
		return;
	if (i == 0 && library_is_of_kernel(s->library, LIBRARY_ALIAS, part->name)) {
		choose_needs_kernel(s, point_text(s->arena, p));
		diag_error(&s->diag, part->loc, E_NEEDS_KERNEL, point_text(s->arena, p));
	} else if (n->rest)
		take_family(u, &(struct point_end){ n->rest, n->rest_tag, NULL }, p);
	else if (n->ends.n)
		diag_error(&s->diag, part->loc, E_POINT_SUFFIX, similar_children(s, n, part->name));
	else
		diag_error(&s->diag, part->loc, E_POINT_MISMATCH,
			   similar_children(s, n, part->name));
}

/* Is P in the tree as it stands? */
static bool is_known(struct session *s, const struct point *p)
{
	const struct point_node *n = point_tree(s);

	VEC_EACH(&p->parts, i) {
		n = point_child(n, &p->parts.at[i]);
		if (!n)
			return false;
	}
	return n->ends.n != 0;
}

/* Adds the concrete probes of P.  An optional point reports nothing. */
static void derive_point(const struct use *outer, const struct point *p)
{
	struct session *s = outer->s;
	struct use u = *outer;
	struct diag_mark mark = diag_mark(&s->diag);

	u.condition = both(s->arena, p->condition, outer->condition);
	u.is_optional |= p->is_optional || p->is_sufficient;
	if (!is_known(s, p)) {
		decl_vec aliases = { 0 };

		library_aliases(s->library, p->parts.at[0].name, &aliases);
		VEC_EACH(&aliases, i)
			point_tree_add_alias(s, aliases.at[i]);
	}
	walk(&u, point_tree(s), p, 0);
	if (u.is_optional)
		diag_rollback(&s->diag, mark);
}

static void expand_probe(struct session *s, const struct decl *d)
{
	struct use u = {
		.s = s,
		.decl = d,
		.body = d->probe.body,
		.chain = points_text(s->arena, &d->probe.points, ","),
	};

	VEC_EACH(&d->probe.points, i) {
		const struct point *p = d->probe.points.at[i];
		size_t n_probes = s->probes.n;

		u.first = p;
		derive_point(&u, p);
		if (p->is_sufficient && s->probes.n > n_probes)
			break;
	}
}

/* ---- files ---- */

void expand_use_file_of(struct session *s, const struct decl *d)
{
	struct syntax_file *file = library_file_of(s->library, d);

	if (!file)
		return;
	VEC_EACH(&s->used_files, i)
		if (s->used_files.at[i] == file)
			return;
	VEC_PUSH(s->arena, &s->used_files, file);
}

void expand_used_files(struct session *s)
{
	while (s->n_expanded_files < s->used_files.n) {
		const struct syntax_file *file = s->used_files.at[s->n_expanded_files++];

		VEC_EACH(&file->decls, i)
			if (file->decls.at[i]->kind == DECL_PROBE)
				expand_probe(s, file->decls.at[i]);
	}
}

/* ---- the pass ---- */

static void add_alias(struct session *s, const struct decl *d)
{
	VEC_EACH(&d->probe.names, i) {
		const struct point *name = d->probe.names.at[i];

		VEC_EACH(&name->parts, k) {
			const struct point_part *part = &name->parts.at[k];

			if (part->has_arg)
				diag_error(&s->diag, part->loc, E_ALIAS_ARGUMENT, part->name);
			else if (!strcmp(part->name, "*"))
				diag_error(&s->diag, part->loc, E_ALIAS_WILDCARD);
			else
				continue;
			return;
		}
	}
	point_tree_add_alias(s, d);
}

bool pass_expand(struct session *s)
{
	unsigned n_errors = s->diag.n_errors;

	choose_begin(s);
	if (!s->dw)
		s->dw = dw_new(s->arena);
	VEC_EACH(&s->user_files, f)
		VEC_EACH(&s->user_files.at[f]->decls, i)
			if (s->user_files.at[f]->decls.at[i]->kind == DECL_ALIAS)
				add_alias(s, s->user_files.at[f]->decls.at[i]);
	if (s->diag.n_errors != n_errors)
		return false;
	VEC_EACH(&s->user_files, f)
		VEC_EACH(&s->user_files.at[f]->decls, i)
			if (s->user_files.at[f]->decls.at[i]->kind == DECL_PROBE)
				expand_probe(s, s->user_files.at[f]->decls.at[i]);
	expand_used_files(s);
	if (!s->probes.n && s->diag.n_errors == n_errors)
		diag_error(&s->diag, (struct loc){ 0 }, E_NO_PROBES_FOUND);
	if (s->diag.n_errors == n_errors)
		choose_by_probes(s);
	return s->diag.n_errors == n_errors;
}
