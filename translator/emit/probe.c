/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers: p_N runs probe N, and those that do the same (share.c); p_N_entry is what a
 * return probe does at the function's entry.  Where a lock is not to be had the handler is skipped:
 * hold.c sees to it that it has done nothing by then but print.
 */
#include "translator/effects.h"
#include "translator/emit/emit_int.h"

enum { MAX_ACTION = 1000, INTERRUPTIBLE_FACTOR = 10 };

static const char *class_of(const struct probe *p)
{
	switch (p->row.kind) {
	case PROBE_BEGIN:
		return "RT_BEGIN";
	case PROBE_END:
		return "RT_END";
	case PROBE_ERROR:
		return "RT_ERROR";
	default:
		return "RT_ORDINARY";
	}
}

static const char *budget_of(const struct emit *e)
{
	int64_t n = session_limit(e->s, "MAXACTION", MAX_ACTION);

	if (e->s->opt.time_limits_off)
		return "INT32_MAX";
	if (session_limit(e->s, "INTERRUPTIBLE", 1)) /* as SystemTap's handlers are, unless told otherwise */
		n = session_limit(e->s, "MAXACTION_INTERRUPTIBLE", n * INTERRUPTIBLE_FACTOR);
	return n > INT32_MAX ? "INT32_MAX" : arena_printf(e->a, "%lld", (long long)n);
}

/* ---- what a return probe saves at the entry ---- */

/* struct p_N_saved: the word "failed", then the values */
static size_t saved_size(const struct emit *e, const struct probe *p)
{
	size_t size = 8;

	if (!p->entries.n)
		return 0;
	VEC_EACH(&p->entries, i)
		size += p->entries.at[i]->entry.saved->type == TY_STRING
				? string_size(e) : 8;
	return size;
}

bool probe_has_record(const struct probe *p)
{
	return p->row.kind == PROBE_RETURN || p->row.kind == PROBE_KERNEL_RETURN;
}

/* Return probes of one site share a record, each with a part of its own. */
void saved_init(struct emit *e)
{
	size_t *of_site = ARENA_ARRAY(e->a, e->s->sites.n + 1, size_t); /* bytes given so far */

	e->saved_at = ARENA_ARRAY(e->a, e->s->probes.n + 1, size_t);
	VEC_EACH(&e->s->probes, i) {
		const struct probe *p = e->s->probes.at[i];
		size_t end = probe_has_record(p) ? saved_size(e, p) : 0;

		if (p->row.kind == PROBE_RETURN) {
			e->saved_at[i] = of_site[p->site_index];
			end += e->saved_at[i];
			of_site[p->site_index] = end;
		}
		if (end > e->entry_size)
			e->entry_size = end;
	}
}

/* "p_N": not what handlers are told apart by. */
static const char *name_handler(struct emit *e, const struct probe *p)
{
	return arena_printf(e->a, OUT_HOLE "p_%u" OUT_HOLE_END, p->id);
}

void emit_saved_pointer(struct emit *e, const struct probe *p)
{
	out(&e->o, "struct %s_saved *saved = (void *)((char *)c->entry + %zu);", name_handler(e, p), e->saved_at[p->id]);
}

void emit_handler_head(struct emit *e, const struct probe *p, const char *suffix, const char *parameters)
{
	out(&e->o, "static void %s%s(struct rt_context *c%s)", name_handler(e, p), suffix, parameters);
	out_open(&e->o, "%s", "");
}

/* Returns whether saving can fail. */
static bool emit_entry(struct emit *e, const struct probe *p)
{
	const char *frame = arena_printf(e->a, "%s_entry_frame", name_handler(e, p));
	size_t size;

	out_open(&e->o, "struct %s_saved", name_handler(e, p));
	out(&e->o, "uint64_t failed; /* where in the script, as c->loc */");
	VEC_EACH(&p->entries, i) {
		const struct var *v = p->entries.at[i]->entry.saved;

		out(&e->o, v->type == TY_STRING ? "char s_%u[RT_STRLEN];" : "int64_t s_%u;", v->id);
	}
	out_close(&e->o, ";");
	out(&e->o, "%s", "");

	size = emit_frame(e, frame, &p->entry_locals);
	emit_handler_begin(e, &p->entry_locals);
	e->fail = "failed";
	emit_handler_head(e, p, "_entry", "");
	emit_saved_pointer(e, p);
	emit_local_longs(e, &p->entry_locals);
	if (size)
		out(&e->o, "struct %s *f;", frame);
	out(&e->o, "%s", "");
	out(&e->o, "if (!c->entry) /* no room for a record: the return will not be seen */");
	out(&e->o, "\treturn;");
	if (size)
		out(&e->o, "f = rt_frame_push(c, sizeof(*f));");
	out(&e->o, "c->failed = RT_OK;");
	out(&e->o, "saved->failed = 0;");
	if (p->entry_body)
		emit_stmt(e, p->entry_body);
	if (size)
		out(&e->o, "rt_frame_pop(c, sizeof(*f));");
	if (e->fail_uses) {
		out(&e->o, "return;");
		out_label(&e->o, "failed:");
		out(&e->o, "saved->failed = c->loc;");
		if (size)
			out(&e->o, "rt_frame_pop(c, sizeof(*f));");
	}
	out_close(&e->o, "");
	out(&e->o, "%s", "");
	return e->fail_uses;
}

/* ---- handlers ---- */

static void emit_unlock(struct emit *e, const struct lock *l)
{
	out(&e->o, "rt_unlock_%s(c, %u);", l->is_write ? "write" : "read", l->var->id);
}

/* All, or none and on to "skip". */
static void emit_lock_all(struct emit *e, const lock_vec *locks, unsigned number)
{
	VEC_EACH(locks, i) {
		const struct lock *l = &locks->at[i];

		out(&e->o, "if (!rt_lock_%s(c, %u)) /* %s */", l->is_write ? "write" : "read", l->var->id, l->var->name);
		if (i)
			out(&e->o, "\tgoto locked_%u_%zu;", number, i);
		else
			out(&e->o, "\tgoto skip;");
	}
	e->skip_uses++;
}

static void emit_unlock_all(struct emit *e, const struct stmt *s)
{
	if (s->locked.prints && !e->is_looking)
		out(&e->o, "rt_probe_flush(c);");
	for (size_t i = s->locked.locks.n; i-- > 0;)
		emit_unlock(e, &s->locked.locks.at[i]);
}

/* What leads out of the locks from their middle, by LABEL, to OUTSIDE. */
static void emit_way_out(struct emit *e, const struct stmt *s, const char *label, const char *outside)
{
	out_open(&e->o, "if (0)");
	out_label(&e->o, "%s:", label);
	emit_unlock_all(e, s);
	out(&e->o, "goto %s;", outside);
	out_close(&e->o, "");
}

/*
 *	...locks, failing to skip, or locked_N_1 when one of them is had...
 *	...body, failing to fail_N and left by out_N...
 *	...unlocked...
 *	if (0) {
 * out_N:
 *		...unlocked...
 *		goto out;
 *	}
 *	...fail_N likewise, locked_N_1 likewise...
 *
 * Where nothing comes behind it, all of it ends in the same way: out_N is in front of the first "unlocked".
 */
void emit_locked(struct emit *e, const struct stmt *s)
{
	const char *outer_fail = e->fail, *outer_out = e->out;
	unsigned outer_fails = e->fail_uses, outer_outs = e->out_uses, number = e->n_labels++, fails, outs;
	const lock_vec *locks = &s->locked.locks;

	emit_lock_all(e, locks, number);
	e->out = arena_printf(e->a, "out_%u", number);
	e->fail = outer_fail == outer_out ? e->out : arena_printf(e->a, "fail_%u", number);
	e->fail_uses = e->out_uses = 0;
	emit_stmt(e, s->locked.body);
	fails = e->fail == e->out ? 0 : e->fail_uses;
	outs = e->fail == e->out ? e->fail_uses + e->out_uses : e->out_uses;
	if (s->locked.is_last && outs)
		out_label(&e->o, "%s:", e->out);
	emit_unlock_all(e, s);
	if (!s->locked.is_last && outs)
		emit_way_out(e, s, e->out, outer_out);
	if (fails)
		emit_way_out(e, s, e->fail, outer_fail);
	if (locks->n > 1) {
		out_open(&e->o, "if (0)");
		for (size_t i = locks->n - 1; i > 0; i--) {
			out_label(&e->o, "locked_%u_%zu:", number, i);
			emit_unlock(e, &locks->at[i - 1]);
		}
		out(&e->o, "goto skip;");
		out_close(&e->o, "");
	}
	e->fail = outer_fail;
	e->out = outer_out;
	e->fail_uses = outer_fails + fails;
	e->out_uses = outer_outs + (s->locked.is_last ? 0 : outs);
}

void emit_body(struct emit *e, const struct probe *p, size_t size)
{
	emit_local_strings(e, &p->locals);
	emit_stmt(e, p->body);
	if (e->fail_uses || e->out_uses)
		out_label(&e->o, "out:");
	if (size)
		out(&e->o, "rt_frame_pop(c, sizeof(*f));");
	emit_match_close(e);
}

void emit_handler_begin(struct emit *e, const var_vec *locals)
{
	e->locals = locals;
	e->function = NULL;
	e->fail = e->out = "out";
	e->fail_uses = e->out_uses = e->skip_uses = 0;
}

/* Sites that rest, for their probes' conditions were false, may have to wake. */
static void emit_watches(struct emit *e, const struct probe *p)
{
	uint32_t watches = effects_watches(e->s, p->effects);

	if (watches && e->s->runtime == RUNTIME_KERNEL)
		out(&e->o, "rt_changed(c, %#x);", watches);
}

static void emit_handler(struct emit *e, const struct probe *p)
{
	const char *frame = arena_printf(e->a, "%s_frame", name_handler(e, p));
	bool has_saved = p->entries.n > 0, may_lack = has_saved && emit_entry(e, p);
	size_t size;

	size = emit_frame(e, frame, &p->locals);
	if (probe_looks(e, p))
		emit_look(e, p, budget_of(e), frame, size);
	emit_handler_begin(e, &p->locals);
	out(&e->o, OUT_HOLE "/* %s, %s */" OUT_HOLE_END, name_place(e, p->loc), p->name);
	emit_handler_head(e, p, "", ", uint32_t probe");
	if (has_saved)
		emit_saved_pointer(e, p);
	emit_local_longs(e, &p->locals);
	if (size)
		out(&e->o, "struct %s *f;", frame);
	out_gap(&e->o);
	out(&e->o, "if (!rt_probe_enter(c, probe, %s, %s))", class_of(p), budget_of(e));
	out(&e->o, "\treturn;");
	emit_match_open(e);
	if (size)
		out(&e->o, "f = rt_frame_push(c, sizeof(*f));");
	if (may_lack) {
		out_open(&e->o, "if (saved->failed)");
		out(&e->o, "c->loc = (uint32_t)saved->failed;");
		out(&e->o, "rt_error(c, \"read fault at the function's entry\");");
		out(&e->o, "goto out;");
		out_close(&e->o, "");
		e->out_uses++;
	}
	emit_body(e, p, size);
	emit_watches(e, p);
	out(&e->o, "rt_probe_leave(c);");
	if (e->skip_uses) {
		out(&e->o, "return;");
		out_label(&e->o, "skip:");
		if (size)
			out(&e->o, "rt_frame_pop(c, sizeof(*f));");
		emit_match_close(e);
		out(&e->o, "rt_probe_skip(c, RT_SKIP_LOCK);");
	}
	out_close(&e->o, "");
	out(&e->o, "%s", "");
}

void emit_probes(struct emit *e)
{
	VEC_EACH(&e->s->probes, i) {
		share_begin(e);
		emit_handler(e, e->s->probes.at[i]);
		share_end(e, e->s->probes.at[i]);
	}
}

size_t probes_frame_need(struct emit *e)
{
	size_t most = 0;

	VEC_EACH(&e->s->probes, i) {
		const struct probe *p = e->s->probes.at[i];
		size_t body = frame_size(e, &p->locals), entry = frame_size(e, &p->entry_locals);
		size_t need = (body > entry ? body : entry) + callees_need(e, &p->effects->callees);

		if (need > most)
			most = need;
	}
	return most;
}
