/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every listing is a vector of lines, which are sorted; equal ones (inlined instances,
 * patterns that overlap) come once. */
#include "translator/list.h"

#include <stdlib.h>
#include <string.h>

#include "lang/ast_print.h"
#include "translator/library.h"
#include "translator/point.h"
#include "translator/uses.h"

struct listing {
	struct session *s;
	VEC(const char *) lines;
};

/* The text of LINE, which is freed, becomes a line. */
static void add_line(struct listing *l, struct buf *line)
{
	VEC_PUSH(l->s->arena, &l->lines, arena_strndup(l->s->arena, line->data, line->len));
	buf_fini(line);
}

/* ---- -l, -L ---- */

static void add_probes(struct listing *l)
{
	struct session *s = l->s;

	VEC_EACH(&s->probes, i) {
		const struct probe *p = s->probes.at[i];
		struct buf line;

		buf_init(&line);
		buf_adds(&line, p->name);
		if (s->opt.list_vars && p->family->list_vars)
			p->family->list_vars(s, p, &line);
		add_line(l, &line);
	}
}

/* ---- --dump-probe-types ---- */

static bool is_offered(const struct session *s, const struct point_node *n)
{
	VEC_EACH(&n->ends, i) {
		const struct probe_family *family = n->ends.at[i].family;

		if (family && family != &family_missing &&
		    (s->opt.privilege != PRIVILEGE_STAPUSR || family->unprivileged))
			return true;
	}
	return false;
}

/* The points that stand at and below N, whose own text is PREFIX. */
static void add_types(struct listing *l, const struct point_node *n, const char *prefix)
{
	static const char *const args[] = {
		[POINT_NO_ARG] = "", [POINT_NUMBER] = "(number)", [POINT_STRING] = "(string)"
	};

	if (is_offered(l->s, n))
		VEC_PUSH(l->s->arena, &l->lines, prefix);
	VEC_EACH(&n->children, i) {
		const struct point_node *child = n->children.at[i];

		add_types(l, child, arena_printf(l->s->arena, "%s%s%s%s", prefix, *prefix ? "." : "",
						 child->name, args[child->arg]));
	}
}

/* ---- --dump-probe-aliases ---- */

static void add_alias(struct listing *l, const struct decl *d)
{
	VEC_EACH(&d->probe.names, i) {
		const char *name = point_text(l->s->arena, d->probe.names.at[i]);
		struct buf line;

		if (*name == '_')
			continue;
		buf_init(&line);
		buf_printf(&line, "%s %s ", name, d->probe.is_alias_epilogue ? "+=" : "=");
		VEC_EACH(&d->probe.points, k) {
			buf_adds(&line, k ? ", " : "");
			ast_print_point(&line, d->probe.points.at[k]);
		}
		add_line(l, &line);
	}
}

static void add_aliases(struct listing *l)
{
	decl_vec aliases = { 0 };

	library_aliases(l->s->library, "*", &aliases);
	VEC_EACH(&aliases, i)
		add_alias(l, aliases.at[i]);
}

/* ---- --dump-functions ---- */

static void add_pragmas(const struct decl *d, struct buf *line)
{
	static const char *const pragmas[] = { "guru", "unprivileged", "myproc-unprivileged" };
	const struct stmt *body = d->function.body;

	if (body->kind != STMT_EMBEDDED)
		return;
	for (size_t i = 0; i < sizeof(pragmas) / sizeof(*pragmas); i++)
		if (embedded_has_pragma(body->embedded.code, body->embedded.len, pragmas[i]))
			buf_printf(line, " /* %s */", pragmas[i]);
}

static void add_function(struct listing *l, const struct decl *d)
{
	struct buf line;

	buf_init(&line);
	buf_printf(&line, "%s:%s (", d->name, type_name(d->function.return_type));
	VEC_EACH(&d->function.params, i) {
		const struct param *p = &d->function.params.at[i];

		buf_printf(&line, "%s%s:%s", i ? ", " : "", p->name, type_name(p->type));
	}
	buf_addc(&line, ')');
	add_pragmas(d, &line);
	add_line(l, &line);
}

static void add_functions(struct listing *l)
{
	const char *const *names;
	size_t n = library_names(l->s->library, LIBRARY_FUNCTION, &names);

	for (size_t i = 0; i < n; i++) {
		decl_vec functions = { 0 };

		if (*names[i] == '_')
			continue;
		library_functions(l->s->library, names[i], &functions);
		VEC_EACH(&functions, k)
			add_function(l, functions.at[k]);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void list(struct session *s, struct buf *out)
{
	struct listing l = { .s = s };

	switch (s->opt.list) {
	case LIST_NOTHING:
		return;
	case LIST_PROBES:
		add_probes(&l);
		break;
	case LIST_TYPES:
		add_types(&l, point_tree(s), "");
		break;
	case LIST_ALIASES:
		add_aliases(&l);
		break;
	case LIST_FUNCTIONS:
		add_functions(&l);
		break;
	}
	if (l.lines.n)
		qsort(l.lines.at, l.lines.n, sizeof(*l.lines.at), by_text);
	VEC_EACH(&l.lines, i)
		if (!i || strcmp(l.lines.at[i], l.lines.at[i - 1]))
			buf_printf(out, "%s\n", l.lines.at[i]);
}
