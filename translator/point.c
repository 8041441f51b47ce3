/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of probe families, the tree of their patterns, and what families
 * share.  See point.h.
 */
#include "translator/point.h"

#include <linux/perf_event.h>
#include <string.h>

#include "base/buf.h"
#include "lang/ast_print.h"

const struct probe_family *const point_families[] = {
	&family_begin_end, &family_timer, &family_process, &family_mark, &family_kernel,
	&family_perf,
	&family_procfs,
	&family_missing,
};
const size_t point_n_families = sizeof(point_families) / sizeof(*point_families);

/* ---- the tree ---- */

enum point_arg point_arg_of(const struct point_part *part)
{
	if (!part->has_arg)
		return POINT_NO_ARG;
	return part->arg->kind == EXPR_NUMBER ? POINT_NUMBER : POINT_STRING;
}

static struct point_node *find_child(const struct point_node *n, const char *name,
				     enum point_arg arg)
{
	VEC_EACH(&n->children, i) {
		struct point_node *child = n->children.at[i];

		if (child->arg == arg && child->name == name)
			return child;
	}
	return NULL;
}

struct point_node *point_child(const struct point_node *n, const struct point_part *part)
{
	return find_child(n, part->name, point_arg_of(part));
}

static bool comes_before(const struct point_node *a, const struct point_node *b)
{
	int order = strcmp(a->name, b->name);

	return order < 0 || (order == 0 && a->arg < b->arg);
}

static struct point_node *add_child(struct session *s, struct point_node *n, const char *name,
				    enum point_arg arg)
{
	struct point_node *child = find_child(n, name, arg);
	size_t i;

	if (child)
		return child;
	child = ARENA_NEW(s->arena, struct point_node);
	child->name = name;
	child->arg = arg;
	VEC_PUSH(s->arena, &n->children, child);
	for (i = n->children.n - 1; i > 0 && comes_before(child, n->children.at[i - 1]); i--)
		n->children.at[i] = n->children.at[i - 1];
	n->children.at[i] = child;
	return child;
}

/* One alternative of a pattern: "timer.ms(NUMBER)". */
static void add_plain_pattern(struct session *s, struct point_node *root, const char *text,
			      struct point_end end)
{
	struct point_node *n = root;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ".(");
		const char *name = intern_n(s->names, p, len);
		enum point_arg arg = POINT_NO_ARG;

		p += len;
		if (!strcmp(name, "**")) {
			n->rest = end.family;
			n->rest_tag = end.tag;
			return;
		}
		if (*p == '(') {
			arg = p[1] == 'N' ? POINT_NUMBER : POINT_STRING;
			p += strcspn(p, ")") + 1;
		}
		if (*p == '.')
			p++;
		n = add_child(s, n, name, arg);
	}
	VEC_PUSH(s->arena, &n->ends, end);
}

/* Expands the first braces of TEXT (they don't nest) and goes on with each result. */
static void add_pattern(struct session *s, struct point_node *root, const char *text,
			struct point_end end)
{
	const char *open = strchr(text, '{');
	const char *close = open ? strchr(open, '}') : NULL;

	if (!close) {
		add_plain_pattern(s, root, text, end);
		return;
	}
	for (const char *p = open + 1; p <= close;) {
		size_t len = strcspn(p, ",}");

		add_pattern(s, root,
			    arena_printf(s->arena, "%.*s%.*s%s", (int)(open - text), text,
					 (int)len, p, close + 1),
			    end);
		p += len + 1;
	}
}

struct point_node *point_tree(struct session *s)
{
	if (s->points)
		return s->points;
	s->points = ARENA_NEW(s->arena, struct point_node);
	for (size_t f = 0; f < point_n_families; f++) {
		const struct probe_family *family = point_families[f];

		for (size_t i = 0; i < family->n_patterns; i++)
			add_pattern(s, s->points, family->patterns[i].text,
				    (struct point_end){ family, family->patterns[i].tag, NULL });
	}
	return s->points;
}

void point_tree_add_alias(struct session *s, const struct decl *alias)
{
	VEC_EACH(&alias->probe.names, i) {
		const struct point *name = alias->probe.names.at[i];
		struct point_node *n = point_tree(s);
		bool is_there = false;

		VEC_EACH(&name->parts, k)
			n = add_child(s, n, name->parts.at[k].name,
				      point_arg_of(&name->parts.at[k]));
		VEC_EACH(&n->ends, k)
			is_there |= n->ends.at[k].alias == alias;
		if (!is_there)
			VEC_PUSH(s->arena, &n->ends, ((struct point_end){ .alias = alias }));
	}
}

/* ---- for families ---- */

char *point_text(struct arena *a, const struct point *p)
{
	struct buf b;
	char *text;

	buf_init(&b);
	ast_print_point(&b, p);
	text = arena_strndup(a, b.data, b.len);
	buf_fini(&b);
	return text;
}

const char *point_name(struct session *s, const struct point *p)
{
	struct point bare = *p;

	bare.is_optional = bare.is_sufficient = false;
	bare.condition = NULL;
	return point_text(s->arena, &bare);
}

bool point_is_kernel(const struct point *p, const struct point *use)
{
	static const char *const names[] = { "kernel", "module", "kprobe", "procfs" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(p->parts.at[0].name, names[i]))
			return true;
	if (!strcmp(p->parts.at[0].name, "perf")) /* a thread's software counters anybody may read */
		return p->parts.n > 1 && !strcmp(p->parts.at[1].name, "type") &&
		       !(point_part(use, "counter") && point_arg_of(&p->parts.at[1]) == POINT_NUMBER &&
			 point_number(&p->parts.at[1]) == PERF_TYPE_SOFTWARE);
	return !strcmp(p->parts.at[0].name, "timer") && p->parts.n > 1 && !strcmp(p->parts.at[1].name, "profile");
}

const struct point_part *point_part(const struct point *p, const char *name)
{
	VEC_EACH(&p->parts, i)
		if (!strcmp(p->parts.at[i].name, name))
			return &p->parts.at[i];
	return NULL;
}

int64_t point_number(const struct point_part *part)
{
	if (!part || point_arg_of(part) != POINT_NUMBER)
		BUG("a pattern without the number that its family reads");
	return part->arg->number.value;
}

const char *point_string(const struct point_part *part)
{
	if (!part || point_arg_of(part) != POINT_STRING)
		BUG("a pattern without the string that its family reads");
	return part->arg->string.text;
}

struct probe *point_add_probe(struct session *s, const struct point_match *m,
			      const struct probe_family *family, const char *name)
{
	struct probe *p = ARENA_NEW(s->arena, struct probe);

	p->loc = m->decl->loc;
	p->written = m->use;
	p->name = m->point->is_sufficient ? arena_printf(s->arena, "%s!", name) :
		  m->point->is_optional   ? arena_printf(s->arena, "%s?", name) : name;
	p->pn = m->is_aliased ? point_name(s, m->use) : p->name;
	p->chain = m->chain;
	p->family = family;
	p->body = stmt_copy(s->arena, m->body);
	p->body_origin = m->body;
	p->condition = m->condition ? expr_copy(s->arena, m->condition) : NULL;
	p->id = (unsigned)s->probes.n;
	p->is_tapset = m->decl->is_tapset;
	VEC_PUSH(s->arena, &s->probes, p);
	return p;
}
