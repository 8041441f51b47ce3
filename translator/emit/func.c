/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions of the script and of tapsets, and the frames of all bodies.
 *
 * Longs are C variables; strings and merged statistics live in a frame of the
 * context's memory, f, so that little of the handler's stack is used.  A string
 * parameter that is only read is the caller's pointer.  A string result goes
 * into the caller's buffer.  A function that says "next" gets a flag to set; its
 * caller then tries the next overload.
 */
#include <string.h>

#include "base/log.h"
#include "translator/effects.h"
#include "translator/emit/emit_int.h"
#include "translator/uses.h"


/* ---- frames ---- */

size_t string_size(const struct emit *e)
{
	return (session_max_string(e->s) + 7u) & ~7u; /* RT_STRLEN */
}

static bool is_in_frame(const struct var *v)
{
	return !v->is_saved && (v->type == TY_STAT || (v->type == TY_STRING && !v->is_pointer));
}

static size_t size_in_frame(const struct emit *e, const struct var *v)
{
	return v->type == TY_STAT ? 2 * stat_size(v->merged) : string_size(e);
}

size_t frame_size(const struct emit *e, const var_vec *locals)
{
	size_t size = 0;

	VEC_EACH(locals, i)
		if (is_in_frame(locals->at[i]))
			size += size_in_frame(e, locals->at[i]);
	return size;
}

size_t emit_frame(struct emit *e, const char *name, const var_vec *locals)
{
	size_t size = frame_size(e, locals);

	if (!size)
		return 0;
	out_open(&e->o, "struct %s", name);
	VEC_EACH(locals, i) {
		const struct var *v = locals->at[i];

		if (is_in_frame(v))
			out(&e->o, "char %s%s[%zu] RT_ALIGNED;", v->is_temporary ? "" : "l_",
			    v->name, size_in_frame(e, v));
	}
	out_close(&e->o, ";");
	out(&e->o, "%s", "");
	return size;
}

void emit_local_longs(struct emit *e, const var_vec *locals)
{
	VEC_EACH(locals, i) {
		const struct var *v = locals->at[i];

		if (v->kind == VAR_LOCAL && !v->is_saved && v->type == TY_LONG)
			out(&e->o, v->is_temporary ? "int64_t %s;" : "int64_t %s = 0;",
			    name_var(e, v));
	}
}

void emit_local_strings(struct emit *e, const var_vec *locals)
{
	VEC_EACH(locals, i) {
		const struct var *v = locals->at[i];

		if (v->kind == VAR_LOCAL && is_in_frame(v) && !v->is_temporary)
			out(&e->o, "%s[0] = '\\0';", name_var(e, v));
	}
}

/* ---- frame memory of calls ---- */

static unsigned max_nesting(const struct emit *e)
{
	return (unsigned)session_limit(e->s, "MAXNESTING", e->s->max_nesting);
}

/* Parameters that are copied stand in a frame with the locals. */
static void all_locals(const struct emit *e, const struct decl *d, var_vec *all)
{
	VEC_EACH(&d->function.params, i)
		if (d->function.params.at[i].var)
			VEC_PUSH(e->a, all, d->function.params.at[i].var);
	VEC_EACH(&d->function.locals, i)
		if (d->function.locals.at[i]->kind != VAR_PARAM)
			VEC_PUSH(e->a, all, d->function.locals.at[i]);
}

static size_t own_frame(const struct emit *e, const struct decl *d)
{
	var_vec all = { 0 };

	if (d->function.body->kind == STMT_EMBEDDED)
		return 0;
	all_locals(e, d, &all);
	return frame_size(e, &all);
}

/* Of a function that may come back to itself: no deeper than the runtime lets calls nest. */
static size_t recursive_need(struct emit *e)
{
	size_t most = 0;

	VEC_EACH(&e->s->functions, i) {
		size_t size = own_frame(e, e->s->functions.at[i]);

		if (size > most)
			most = size;
	}
	return most * (max_nesting(e) + 1);
}

size_t frame_need(struct emit *e, const struct decl *d)
{
	size_t *known = &e->frame_needs[d->function.id];

	if (!*known) /* kept plus one */
		*known = 1 + (d->function.is_recursive
				      ? recursive_need(e)
				      : own_frame(e, d) + callees_need(e, &d->function.effects->callees));
	return *known - 1;
}

size_t callees_need(struct emit *e, const decl_vec *callees)
{
	size_t most = 0;

	VEC_EACH(callees, i) {
		size_t need = frame_need(e, callees->at[i]);

		if (need > most)
			most = need;
	}
	return most;
}

/* ---- signatures ---- */

static bool is_embedded(const struct decl *d)
{
	return d->function.body->kind == STMT_EMBEDDED;
}

static const char *parameter_c(struct emit *e, const struct decl *d, size_t i)
{
	const struct var *v = d->function.params.at[i].var;
	/* one that the body writes to is copied into the frame: see emit_body */
	const char *prefix = is_embedded(d) ? "STAP_ARG" :
			     v->type == TY_STRING && !v->is_pointer ? "a" : "l";

	return arena_printf(e->a, "%s%s_%s", v->type == TY_STRING ? "const char *" : "int64_t ",
			    prefix, d->function.params.at[i].name);
}

static const char *signature(struct emit *e, const struct decl *d)
{
	const char *text;

	text = arena_printf(e->a, "static %s %s(struct rt_context *c%s%s%s",
			    d->function.return_type == TY_LONG ? "int64_t" : "void",
			    name_function(e, d), d->function.has_next ? ", bool *next" : "",
			    d->function.return_type == TY_STRING ? ", char *" : "",
			    d->function.return_type != TY_STRING ? "" :
			    is_embedded(d) ? "STAP_RETVALUE" : "result");
	VEC_EACH(&d->function.params, i)
		text = arena_printf(e->a, "%s, %s", text, parameter_c(e, d, i));
	return arena_printf(e->a, "%s)", text);
}

/* ---- embedded C ---- */

static bool has_word(const char *code, uint32_t len, const char *word)
{
	return memmem(code, len, word, strlen(word)) != NULL;
}

void emit_code(struct emit *e, struct loc loc, const char *code, size_t len)
{
	struct diag_place place = { .file = "<built-in>", .line = 1, .column = 1 };

	if (loc.file)
		sources_locate(e->s->sources, loc, &place);
	out_verbatim(&e->o, place.file, place.line, place.column + 2, code, len); /* behind %{ */
}

/* pragma unmangled: THIS->NAME and THIS->__retvalue for STAP_ARG_NAME and STAP_RETVALUE */
static void emit_this(struct emit *e, const struct decl *d)
{
	enum type type = d->function.return_type;

	out_open(&e->o, "struct");
	if (type == TY_LONG || type == TY_STRING)
		out(&e->o, type == TY_LONG ? "int64_t __retvalue;" : "char *__retvalue;");
	VEC_EACH(&d->function.params, i)
		out(&e->o, d->function.params.at[i].var->type == TY_STRING ? "const char *%s;" : "int64_t %s;",
		    d->function.params.at[i].name);
	out_close(&e->o, " this_, *const THIS = &this_;");
	if (type == TY_LONG || type == TY_STRING)
		out(&e->o, "THIS->__retvalue = STAP_RETVALUE;");
	VEC_EACH(&d->function.params, i)
		out(&e->o, "THIS->%s = STAP_ARG_%s;", d->function.params.at[i].name, d->function.params.at[i].name);
	if (type == TY_LONG)
		out(&e->o, "#define STAP_RETVALUE this_.__retvalue");
}

static const char *return_macro(enum type type)
{
	switch (type) {
	case TY_LONG:
		return "#define STAP_RETURN(v) do { STAP_RETVALUE = (v); goto out; } while (0)";
	case TY_STRING:
		return "#define STAP_RETURN(v) do { rt_str_copy(STAP_RETVALUE, MAXSTRINGLEN, (v)); goto out; } while (0)";
	default:
		return "#define STAP_RETURN(v) goto out";
	}
}

/* The body of an embedded function. */
static void emit_embedded_body(struct emit *e, const struct decl *d)
{
	const struct stmt *body = d->function.body;
	enum type type = d->function.return_type;
	bool returns = has_word(body->embedded.code, body->embedded.len, "return");
	bool has_macro = has_word(body->embedded.code, body->embedded.len, "STAP_RETURN");
	bool has_this = embedded_has_pragma(body->embedded.code, body->embedded.len, "unmangled");

	out_open(&e->o, "%s", "");
	if (type == TY_LONG)
		out(&e->o, "int64_t STAP_RETVALUE = 0;");
	else if (type == TY_STRING)
		out(&e->o, "STAP_RETVALUE[0] = '\\0';");
	if (has_this)
		emit_this(e, d);
	if (has_macro)
		out(&e->o, "%s", return_macro(type));
	if (returns)
		out(&e->o, "#define return goto out");
	out(&e->o, "{");
	emit_code(e, body->loc, body->embedded.code, body->embedded.len);
	out(&e->o, "}");
	if (returns)
		out(&e->o, "#undef return");
	out_label(&e->o, "out: __attribute__((unused));");
	out(&e->o, type == TY_LONG ? "return STAP_RETVALUE;" : ";");
	if (has_macro)
		out(&e->o, "#undef STAP_RETURN");
	if (has_this && type == TY_LONG)
		out(&e->o, "#undef STAP_RETVALUE");
	out_close(&e->o, "");
	out(&e->o, "%s", "");
}

const char *embedded_name(struct emit *e, const struct expr *x)
{
	VEC_EACH(&e->s->embedded_exprs, i)
		if (e->s->embedded_exprs.at[i] == x)
			return arena_printf(e->a, "x_%zu", i);
	BUG("an embedded expression that lower has not seen");
}

/* The code is an expression in C. */
static void emit_embedded_expr(struct emit *e, const struct expr *x)
{
	const char *name = embedded_name(e, x);

	out(&e->o, x->type == TY_STRING ? "static void %s(struct rt_context *c, char *STAP_RETVALUE)"
					: "static int64_t %s(struct rt_context *c)", name);
	out_open(&e->o, "%s", "");
	out(&e->o, "(void)c;");
	out(&e->o, x->type == TY_STRING ? "rt_str_copy(STAP_RETVALUE, MAXSTRINGLEN," : "return (int64_t)(");
	emit_code(e, x->loc, x->embedded.code, x->embedded.len);
	out(&e->o, ");");
	out_close(&e->o, "");
	out(&e->o, "%s", "");
}

/* ---- bodies ---- */

/*
 * rt_call bounds the nesting and the stack.  Only what calls no other function of a script
 * can do without: the room that rt_call leaves is enough for one such frame (build.c
 * has the compiler refuse larger ones).
 */
static bool calls_scripts(const struct decl *d)
{
	const decl_vec *callees = &d->function.effects->callees;

	VEC_EACH(callees, i)
		if (!is_embedded(callees->at[i]))
			return true;
	return false;
}

static void emit_script_function(struct emit *e, const struct decl *d)
{
	const char *name = name_function(e, d), *frame = arena_printf(e->a, "%s_frame", name);
	var_vec all = { 0 };
	bool counts, returns_long = d->function.return_type == TY_LONG;
	const char *failed = returns_long ? "\treturn 0;" : "\treturn;";
	size_t size;

	all_locals(e, d, &all);
	e->locals = &all;
	e->function = d;
	e->fail = e->out = "out";
	e->fail_uses = e->out_uses = 0;

	size = emit_frame(e, frame, &all);
	counts = size || calls_scripts(d);
	out(&e->o, "%s", signature(e, d));
	out_open(&e->o, "%s", "");
	if (returns_long)
		out(&e->o, "int64_t result = 0;");
	emit_local_longs(e, &all);
	if (size)
		out(&e->o, "struct %s *f;", frame);
	out_gap(&e->o);
	if (d->function.return_type == TY_STRING)
		out(&e->o, "result[0] = '\\0';");
	if (counts) {
		emit_at(e, arena_printf(e->a, "identifier '%s'", d->name), d->loc);
		if (size)
			out(&e->o, "f = rt_call(c, sizeof(*f));");
		out(&e->o, size ? "if (!f)" : "if (!rt_call(c, 0))");
		out(&e->o, "%s", failed);
	}
	VEC_EACH(&d->function.params, i) {
		const struct var *v = d->function.params.at[i].var;

		if (v->type == TY_STRING && !v->is_pointer)
			out(&e->o, "rt_str_copy(%s, MAXSTRINGLEN, a_%s);", name_var(e, v), v->name);
	}
	emit_local_strings(e, &all);
	emit_spend(e, d->function.cost, d->function.spend_loc);
	emit_stmt(e, d->function.body);
	if (e->fail_uses || e->out_uses)
		out_label(&e->o, "out:");
	if (counts)
		out(&e->o, size ? "rt_return(c, sizeof(*f));" : "rt_return(c, 0);");
	out(&e->o, returns_long ? "return result;" : "return;");
	out_close(&e->o, "");
	out(&e->o, "%s", "");
}

void emit_prototypes(struct emit *e)
{
	VEC_EACH(&e->s->functions, i)
		out(&e->o, "%s;", signature(e, e->s->functions.at[i]));
	if (e->s->functions.n)
		out(&e->o, "%s", "");
}

void emit_functions(struct emit *e)
{
	VEC_EACH(&e->s->embedded_exprs, i)
		emit_embedded_expr(e, e->s->embedded_exprs.at[i]);
	VEC_EACH(&e->s->functions, i) {
		const struct decl *d = e->s->functions.at[i];

		if (!is_embedded(d)) {
			emit_script_function(e, d);
			continue;
		}
		out(&e->o, "%s", signature(e, d));
		emit_embedded_body(e, d);
	}
}

/* ---- calls ---- */

static const char *call_c(struct emit *e, const struct decl *callee, const char *dst,
			  const expr_vec *args)
{
	const char *text = arena_printf(e->a, "%s(c%s%s%s", name_function(e, callee),
					callee->function.has_next ? ", &next" : "",
					dst ? ", " : "", dst ? dst : "");

	VEC_EACH(args, i)
		text = arena_printf(e->a, "%s, %s", text, expr_c(e, args->at[i]));
	return arena_printf(e->a, "%s)", text);
}

/* Overloads one after the other, while each says "next". RESULT: "t = " or "". */
static void emit_overloads(struct emit *e, const char *result, const char *dst,
			   const struct expr *call)
{
	const decl_vec *callees = &call->call.callees;
	size_t i = 0;

	out_open(&e->o, "%s", "");
	out(&e->o, "bool next = false;");
	out(&e->o, "%s", "");
	out(&e->o, "%s%s;", result, call_c(e, callees->at[0], dst, &call->call.args));
	for (i = 1; i < callees->n && callees->at[i - 1]->function.has_next; i++) {
		out_open(&e->o, "if (next)");
		out(&e->o, "next = false;");
		out(&e->o, "%s%s;", result, call_c(e, callees->at[i], dst, &call->call.args));
		out_close(&e->o, "");
	}
	if (callees->at[i - 1]->function.has_next) {
		out_open(&e->o, "if (next)");
		emit_at(e, arena_printf(e->a, "identifier '%s'", call->call.name), call->loc);
		out(&e->o, "rt_error(c, \"all functions exhausted\");");
		out_close(&e->o, "");
	}
	out_close(&e->o, "");
}

static bool is_chain(const struct expr *call)
{
	return call->call.callees.at[0]->function.has_next;
}

static void at_call(struct emit *e, const struct expr *call)
{
	emit_at(e, arena_printf(e->a, "identifier '%s'", call->call.name), call->loc);
}

void emit_call_string(struct emit *e, const char *dst, const struct expr *call)
{
	at_call(e, call);
	if (is_chain(call))
		emit_overloads(e, "", dst, call);
	else
		out(&e->o, "%s;", call_c(e, call->call.callees.at[0], dst, &call->call.args));
}

const char *emit_call_long(struct emit *e, const struct expr *call)
{
	bool is_void = call->call.callees.at[0]->function.return_type != TY_LONG;
	const char *result;

	at_call(e, call);
	if (!is_chain(call))
		return call_c(e, call->call.callees.at[0], NULL, &call->call.args);
	/* the chain is several statements: its result goes through a variable of its own */
	result = is_void ? NULL : arena_printf(e->a, "r_%u", e->n_labels++);
	if (result)
		out(&e->o, "int64_t %s = 0;", result);
	emit_overloads(e, result ? arena_printf(e->a, "%s = ", result) : "", NULL, call);
	return result ? result : "(void)0";
}
