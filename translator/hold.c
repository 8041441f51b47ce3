/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a handler holds its locks: as late and as briefly as may be.
 *
 * A handler is one transaction, so there is one stretch of statements, from the first that touches
 * a global which others write to the last, with all locks that they need taken before it and
 * given back behind it.  Globals that need no lock count too: others could tell from them that
 * half of the transaction is done.  Where the stretch is a single "if" whose condition touches no global
 * there is one in each branch, with the branch's locks, and none where a branch touches nothing; so
 * also in the body of a "try" whose handler does nothing of interest.  Loops are held as a whole.
 *
 * Two things make it longer than that:
 *
 * - If a lock isn't to be had, the hit is skipped, and then the handler must not have done anything.  What it
 *   has printed by then is dropped, but whatever else can be seen from outside - the program's memory
 *   written, a signal sent, exit() - comes behind the locks, and the stretch begins before it.  (Of more than a
 *   record's worth of text, what didn't fit has gone out.)
 *
 * - What handlers print that depends on shared globals comes in the order in which they had them.  So if the
 *   stretch prints, the output goes out before the locks do, and so do prints behind the stretch that use variables
 *   which it has set from globals.  And a handler's output stays one record: if some of it goes out with the
 *   locks, all does.
 *
 * With -u locks are held from the handler's beginning to its end.
 */
#include "translator/hold.h"

#include "translator/effects.h"
#include "translator/session.h"

struct hold {
	struct session *s;
	const struct probe *probe;
	const struct sharing *of;
	var_vec tainted; /* locals whose value comes from shared globals */
};

/* ---- what a piece of the handler does ---- */

struct deed {
	bool touches;       /* a global that others write */
	bool reads;         /* the same, and wants its value */
	bool acts;          /* can be seen from outside, and not taken back */
	bool shows;         /* prints, or perhaps does: ACTS */
	bool reads_tainted;
};

struct asking {
	const struct hold *hold;
	struct deed deed;
	var_vec *written;    /* locals; NULL: nobody asks */
	uint8_t *touches;    /* of globals, by id: enum use; likewise */
};

static void touch(struct asking *a, size_t global, unsigned use)
{
	if (!use || !a->hold->of[global].is_written)
		return;
	a->deed.touches = true;
	a->deed.reads |= (use & USE_READ) != 0;
	if (a->touches)
		a->touches[global] |= use;
}

static bool has(const var_vec *vars, const struct var *v)
{
	VEC_EACH(vars, i)
		if (vars->at[i] == v)
			return true;
	return false;
}

static void on_var(struct uses *u, struct var *v, unsigned use, struct expr *e)
{
	struct asking *a = u->data;

	(void)e;
	if (v->kind == VAR_GLOBAL) {
		touch(a, v->id, use);
		return;
	}
	a->deed.reads_tainted |= use & (USE_READ | USE_OLD) && has(&a->hold->tainted, v);
	if (use & USE_WRITE && a->written && !has(a->written, v))
		VEC_PUSH(a->hold->s->scratch, a->written, v);
}

static void on_effects(struct asking *a, const struct effects *e)
{
	for (size_t g = 0; g < e->n; g++)
		touch(a, g, e->uses[g].touches);
	a->deed.acts |= e->acts;
	a->deed.shows |= e->prints || e->acts;
}

static void on_call(struct uses *u, struct expr *call)
{
	VEC_EACH(&call->call.callees, i)
		on_effects(u->data, call->call.callees.at[i]->function.effects);
}

/* C of the handler itself: whatever globals the handler touches, it may be here. */
static void on_embedded(struct uses *u, const char *code, uint32_t len)
{
	struct asking *a = u->data;

	(void)code, (void)len;
	on_effects(a, a->hold->probe->effects);
}

static struct deed ask(struct asking *a, struct expr *e, struct stmt *s)
{
	struct uses u = { .on_var = on_var, .on_call = on_call, .on_embedded = on_embedded, .data = a };

	if (e)
		uses_expr(&u, e);
	if (s)
		uses_stmt(&u, s);
	a->deed.acts |= u.acts;
	a->deed.shows |= u.acts || u.prints;
	return a->deed;
}

static struct deed deed_of(const struct hold *h, struct expr *e, struct stmt *s)
{
	struct asking a = { .hold = h };

	return ask(&a, e, s);
}

/* ---- the stretch ---- */

struct stretch {
	stmt_vec list;
	struct deed *deeds; /* of each of the list */
	size_t from, to;    /* of the list: the first and the last of the stretch */
};

static void flatten(struct arena *a, struct stmt *s, stmt_vec *list)
{
	if (s->kind != STMT_BLOCK) {
		VEC_PUSH(a, list, s);
		return;
	}
	VEC_EACH(&s->block.body, i)
		flatten(a, s->block.body.at[i], list);
}

static struct stmt *block_of(struct hold *h, struct stmt *const *at, size_t n, struct loc loc)
{
	struct stmt *block = stmt_new(h->s->arena, STMT_BLOCK, loc);

	for (size_t i = 0; i < n; i++)
		VEC_PUSH(h->s->arena, &block->block.body, at[i]);
	return block;
}

/* What S, one after the other, leaves of the set: plain assignments of other values take variables out. */
static void follow(struct hold *h, struct stmt *s, bool is_tainting)
{
	struct asking a = { .hold = h, .written = &h->tainted };
	const struct var *v;

	if (is_tainting) {
		ask(&a, NULL, s);
		return;
	}
	if (s->kind != STMT_EXPR || s->expr.expr->kind != EXPR_ASSIGN || s->expr.expr->assign.op != OP_NONE ||
	    s->expr.expr->assign.target->kind != EXPR_SYMBOL)
		return;
	v = s->expr.expr->assign.target->symbol.var;
	VEC_EACH(&h->tainted, i)
		if (h->tainted.at[i] == v)
			h->tainted.at[i] = h->tainted.at[--h->tainted.n];
}

/* To the last statement that prints what comes from the stretch's globals. */
static void extend_to_dependents(struct hold *h, struct stretch *x)
{
	h->tainted.n = 0;
	for (size_t i = x->from; i < x->list.n; i++) {
		bool is_tainting = (i <= x->to && x->deeds[i].reads) ||
				   (h->tainted.n && deed_of(h, NULL, x->list.at[i]).reads_tainted);

		if (is_tainting && i > x->to && x->deeds[i].shows)
			x->to = i;
		follow(h, x->list.at[i], is_tainting);
	}
}

static bool shows(const struct stretch *x, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++)
		if (x->deeds[i].shows)
			return true;
	return false;
}

/* False: nothing is to be locked. */
static bool find_stretch(struct hold *h, struct stmt *s, struct stretch *x)
{
	bool found = false, acts = false;

	flatten(h->s->scratch, s, &x->list);
	x->deeds = arena_array(h->s->scratch, x->list.n + 1, sizeof(*x->deeds));
	VEC_EACH(&x->list, i) {
		const struct deed d = x->deeds[i] = deed_of(h, NULL, x->list.at[i]);

		if (!found && !acts && (d.touches || d.acts))
			x->from = i;
		acts |= d.acts;
		found |= d.touches;
		if (d.touches)
			x->to = i;
	}
	return found;
}

/* STMT_LOCKED for the stretch, or the stretch as it is where what it touches needs no locks. */
static struct stmt *lock(struct hold *h, const struct stretch *x)
{
	struct asking a = { .hold = h, .touches = ARENA_ARRAY(h->s->scratch, h->s->globals.n + 1, uint8_t) };
	struct loc loc = x->list.at[x->from]->loc;
	struct stmt *body = block_of(h, x->list.at + x->from, x->to + 1 - x->from, loc);
	struct stmt *locked = stmt_new(h->s->arena, STMT_LOCKED, loc);

	ask(&a, NULL, body);
	locked->locked.body = body;
	locked->locked.prints = a.deed.shows;
	VEC_EACH(&h->s->globals, g)
		if (a.touches[g] && h->of[g].needs_lock)
			VEC_PUSH(h->s->arena, &locked->locked.locks,
				 ((struct lock){ h->s->globals.at[g], a.touches[g] & (USE_WRITE | USE_SORT) }));
	return locked->locked.locks.n ? locked : body;
}

static struct stmt *hold(struct hold *h, struct stmt *s, bool shows_later, bool is_top);

/* S with its locks inside of it, or NULL. */
static struct stmt *hold_inside(struct hold *h, const struct stmt *s, bool shows_later)
{
	struct stmt *copy = arena_memdup(h->s->arena, s, sizeof(*s));
	struct deed d;

	switch ((int)s->kind) {
	case STMT_IF:
		d = deed_of(h, s->if_.cond, NULL);
		if (d.touches || d.shows)
			return NULL;
		copy->if_.then = hold(h, s->if_.then, shows_later, false);
		if (s->if_.otherwise)
			copy->if_.otherwise = hold(h, s->if_.otherwise, shows_later, false);
		return copy->if_.then && (copy->if_.otherwise || !s->if_.otherwise) ? copy : NULL;
	case STMT_TRY:
		if (s->try_.handler) {
			d = deed_of(h, NULL, s->try_.handler);
			if (d.touches || d.shows)
				return NULL;
		}
		copy->try_.body = hold(h, s->try_.body, shows_later, false);
		return copy->try_.body ? copy : NULL;
	default:
		return NULL;
	}
}

/* S with locks around its stretch; NULL: there would have to be locks around what comes behind it, too.  SHOWS_LATER:
 * the handler may print behind S.  S itself is left as it is. */
static struct stmt *hold(struct hold *h, struct stmt *s, bool shows_later, bool is_top)
{
	struct stretch x = { 0 };
	struct stmt *inside = NULL;
	size_t n;

	if (!find_stretch(h, s, &x))
		return s;
	n = x.list.n;
	extend_to_dependents(h, &x);
	if (x.from == x.to)
		inside = hold_inside(h, x.list.at[x.from], shows_later || shows(&x, x.to + 1, n));
	if (!inside && shows(&x, x.from, x.to + 1)) {
		while (shows(&x, x.to + 1, n))
			x.to++;
		if (shows_later)
			return NULL;
	}
	if (!inside) {
		inside = lock(h, &x);
		if (inside->kind == STMT_LOCKED)
			inside->locked.is_last = is_top && x.to + 1 == n;
	}
	x.list.at[x.from] = inside;
	for (size_t i = x.to + 1; i < n; i++)
		x.list.at[x.from + 1 + i - (x.to + 1)] = x.list.at[i];
	return block_of(h, x.list.at, n - (x.to - x.from), s->loc);
}

static bool needs_locks(const struct hold *h)
{
	const struct effects *e = h->probe->effects;

	for (size_t g = 0; g < e->n; g++)
		if (e->uses[g].touches && h->of[g].needs_lock)
			return true;
	return false;
}

void hold_locks(struct session *s, struct probe *p, const struct sharing *of)
{
	struct hold h = { .s = s, .probe = p, .of = of };
	struct arena_mark mark = arena_mark(s->scratch);

	if (!needs_locks(&h))
		return;
	if (s->opt.unoptimized) {
		struct stretch x = { 0 };

		VEC_PUSH(s->scratch, &x.list, p->body);
		p->body = lock(&h, &x);
		p->body->locked.is_last = true;
	} else {
		p->body = hold(&h, p->body, false, true);
	}
	arena_reset(s->scratch, mark);
}
