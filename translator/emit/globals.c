/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script's globals: storage, initial values, repair. */
#include <stdlib.h>
#include <string.h>

#include "translator/emit/emit_int.h"

static void emit_map(struct emit *e, const struct var *v)
{
	static const char *const values[] = {
		[TY_LONG] = "RT_LONG", [TY_STRING] = "RT_STRING", [TY_STAT] = "RT_STATISTIC",
	};
	unsigned strings = 0;

	for (int i = 0; i < v->arity; i++)
		strings |= (v->key_types[i] == TY_STRING ? 1u : 0u) << i;
	out(&e->o, "RT_MAP(%s, %d, %u, %s, %lld, %s, %s);", name_global(e, v), v->arity, strings,
	    values[v->type], (long long)session_capacity(e->s, v),
	    v->wraps ? "RT_FULL_WRAPS" : v->size ? "RT_FULL_FAILS_SIZED" : "RT_FULL_FAILS",
	    stat_parameters(e, v));
}

static void emit_global(struct emit *e, const struct var *v)
{
	const char *name = name_global(e, v);

	if (v->arity > 0)
		emit_map(e, v);
	else if (v->type == TY_STAT)
		out(&e->o, "RT_STAT(%s, %s);", name, stat_parameters(e, v));
	else if (v->type == TY_STRING)
		out(&e->o, "static char %s[RT_STRLEN] RT_ALIGNED;", name);
	else if (v->is_counter)
		out(&e->o, "RT_COUNTER(%s);", name);
	else
		out(&e->o, "static int64_t %s;", name);
}

/* ---- access from embedded C ---- */

static bool is_spoken_of(const char *code, uint32_t len)
{
	return memmem(code, len, "STAP_GLOBAL_", strlen("STAP_GLOBAL_")) != NULL;
}

static bool embedded_c_uses_globals(const struct emit *e)
{
	VEC_EACH(&e->s->functions, i) {
		const struct stmt *body = e->s->functions.at[i]->function.body;

		if (body->kind == STMT_EMBEDDED &&
		    is_spoken_of(body->embedded.code, body->embedded.len))
			return true;
	}
	VEC_EACH(&e->s->embedded_exprs, i) {
		const struct expr *x = e->s->embedded_exprs.at[i];

		if (is_spoken_of(x->embedded.code, x->embedded.len))
			return true;
	}
	return false;
}

static void emit_array_macros(struct emit *e, const struct var *v)
{
	const char *parameters = "", *keys = "(const union rt_key[]){ ";
	bool is_long = v->type == TY_LONG;

	for (int i = 0; i < v->arity; i++) {
		parameters = arena_printf(e->a, "%s%sk%d", parameters, i ? ", " : "", i);
		keys = arena_printf(e->a, "%s%s{ .%c = (k%d) }", keys, i ? ", " : "",
				    v->key_types[i] == TY_STRING ? 's' : 'n', i);
	}
	keys = arena_printf(e->a, "%s }", keys);
	out(&e->o, "#define STAP_GLOBAL_GET_%s(%s) rt_map_get_%s(%s, %s)", v->name, parameters,
	    is_long ? "long" : "str", map_c(e, v), keys);
	out(&e->o, "#define STAP_GLOBAL_SET_%s(%s, value) do { %s *at_ = rt_map_%s(c, %s, %s); "
	    "if (at_) %s; } while (0)", v->name, parameters, is_long ? "int64_t" : "char",
	    is_long ? "long" : "str", map_c(e, v), keys,
	    is_long ? "*at_ = (value)" : "rt_str_copy(at_, MAXSTRINGLEN, (value))");
}

/* STAP_GLOBAL_GET_NAME(keys) and STAP_GLOBAL_SET_NAME(keys, value).  Macros: the code
 * that uses them has c, the context. */
static void emit_global_macros(struct emit *e, const struct var *v)
{
	const char *name = name_global(e, v);

	if (v->type == TY_STAT || v->is_counter)
		return;
	if (v->arity > 0) {
		emit_array_macros(e, v);
		return;
	}
	out(&e->o, "#define STAP_GLOBAL_GET_%s() %s", v->name, name);
	out(&e->o, v->type == TY_LONG ? "#define STAP_GLOBAL_SET_%s(value) (%s = (value))"
				      : "#define STAP_GLOBAL_SET_%s(value) rt_str_copy(%s, MAXSTRINGLEN, (value))",
	    v->name, name);
}

void emit_globals(struct emit *e)
{
	VEC_EACH(&e->s->globals, i)
		emit_global(e, e->s->globals.at[i]);
	if (embedded_c_uses_globals(e))
		VEC_EACH(&e->s->globals, i)
			emit_global_macros(e, e->s->globals.at[i]);
	out(&e->o, "RT_LOCKS(%zu);", e->s->globals.n);
	out(&e->o, "RT_LEDGER(%zu);", e->s->probes.n);
	if (e->s->runtime == RUNTIME_KERNEL)
		out(&e->o, "RT_REFUSED(%zu);", e->s->probes.n);
	out(&e->o, "%s", "");
}

/* What -G says of it, or NULL. */
static const char *given_value(const struct emit *e, const struct var *v)
{
	const char *value = NULL;

	VEC_EACH(&e->s->opt.globals, i)
		if (!strcmp(e->s->opt.globals.at[i].name, v->name))
			value = e->s->opt.globals.at[i].value;
	return value;
}

/* Of a number. */
static const char *initial_c(struct emit *e, const struct var *v)
{
	const char *given = given_value(e, v);

	return expr_number_c(e, given	? (int64_t)strtoull(given, NULL, 0) :
				v->init ? v->init->number.value : 0);
}

static void emit_initial(struct emit *e, const struct var *v)
{
	const char *given = given_value(e, v);

	if (v->arity > 0 || (!v->init && !given))
		return;
	if (v->type == TY_STRING) {
		out(&e->o, "rt_str_copy(%s, MAXSTRINGLEN, %s);", name_global(e, v),
		    given ? out_str(&e->o, given) : expr_c(e, v->init));
	} else if (v->type == TY_LONG) {
		const char *value = initial_c(e, v);

		if (v->is_counter)
			out(&e->o, "rt_counter_add(c, &%s, %s);", name_global(e, v), value);
		else
			out(&e->o, "%s = %s;", name_global(e, v), value);
	}
}

void emit_init(struct emit *e)
{
	out(&e->o, "void script_init(struct rt_context *c)");
	out_open(&e->o, "%s", "");
	out(&e->o, "(void)c;");
	VEC_EACH(&e->s->globals, i)
		emit_initial(e, e->s->globals.at[i]);
	out_close(&e->o, "");
	out(&e->o, "%s", "");
}

/* After script_init: so a counter has its initial value. */
void emit_set(struct emit *e)
{
	emit_switch_begin(e, "void script_set(struct rt_context *c, uint32_t global, int64_t number, const char *text)",
			  "(void)c, (void)number, (void)text;", "global");
	VEC_EACH(&e->s->globals, i) {
		const struct var *v = e->s->globals.at[i];
		const char *name = name_global(e, v);

		if (v->arity > 0 || (v->type != TY_LONG && v->type != TY_STRING))
			continue;
		out_label(&e->o, "case %zu:", i);
		if (v->type == TY_STRING)
			out(&e->o, "rt_str_copy(%s, MAXSTRINGLEN, text);", name);
		else if (v->is_counter)
			out(&e->o, "rt_counter_add(c, &%s, number - %s);", name, initial_c(e, v));
		else
			out(&e->o, "%s = number;", name);
		out(&e->o, "break;");
	}
	emit_switch_end(e);
}

void emit_repair(struct emit *e)
{
	emit_switch_begin(e, "void script_repair(uint32_t global)", NULL, "global");
	VEC_EACH(&e->s->globals, i)
		if (e->s->globals.at[i]->arity > 0) {
			out_label(&e->o, "case %zu:", i);
			out(&e->o, "rt_map_repair(%s);", map_c(e, e->s->globals.at[i]));
			out(&e->o, "break;");
		}
	emit_switch_end(e);
}
