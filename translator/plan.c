/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass plan: where the probes are, in instructions.
 *
 * Needs:   probes that are left, with their families' knowledge of addresses.
 * Leaves:  sites (equal ones shared), files, the rows of the probes, the
 *          @entry values that return probes save.
 * Refuses: places that can't be displaced, naming the nearest that can.
 *
 * All thinking about instructions is insn/'s; here are the bytes fetched, the
 * recipes collected, and covers that overlap told apart: of two sites whose
 * covers overlap, the first is entered by a breakpoint and displaces one
 * instruction only (runtime/site.h).
 */
#include "translator/plan.h"

#include <stdlib.h>
#include <string.h>

#include "translator/insn/insn.h"
#include "translator/passes.h"
#include "translator/point.h"
#include "translator/point_messages.h"
#include "translator/probes/process.h"
#include "translator/symbols.h"

enum {
	MAX_FUNCTION = 1 << 20, /* of longer functions only so much is looked at */
	UNKNOWN_SIZE = 4096     /* of functions whose size isn't known */
};

/* What a site was planned from, to plan it again. */
struct planned {
	const struct dw_func *func;
	uint64_t pc;
};

struct file_text {
	struct dw_file *file;
	const struct insn_text *text;
};

struct plan {
	struct map by_place; /* "file offset" -> index in session.sites + 1 */
	VEC(struct planned) planned; /* as session.sites */
	VEC(struct file_text) texts;
};

uint32_t plan_file(struct session *s, struct dw_file *f)
{
	VEC_EACH(&s->files, i)
		if (s->files.at[i] == f)
			return (uint32_t)i;
	VEC_PUSH(s->arena, &s->files, f);
	return (uint32_t)s->files.n - 1;
}

static size_t read_code(void *file, uint64_t address, void *buf, size_t size)
{
	return dw_read(file, address, buf, size);
}

static void add_pointer(void *text, uint64_t address)
{
	insn_text_add_pointer(text, address);
}

/* The file's code as a whole, looked at once. */
static const struct insn_text *text_of(struct session *s, struct dw_file *f, uint64_t address)
{
	struct plan *plan = s->plan;
	struct insn_text *text;

	VEC_EACH(&plan->texts, i)
		if (plan->texts.at[i].file == f)
			return plan->texts.at[i].text;
	text = insn_text_new(s->arena, read_code, f, address);
	if (dw_each_pointer(f, add_pointer, text))
		insn_text_set_pointers_known(text);
	VEC_PUSH(s->arena, &plan->texts, ((struct file_text){ f, text }));
	return text;
}

static bool plan_code(struct session *s, const struct planned *site, enum insn_purpose purpose,
		      struct site_recipe *out, const char **why, uint64_t *nearest)
{
	struct dw_func f = *site->func;
	/* an inlined instance is planned as a place in the function around it, one that is
	 * in no function's main part (but in NAME.cold) for itself */
	bool is_known = !f.is_inlined || (dw_func_at(f.file, site->pc, &f) && !f.is_inlined);
	bool is_fragment = !is_known || site->pc - f.address >= (f.size ? f.size : UNKNOWN_SIZE);
	struct dw_unwind unwind;
	bool has_unwind = !is_fragment && dw_unwind_at(f.file, f.address, &unwind) &&
			  unwind.start == f.address;
	dw_address_vec pads = { 0 };
	uint64_t start = is_fragment ? site->pc : f.address;
	size_t known = is_fragment ? 0 : f.size ? f.size : has_unwind ? unwind.size : 0;
	size_t size = known ? known : UNKNOWN_SIZE;
	size_t limit = size > MAX_FUNCTION ? MAX_FUNCTION : size;
	struct insn_code code = {
		.address = start,
		.is_32bit = dw_info(f.file)->is_32bit,
		.is_whole = known && size == limit && !strstr(f.name, ".cold"),
		.is_fragment = is_fragment,
		.text = purpose == INSN_JUMP_IF_POSSIBLE ? text_of(s, f.file, start) : NULL,
	};
	uint8_t *bytes;
	size_t n;

	*why = "its instructions can't be read";
	*nearest = 0;
	if (site->pc < start || site->pc - start >= limit)
		return false;
	bytes = arena_alloc(s->scratch, limit);
	n = dw_read(f.file, start, bytes, limit);
	if (n <= site->pc - start)
		return false;
	code.bytes = bytes;
	code.size = n;
	code.has_all_entries = has_unwind && site->pc != start &&
			       dw_landing_pads(f.file, &unwind, s->scratch, &pads);
	code.entries = pads.at;
	code.n_entries = pads.n;
	return insn_plan(s->arena, &code, site->pc - start, purpose, out, why, nearest);
}

static void refuse(struct session *s, const struct probe *p, uint64_t pc, const char *why,
		   uint64_t nearest)
{
	struct loc loc = p->written->loc;

	if (p->is_one_of_many)
		diag_warning(&s->diag, loc, E_BAD_SITE, p->name, (unsigned long long)pc, why);
	else
		diag_error(&s->diag, loc, E_BAD_SITE, p->name, (unsigned long long)pc, why);
	if (nearest)
		diag_note(&s->diag, (struct loc){ 0 },
			  "the nearest place that can be probed is statement(0x%llx)",
			  (unsigned long long)nearest);
}

bool plan_site(struct session *s, struct probe *p, const struct dw_func *func, uint64_t pc)
{
	uint32_t file = plan_file(s, func->file);
	struct planned site = { func, pc };
	struct site_recipe *recipe;
	struct arena_mark mark;
	const char *key, *why;
	uint64_t offset, nearest;
	size_t known;
	bool ok;

	if (!dw_file_offset(func->file, pc, &offset)) {
		refuse(s, p, pc, "it is not in the file's code", 0);
		return false;
	}
	key = arena_printf(s->arena, "%u %llx", file, (unsigned long long)offset);
	known = (size_t)map_find(&s->plan->by_place, key);
	if (known) {
		p->site_index = (uint32_t)known - 1;
		p->site = s->sites.at[p->site_index];
		return true;
	}
	recipe = ARENA_NEW(s->arena, struct site_recipe);
	mark = arena_mark(s->scratch);
	/* The kernel's engine enters by breakpoints; what more were displaced, another script
	 * might probe. */
	ok = plan_code(s, &site, s->runtime == RUNTIME_KERNEL ? INSN_BREAKPOINT_ONLY : INSN_JUMP_IF_POSSIBLE,
		       recipe, &why, &nearest);
	arena_reset(s->scratch, mark);
	if (!ok) {
		refuse(s, p, pc, why, nearest);
		return false;
	}
	recipe->file = file;
	recipe->offset = offset;
	recipe->address = pc;
	p->site = recipe;
	p->site_index = (uint32_t)s->sites.n;
	VEC_PUSH(s->arena, &s->sites, recipe);
	VEC_PUSH(s->arena, &s->plan->planned, site);
	map_put(&s->plan->by_place, key, (void *)s->sites.n);
	return true;
}

/* ---- overlapping covers ---- */

static int by_place(const void *a, const void *b)
{
	const struct site_recipe *x = *(struct site_recipe *const *)a;
	const struct site_recipe *y = *(struct site_recipe *const *)b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The first of two is planned again, to displace one instruction. */
static void shrink_cover(struct session *s, struct site_recipe *site)
{
	struct arena_mark mark = arena_mark(s->scratch);
	uint32_t file = site->file;
	uint64_t offset = site->offset, address = site->address, nearest;
	const char *why;
	size_t i;

	for (i = 0; s->sites.at[i] != site; i++)
		;
	if (!plan_code(s, &s->plan->planned.at[i], INSN_BREAKPOINT_ONLY, site, &why, &nearest))
		BUG("a site that could be entered by a jump can't be by a breakpoint: %s", why);
	site->file = file;
	site->offset = offset;
	site->address = address;
	arena_reset(s->scratch, mark);
}

static void separate_covers(struct session *s)
{
	size_t n = s->sites.n;
	struct site_recipe **sorted;

	if (n < 2)
		return;
	sorted = arena_memdup(s->scratch, s->sites.at, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_place);
	for (size_t i = 0; i + 1 < n; i++)
		if (sorted[i]->file == sorted[i + 1]->file &&
		    sorted[i]->offset + sorted[i]->cover > sorted[i + 1]->offset)
			shrink_cover(s, sorted[i]);
}

/* ---- what is saved for returns ---- */

struct collector {
	struct arena *arena;
	expr_vec *entries;
};

static void on_expr(struct ast_walker *w, struct expr **slot)
{
	struct collector *c = w->data;

	if (*slot && (*slot)->kind == EXPR_ENTRY)
		VEC_PUSH(c->arena, c->entries, *slot);
	else if (*slot)
		ast_walk_expr(w, *slot);
}

static void on_stmt(struct ast_walker *w, struct stmt **slot)
{
	if (*slot)
		ast_walk_stmt(w, *slot);
}

/* The @entry values that pruning has left. */
static void collect_entries(struct session *s, struct probe *p)
{
	struct collector c = { s->arena, &p->entries };
	struct ast_walker w = { .expr = on_expr, .stmt = on_stmt, .data = &c };

	on_stmt(&w, &p->body);
}

/* Without a command or target those are probed that run, but not each process there is. */
static void check_targets(struct session *s)
{
	if (s->runtime != RUNTIME_USER || s->opt.last_pass < 5 || s->opt.command ||
	    s->opt.target_pid)
		return;
	VEC_EACH(&s->probes, i) {
		const struct probe *p = s->probes.at[i];

		if (p->family == &family_process && !p->row.pid && !process_default_file(p)) {
			diag_error(&s->diag, p->written->loc, E_NO_TARGET_PROCESS);
			return;
		}
	}
}

bool pass_plan(struct session *s)
{
	unsigned n_errors = s->diag.n_errors;
	probe_vec kept = { 0 };

	s->plan = ARENA_NEW(s->arena, struct plan);
	map_init(&s->plan->by_place, s->arena);
	VEC_EACH(&s->probes, i) {
		struct probe *p = s->probes.at[i];

		if (p->family->plan && !p->family->plan(s, p))
			continue;
		collect_entries(s, p);
		p->id = (unsigned)kept.n;
		VEC_PUSH(s->arena, &kept, p);
	}
	s->probes = kept;
	if (!kept.n && s->diag.n_errors == n_errors)
		diag_error(&s->diag, (struct loc){ 0 }, E_NO_PROBES_FOUND);
	separate_covers(s);
	symbols_plan(s);
	check_targets(s);
	return s->diag.n_errors == n_errors;
}
