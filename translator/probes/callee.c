/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process(...).function("F").callee("G") and .callees(DEPTH): G, when F has called it.
 *
 * The probe is at G, and its handler begins with a question: do the return addresses on the
 * stack lead to where F calls G (and, for deeper ones, to where F's caller calls F)?  Instances of G
 * that were inlined into F need none for F itself.  With -D STAP_CALLEE_MATCHALL nothing
 * is asked.
 */
#include "translator/probes/process_int.h"

#include <fnmatch.h>
#include <string.h>

#include "translator/near.h"
#include "translator/point_messages.h"
#include "translator/probes/access_expr.h"

enum { MAX_DEPTH = 64 };

struct chain {
	struct session *s;
	const struct point_match *m;
	const struct program *program;
	const char *pattern; /* of the callees */
	int depth;           /* of calls that are followed */
	/* the calls that lead to where we are, the last one first; inlined ones have no frame */
	const struct dw_call *calls[MAX_DEPTH];
	unsigned n;
	VEC(const char *) names; /* of all callees that were seen */
	int count;
};

static const component_vec no_components;

/* ---- the question ---- */

/* The chain's condition from level I on, given that the frames before return to RETURNS; NULL:
 * there is nothing to ask.  False: it can't be asked. */
static bool called_from(struct chain *k, const struct dw_scope *scope, unsigned i, uint64_t *returns,
			struct expr **out, const char **why)
{
	struct arena *a = k->s->arena;
	const struct point_part *part = point_part(k->m->point, "function");
	struct expr origin = { .kind = EXPR_TARGET, .loc = part->loc };

	*out = NULL;
	if (i == k->n)
		return true;
	VEC_EACH(&k->calls[i]->returns, r) {
		struct access_path *path;
		struct expr *here, *rest;

		returns[i] = k->calls[i]->returns.at[r];
		path = dw_called_from(scope, returns, i + 1, a, why);
		if (!path || !called_from(k, scope, i + 1, returns, &rest, why))
			return false;
		here = access_expr(k->s, expr_copy(a, &origin), k->program->file, path, NULL,
				   &no_components);
		if (rest)
			here = expr_binary(a, EXPR_LOGICAL, part->loc, OP_LAND, here, rest);
		*out = *out ? expr_binary(a, EXPR_LOGICAL, part->loc, OP_LOR, *out, here) : here;
	}
	if (*out)
		return true;
	*why = "it is called in the way of a jump only, which leaves no return address";
	return false;
}

/* "if (!CONDITION) next" in front of the body; a return probe asks at the entry. */
static void guard(struct session *s, struct probe *p, struct expr *condition)
{
	struct stmt *block = stmt_new(s->arena, STMT_BLOCK, p->body->loc);
	struct stmt *test = stmt_new(s->arena, STMT_IF, p->body->loc);
	struct expr *entry;

	if (p->row.kind == PROBE_RETURN) {
		entry = expr_new(s->arena, EXPR_ENTRY, condition->loc);
		entry->entry.operand = condition;
		condition = entry;
	}
	test->if_.cond = expr_new(s->arena, EXPR_UNARY, condition->loc);
	test->if_.cond->unary.op = OP_NOT;
	test->if_.cond->unary.operand = condition;
	test->if_.then = stmt_new(s->arena, STMT_NEXT, p->body->loc);
	VEC_PUSH(s->arena, &block->block.body, test);
	VEC_PUSH(s->arena, &block->block.body, p->body);
	p->body = block;
}

/* ---- probes ---- */

static bool is_match_all(const struct session *s)
{
	VEC_EACH(&s->opt.defines, i)
		if (!strcmp(s->opt.defines.at[i].name, "STAP_CALLEE_MATCHALL"))
			return true;
	return false;
}

static void add(struct chain *k, const struct dw_func *caller, const struct dw_func *callee)
{
	struct session *s = k->s;
	bool is_return = k->m->tag == CALLEE_RETURN;
	uint64_t pc = is_return ? callee->address : callee->probe_address;
	struct dw_scope scope = { callee, pc, false };
	struct expr *condition = NULL;
	uint64_t returns[MAX_DEPTH];
	const char *why = NULL, *name;
	struct probe *p;

	if ((k->m->tag == CALLEE_CALL && callee->is_inlined) ||
	    (is_return && (callee->is_inlined || function_why_no_return(callee->name))))
		return;
	name = arena_printf(s->arena, "%s.function(\"%s\").callee(\"%s\")%s",
			    process_text(s, k->program), function_text(s, caller),
			    function_text(s, callee), function_suffix((enum process_tag)k->m->tag));
	if (!is_match_all(s) && !called_from(k, &scope, 0, returns, &condition, &why)) {
		diag_warning(&s->diag, k->m->point->loc, W_NO_CALLER, name, why);
		return;
	}
	p = process_add_site(s, k->m, k->program, callee, pc, name);
	p->is_one_of_many = true;
	if (condition)
		guard(s, p, condition);
	k->count++;
}

static void follow(struct chain *k, const struct dw_func *caller, int level)
{
	dw_call_vec calls = { 0 };

	dw_calls(caller, &calls);
	VEC_EACH(&calls, i) {
		const struct dw_call *call = &calls.at[i];
		unsigned n = k->n;

		VEC_PUSH(k->s->arena, &k->names, call->callee.name);
		if (fnmatch(k->pattern, call->callee.name, 0))
			continue;
		if (!call->callee.is_inlined) {
			memmove(k->calls + 1, k->calls, n * sizeof(*k->calls));
			k->calls[0] = call;
			k->n++;
		}
		add(k, caller, &call->callee);
		if (level < k->depth)
			follow(k, &call->callee, level + 1);
		memmove(k->calls, k->calls + (k->n - n), n * sizeof(*k->calls));
		k->n = n;
	}
}

static bool get_depth(struct chain *k)
{
	const struct point_part *part = point_part(k->m->point, "callees");
	int64_t depth = part && part->has_arg ? point_number(part) : 1;

	if (depth < 1 || depth > MAX_DEPTH) {
		diag_error(&k->s->diag, part->arg->loc, E_CALLEES_DEPTH, MAX_DEPTH);
		return false;
	}
	k->depth = (int)depth;
	return true;
}

int callee_match(struct session *s, const struct point_match *m, const program_vec *programs)
{
	const char *pattern = point_string(point_part(m->point, "function"));
	const struct point_part *callee = point_part(m->point, "callee");
	struct chain k = { .s = s, .m = m, .pattern = callee ? point_string(callee) : "*" };
	struct dw_file *file = VEC_LAST(programs).file;
	bool has_caller = false;

	if (!get_depth(&k))
		return -1;
	VEC_EACH(programs, i) {
		dw_func_vec callers = { 0 };

		k.program = &programs->at[i];
		dw_find_functions(k.program->file, pattern, DW_WANT_CALLABLE | DW_WANT_INLINED,
				  &callers);
		has_caller |= callers.n != 0;
		VEC_EACH(&callers, c)
			follow(&k, &callers.at[c], 1);
	}
	if (k.count)
		return k.count;
	if (!has_caller) {
		function_report(s, m, file, pattern);
		return -1;
	}
	diag_error(&s->diag, callee ? callee->arg->loc : m->point->loc, E_NO_CALLEE,
		   near_similar(s->arena, "similar functions", k.pattern, k.names.at, k.names.n));
	if (!k.names.n)
		diag_note(&s->diag, (struct loc){ 0 },
			  "'%s' calls no function of its own file directly, as far as %s tells: %s",
			  pattern, dw_info(file)->path, dw_describe(file));
	return -1;
}
