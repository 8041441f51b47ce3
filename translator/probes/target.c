/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target variables of process probes: $name, @var, $$vars and its kin, and the
 * pretty-printing suffixes.  dw.h says how a value is computed; here it becomes an
 * EXPR_ACCESS, or, for what is a text, a sprintf over several.
 */
#include "translator/probes/process.h"

#include <string.h>

#include "base/buf.h"
#include "translator/near.h"
#include "translator/point_messages.h"
#include "translator/probes/access_expr.h"
#include "translator/probes/program.h"

struct target {
	struct session *s;
	const struct process_probe *at;
	struct expr *e; /* the EXPR_TARGET */
	struct dw_scope scope;
	bool is_quiet;
	bool is_return; /* past the function's return: nothing but $return has a value */
};

/* ---- errors ---- */

static const char *alternatives(struct session *s, const struct dw_var_result *r)
{
	return near_list(s->arena, "alternatives", r->names, r->n_names);
}

static const char *place_text(const struct target *t)
{
	const struct dw_func *f = t->scope.func;

	return arena_printf(t->s->arena, ", near pc 0x%llx in %s%s%s",
			    (unsigned long long)t->scope.pc, f->name, f->decl_file ? " " : "",
			    f->decl_file ? f->decl_file : "");
}

static struct loc component_loc(const struct expr *e, size_t i)
{
	const component_vec *c = &e->target.components;

	return i < c->n ? c->at[i].loc : e->loc;
}

static void report(const struct target *t, const char *name, const struct dw_var_result *r)
{
	struct diag *d = &t->s->diag;
	const struct expr *e = t->e;

	if (t->is_quiet)
		return;
	switch (r->error) {
	case DW_VAR_NOT_FOUND:
		if (t->is_return)
			diag_error(d, e->loc, E_NO_RETURN_VALUE,
				   r->why ? r->why : "the function has no return value");
		else if (e->target.is_at_var)
			diag_error(d, e->loc, E_NO_GLOBAL_VARIABLE, name, "",
				   alternatives(t->s, r));
		else
			diag_error(d, e->loc, E_NO_VARIABLE, name, place_text(t),
				   alternatives(t->s, r));
		return;
	case DW_VAR_BAD_MEMBER:
		diag_error(d, component_loc(e, r->bad_component), E_MEMBER,
			   r->why ? r->why : "the value has no such part", alternatives(t->s, r));
		return;
	case DW_VAR_NO_LOCATION:
	case DW_VAR_NO_DWARF:
	case DW_VAR_UNSUPPORTED:
		diag_error(d, e->loc, E_VARIABLE, e->target.name,
			   r->why ? r->why : "its place can't be told");
		return;
	case DW_VAR_OK:
		break;
	}
	BUG("a variable that was found is reported");
}

/* ---- one value ---- */

static bool find_value(const struct target *t, const char *name, const component_vec *components,
		       struct dw_var_result *r)
{
	dw_var(&t->scope, name, components, t->e->target.is_address, t->s->arena, r);
	return r->error == DW_VAR_OK;
}

static struct expr *access_to(const struct target *t, const component_vec *components,
			      const struct dw_var_result *r)
{
	return access_expr(t->s, t->e, t->at->file, r->path, NULL, components);
}

static struct expr *resolve_at_var(const struct target *t)
{
	const struct expr *e = t->e;
	struct dw_file *file = t->at->file;
	struct dw_var_result r = { 0 };

	if (e->target.module) {
		file = program_module(t->s, e->target.module, e->loc, t->is_quiet);
		if (!file)
			return NULL;
	}
	dw_global_var(file, e->target.var_name, &e->target.components, e->target.is_address,
		      t->s->arena, &r);
	if (r.error == DW_VAR_NOT_FOUND && !e->target.module && !strchr(e->target.var_name, '@') &&
	    t->scope.func) {
		struct dw_var_result local = { 0 };

		if (find_value(t, e->target.var_name, &e->target.components, &local))
			r = local;
	}
	if (r.error != DW_VAR_OK) {
		report(t, e->target.var_name, &r);
		return NULL;
	}
	return access_expr(t->s, e, file, r.path, NULL, &e->target.components);
}

/* ---- texts ---- */

struct text {
	struct arena *arena;
	struct expr *print;
	struct buf format;
};

static void text_begin(struct text *t, struct arena *a, struct loc loc)
{
	t->arena = a;
	t->print = expr_new(a, EXPR_PRINT, loc);
	t->print->type = TY_STRING;
	t->print->print.has_format = true;
	t->print->print.to_string = true;
	buf_init(&t->format);
}

static void text_literal(struct text *t, const char *literal)
{
	struct print_part part = { .conv = CONV_LITERAL };

	part.text = arena_strdup(t->arena, literal);
	part.text_len = (uint32_t)strlen(literal);
	if (part.text_len)
		VEC_PUSH(t->arena, &t->print->print.parts, part);
	buf_adds(&t->format, literal);
}

static void text_value(struct text *t, const char *format, enum print_conv conv, unsigned flags,
		       struct expr *value)
{
	struct print_part part = { .conv = conv, .flags = flags };

	VEC_PUSH(t->arena, &t->print->print.parts, part);
	VEC_PUSH(t->arena, &t->print->print.args, value);
	buf_adds(&t->format, format);
}

static struct expr *text_end(struct text *t)
{
	t->print->print.format = arena_strndup(t->arena, t->format.data, t->format.len);
	buf_fini(&t->format);
	return t->print;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), m = strlen(with);

	return n >= m && !strcmp(text + n - m, with);
}

static const char *without_qualifiers(const char *type)
{
	for (;;) {
		if (begins(type, "const "))
			type += strlen("const ");
		else if (begins(type, "volatile "))
			type += strlen("volatile ");
		else
			return type;
	}
}

static bool is_array(const char *type)
{
	return strchr(type, '[') && !strstr(type, "(*");
}

static bool is_aggregate(const char *type)
{
	type = without_qualifiers(type);
	return is_array(type) || (!ends(type, "*") && !strstr(type, "(*") &&
				  (begins(type, "struct ") || begins(type, "union ") ||
				   begins(type, "class ")));
}

static bool is_unsigned(const char *type)
{
	return begins(type, "unsigned") || begins(type, "uint") || begins(type, "enum ") ||
	       !strcmp(type, "size_t") || ends(type, " unsigned") || ends(type, "unsigned int");
}

static bool is_char(const char *type)
{
	return !strcmp(type, "char") || !strcmp(type, "signed char") ||
	       !strcmp(type, "unsigned char");
}

/* VALUE in the way of its type: what "$" behind it asks for.  False: not there yet. */
static bool text_pretty(struct session *s, struct text *t, const char *type, struct expr *value)
{
	type = without_qualifiers(type);
	if (is_aggregate(type) || ends(type, "float") || ends(type, "double"))
		return false;
	if (ends(type, "*")) {
		const char *base = arena_strndup(s->arena, type, strcspn(type, " *"));
		bool is_string = is_char(arena_strndup(s->arena, type, strcspn(type, "*")));

		if (!is_string && !strcmp(base, "char") && !strchr(strchr(type, '*') + 1, '*'))
			is_string = true;
		if (is_string && !strchr(strchr(type, '*') + 1, '*')) {
			struct expr *call = expr_new(s->arena, EXPR_CALL, value->loc);

			call->call.name = intern(s->names, "user_string_quoted");
			VEC_PUSH(s->arena, &call->call.args, value);
			text_value(t, "%s", CONV_STRING, 0, call);
			return true;
		}
		text_value(t, "%#p", CONV_POINTER, PRINT_ALT, value);
	} else if (is_char(type)) {
		text_literal(t, "'");
		text_value(t, "%#c", CONV_CHAR, PRINT_ALT, value);
		text_literal(t, "'");
	} else if (is_unsigned(type)) {
		text_value(t, "%u", CONV_UNSIGNED, 0, value);
	} else {
		text_value(t, "%i", CONV_SIGNED, 0, value);
	}
	return true;
}

/* $name->a$ and $name$$ */
static struct expr *resolve_pretty(const struct target *t, const char *name)
{
	component_vec components = t->e->target.components;
	struct dw_var_result r = { 0 };
	struct text text;

	components.n--;
	if (!find_value(t, name, &components, &r)) {
		if (r.error != DW_VAR_BAD_MEMBER || r.bad_component < components.n)
			report(t, name, &r);
		else if (!t->is_quiet)
			diag_error(&t->s->diag, t->e->loc, E_PRETTY, t->e->target.name,
				   "a structure or an array");
		return NULL;
	}
	text_begin(&text, t->s->arena, t->e->loc);
	if (!text_pretty(t->s, &text, r.type_text ? r.type_text : "",
			 access_to(t, &components, &r))) {
		text_end(&text);
		if (!t->is_quiet)
			diag_error(&t->s->diag, t->e->loc, E_PRETTY, t->e->target.name,
				   r.type_text);
		return NULL;
	}
	return text_end(&text);
}

/* "name=value" for each variable that is wanted. */
static struct expr *resolve_list(const struct target *t, bool parameters, bool locals)
{
	static const component_vec none;
	bool is_pretty = t->e->target.components.n != 0;
	dw_var_name_vec names = { 0 };
	struct text text;
	bool is_first = true;

	dw_visible(&t->scope, &names);
	text_begin(&text, t->s->arena, t->e->loc);
	VEC_EACH(&names, i) {
		const struct dw_var_name *v = &names.at[i];
		const char *type = v->type_text ? v->type_text : "";
		struct dw_var_result r = { 0 };

		if (!(v->is_parameter ? parameters : locals))
			continue;
		text_literal(&text, arena_printf(t->s->arena, "%s%s=", is_first ? "" : " ",
						 v->name));
		is_first = false;
		if (is_aggregate(type) && is_pretty) {
			text_end(&text);
			if (!t->is_quiet)
				diag_error(&t->s->diag, t->e->loc, E_PRETTY, v->name, type);
			return NULL;
		}
		if (is_aggregate(type))
			text_literal(&text, is_array(type) ? "[...]" : "{...}");
		else if (!find_value(t, v->name, &none, &r))
			text_literal(&text, "?");
		else if (!is_pretty)
			text_value(&text, "%#x", CONV_HEX, PRINT_ALT, access_to(t, &none, &r));
		else if (!text_pretty(t->s, &text, type, access_to(t, &none, &r)))
			text_literal(&text, "?");
	}
	return text_end(&text);
}

/* "return=value", or nothing for a function that returns none */
static struct expr *resolve_return_text(const struct target *t)
{
	static const component_vec none;
	bool is_pretty = t->e->target.components.n != 0;
	struct dw_var_result r = { 0 };
	struct text text;
	bool ok = true;

	text_begin(&text, t->s->arena, t->e->loc);
	if (find_value(t, "return", &none, &r)) {
		text_literal(&text, "return=");
		if (!is_pretty)
			text_value(&text, "%#x", CONV_HEX, PRINT_ALT, access_to(t, &none, &r));
		else
			ok = text_pretty(t->s, &text, r.type_text ? r.type_text : "",
					 access_to(t, &none, &r));
	}
	if (!ok && !t->is_quiet)
		diag_error(&t->s->diag, t->e->loc, E_PRETTY, t->e->target.name, r.type_text);
	return ok ? text_end(&text) : (text_end(&text), NULL);
}

/* ---- the callback ---- */

static bool has_pretty(const component_vec *c)
{
	return c->n && (VEC_LAST(c).kind == COMPONENT_PRETTY ||
			VEC_LAST(c).kind == COMPONENT_PRETTY_DEEP);
}

static struct expr *resolve_name(const struct target *t, const char *name)
{
	struct dw_var_result r = { 0 };

	if (!strcmp(name, "$vars"))
		return resolve_list(t, true, true);
	if (!strcmp(name, "$parms"))
		return resolve_list(t, true, false);
	if (!strcmp(name, "$locals"))
		return resolve_list(t, false, true);
	if (!strcmp(name, "$return"))
		return resolve_return_text(t);
	if (has_pretty(&t->e->target.components))
		return resolve_pretty(t, name);
	if (!find_value(t, name, &t->e->target.components, &r)) {
		report(t, name, &r);
		return NULL;
	}
	return access_to(t, &t->e->target.components, &r);
}

struct expr *process_resolve_var(struct session *s, struct probe *p, struct expr *e,
				 unsigned flags)
{
	struct target t = {
		.s = s,
		.at = p->data,
		.e = e,
		.is_quiet = flags & RESOLVE_QUIET,
	};
	bool has_place = p->row.kind == PROBE_SITE || p->row.kind == PROBE_RETURN;

	if (!has_place && !(e->target.is_at_var && t.at->file)) {
		if (!t.is_quiet)
			diag_error(&s->diag, e->loc, E_NO_TARGETS);
		return NULL;
	}
	t.is_return = p->row.kind == PROBE_RETURN && !(flags & RESOLVE_AT_ENTRY);
	if (has_place)
		t.scope = (struct dw_scope){ &t.at->func, t.at->pc, t.is_return };
	if (e->target.is_at_var)
		return resolve_at_var(&t);
	if (!t.is_return && (!strcmp(e->target.name, "$return") ||
			     !strcmp(e->target.name, "$$return"))) {
		if (!t.is_quiet)
			diag_error(&s->diag, e->loc, E_RETURN_ELSEWHERE, e->target.name);
		return NULL;
	}
	return resolve_name(&t, e->target.name + 1);
}

/* Has it a value at the probe, or parts that may have one? */
static bool is_listed(struct session *s, const struct dw_scope *scope, const char *name)
{
	static const component_vec none;
	struct dw_var_result r = { 0 };

	dw_var(scope, name, &none, false, s->arena, &r);
	return r.error == DW_VAR_OK || r.error == DW_VAR_BAD_MEMBER ||
	       r.error == DW_VAR_UNSUPPORTED;
}

static void list_var(struct buf *out, const char *name, const char *type)
{
	buf_printf(out, " $%s:%s", name, type ? type : "unknown");
}

void process_list_vars(struct session *s, const struct probe *p, struct buf *out)
{
	static const component_vec none;
	const struct process_probe *at = p->data;
	bool is_return = p->row.kind == PROBE_RETURN;
	const struct dw_scope here = { &at->func, at->pc, false }, past = { &at->func, at->pc, true };
	dw_var_name_vec names = { 0 };
	struct dw_var_result r = { 0 };

	if (p->row.kind != PROBE_SITE && !is_return)
		return;
	if (is_return) {
		dw_var(&past, "return", &none, false, s->arena, &r);
		if (r.error == DW_VAR_OK)
			list_var(out, "return", r.type_text);
	}
	dw_visible(&here, &names);
	VEC_EACH(&names, i) {
		const struct dw_var_name *v = &names.at[i];

		if ((v->is_parameter || !is_return) && is_listed(s, &here, v->name))
			list_var(out, v->name, v->type_text);
	}
}
