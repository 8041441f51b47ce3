/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass emit: the whole C file, and the tables of runtime/object.h.
 *
 * Needs    a lowered tree, effects and lock plans, sites and files.
 * Leaves   c_text.
 * Refuses  nothing.
 */
#include "runtime/object.h"

#include <stdio.h>

#include "translator/dwarf/dw.h"
#include "translator/emit/emit_int.h"
#include "translator/passes.h"
#include "translator/symbols.h"
#include "translator/uses.h"

enum {
	MAX_SKIPPED = 100,
	MAX_TRYLOCK = 100000, /* a second */
	/* Bytes of code, tables not counted, for which optimising takes a second or two.  They
	 * are a hundred handlers or so. */
	LARGE_CODE = 128 * 1024
};

static unsigned limit(const struct emit *e, const char *name, int64_t fallback)
{
	return (unsigned)session_limit(e->s, name, fallback);
}

/* An array of bytes as a string, which compilers read much faster than a list. */
static const char *bytes_c(struct emit *e, const uint8_t *at, size_t n)
{
	char *text = arena_alloc(e->a, 4 * n + 3), *to = text;

	*to++ = '"';
	for (size_t i = 0; i < n; i++)
		to += sprintf(to, "\\x%02x", at[i]);
	*to = '"';
	return text;
}

/* What the kernel's MODULE_INFO makes, whose header is not included here. */
static void emit_module_infos(struct emit *e)
{
	VEC_EACH(&e->s->opt.module_infos, i)
		out(&e->o, "static const char module_info_%zu[] "
		    "__attribute__((used, aligned(1), section(\".modinfo\"))) = %s;", i,
		    out_str(&e->o, e->s->opt.module_infos.at[i]));
}

static void emit_info(struct emit *e, size_t n_symtabs)
{
	const struct options *opt = &e->s->opt;
	unsigned flags = (opt->guru ? SCRIPT_GURU : 0) |
			 (opt->time_limits_off ? SCRIPT_SUPPRESS_TIME_LIMITS : 0) |
			 (opt->handler_errors_off ? SCRIPT_SUPPRESS_HANDLER_ERRORS : 0) |
			 (opt->skip_bad_variables ? SCRIPT_SKIP_BADVARS : 0) |
			 (modules_are_wanted(e->s) ? SCRIPT_MODULES : 0) | (e->s->has_counts ? SCRIPT_COUNTS : 0);

	out_open(&e->o, "const struct script_info script_info =");
	out(&e->o, ".abi = SCRIPT_ABI,");
	out(&e->o, ".n_files = %zu,", e->s->files.n);
	out(&e->o, ".n_sites = %zu,", e->s->sites.n);
	out(&e->o, ".n_probes = %zu,", e->s->probes.n);
	out(&e->o, ".n_globals = %zu,", e->s->globals.n);
	out(&e->o, ".n_symtabs = %zu,", n_symtabs);
	out(&e->o, ".session_name = %u,",
	    out_string_id(&e->o, opt->module_name ? opt->module_name : "tapster"));
	out(&e->o, ".max_string = MAXSTRINGLEN,");
	out(&e->o, ".max_errors = %u,", limit(e, "MAXERRORS", 0));
	out(&e->o, ".max_skipped = %u,", limit(e, "MAXSKIPPED", MAX_SKIPPED));
	out(&e->o, ".max_action = %u,", limit(e, "MAXACTION", 1000));
	out(&e->o, ".max_trylock = %s,", opt->time_limits_off ? "UINT32_MAX" :
	    arena_printf(e->a, "%u", limit(e, "MAXTRYLOCK", MAX_TRYLOCK)));
	out(&e->o, ".max_nesting = %u,", limit(e, "MAXNESTING", e->s->max_nesting));
	out(&e->o, ".frame_size = %zu,", probes_frame_need(e) + regexes_frame_need(e));
	out(&e->o, ".entry_size = %zu,", e->entry_size);
	out(&e->o, ".flags = %u,", flags);
	out_close(&e->o, ";");
	out(&e->o, "%s", "");
}

static void emit_files(struct emit *e)
{
	out_open(&e->o, "const struct script_file script_files[] =");
	VEC_EACH(&e->s->files, i) {
		const struct dw_info *f = dw_info(e->s->files.at[i]);

		out_open(&e->o, "%s", ""); /* as in an initialiser */
		out(&e->o, ".path = %u, /* %s */", out_string_id(&e->o, f->path), f->path);
		out(&e->o, ".build_id_size = %zu,", f->build_id_size);
		out(&e->o, ".build_id = %s,", bytes_c(e, f->build_id, f->build_id_size));
		out(&e->o, ".size = %llu, .mtime_ns = %llu,", (unsigned long long)f->size,
		    (unsigned long long)f->mtime_ns);
		out(&e->o, ".inode = %llu, .device = %llu,", (unsigned long long)f->inode,
		    (unsigned long long)f->device);
		out_close(&e->o, ",");
	}
	if (!e->s->files.n)
		out(&e->o, "{ .path = 0 },");
	out_close(&e->o, ";");
	out(&e->o, "%s", "");
}

static void emit_fixups(struct emit *e, const struct site_recipe *site)
{
	const char *text = "{";

	for (unsigned i = 0; i < site->n_fixups; i++)
		text = arena_printf(e->a, "%s%s{ .addend = %lldLL, .at = %u, .kind = %u }", text,
				    i ? ", " : " ", (long long)site->fixups[i].addend,
				    site->fixups[i].at, site->fixups[i].kind);
	if (site->n_fixups)
		out(&e->o, ".fixups = %s },", text);
}

static void emit_sites(struct emit *e)
{
	out_open(&e->o, "const struct site_recipe script_sites[] =");
	VEC_EACH(&e->s->sites, i) {
		const struct site_recipe *r = e->s->sites.at[i];

		out_open(&e->o, "%s", "");
		out(&e->o, ".offset = 0x%llx, .address = 0x%llx, .file = %u, .flags = %u,",
		    (unsigned long long)r->offset, (unsigned long long)r->address, r->file, r->flags);
		if (r->semaphore)
			out(&e->o, ".semaphore = 0x%llx,", (unsigned long long)r->semaphore);
		out(&e->o, ".cover = %u, .slot_size = %u, .n_fixups = %u, .n_insns = %u,",
		    r->cover, r->slot_size, r->n_fixups, r->n_insns);
		if (r->hop)
			out(&e->o, ".hop = %d, .hop_orig = %s,", r->hop,
			    bytes_c(e, r->hop_orig, sizeof(r->hop_orig)));
		out(&e->o, ".insn_at = %s,", bytes_c(e, r->insn_at, r->n_insns));
		out(&e->o, ".insn_slot = %s,", bytes_c(e, r->insn_slot, r->n_insns));
		out(&e->o, ".orig = %s,", bytes_c(e, r->orig, r->cover));
		out(&e->o, ".slot = %s,", bytes_c(e, r->slot, r->slot_size));
		emit_fixups(e, r);
		out_close(&e->o, ",");
	}
	if (!e->s->sites.n)
		out(&e->o, "{ .offset = 0 },");
	out_close(&e->o, ";");
	out(&e->o, "%s", "");
}

static void emit_probe_table(struct emit *e)
{
	out_open(&e->o, "const struct script_probe script_probes[] =");
	VEC_EACH(&e->s->probes, i) {
		const struct probe *p = e->s->probes.at[i];
		const struct script_probe *r = &p->row;

		out_open(&e->o, "%s", "");
		out(&e->o, ".kind = %u, /* %s */", r->kind, p->name);
		out(&e->o, ".name = %u, .point = %u, .location = %u, .function = %u,",
		    out_string_id(&e->o, p->name), out_string_id(&e->o, p->pn),
		    out_string_id(&e->o, name_place(e, p->loc)),
		    out_string_id(&e->o, p->function));
		if (r->flags || probe_looks(e, p))
			out(&e->o, ".flags = %s,", !r->flags ? "PROBE_LOOKS" : "PROBE_OPTIONAL");
		if (p->symbol)
			out(&e->o, ".symbol = %u,", out_string_id(&e->o, p->symbol));
		if (r->condition && e->s->runtime == RUNTIME_KERNEL)
			out(&e->o, ".condition = %#x,", r->condition);
		if (e->places_of[i])
			out(&e->o, ".places = %u,", e->places_of[i]);
		out(&e->o, ".pid = %d, .arg = %s, .arg2 = %s,", r->pid, expr_number_c(e, r->arg),
		    expr_number_c(e, r->arg2));
		out_close(&e->o, ",");
	}
	if (!e->s->probes.n)
		out(&e->o, "{ .kind = PROBE_NEVER },");
	out_close(&e->o, ";");
	out(&e->o, "%s", "");
}

enum family {
#define NAME(name) FAMILY_##name,
	SCRIPT_FAMILIES(NAME)
#undef NAME
	FAMILY_NONE
};

static enum family family_of(enum script_probe_kind kind)
{
	switch (kind) {
	case PROBE_TIMER:
	case PROBE_TIMER_PROFILE:
		return FAMILY_timers;
	case PROBE_SITE:
	case PROBE_RETURN:
		return FAMILY_sites;
	case PROBE_PROCESS_BEGIN:
	case PROBE_PROCESS_END:
	case PROBE_THREAD_BEGIN:
	case PROBE_THREAD_END:
	case PROBE_SYSCALL:
	case PROBE_SYSCALL_RETURN:
		return FAMILY_processes;
	case PROBE_KERNEL_FUNCTION:
	case PROBE_KERNEL_RETURN:
		return FAMILY_kprobes;
	case PROBE_TRACEPOINT:
		return FAMILY_tracepoints;
	case PROBE_PERF:
		return FAMILY_perf;
	case PROBE_PROCFS_READ:
	case PROBE_PROCFS_WRITE:
		return FAMILY_procfs;
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_ERROR:
	case PROBE_NEVER:
		break;
	}
	return FAMILY_NONE;
}

static void emit_families(struct emit *e)
{
	static const char *const names[] = {
#define NAME(name) #name,
		SCRIPT_FAMILIES(NAME)
#undef NAME
	};
	bool is_used[FAMILY_NONE + 1] = {
		[FAMILY_modules] = modules_are_wanted(e->s),
		[FAMILY_perf] = e->s->has_counts,
	};

	VEC_EACH(&e->s->probes, i) {
		const struct script_probe *r = &e->s->probes.at[i]->row;

		is_used[family_of(r->kind)] = true;
		is_used[FAMILY_rest] |= r->condition != 0;
	}
	is_used[FAMILY_scope] = is_used[FAMILY_sites] || is_used[FAMILY_processes];
	out_open(&e->o, "const struct script_family *const script_families[] =");
	for (int i = 0; i < FAMILY_NONE; i++)
		if (is_used[i])
			out(&e->o, "&script_family_%s,", names[i]);
	out(&e->o, "NULL");
	out_close(&e->o, ";");
	out(&e->o, "%s", "");
}

static const char *global_type(const struct var *v)
{
	if (v->arity > 0)
		return "GLOBAL_MAP";
	return v->type == TY_STAT ? "GLOBAL_STAT" : v->type == TY_STRING ? "GLOBAL_STRING" : "GLOBAL_LONG";
}

static void emit_global_table(struct emit *e)
{
	out_open(&e->o, "const struct script_global script_globals[] =");
	VEC_EACH(&e->s->globals, i) {
		const struct var *v = e->s->globals.at[i];

		out(&e->o, "{ .name = %u, .type = %s }, /* %s */", out_string_id(&e->o, v->name),
		    global_type(v), v->name);
	}
	if (!e->s->globals.n)
		out(&e->o, "{ .name = 0 },");
	out_close(&e->o, ";");
	out(&e->o, "%s", "");
}

static void emit_top_level_embedded(struct emit *e)
{
	VEC_EACH(&e->s->embedded, i) {
		const struct decl *d = e->s->embedded.at[i];

		emit_code(e, d->loc, d->embedded.code, d->embedded.len);
	}
}

/* Does any function look at what the last =~ matched? */
static bool wants_groups(const struct session *s)
{
	VEC_EACH(&s->functions, i) {
		const struct stmt *b = s->functions.at[i]->function.body;

		if (b && b->kind == STMT_EMBEDDED &&
		    embedded_has_pragma(b->embedded.code, b->embedded.len, "regex groups"))
			return true;
	}
	return false;
}

bool pass_emit(struct session *s)
{
	struct emit e = { .s = s, .a = s->arena };

	out_init(&e.o, s->arena);
	names_init(&e);
	e.frame_needs = ARENA_ARRAY(s->arena, s->functions.n + 1, size_t);
	e.function_reads = ARENA_ARRAY(s->arena, s->functions.n + 1, uint8_t);
	e.has_groups = wants_groups(s);
	saved_init(&e);
	share_init(&e);
	out(&e.o, "#include \"runtime/api.h\"");
	if (s->opt.guru)
		out(&e.o, s->runtime == RUNTIME_KERNEL ? "#include \"runtime/kernel/embedded.h\"" :
							 "#include \"runtime/user/embedded.h\"");
	out(&e.o, "%s", "");
	emit_top_level_embedded(&e);
	emit_globals(&e);
	emit_regexes(&e);
	emit_prototypes(&e);
	emit_functions(&e);
	emit_probes(&e);
	emit_dispatch(&e);
	s->is_large = e.o.text.len > LARGE_CODE;
	emit_init(&e);
	emit_set(&e);
	emit_repair(&e);
	if (s->runtime == RUNTIME_KERNEL)
		emit_module_infos(&e);
	emit_info(&e, emit_symbols(&e));
	emit_files(&e);
	emit_sites(&e);
	emit_probe_table(&e);
	emit_places(&e);
	emit_global_table(&e);
	if (s->runtime == RUNTIME_KERNEL)
		emit_families(&e);
	out_strings(&e.o);
	s->c_text_len = e.o.text.len;
	s->c_text = arena_memdup(s->arena, e.o.text.data, e.o.text.len + 1);
	out_fini(&e.o);
	return true;
}
