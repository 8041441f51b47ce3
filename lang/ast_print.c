/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions are printed with every operand in parentheses, except where an
 * operand is a list's element.  Statements end in ";", one to a line.
 */
#include "lang/ast_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"

/* How many bytes the character at TEXT has in UTF-8; 0: it is none that prints. */
static size_t printable(const char *text, size_t len)
{
	unsigned char c = (unsigned char)*text;
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (n > len || c < ' ' || c == 0x7f)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void print_quoted(struct buf *out, const char *text, size_t len)
{
	static const char letters[] = "abtnvfr\"\\", values[] = "\a\b\t\n\v\f\r\"\\";
	size_t n;

	buf_addc(out, '"');
	for (size_t i = 0; i < len; i += n) {
		const char *value = memchr(values, text[i], sizeof(values) - 1);

		n = 1;
		if (value) {
			buf_printf(out, "\\%c", letters[value - values]);
		} else if (printable(text + i, len - i)) {
			n = printable(text + i, len - i);
			buf_add(out, text + i, n);
		} else {
			buf_printf(out, "\\%03o", (unsigned char)text[i]);
		}
	}
	buf_addc(out, '"');
}

static void print_string(struct buf *out, const char *text)
{
	print_quoted(out, text, strlen(text));
}

static void print_operand(struct buf *out, const struct expr *e)
{
	buf_addc(out, '(');
	ast_print_expr(out, e);
	buf_addc(out, ')');
}

/* NULL is "*". */
static void print_list(struct buf *out, const expr_vec *list)
{
	VEC_EACH(list, i) {
		if (i)
			buf_adds(out, ", ");
		if (list->at[i])
			ast_print_expr(out, list->at[i]);
		else
			buf_addc(out, '*');
	}
}

static void print_components(struct buf *out, const component_vec *components)
{
	VEC_EACH(components, i) {
		const struct component *c = &components->at[i];

		switch (c->kind) {
		case COMPONENT_MEMBER:
			buf_printf(out, "->%s", c->member);
			break;
		case COMPONENT_INDEX:
			buf_printf(out, "[%" PRId64 "]", c->index);
			break;
		case COMPONENT_EXPR_INDEX:
			buf_addc(out, '[');
			ast_print_expr(out, c->expr);
			buf_addc(out, ']');
			break;
		case COMPONENT_PRETTY:
			buf_adds(out, "->$");
			break;
		case COMPONENT_PRETTY_DEEP:
			/* a name that ends in '$' itself is told from what follows only where that is
			 * written to it */
			buf_adds(out, out->len && out->data[out->len - 1] == '$' ? "$$" : "->$$");
			break;
		}
	}
}

/* ---- expressions ---- */

static void print_number(struct buf *out, const struct expr *e)
{
	if (e->number.is_unsigned)
		buf_printf(out, "%" PRIu64, (uint64_t)e->number.value);
	else
		buf_printf(out, "%" PRId64, e->number.value);
}

static void print_index(struct buf *out, const struct expr *e)
{
	if (e->index.hist)
		ast_print_expr(out, e->index.hist);
	else
		buf_adds(out, e->index.name);
	buf_addc(out, '[');
	print_list(out, &e->index.keys);
	buf_addc(out, ']');
}

static void print_call(struct buf *out, const struct expr *e)
{
	buf_printf(out, "%s(", e->call.name);
	print_list(out, &e->call.args);
	buf_addc(out, ')');
}

static void print_incdec(struct buf *out, const struct expr *e)
{
	if (!e->incdec.is_postfix)
		buf_adds(out, op_text(e->incdec.op));
	print_operand(out, e->incdec.operand);
	if (e->incdec.is_postfix)
		buf_adds(out, op_text(e->incdec.op));
}

static void print_infix(struct buf *out, const struct expr *left, const char *op,
			const struct expr *right)
{
	print_operand(out, left);
	buf_printf(out, " %s ", op);
	print_operand(out, right);
}

static void print_regex(struct buf *out, const struct expr *e)
{
	print_operand(out, e->regex.left);
	buf_printf(out, " %s ", op_text(e->regex.op));
	print_string(out, e->regex.pattern);
}

static void print_assign(struct buf *out, const struct expr *e)
{
	char op[8];

	snprintf(op, sizeof(op), "%s%s", op_text(e->assign.op),
		 e->assign.op == OP_STAT ? "" : "=");
	print_infix(out, e->assign.target, op, e->assign.value);
}

static void print_in(struct buf *out, const struct expr *e)
{
	buf_addc(out, '[');
	print_list(out, &e->in.keys);
	buf_adds(out, "] in ");
	ast_print_expr(out, e->in.array);
}

static void print_print(struct buf *out, const struct expr *e)
{
	const char *separator = "";

	buf_printf(out, "%sprint%s%s%s%s(", e->print.to_string ? "s" : "",
		   e->print.has_format ? "f" : "", e->print.has_delimiter ? "d" : "",
		   e->print.has_newline ? "ln" : "", e->print.is_char ? "_char" : "");
	if (e->print.has_format || e->print.has_delimiter) {
		print_string(out, e->print.has_format ? e->print.format : e->print.delimiter);
		separator = ", ";
	}
	if (e->print.histogram) {
		ast_print_expr(out, e->print.histogram);
	} else if (e->print.args.n) {
		buf_adds(out, separator);
		print_list(out, &e->print.args);
	}
	buf_addc(out, ')');
}

static void print_statop(struct buf *out, const struct expr *e)
{
	buf_printf(out, "%s(", statop_text(e->statop.op));
	ast_print_expr(out, e->statop.stat);
	if (e->statop.shift)
		buf_printf(out, ", %d", e->statop.shift);
	buf_addc(out, ')');
}

static void print_hist(struct buf *out, const struct expr *e)
{
	buf_adds(out, e->hist.kind == HIST_LOG ? "@hist_log(" : "@hist_linear(");
	ast_print_expr(out, e->hist.stat);
	if (e->hist.kind == HIST_LINEAR)
		buf_printf(out, ", %" PRId64 ", %" PRId64 ", %" PRId64, e->hist.low, e->hist.high,
			   e->hist.interval);
	buf_addc(out, ')');
}

static void print_target(struct buf *out, const struct expr *e)
{
	if (e->target.is_address)
		buf_addc(out, '&');
	buf_adds(out, e->target.name);
	if (e->target.is_at_var) {
		buf_addc(out, '(');
		print_string(out, e->target.var_name);
		if (e->target.module) {
			buf_adds(out, ", ");
			print_string(out, e->target.module);
		}
		buf_addc(out, ')');
	}
	print_components(out, &e->target.components);
}

static void print_cast(struct buf *out, const struct expr *e)
{
	if (e->cast.is_address)
		buf_addc(out, '&');
	if (e->cast.type_name) {
		buf_adds(out, "@cast(");
		ast_print_expr(out, e->cast.operand);
		buf_adds(out, ", ");
		print_string(out, e->cast.type_name);
		if (e->cast.module) {
			buf_adds(out, ", ");
			print_string(out, e->cast.module);
		}
		buf_addc(out, ')');
	} else {
		print_operand(out, e->cast.operand);
	}
	print_components(out, &e->cast.components);
}

static void print_at_operator(struct buf *out, const char *name, const struct expr *operand)
{
	buf_printf(out, "%s(", name);
	ast_print_expr(out, operand);
	buf_addc(out, ')');
}

static void print_code(struct buf *out, const char *code, uint32_t len)
{
	buf_adds(out, "%{");
	buf_add(out, code, len);
	buf_adds(out, "%}");
}

/* What has been resolved is shown as it was written. */
static void print_access(struct buf *out, const struct expr *e)
{
	if (e->access.origin)
		ast_print_expr(out, e->access.origin);
	else
		buf_adds(out, "<access>");
}

void ast_print_expr(struct buf *out, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_NUMBER:
		print_number(out, e);
		return;
	case EXPR_STRING:
		print_quoted(out, e->string.text, e->string.len);
		return;
	case EXPR_SYMBOL:
		buf_adds(out, e->symbol.name);
		return;
	case EXPR_INDEX:
		print_index(out, e);
		return;
	case EXPR_CALL:
		print_call(out, e);
		return;
	case EXPR_UNARY:
		buf_adds(out, op_text(e->unary.op));
		print_operand(out, e->unary.operand);
		return;
	case EXPR_INCDEC:
		print_incdec(out, e);
		return;
	case EXPR_BINARY: case EXPR_LOGICAL: case EXPR_COMPARE: case EXPR_CONCAT:
		print_infix(out, e->binary.left, op_text(e->binary.op), e->binary.right);
		return;
	case EXPR_REGEX:
		print_regex(out, e);
		return;
	case EXPR_TERNARY:
		print_operand(out, e->ternary.cond);
		buf_addc(out, '?');
		print_operand(out, e->ternary.then);
		buf_addc(out, ':');
		print_operand(out, e->ternary.otherwise);
		return;
	case EXPR_ASSIGN:
		print_assign(out, e);
		return;
	case EXPR_IN:
		print_in(out, e);
		return;
	case EXPR_PRINT:
		print_print(out, e);
		return;
	case EXPR_STATOP:
		print_statop(out, e);
		return;
	case EXPR_HIST:
		print_hist(out, e);
		return;
	case EXPR_TARGET:
		print_target(out, e);
		return;
	case EXPR_CAST:
		print_cast(out, e);
		return;
	case EXPR_DEFINED:
		print_at_operator(out, "@defined", e->defined.operand);
		return;
	case EXPR_ENTRY:
		print_at_operator(out, "@entry", e->entry.operand);
		return;
	case EXPR_PERF:
		buf_adds(out, "@perf(");
		print_string(out, e->perf.name);
		buf_addc(out, ')');
		return;
	case EXPR_EMBEDDED:
		print_code(out, e->embedded.code, e->embedded.len);
		return;
	case EXPR_ACCESS:
		print_access(out, e);
		return;
	case EXPR_ERROR:
		buf_adds(out, "<error>");
		return;
	case EXPR_KINDS:
		break;
	}
	BUG("expression kind %d", (int)e->kind);
}

/* ---- statements ---- */

static void print_indent(struct buf *out, unsigned indent)
{
	while (indent--)
		buf_addc(out, '\t');
}

/* A statement behind "if (...)" or the like, on the same line; ends with a newline. */
static void print_body(struct buf *out, const struct stmt *s, unsigned indent)
{
	struct buf text;

	buf_init(&text);
	ast_print_stmt(&text, s, indent);
	buf_adds(out, text.data + indent);
	buf_fini(&text);
}

static void print_block(struct buf *out, const stmt_vec *body, unsigned indent)
{
	buf_adds(out, "{\n");
	VEC_EACH(body, i)
		ast_print_stmt(out, body->at[i], indent + 1);
	print_indent(out, indent);
	buf_adds(out, "}\n");
}

static void print_if(struct buf *out, const struct stmt *s, unsigned indent)
{
	const struct stmt *then = s->if_.then;
	bool needs_block = s->if_.otherwise && then->kind != STMT_BLOCK;

	buf_adds(out, "if (");
	ast_print_expr(out, s->if_.cond);
	buf_adds(out, ") ");
	if (needs_block && then->kind == STMT_IF) {
		/* braces keep the else where it belongs */
		buf_adds(out, "{\n");
		ast_print_stmt(out, then, indent + 1);
		print_indent(out, indent);
		buf_adds(out, "}\n");
	} else {
		print_body(out, then, indent);
	}
	if (!s->if_.otherwise)
		return;
	print_indent(out, indent);
	buf_adds(out, "else ");
	print_body(out, s->if_.otherwise, indent);
}

/* What pass lower puts in front of a condition or in the place of a step. */
static void print_lowered(struct buf *out, const struct stmt *s, unsigned indent)
{
	if (!s)
		return;
	print_body(out, s, indent + 1);
	print_indent(out, indent + 1);
}

static void print_loop(struct buf *out, const struct stmt *s, unsigned indent)
{
	if (s->kind == STMT_WHILE) {
		buf_adds(out, "while (");
		print_lowered(out, s->loop.before, indent);
		ast_print_expr(out, s->loop.cond);
	} else {
		buf_adds(out, "for (");
		if (s->loop.init)
			ast_print_expr(out, s->loop.init);
		buf_adds(out, "; ");
		print_lowered(out, s->loop.before, indent);
		if (s->loop.cond)
			ast_print_expr(out, s->loop.cond);
		buf_adds(out, "; ");
		if (s->loop.step)
			ast_print_expr(out, s->loop.step);
		print_lowered(out, s->loop.after, indent);
	}
	buf_adds(out, ") ");
	print_body(out, s->loop.body, indent);
}

static void print_sort(struct buf *out, const struct stmt *s, int column)
{
	if (s->foreach.sort == SORT_NONE || s->foreach.sort_column != column)
		return;
	if (s->foreach.has_sort_statop)
		buf_printf(out, " %s", statop_text(s->foreach.sort_statop));
	buf_addc(out, s->foreach.sort == SORT_UP ? '+' : '-');
}

static void print_foreach(struct buf *out, const struct stmt *s, unsigned indent)
{
	buf_adds(out, "foreach (");
	if (s->foreach.value) {
		ast_print_expr(out, s->foreach.value);
		buf_adds(out, " = ");
	}
	buf_addc(out, '[');
	VEC_EACH(&s->foreach.keys, i) {
		if (i)
			buf_adds(out, ", ");
		ast_print_expr(out, s->foreach.keys.at[i]);
		print_sort(out, s, (int)i + 1);
	}
	buf_adds(out, "] in ");
	ast_print_expr(out, s->foreach.array);
	if (s->foreach.slice.n) {
		buf_addc(out, '[');
		print_list(out, &s->foreach.slice);
		buf_addc(out, ']');
	}
	print_sort(out, s, 0);
	if (s->foreach.limit) {
		buf_adds(out, " limit ");
		ast_print_expr(out, s->foreach.limit);
	}
	buf_adds(out, ") ");
	print_body(out, s->foreach.body, indent);
}

static void print_try(struct buf *out, const struct stmt *s, unsigned indent)
{
	buf_adds(out, "try ");
	print_body(out, s->try_.body, indent);
	print_indent(out, indent);
	buf_adds(out, "catch ");
	if (s->try_.caught) {
		buf_addc(out, '(');
		ast_print_expr(out, s->try_.caught);
		buf_adds(out, ") ");
	}
	print_body(out, s->try_.handler, indent);
}

/* Not a statement of the language: for --dump. */
static void print_locked(struct buf *out, const struct stmt *s, unsigned indent)
{
	buf_adds(out, "/* locked:");
	VEC_EACH(&s->locked.locks, i)
		buf_printf(out, " %s%s", s->locked.locks.at[i].var->name, s->locked.locks.at[i].is_write ? "" : "(read)");
	buf_adds(out, " */ ");
	print_body(out, s->locked.body, indent);
}

static void print_simple(struct buf *out, const char *word, const struct expr *e)
{
	buf_adds(out, word);
	if (e) {
		if (*word)
			buf_addc(out, ' ');
		ast_print_expr(out, e);
	}
	buf_adds(out, ";\n");
}

void ast_print_stmt(struct buf *out, const struct stmt *s, unsigned indent)
{
	print_indent(out, indent);
	switch (s->kind) {
	case STMT_NULL:
		buf_adds(out, ";\n");
		return;
	case STMT_BLOCK:
		print_block(out, &s->block.body, indent);
		return;
	case STMT_EXPR:
		print_simple(out, "", s->expr.expr);
		return;
	case STMT_IF:
		print_if(out, s, indent);
		return;
	case STMT_WHILE: case STMT_FOR:
		print_loop(out, s, indent);
		return;
	case STMT_FOREACH:
		print_foreach(out, s, indent);
		return;
	case STMT_RETURN:
		print_simple(out, "return", s->expr.expr);
		return;
	case STMT_DELETE:
		print_simple(out, "delete", s->expr.expr);
		return;
	case STMT_NEXT:
		print_simple(out, "next", NULL);
		return;
	case STMT_BREAK:
		print_simple(out, "break", NULL);
		return;
	case STMT_CONTINUE:
		print_simple(out, "continue", NULL);
		return;
	case STMT_TRY:
		print_try(out, s, indent);
		return;
	case STMT_EMBEDDED:
		print_code(out, s->embedded.code, s->embedded.len);
		buf_adds(out, "\n");
		return;
	case STMT_LOCKED:
		print_locked(out, s, indent);
		return;
	case STMT_KINDS:
		break;
	}
	BUG("statement kind %d", (int)s->kind);
}

/* ---- declarations ---- */

void ast_print_point(struct buf *out, const struct point *p)
{
	VEC_EACH(&p->parts, i) {
		const struct point_part *part = &p->parts.at[i];

		if (i)
			buf_addc(out, '.');
		buf_adds(out, part->name);
		if (part->has_arg) {
			buf_addc(out, '(');
			ast_print_expr(out, part->arg);
			buf_addc(out, ')');
		}
	}
	if (p->is_optional)
		buf_addc(out, '?');
	if (p->is_sufficient)
		buf_addc(out, '!');
	if (p->condition) {
		buf_adds(out, " if (");
		ast_print_expr(out, p->condition);
		buf_addc(out, ')');
	}
}

static void print_points(struct buf *out, const point_vec *points, const char *separator)
{
	VEC_EACH(points, i) {
		if (i)
			buf_adds(out, separator);
		ast_print_point(out, points->at[i]);
	}
}

static void print_probe(struct buf *out, const struct decl *d)
{
	const point_vec *names = &d->probe.names;

	buf_adds(out, "probe ");
	VEC_EACH(names, i) {
		ast_print_point(out, names->at[i]);
		buf_adds(out, i + 1 == names->n && d->probe.is_alias_epilogue ? " += " : " = ");
	}
	print_points(out, &d->probe.points, names->n ? ", " : ",");
	print_body(out, d->probe.body, 0);
	if (d->probe.epilogue) {
		buf_addc(out, ',');
		print_body(out, d->probe.epilogue, 0);
	}
}

static void print_declared_type(struct buf *out, enum type type)
{
	if (type == TY_LONG || type == TY_STRING)
		buf_printf(out, ":%s", type_name(type));
}

static void print_function(struct buf *out, const struct decl *d)
{
	buf_printf(out, "function %s", d->name);
	print_declared_type(out, d->function.return_type);
	buf_adds(out, " (");
	VEC_EACH(&d->function.params, i) {
		if (i)
			buf_adds(out, ", ");
		buf_adds(out, d->function.params.at[i].name);
		print_declared_type(out, d->function.params.at[i].type);
	}
	buf_addc(out, ')');
	if (d->function.has_priority)
		buf_printf(out, ":%" PRId64, d->function.priority);
	buf_addc(out, '\n');
	ast_print_stmt(out, d->function.body, 0);
}

static void print_global(struct buf *out, const struct decl *d)
{
	const struct var *v = d->global.var;

	buf_printf(out, "global %s%s", v->name, v->wraps ? "%" : "");
	if (v->size) {
		buf_addc(out, '[');
		ast_print_expr(out, v->size);
		buf_addc(out, ']');
	}
	if (v->init) {
		buf_adds(out, " = ");
		ast_print_expr(out, v->init);
	}
	buf_addc(out, '\n');
}

void ast_print_decl(struct buf *out, const struct decl *d)
{
	if (d->is_private)
		buf_adds(out, "private ");
	switch (d->kind) {
	case DECL_PROBE: case DECL_ALIAS:
		print_probe(out, d);
		return;
	case DECL_FUNCTION:
		print_function(out, d);
		return;
	case DECL_GLOBAL:
		print_global(out, d);
		return;
	case DECL_EMBEDDED:
		print_code(out, d->embedded.code, d->embedded.len);
		buf_addc(out, '\n');
		return;
	}
	BUG("declaration kind %d", (int)d->kind);
}

void ast_print_file(struct buf *out, const struct syntax_file *f)
{
	VEC_EACH(&f->decls, i)
		ast_print_decl(out, f->decls.at[i]);
}
