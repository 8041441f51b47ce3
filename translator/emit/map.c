/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays.  One long key goes through the short functions of api.h that are
 * inlined; all other keys as an array of union rt_key.
 */
#include "base/log.h"
#include "translator/emit/emit_int.h"

const char *map_c(struct emit *e, const struct var *v)
{
	const char *name = name_global(e, v);

	return arena_printf(e->a, "&%s_spec, RT_MAP_OF(%s)", name, name);
}

static bool has_one_long_key(const struct var *v)
{
	return v->arity == 1 && v->key_types[0] == TY_LONG;
}

const char *map_keys_c(struct emit *e, const struct var *v, const expr_vec *keys)
{
	const char *text = "(const union rt_key[]){ ";

	VEC_EACH(keys, i) {
		const char *key = keys->at[i] ? expr_c(e, keys->at[i]) : "0";
		bool is_string = keys->at[i] && v->key_types[i] == TY_STRING;

		text = arena_printf(e->a, "%s%s{ .%c = %s }", text, i ? ", " : "",
				    is_string ? 's' : 'n', key);
	}
	return arena_printf(e->a, "%s }", text);
}

/* Bit I: key I is given. */
static unsigned fixed_keys(const expr_vec *keys)
{
	unsigned fixed = 0;

	VEC_EACH(keys, i)
		if (keys->at[i])
			fixed |= 1u << i;
	return fixed;
}

static bool is_slice(const expr_vec *keys)
{
	return fixed_keys(keys) != (1u << keys->n) - 1;
}

struct key_query {
	struct ast_walker walker;
	bool answer;
};

static void ask_keys(struct ast_walker *walker, struct expr **slot)
{
	struct key_query *q = (struct key_query *)walker;
	const struct expr *e = *slot;

	if (e->kind == EXPR_INDEX && e->index.var && !has_one_long_key(e->index.var))
		q->answer = true;
	if (e->kind == EXPR_IN && e->in.array->kind == EXPR_SYMBOL &&
	    !has_one_long_key(e->in.array->symbol.var))
		q->answer = true;
	ast_walk_expr(walker, *slot);
}

bool map_has_key_array(const struct expr *e)
{
	struct key_query q = { .walker = { .expr = ask_keys } };
	struct expr *root = (struct expr *)e;

	if (e)
		ask_keys(&q.walker, &root);
	return q.answer;
}

const char *map_get_c(struct emit *e, const struct expr *index)
{
	const struct var *v = index->index.var;

	if (v->type == TY_LONG && has_one_long_key(v))
		return arena_printf(e->a, "rt_map1_get_long(%s, %s)", map_c(e, v),
				    expr_c(e, index->index.keys.at[0]));
	return arena_printf(e->a, "rt_map_get_%s(%s, %s)",
			    v->type == TY_LONG ? "long" : v->type == TY_STRING ? "str" : "stat",
			    map_c(e, v), map_keys_c(e, v, &index->index.keys));
}

const char *map_in_c(struct emit *e, const struct expr *in)
{
	const struct var *v = in->in.array->symbol.var;

	if (is_slice(&in->in.keys))
		return arena_printf(e->a, "rt_map_in_slice(%s, %s, %uu)", map_c(e, v),
				    map_keys_c(e, v, &in->in.keys), fixed_keys(&in->in.keys));
	if (has_one_long_key(v))
		return arena_printf(e->a, "rt_map1_in(%s, %s)", map_c(e, v),
				    expr_c(e, in->in.keys.at[0]));
	return arena_printf(e->a, "rt_map_in(%s, %s)", map_c(e, v),
			    map_keys_c(e, v, &in->in.keys));
}

/* Opens a block that has the element's place in "at"; inserts where there was none. */
static void open_element(struct emit *e, const struct expr *index)
{
	static const char *const types[] = {
		[TY_LONG] = "int64_t", [TY_STRING] = "char", [TY_STAT] = "struct rt_stat",
	};
	static const char *const functions[] = {
		[TY_LONG] = "long", [TY_STRING] = "str", [TY_STAT] = "stat",
	};
	const struct var *v = index->index.var;
	bool is_short = has_one_long_key(v) && v->type != TY_STRING;

	emit_at(e, arena_printf(e->a, "identifier '%s'", v->name), index->loc);
	out_open(&e->o, "%s", "");
	out(&e->o, "%s *at = rt_map%s_%s(c, %s, %s);", types[v->type], is_short ? "1" : "",
	    functions[v->type], map_c(e, v),
	    is_short ? expr_c(e, index->index.keys.at[0])
		     : map_keys_c(e, v, &index->index.keys));
	out(&e->o, "%s", "");
	emit_fail_if(e, "!at");
}

void emit_map_assign(struct emit *e, const struct expr *assign)
{
	const struct expr *target = assign->assign.target;

	open_element(e, target);
	if (target->index.var->type == TY_STRING)
		out(&e->o, "rt_str_copy(at, MAXSTRINGLEN, %s);", expr_c(e, assign->assign.value));
	else if (target->index.var->type == TY_STAT)
		out(&e->o, "rt_stat_add(%s, at, %s);", stat_spec_c(e, target->index.var),
		    expr_c(e, assign->assign.value));
	else if (assign->assign.op == OP_NONE)
		out(&e->o, "*at = %s;", expr_c(e, assign->assign.value));
	else
		out(&e->o, "*at %s= %s;", op_text(assign->assign.op),
		    expr_c(e, assign->assign.value));
	out_close(&e->o, "");
}

void emit_map_step(struct emit *e, const struct expr *incdec)
{
	open_element(e, incdec->incdec.operand);
	out(&e->o, "(*at)%s;", op_text(incdec->incdec.op));
	out_close(&e->o, "");
}

void emit_map_update(struct emit *e, const struct var *v, const struct expr *x)
{
	bool is_step = x->kind == EXPR_INCDEC;
	const char *result;

	open_element(e, is_step ? x->incdec.operand : x->assign.target);
	if (!is_step)
		result = arena_printf(e->a, "(*at %s= %s)", op_text(x->assign.op),
				      expr_c(e, x->assign.value));
	else if (x->incdec.is_postfix)
		result = arena_printf(e->a, "(*at)%s", op_text(x->incdec.op));
	else
		result = arena_printf(e->a, "%s*at", op_text(x->incdec.op));
	emit_store(e, v, result);
	out_close(&e->o, "");
}

void emit_delete(struct emit *e, const struct expr *x)
{
	const struct var *v = x->kind == EXPR_INDEX ? x->index.var : x->symbol.var;

	if (x->kind == EXPR_INDEX && is_slice(&x->index.keys))
		out(&e->o, "rt_map_delete_slice(%s, %s, %uu);", map_c(e, v),
		    map_keys_c(e, v, &x->index.keys), fixed_keys(&x->index.keys));
	else if (x->kind == EXPR_INDEX)
		out(&e->o, "rt_map_delete(%s, %s);", map_c(e, v),
		    map_keys_c(e, v, &x->index.keys));
	else if (v->arity > 0)
		out(&e->o, "rt_map_clear(%s);", map_c(e, v));
	else if (v->type == TY_STAT)
		out(&e->o, "rt_stats_clear(c, %s, &%s.head);", stat_spec_c(e, v),
		    name_global(e, v));
	else if (v->type == TY_STRING)
		out(&e->o, "%s[0] = '\\0';", name_var(e, v));
	else
		emit_store(e, v, "0");
}

/* ---- foreach ---- */

static const char *column_c(struct emit *e, const struct stmt *s)
{
	static const char *const statops[] = {
		[STATOP_COUNT] = "0", [STATOP_SUM] = "1", [STATOP_MIN] = "2", [STATOP_MAX] = "3",
		[STATOP_AVG] = "4", [STATOP_VARIANCE] = "5",
	};

	if (s->foreach.sort == SORT_NONE || s->foreach.sort_column < 0)
		return "RT_BY_NONE";
	if (s->foreach.sort_column > 0)
		return arena_printf(e->a, "RT_BY_KEY + %d", s->foreach.sort_column - 1);
	if (s->foreach.has_sort_statop)
		return arena_printf(e->a, "RT_BY_COUNT + %s", statops[s->foreach.sort_statop]);
	return "RT_BY_VALUE";
}

/* The loop's variables: each its key, and the value. */
static void emit_foreach_variables(struct emit *e, const struct stmt *s, const struct var *array)
{
	VEC_EACH(&s->foreach.keys, i) {
		const struct var *key = s->foreach.keys.at[i]->symbol.var;

		if (key->type == TY_STRING)
			out(&e->o, "rt_str_copy(%s, MAXSTRINGLEN, rt_foreach_key_str(&it, %zu));",
			    name_var(e, key), i);
		else
			emit_store(e, key, arena_printf(e->a, "rt_foreach_key_long(&it, %zu)", i));
	}
	if (!s->foreach.value)
		return;
	if (array->type == TY_STRING)
		out(&e->o, "rt_str_copy(%s, MAXSTRINGLEN, rt_foreach_str(&it));",
		    name_var(e, s->foreach.value->symbol.var));
	else if (array->type == TY_STAT)
		/* as in SystemTap, the count stands for a statistic */
		emit_store(e, s->foreach.value->symbol.var, "rt_stat_count(rt_foreach_stat(&it))");
	else
		emit_store(e, s->foreach.value->symbol.var, "*rt_foreach_long(&it)");
}

void emit_foreach(struct emit *e, const struct stmt *s)
{
	const struct var *array = s->foreach.array->symbol.var;
	const char *keys = s->foreach.slice.n ? map_keys_c(e, array, &s->foreach.slice) : "NULL";

	emit_at(e, "keyword", s->loc);
	out_open(&e->o, "%s", "");
	out(&e->o, "struct rt_iter it;");
	out(&e->o, "%s", "");
	out(&e->o, "rt_foreach(&it, %s, %s, %d, %s, %s, %uu);", map_c(e, array), column_c(e, s),
	    s->foreach.sort == SORT_DOWN ? -1 : 1,
	    s->foreach.limit ? expr_c(e, s->foreach.limit) : "RT_NO_LIMIT", keys,
	    fixed_keys(&s->foreach.slice));
	out_open(&e->o, "while (rt_foreach_next(&it))");
	emit_foreach_variables(e, s, array);
	emit_spend(e, s->foreach.cost, s->foreach.spend_loc);
	emit_stmt(e, s->foreach.body);
	out_close(&e->o, "");
	out_close(&e->o, "");
}
