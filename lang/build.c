/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Declarations and statements from their parts; errors of syntax in words. */
#include "lang/build.h"

#include <string.h>

#include "base/buf.h"
#include "lang/messages.h"

/* ---- depth ---- */

static void deepest_expr(struct ast_walker *w, struct expr **slot)
{
	uint32_t *depth = w->data;

	if ((*slot)->depth > *depth)
		*depth = (*slot)->depth;
}

static void deepest_stmt(struct ast_walker *w, struct stmt **slot)
{
	uint32_t *depth = w->data;

	if ((*slot)->depth > *depth)
		*depth = (*slot)->depth;
}

void build_too_deep(struct parser *p, struct loc loc)
{
	if (!p->too_deep)
		diag_error(p->env->diag, loc, E_NESTING);
	p->too_deep = true;
}

struct expr *build_finish(struct parser *p, struct expr *e)
{
	uint32_t depth = 0;
	struct ast_walker w = { .expr = deepest_expr, .data = &depth };

	ast_walk_expr(&w, e);
	e->depth = depth + 1;
	if (e->depth <= MAX_DEPTH)
		return e;
	build_too_deep(p, e->loc);
	return build_error(p, e->loc);
}

static struct stmt *finish(struct parser *p, struct stmt *s)
{
	uint32_t depth = 0;
	struct ast_walker w = { .expr = deepest_expr, .stmt = deepest_stmt, .data = &depth };

	ast_walk_stmt(&w, s);
	s->depth = depth + 1;
	if (s->depth <= MAX_DEPTH)
		return s;
	build_too_deep(p, s->loc);
	return stmt_new(p->arena, STMT_NULL, s->loc);
}

/* ---- declarations ---- */

void build_decl_start(struct parser *p, bool is_private, bool in_function)
{
	p->is_private = is_private;
	p->in_function = in_function;
	p->is_epilogue = false;
}

static struct decl *add_decl(struct parser *p, enum decl_kind kind, struct loc loc,
			     const char *name)
{
	struct decl *d = decl_new(p->arena, kind, loc);

	d->name = name;
	d->is_private = p->is_private;
	d->is_tapset = p->source->is_tapset;
	VEC_PUSH(p->arena, &p->file->decls, d);
	return d;
}

void build_need_guru(struct parser *p, struct loc loc)
{
	if (!p->env->guru && !p->source->is_privileged)
		diag_error(p->env->diag, loc, E_EMBEDDED_GURU);
}

void build_top_embedded(struct parser *p, struct loc loc, struct text code)
{
	struct decl *d;

	build_decl_start(p, false, false);
	build_need_guru(p, loc);
	d = add_decl(p, DECL_EMBEDDED, loc, NULL);
	d->embedded.code = code.at;
	d->embedded.len = code.len;
}

void build_probe(struct parser *p, struct loc loc, point_vec names, point_vec points,
		 struct stmt *body, struct loc epilogue_loc, struct stmt *epilogue)
{
	struct decl *d = add_decl(p, names.n ? DECL_ALIAS : DECL_PROBE, loc, NULL);

	d->probe.names = names;
	d->probe.points = points;
	d->probe.body = body;
	d->probe.is_alias_epilogue = p->is_epilogue;
	d->probe.epilogue = epilogue;
	if (epilogue && (!names.n || p->is_epilogue))
		diag_error(p->env->diag, epilogue_loc, E_EPILOGUE);
}

point_vec build_alias_name(struct parser *p, struct loc loc, point_vec names, point_vec points,
			   bool is_epilogue)
{
	const struct point *name = points.at[0];

	if (points.n > 1 || name->is_optional || name->is_sufficient || name->condition)
		diag_error(p->env->diag, loc, E_ALIAS_NAME);
	p->is_epilogue = is_epilogue;
	VEC_PUSH(p->arena, &names, points.at[0]);
	return names;
}

point_vec build_part(struct parser *p, struct loc loc, struct text name, struct expr *arg)
{
	struct point_part part = { .name = name.at, .loc = loc, .has_arg = arg, .arg = arg };
	struct point *point = ARENA_NEW(p->arena, struct point);
	point_vec points = { 0 };

	point->loc = loc;
	VEC_PUSH(p->arena, &point->parts, part);
	VEC_PUSH(p->arena, &points, point);
	return points;
}

/* {a,b}.{c,d}: every left with every right one. */
point_vec build_cross_points(struct parser *p, struct loc loc, point_vec left, point_vec right)
{
	point_vec points = { 0 };

	if (left.n * right.n > MAX_ALTERNATIVES) {
		diag_error(p->env->diag, loc, E_ALTERNATIVES, (unsigned)MAX_ALTERNATIVES);
		left.n = 1; /* one message is enough */
		return left;
	}
	VEC_EACH(&left, i) {
		const struct point *start = left.at[i];

		if (start->is_optional || start->is_sufficient || start->condition)
			diag_error(p->env->diag, start->loc, E_SUFFIX_INSIDE);
		VEC_EACH(&right, j) {
			struct point *point = arena_memdup(p->arena, right.at[j], sizeof(*point));

			point->loc = start->loc;
			point->parts = start->parts;
			if (j + 1 < right.n) { /* the last one may use its storage */
				point->parts.at = arena_memdup(p->arena, start->parts.at,
							       start->parts.n * sizeof(*start->parts.at));
				point->parts.cap = start->parts.n;
			}
			VEC_EACH(&right.at[j]->parts, k)
				VEC_PUSH(p->arena, &point->parts, right.at[j]->parts.at[k]);
			VEC_PUSH(p->arena, &points, point);
		}
	}
	return points;
}

point_vec build_join_points(struct parser *p, struct loc loc, point_vec left, point_vec right)
{
	if (left.n + right.n > MAX_ALTERNATIVES) {
		diag_error(p->env->diag, loc, E_ALTERNATIVES, (unsigned)MAX_ALTERNATIVES);
		left.n = 1; /* one message is enough */
		return left;
	}
	VEC_EACH(&right, i)
		VEC_PUSH(p->arena, &left, right.at[i]);
	return left;
}

point_vec build_suffix(struct parser *p, struct loc loc, point_vec points, int64_t suffix,
		       struct expr *condition)
{
	VEC_EACH(&points, i) {
		struct point *point = points.at[i];

		if ((suffix && (point->is_optional || point->is_sufficient)) ||
		    (condition && point->condition)) {
			diag_error(p->env->diag, suffix ? loc : condition->loc, E_SUFFIX_TWICE);
			break;
		}
		point->is_optional |= suffix == '?';
		point->is_sufficient |= suffix == '!';
		if (condition)
			point->condition = i ? expr_copy(p->arena, condition) : condition;
	}
	return points;
}

struct text build_name_piece(struct parser *p, const struct span *name_at, struct text name,
			     const struct span *piece_at, struct text piece)
{
	char *joined;

	if (name_at->loc.file != piece_at->loc.file || name_at->end != piece_at->loc.offset) {
		diag_error(p->env->diag, piece_at->loc, E_POINT_NAME);
		return name;
	}
	joined = arena_printf(p->arena, "%s%s", name.at, piece.at);
	return (struct text){ intern(p->env->names, joined), name.len + piece.len };
}

void build_function(struct parser *p, struct loc loc, struct text name, enum type type,
		    param_vec params, int64_t priority, struct stmt *body)
{
	struct decl *d = add_decl(p, DECL_FUNCTION, loc, name.at);

	d->function.params = params;
	d->function.return_type = type;
	d->function.has_priority = priority != 0;
	d->function.priority = priority ? priority : d->is_tapset;
	d->function.body = body;
}

struct stmt *build_function_embedded(struct parser *p, struct loc loc, struct text code)
{
	struct stmt *s = stmt_new(p->arena, STMT_EMBEDDED, loc);

	build_need_guru(p, loc);
	s->embedded.code = code.at;
	s->embedded.len = code.len;
	return finish(p, s);
}

param_vec build_params(struct parser *p, param_vec params, struct param param)
{
	VEC_EACH(&params, i) {
		if (params.at[i].name == param.name) {
			diag_error(p->env->diag, param.loc, E_DUPLICATE_PARAMETER, param.name);
			return params;
		}
	}
	VEC_PUSH(p->arena, &params, param);
	return params;
}

int64_t build_priority(struct parser *p, struct loc loc, int64_t priority)
{
	if (priority > 0)
		return priority;
	diag_error(p->env->diag, loc, E_PRIORITY);
	return 1;
}

struct expr *build_array_size(struct parser *p, struct loc loc, int64_t size)
{
	if (size < 1 || size > MAX_ARRAY_SIZE)
		diag_error(p->env->diag, loc, E_ARRAY_SIZE);
	return build_finish(p, expr_number(p->arena, loc, size));
}

void build_global(struct parser *p, struct loc loc, struct text name, bool wraps,
		  struct expr *size, struct loc init_loc, struct expr *init)
{
	struct var *v = ARENA_NEW(p->arena, struct var);

	if (map_put(&p->globals, name.at, v))
		diag_error(p->env->diag, loc, E_DUPLICATE_GLOBAL, name.at);
	if (init && (size || wraps))
		diag_error(p->env->diag, init_loc, E_ARRAY_INIT);
	v->kind = VAR_GLOBAL;
	v->name = name.at;
	v->loc = loc;
	v->arity = -1;
	v->owner = add_decl(p, DECL_GLOBAL, loc, name.at);
	v->owner->global.var = v;
	v->is_private = p->is_private;
	v->wraps = wraps;
	v->size = size;
	v->init = init;
}

/* ---- statements ---- */

stmt_vec build_stmts(struct parser *p, stmt_vec stmts, struct stmt *s)
{
	if (s->kind != STMT_NULL) /* in a list it is but a separator */
		VEC_PUSH(p->arena, &stmts, s);
	return stmts;
}

struct stmt *build_simple(struct parser *p, enum stmt_kind kind, struct loc loc)
{
	return finish(p, stmt_new(p->arena, kind, loc));
}

struct stmt *build_block(struct parser *p, struct loc loc, stmt_vec body, struct loc end)
{
	struct stmt *s = stmt_new(p->arena, STMT_BLOCK, loc);

	s->block.body = body;
	s->block.end = end;
	return finish(p, s);
}

/* LOC: where the expression begins, not its operator. */
struct stmt *build_expr_stmt(struct parser *p, struct loc loc, struct expr *e)
{
	struct stmt *s;

	if (e->kind == EXPR_EMBEDDED) {
		s = stmt_new(p->arena, STMT_EMBEDDED, loc);
		s->embedded.code = e->embedded.code;
		s->embedded.len = e->embedded.len;
	} else {
		s = stmt_new(p->arena, STMT_EXPR, loc);
		s->expr.expr = e;
	}
	return finish(p, s);
}

/* Does a ";" behind S belong to it? */
static bool ends_with_semicolon(const struct stmt *s)
{
	switch (s->kind) {
	case STMT_IF:
		return ends_with_semicolon(s->if_.otherwise ? s->if_.otherwise : s->if_.then);
	case STMT_WHILE:
	case STMT_FOR:
		return ends_with_semicolon(s->loop.body);
	case STMT_FOREACH:
		return ends_with_semicolon(s->foreach.body);
	case STMT_NULL:
	case STMT_BLOCK:
	case STMT_TRY:
		return false;
	case STMT_EXPR:
	case STMT_RETURN:
	case STMT_DELETE:
	case STMT_NEXT:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_EMBEDDED:
	case STMT_LOCKED:
	case STMT_KINDS:
		break;
	}
	return true;
}

void build_semicolon(struct parser *p, struct loc loc, const struct stmt *then)
{
	const char *expected = "statement";

	if (!ends_with_semicolon(then))
		build_syntax_error(p, loc, &expected, 1);
}

struct stmt *build_if(struct parser *p, struct loc loc, struct expr *cond, struct stmt *then,
		      struct stmt *otherwise)
{
	struct stmt *s = stmt_new(p->arena, STMT_IF, loc);

	s->if_.cond = cond;
	s->if_.then = then;
	s->if_.otherwise = otherwise;
	return finish(p, s);
}

struct stmt *build_loop(struct parser *p, enum stmt_kind kind, struct loc loc, struct expr *init,
			struct expr *cond, struct expr *step, struct stmt *body)
{
	struct stmt *s = stmt_new(p->arena, kind, loc);

	s->loop.init = init;
	s->loop.cond = cond;
	s->loop.step = step;
	s->loop.body = body;
	return finish(p, s);
}

struct stmt *build_try(struct parser *p, struct loc loc, struct stmt *body, struct expr *caught,
		       struct stmt *handler)
{
	struct stmt *s = stmt_new(p->arena, STMT_TRY, loc);

	s->try_.body = body;
	s->try_.caught = caught;
	s->try_.handler = handler;
	return finish(p, s);
}

struct stmt *build_return(struct parser *p, struct loc loc, struct expr *value)
{
	struct stmt *s = stmt_new(p->arena, STMT_RETURN, loc);

	if (!p->in_function)
		diag_error(p->env->diag, loc, E_RETURN_PROBE);
	s->expr.expr = value;
	return finish(p, s);
}

struct stmt *build_bare_return(struct parser *p, struct loc loc, bool is_at_end)
{
	if (!is_at_end)
		diag_error(p->env->diag, loc, E_RETURN_BARE);
	return build_return(p, loc, NULL);
}

struct stmt *build_delete(struct parser *p, struct loc loc, struct expr *what)
{
	struct stmt *s = stmt_new(p->arena, STMT_DELETE, loc);

	s->expr.expr = what;
	return finish(p, s);
}

/* ---- foreach ---- */

foreach_keys build_foreach_keys(struct parser *p, foreach_keys keys, struct foreach_key key)
{
	if (keys.n == MAX_KEYS)
		diag_error(p->env->diag, key.loc, E_KEYS, MAX_KEYS);
	VEC_PUSH(p->arena, &keys, key);
	return keys;
}

enum statop build_statop_kind(const char *name)
{
	for (enum statop op = STATOP_COUNT; op < STATOP_VARIANCE; op++)
		if (!strcmp(name, statop_text(op) + 1))
			return op;
	return STATOP_VARIANCE;
}

struct sorting build_sorting(struct loc loc, struct text statop, enum foreach_sort sort)
{
	return (struct sorting){
		.sort = sort,
		.loc = loc,
		.has_statop = true,
		.statop = build_statop_kind(statop.at),
	};
}

static void sort_by(struct parser *p, struct stmt *s, int column, enum foreach_sort sort,
		    struct loc loc)
{
	if (!sort)
		return;
	if (s->foreach.sort)
		diag_error(p->env->diag, loc, E_SORT_TWICE);
	s->foreach.sort = sort;
	s->foreach.sort_column = column;
}

struct stmt *build_foreach_head(struct parser *p, struct loc loc, const struct foreach_key *value,
				foreach_keys keys, struct foreach_array array, struct expr *limit)
{
	struct stmt *s = stmt_new(p->arena, STMT_FOREACH, loc);

	s->foreach.sort_column = -1;
	if (value) {
		s->foreach.value = build_symbol(p, value->loc,
						(struct text){ .at = value->name });
		sort_by(p, s, 0, value->sort, value->loc);
	}
	VEC_EACH(&keys, i) {
		struct text name = { .at = keys.at[i].name };

		VEC_PUSH(p->arena, &s->foreach.keys, build_symbol(p, keys.at[i].loc, name));
		sort_by(p, s, (int)i + 1, keys.at[i].sort, keys.at[i].loc);
	}
	sort_by(p, s, 0, array.sorting.sort, array.sorting.loc);
	s->foreach.array = array.array;
	s->foreach.slice = array.slice;
	s->foreach.has_sort_statop = array.sorting.has_statop;
	s->foreach.sort_statop = array.sorting.statop;
	s->foreach.limit = limit;
	return s;
}

struct stmt *build_foreach(struct parser *p, struct stmt *head, struct stmt *body)
{
	head->foreach.body = body;
	return finish(p, head);
}

/* ---- errors ---- */

static bool has(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* The classes of tokens that have a name of their own. */
static const char *expected_class(const char *const *names, int n)
{
	if (has(names, n, "'probe'")) {
		if (has(names, n, "'*'"))
			return "identifier or '*' or '{'";
		if (has(names, n, "'if'"))
			return "identifier or keyword";
		return "'probe', 'global', 'private', 'function', or '%{'";
	}
	if (has(names, n, "'while'"))
		return "statement";
	if (has(names, n, "'~'"))
		return has(names, n, "')'") ? "expression or ')'" : "expression";
	if (has(names, n, "string") && has(names, n, "number"))
		return "literal string or number";
	if (has(names, n, "string"))
		return "literal string";
	if (has(names, n, "identifier") && has(names, n, "'@hist_log'"))
		return "identifier or statistical operation";
	return NULL;
}

/* Operators may follow nearly everything: they are not what was missing. */
static bool is_operator_name(const char *name)
{
	static const char *const names[] = {
		"'<<<'", "'<<='", "'>>='", "'+='", "'-='", "'*='", "'/='", "'%='",
		"'&='", "'|='", "'^='", "'.='", "'&&'", "'||'", "'++'", "'--'", "'->'", "'=='",
		"'!='", "'<='", "'>='", "'=~'", "'!~'", "'<<'", "'>>'", "'>>>'", "'+'", "'-'",
		"'*'", "'/'", "'%'", "'&'", "'|'", "'^'", "'<'", "'>'", "'$'", "'['",
		"'print'", "'printf'", "'printd'", "$variable",
	};

	return has(names, sizeof(names) / sizeof(*names), name);
}

void build_syntax_error(struct parser *p, struct loc loc, const char *const *expected, int n)
{
	const char *class = expected_class(expected, n);
	struct buf text;
	int left = 0;

	buf_init(&text);
	buf_adds(&text, "expected ");
	if (class) {
		buf_adds(&text, class);
	} else {
		for (int i = 0; i < n; i++)
			left += !is_operator_name(expected[i]);
		for (int i = 0; i < n; i++) {
			if (is_operator_name(expected[i]))
				continue;
			buf_adds(&text, expected[i]);
			if (--left)
				buf_adds(&text, left == 1 ? " or " : ", ");
		}
		if (!text.data[strlen("expected ")])
			buf_adds(&text, "operator");
	}
	diag_error(p->env->diag, loc, E_SYNTAX, arena_strdup(p->arena, text.data));
	buf_fini(&text);
}
