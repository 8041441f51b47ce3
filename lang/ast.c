/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Constructors, copies, names and the child walker: all but the first made from nodes.def. */
#include "lang/ast.h"

#include "base/log.h"

struct expr *expr_new(struct arena *a, enum expr_kind kind, struct loc loc)
{
	struct expr *e = ARENA_NEW(a, struct expr);

	e->kind = kind;
	e->loc = loc;
	return e;
}

struct expr *expr_number(struct arena *a, struct loc loc, int64_t value)
{
	struct expr *e = expr_new(a, EXPR_NUMBER, loc);

	e->type = TY_LONG;
	e->number.value = value;
	return e;
}

struct expr *expr_string(struct arena *a, struct loc loc, const char *text, uint32_t len)
{
	struct expr *e = expr_new(a, EXPR_STRING, loc);

	e->type = TY_STRING;
	e->string.text = text;
	e->string.len = len;
	return e;
}

struct expr *expr_symbol(struct arena *a, struct loc loc, const char *name)
{
	struct expr *e = expr_new(a, EXPR_SYMBOL, loc);

	e->symbol.name = name;
	return e;
}

struct expr *expr_binary(struct arena *a, enum expr_kind kind, struct loc loc, enum op op,
			 struct expr *left, struct expr *right)
{
	struct expr *e = expr_new(a, kind, loc);

	e->binary.op = op;
	e->binary.left = left;
	e->binary.right = right;
	return e;
}

struct stmt *stmt_new(struct arena *a, enum stmt_kind kind, struct loc loc)
{
	struct stmt *s = ARENA_NEW(a, struct stmt);

	s->kind = kind;
	s->loc = loc;
	return s;
}

struct decl *decl_new(struct arena *a, enum decl_kind kind, struct loc loc)
{
	struct decl *d = ARENA_NEW(a, struct decl);

	d->kind = kind;
	d->loc = loc;
	return d;
}

/* ---- names ---- */

const char *expr_kind_name(enum expr_kind kind)
{
	static const char *const names[] = {
#define EXPR(tag, name, member, slots) name,
#define STMT(tag, name, member, slots)
#include "lang/nodes.def"
#undef EXPR
#undef STMT
	};

	return names[kind];
}

const char *stmt_kind_name(enum stmt_kind kind)
{
	static const char *const names[] = {
#define EXPR(tag, name, member, slots)
#define STMT(tag, name, member, slots) name,
#include "lang/nodes.def"
#undef EXPR
#undef STMT
	};

	return names[kind];
}

const char *op_text(enum op op)
{
	static const char *const texts[OP_KINDS] = {
		[OP_NONE] = "",
		[OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/", [OP_MOD] = "%",
		[OP_AND] = "&", [OP_OR] = "|", [OP_XOR] = "^",
		[OP_SHL] = "<<", [OP_SHR] = ">>", [OP_USHR] = ">>>",
		[OP_LAND] = "&&", [OP_LOR] = "||",
		[OP_EQ] = "==", [OP_NE] = "!=",
		[OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=",
		[OP_MATCH] = "=~", [OP_NOMATCH] = "!~",
		[OP_CONCAT] = ".",
		[OP_NEG] = "-", [OP_PLUS] = "+", [OP_NOT] = "!", [OP_COMPL] = "~",
		[OP_INC] = "++", [OP_DEC] = "--",
		[OP_STAT] = "<<<",
	};

	if (op >= OP_KINDS)
		BUG("operator %d", (int)op);
	return texts[op];
}

const char *statop_text(enum statop op)
{
	switch (op) {
	case STATOP_COUNT:
		return "@count";
	case STATOP_SUM:
		return "@sum";
	case STATOP_MIN:
		return "@min";
	case STATOP_MAX:
		return "@max";
	case STATOP_AVG:
		return "@avg";
	case STATOP_VARIANCE:
		return "@variance";
	}
	BUG("statistic operator %d", (int)op);
}

/* ---- the child walker ---- */

static void visit_expr(struct ast_walker *w, struct expr **slot)
{
	if (*slot && w->expr)
		w->expr(w, slot);
}

static void visit_stmt(struct ast_walker *w, struct stmt **slot)
{
	if (*slot && w->stmt)
		w->stmt(w, slot);
}

#define NONE
#define E(field) visit_expr(w, &n->field);
#define S(field) visit_stmt(w, &n->field);
#define EV(field)                                   \
	VEC_EACH(&n->field, i)                      \
		visit_expr(w, &n->field.at[i]);
#define SV(field)                                   \
	VEC_EACH(&n->field, i)                      \
		visit_stmt(w, &n->field.at[i]);
#define C(field)                                    \
	VEC_EACH(&n->field, i)                      \
		visit_expr(w, &n->field.at[i].expr);

void ast_walk_expr(struct ast_walker *w, struct expr *e)
{
	switch (e->kind) {
#define EXPR(tag, name, member, slots)                      \
	case EXPR_##tag: {                                  \
		__typeof__(e->member) *n = &e->member;      \
		(void)n;                                    \
		slots                                       \
		break;                                      \
	}
#define STMT(tag, name, member, slots)
#include "lang/nodes.def"
#undef EXPR
#undef STMT
	case EXPR_KINDS:
		BUG("expression kind %d", (int)e->kind);
	}
}

void ast_walk_stmt(struct ast_walker *w, struct stmt *s)
{
	switch (s->kind) {
#define EXPR(tag, name, member, slots)
#define STMT(tag, name, member, slots)                      \
	case STMT_##tag: {                                  \
		__typeof__(s->member) *n = &s->member;      \
		(void)n;                                    \
		slots                                       \
		break;                                      \
	}
#include "lang/nodes.def"
#undef EXPR
#undef STMT
	case STMT_KINDS:
		BUG("statement kind %d", (int)s->kind);
	}
}

#undef E
#undef S
#undef EV
#undef SV
#undef C

/* ---- copies ---- */

/* What passes have found out about a node is not true of its copy. */
static void forget_expr(struct expr *e)
{
	switch (e->kind) {
	case EXPR_SYMBOL:
		e->symbol.var = NULL;
		break;
	case EXPR_INDEX:
		e->index.var = NULL;
		break;
	case EXPR_CALL:
		e->call.callees = (decl_vec){ 0 };
		break;
	case EXPR_REGEX:
		e->regex.regex = NULL;
		break;
	case EXPR_ENTRY:
		e->entry.saved = NULL;
		break;
	case EXPR_NUMBER: case EXPR_STRING:
		return; /* their types are not inferred */
	case EXPR_UNARY: case EXPR_INCDEC: case EXPR_BINARY: case EXPR_LOGICAL: case EXPR_COMPARE:
	case EXPR_CONCAT: case EXPR_TERNARY: case EXPR_ASSIGN: case EXPR_IN: case EXPR_PRINT:
	case EXPR_STATOP: case EXPR_HIST: case EXPR_TARGET: case EXPR_CAST: case EXPR_DEFINED:
	case EXPR_PERF: case EXPR_EMBEDDED: case EXPR_ACCESS: case EXPR_ERROR: case EXPR_KINDS:
		break;
	}
	e->type = e->kind == EXPR_ERROR ? TY_ERROR : TY_UNKNOWN;
}

#define COPY_VEC(v)                                                                      \
	do {                                                                             \
		(v)->at = (v)->n ? arena_memdup(a, (v)->at, (v)->n * sizeof(*(v)->at)) : NULL; \
		(v)->cap = (v)->n;                                                       \
	} while (0)
#define E(field) n->field = expr_copy(a, n->field);
#define S(field) n->field = stmt_copy(a, n->field);
#define EV(field)                                                   \
	COPY_VEC(&n->field);                                        \
	VEC_EACH(&n->field, i)                                      \
		n->field.at[i] = expr_copy(a, n->field.at[i]);
#define SV(field)                                                   \
	COPY_VEC(&n->field);                                        \
	VEC_EACH(&n->field, i)                                      \
		n->field.at[i] = stmt_copy(a, n->field.at[i]);
#define C(field)                                                    \
	COPY_VEC(&n->field);                                        \
	VEC_EACH(&n->field, i)                                      \
		n->field.at[i].expr = expr_copy(a, n->field.at[i].expr);

struct expr *expr_copy(struct arena *a, const struct expr *e)
{
	struct expr *c;

	if (!e)
		return NULL;
	c = arena_memdup(a, e, sizeof(*e));
	switch (c->kind) {
#define EXPR(tag, name, member, slots)                      \
	case EXPR_##tag: {                                  \
		__typeof__(c->member) *n = &c->member;      \
		(void)n;                                    \
		slots                                       \
		break;                                      \
	}
#define STMT(tag, name, member, slots)
#include "lang/nodes.def"
#undef EXPR
#undef STMT
	case EXPR_KINDS:
		BUG("expression kind %d", (int)c->kind);
	}
	if (c->kind == EXPR_PRINT)
		COPY_VEC(&c->print.parts);
	forget_expr(c);
	return c;
}

struct stmt *stmt_copy(struct arena *a, const struct stmt *s)
{
	struct stmt *c;

	if (!s)
		return NULL;
	c = arena_memdup(a, s, sizeof(*s));
	switch (c->kind) {
#define EXPR(tag, name, member, slots)
#define STMT(tag, name, member, slots)                      \
	case STMT_##tag: {                                  \
		__typeof__(c->member) *n = &c->member;      \
		(void)n;                                    \
		slots                                       \
		break;                                      \
	}
#include "lang/nodes.def"
#undef EXPR
#undef STMT
	case STMT_KINDS:
		BUG("statement kind %d", (int)c->kind);
	}
	return c;
}
