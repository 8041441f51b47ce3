/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics.  An element of an array is one struct rt_stat; a scalar has a
 * stripe per context, which are merged into a temporary before they are read.
 */
#include "base/log.h"
#include "translator/emit/emit_int.h"

enum { STAT_HEAD = 48, LOG_BUCKETS = 128 }; /* struct rt_stat without buckets; hist_log's buckets */

static const char *const hist_names[] = {
	[HIST_NONE] = "RT_HIST_NONE", [HIST_LOG] = "RT_HIST_LOG", [HIST_LINEAR] = "RT_HIST_LINEAR",
};

/* of RT_HIST_BUCKETS */
static int64_t interval_of(const struct var *v)
{
	return v->hist_interval ? v->hist_interval : 1;
}

size_t stat_size(const struct var *v)
{
	switch (v->hist_kind) {
	case HIST_LOG:
		return STAT_HEAD + 8 * LOG_BUCKETS;
	case HIST_LINEAR:
		return STAT_HEAD + 8 * ((v->hist_high - v->hist_low) / interval_of(v) + 3);
	case HIST_NONE:
		break;
	}
	return STAT_HEAD;
}

const char *stat_parameters(struct emit *e, const struct var *v)
{
	return arena_printf(e->a, "%u, %s, %lld, %lld, %lld, %d", v->stat_ops,
			    hist_names[v->hist_kind], (long long)v->hist_low,
			    (long long)v->hist_high, (long long)interval_of(v), v->stat_shift);
}

const char *stat_spec_c(struct emit *e, const struct var *v)
{
	return arena_printf(e->a, v->arity > 0 ? "&%s_spec.stat" : "&%s_spec", name_global(e, v));
}

static const struct var *stat_var(const struct expr *stat)
{
	return stat->kind == EXPR_INDEX ? stat->index.var : stat->symbol.var;
}

/* The temporary that lower made for a scalar. */
static const struct var *merged_into(const struct emit *e, const struct var *v)
{
	VEC_EACH(e->locals, i)
		if (e->locals->at[i]->merged == v)
			return e->locals->at[i];
	BUG("no temporary for statistic '%s'", v->name);
}

const char *stat_read(struct emit *e, const struct expr *stat)
{
	const struct var *v = stat_var(stat);

	if (stat->kind == EXPR_INDEX)
		return map_get_c(e, stat);
	return arena_printf(e->a, "rt_stats_read(c, %s, &%s.head, %s)", stat_spec_c(e, v),
			    name_global(e, v), name_var(e, merged_into(e, v)));
}

const char *emit_statop(struct emit *e, const struct expr *x)
{
	static const char *const names[] = {
		[STATOP_COUNT] = "count", [STATOP_SUM] = "sum", [STATOP_MIN] = "min",
		[STATOP_MAX] = "max", [STATOP_AVG] = "avg", [STATOP_VARIANCE] = "variance",
	};
	const char *stat = stat_read(e, x->statop.stat);
	const char *name = names[x->statop.op];

	switch (x->statop.op) {
	case STATOP_COUNT:
	case STATOP_SUM:
		return arena_printf(e->a, "rt_stat_%s(%s)", name, stat);
	case STATOP_MIN:
	case STATOP_MAX:
	case STATOP_AVG:
		emit_at(e, arena_printf(e->a, "operator '@%s'", name), x->loc);
		return arena_printf(e->a, "rt_stat_%s(c, %s)", name, stat);
	case STATOP_VARIANCE:
		emit_at(e, "operator '@variance'", x->loc);
		return arena_printf(e->a, "rt_stat_variance(c, %s, %s)",
				    stat_spec_c(e, stat_var(x->statop.stat)), stat);
	}
	BUG("a statistic operator without a kind");
}

static void at_hist(struct emit *e, const struct expr *hist)
{
	emit_at(e, arena_printf(e->a, "operator '@hist_%s'",
				hist->hist.kind == HIST_LOG ? "log" : "linear"), hist->loc);
}

const char *emit_hist_get(struct emit *e, const struct expr *index)
{
	const struct expr *hist = index->index.hist;

	at_hist(e, hist);
	return arena_printf(e->a, "rt_hist_get(c, %s, %s, %s)",
			    stat_spec_c(e, stat_var(hist->hist.stat)),
			    stat_read(e, hist->hist.stat), expr_c(e, index->index.keys.at[0]));
}

const char *emit_hist_in(struct emit *e, const struct expr *in)
{
	const struct expr *hist = in->in.array;

	at_hist(e, hist);
	return arena_printf(e->a, "(rt_hist_get(c, %s, %s, %s) != 0)",
			    stat_spec_c(e, stat_var(hist->hist.stat)),
			    stat_read(e, hist->hist.stat), expr_c(e, in->in.keys.at[0]));
}

void emit_stat_add(struct emit *e, const struct expr *assign)
{
	const struct expr *target = assign->assign.target;

	if (target->kind == EXPR_INDEX)
		emit_map_assign(e, assign);
	else
		out(&e->o, "rt_stats_add(c, %s, &%s.head, %s);",
		    stat_spec_c(e, target->symbol.var), name_global(e, target->symbol.var),
		    expr_c(e, assign->assign.value));
}

void emit_print_hist(struct emit *e, const struct expr *print)
{
	const struct expr *hist = print->print.histogram;

	emit_at(e, "identifier 'print'", print->loc);
	out(&e->o, "rt_print_hist(c, %s, %s);", stat_spec_c(e, stat_var(hist->hist.stat)),
	    stat_read(e, hist->hist.stat));
	emit_check(e);
}

void emit_hist_foreach(struct emit *e, const struct stmt *s)
{
	const struct expr *hist = s->foreach.array;
	const struct var *key = s->foreach.keys.at[0]->symbol.var;

	out_open(&e->o, "%s", "");
	out(&e->o, "const struct rt_stat *stat = %s;", stat_read(e, hist->hist.stat));
	if (s->foreach.limit)
		out(&e->o, "int64_t left = %s;", expr_c(e, s->foreach.limit));
	out(&e->o, "int64_t value, count;");
	out(&e->o, "uint32_t i = 0;");
	out(&e->o, "%s", "");
	out_open(&e->o, "while (%srt_hist_next(%s, stat, &i, &value, &count))",
		 s->foreach.limit ? "left-- > 0 && " : "",
		 stat_spec_c(e, stat_var(hist->hist.stat)));
	emit_store(e, key, "value");
	if (s->foreach.value)
		emit_store(e, s->foreach.value->symbol.var, "count");
	emit_spend(e, s->foreach.cost, s->foreach.spend_loc);
	emit_stmt(e, s->foreach.body);
	out_close(&e->o, "");
	out_close(&e->o, "");
}
