/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions by pattern.
 *
 * An exact name is looked up in the symbols, which say in which compilation
 * unit to read; where inlined instances are wanted too, or no symbol has the
 * name, the units that mention it are read.  A pattern with wildcards reads
 * all units, one after the other.  Functions that no unit describes come from
 * the symbols alone.
 */
#include "translator/dwarf/dw_int.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* "name@file:line" taken apart. */
struct pattern {
	const char *name;   /* may have wildcards, and "::" */
	const char *last;   /* behind the last "::" */
	const char *file;   /* NULL: any */
	enum { LINE_ANY, LINE_ABSOLUTE, LINE_RELATIVE } line_kind;
	unsigned line;
	bool is_exact;      /* no wildcards in the name */
	bool is_qualified;  /* "::" in the name */
};

/* Addresses of functions that are taken: open addressing, a power of two of slots, 0 is free. */
struct address_set {
	uint64_t *slots;
	size_t n, size;
};

struct finder {
	struct dw_file *file;
	struct pattern p;
	unsigned want;
	dw_func_vec *out;
	size_t first;        /* results before it are not ours */
	struct address_set known;
	/* functions of the unit at work on that need their prologue skipped: indices */
	VEC(size_t) unskipped;
	Dwarf_CU *cu;   /* the unit at work on; of a split one the skeleton ... */
	Dwarf_Die unit; /* ... and the split one's DIE */
	bool is_optimised;
};

static void parse_pattern(struct arena *a, const char *text, struct pattern *p)
{
	const char *at = strchr(text, '@'), *colon;

	memset(p, 0, sizeof(*p));
	p->name = at ? arena_strndup(a, text, (size_t)(at - text)) : text;
	if (at) {
		colon = strpbrk(at + 1, ":+");
		p->file = colon ? arena_strndup(a, at + 1, (size_t)(colon - at - 1)) : at + 1;
		if (colon && colon[1] != '*') {
			p->line_kind = *colon == '+' ? LINE_RELATIVE : LINE_ABSOLUTE;
			p->line = (unsigned)strtoul(colon + 1, NULL, 10);
		}
	}
	p->is_exact = !strpbrk(p->name, "*?[");
	p->is_qualified = strstr(p->name, "::");
	p->last = p->is_qualified ? strrchr(p->name, ':') + 1 : p->name;
}

static bool matches(const struct pattern *p, const char *pattern, const char *name)
{
	return p->is_exact ? !strcmp(pattern, name) : fnmatch(pattern, name, 0) == 0;
}

/* ---- one entry ---- */

static bool is_piece_at(struct dw_file *f, uint64_t address)
{
	const struct dw_symbol *s = symbol_at(f, address);

	return s && symbol_is_piece(s->name);
}

bool func_entry(struct dw_file *f, Dwarf_Die *die, uint64_t *entry, uint64_t *size)
{
	Dwarf_Addr base, low, high, first_low = 0, first_high = 0;
	bool has_entry = dwarf_entrypc(die, entry) == 0;
	ptrdiff_t at = 0;

	*size = 0;
	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		if (low >= high || low < f->low_address || high > f->high_address)
			continue;
		if (has_entry && *entry >= low && *entry < high) {
			*size = high - *entry;
			return true;
		}
		/* a split function: the part that isn't cold has the entry */
		if (!first_high || (is_piece_at(f, first_low) && !is_piece_at(f, low))) {
			first_low = low;
			first_high = high;
		}
	}
	/* An inlined instance of which nothing is left still has its place. */
	if (!first_high && has_entry && dwarf_tag(die) == DW_TAG_inlined_subroutine)
		return *entry >= f->low_address && *entry < f->high_address;
	if (!first_high)
		return false;
	*entry = first_low;
	*size = first_high - first_low;
	return true;
}

static const char *linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	if (!dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) &&
	    !dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
		return NULL;
	return dwarf_formstring(&attr);
}

/* The name under which the pattern knows DIE; NULL: it doesn't. */
static const char *matching_name(struct finder *k, Dwarf_Die *die)
{
	struct arena *a = k->file->dw->arena;
	const char *name = dwarf_diename(die), *linkage, *prefix, *full;
	struct arena_mark mark;

	if (!name)
		return NULL;
	if (!k->p.is_qualified && matches(&k->p, k->p.name, name))
		return name;
	if (k->p.is_exact && k->p.name[0] == '_') {
		linkage = linkage_name(die);
		if (linkage && !strcmp(linkage, k->p.name))
			return linkage;
	}
	if (!k->p.is_qualified || !matches(&k->p, k->p.last, name))
		return NULL;
	prefix = qualifier_of(k->file, die);
	mark = arena_mark(a);
	full = arena_printf(a, "%s%s", prefix, name);
	if (matches(&k->p, k->p.name, full))
		return full;
	arena_reset(a, mark);
	return NULL;
}

static size_t slot_of(const struct address_set *set, uint64_t address)
{
	size_t i = (size_t)(address * 0x9e3779b97f4a7c15 >> 20) & (set->size - 1);

	while (set->slots[i] && set->slots[i] != address)
		i = (i + 1) & (set->size - 1);
	return i;
}

static bool is_known(const struct finder *k, uint64_t address)
{
	return k->known.size && k->known.slots[slot_of(&k->known, address)];
}

static void add_known(struct finder *k, uint64_t address)
{
	struct address_set *set = &k->known, old = *set;

	if (2 * set->n >= set->size) {
		set->size = old.size ? 2 * old.size : 64;
		set->slots = ARENA_ARRAY(k->file->dw->arena, set->size, uint64_t);
		for (size_t i = 0; i < old.size; i++)
			if (old.slots[i])
				set->slots[slot_of(set, old.slots[i])] = old.slots[i];
	}
	set->slots[slot_of(set, address)] = address;
	set->n++;
}

static void add_func(struct finder *k, const struct dw_func *func)
{
	if (!func->is_inlined)
		add_known(k, func->address);
	VEC_PUSH(k->file->dw->arena, k->out, *func);
}

/* Unoptimised code finds everything through the frame that its prologue makes: no
 * parameter has a location list. */
static bool needs_prologue(struct finder *k, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Die child;
	Dwarf_Op *expr;
	size_t n;
	bool is_in_frame = false;

	if (k->is_optimised)
		return false;
	for (int next = dwarf_child(die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_formal_parameter ||
		    !dwarf_attr(&child, DW_AT_location, &attr))
			continue;
		if (loc_is_list(&attr))
			return false;
		is_in_frame |= dwarf_getlocation(&attr, &expr, &n) == 0 && n &&
			       expr->atom == DW_OP_fbreg;
	}
	return is_in_frame;
}

static void add_die(struct finder *k, Dwarf_Die *die, Dwarf_Die *frame, const char *name)
{
	struct arena *a = k->file->dw->arena;
	struct dw_func func = { .file = k->file, .name = name, .from_dwarf = true };
	struct dw_func_die *d;
	int line;

	func.is_inlined = dwarf_tag(die) == DW_TAG_inlined_subroutine;
	if (!func_entry(k->file, die, &func.address, &func.size))
		return;
	if (!func.is_inlined &&
	    (is_known(k, func.address) || is_piece_at(k->file, func.address)))
		return;
	func.probe_address = func.address;
	func.is_exported = !func.is_inlined && dwarf_hasattr_integrate(die, DW_AT_external);
	func.decl_file = line_decl_file(k->file, die);
	if (dwarf_decl_line(die, &line) == 0)
		func.decl_line = (unsigned)line;
	if (k->p.file && !source_matches(func.decl_file, k->p.file))
		return;
	d = ARENA_NEW(a, struct dw_func_die);
	d->die = *die;
	d->frame = *frame;
	func.die = d;
	if (!func.is_inlined && needs_prologue(k, die))
		VEC_PUSH(a, &k->unskipped, k->out->n);
	add_func(k, &func);
}

/* ---- one unit ---- */

/* Inlined instances, and functions nested in the GNU way, in the blocks of a function. */
static void find_inlined(struct finder *k, Dwarf_Die *scope, Dwarf_Die *frame)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		const char *name;

		if (tag == DW_TAG_inlined_subroutine) {
			name = matching_name(k, &child);
			if (name)
				add_die(k, &child, frame, name);
		}
		if (tag == DW_TAG_subprogram && k->want & DW_WANT_CALLABLE &&
		    dwarf_hasattr(&child, DW_AT_low_pc)) {
			name = matching_name(k, &child);
			if (name)
				add_die(k, &child, &child, name);
		}
		if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block)
			find_inlined(k, &child, frame);
	}
}

static void find_in_scope(struct finder *k, Dwarf_Die *scope, bool has_types)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		const char *name;

		switch (dwarf_tag(&child)) {
		case DW_TAG_subprogram:
			if (dwarf_hasattr(&child, DW_AT_declaration) ||
			    (!dwarf_hasattr(&child, DW_AT_low_pc) &&
			     !dwarf_hasattr(&child, DW_AT_ranges)))
				break;
			name = k->want & DW_WANT_CALLABLE ? matching_name(k, &child) : NULL;
			if (name)
				add_die(k, &child, &child, name);
			if (k->want & DW_WANT_INLINED)
				find_inlined(k, &child, &child);
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
			find_in_scope(k, &child, has_types);
			break;
		case DW_TAG_structure_type:
		case DW_TAG_enumeration_type:
			if (has_types)
				find_in_scope(k, &child, has_types);
			break;
		default:
			break;
		}
	}
}

static void skip_prologues(struct finder *k)
{
	struct arena *a = k->file->dw->arena;
	struct dw_func **funcs;

	if (!k->unskipped.n)
		return;
	funcs = ARENA_ARRAY(a, k->unskipped.n, struct dw_func *);
	VEC_EACH(&k->unskipped, i)
		funcs[i] = &k->out->at[k->unskipped.at[i]];
	line_skip_prologues(k->file, k->cu, funcs, k->unskipped.n);
	k->unskipped.n = 0;
}

bool func_of_die(struct dw_file *f, Dwarf_Die *die, Dwarf_Die *frame, struct dw_func *out)
{
	dw_func_vec found = { 0 };
	struct finder k = { .file = f, .out = &found };
	const char *name = dwarf_diename(die);
	uint64_t entry, size;

	if (!name || !func_entry(f, die, &entry, &size))
		return false;
	k.cu = unit_at(f, entry);
	if (!k.cu || !unit_die(k.cu, &k.unit))
		return false;
	k.is_optimised = unit_is_optimised(&k.unit);
	add_die(&k, die, frame, name);
	skip_prologues(&k);
	if (found.n)
		*out = found.at[0];
	return found.n;
}

static void find_in_unit(struct finder *k, Dwarf_CU *cu)
{
	if (!unit_die(cu, &k->unit))
		return;
	k->cu = cu;
	k->is_optimised = unit_is_optimised(&k->unit);
	find_in_scope(k, &k->unit, dwarf_srclang(&k->unit) == DW_LANG_Rust);
	skip_prologues(k);
}

/* ---- symbols ---- */

static bool symbol_matches(const struct finder *k, const char *name)
{
	size_t length;

	if (k->p.is_qualified)
		return false;
	if (matches(&k->p, k->p.name, name))
		return true;
	if (!k->p.is_exact || name[0] != k->p.name[0])
		return false;
	length = strlen(k->p.name);
	return !strncmp(name, k->p.name, length) && name[length] == '.' && symbol_base_length(name) == length;
}

/* "6method" in a mangled name: its unit may have a function of that name. */
static bool is_mangled_from(const struct finder *k, const char *name, const char *part)
{
	return name[0] == '_' && name[1] == 'Z' && k->p.is_exact && strstr(name, part);
}

/* The units of the functions that symbols call by the name. */
static void units_of_symbols(struct finder *k, unit_vec *units)
{
	struct arena *a = k->file->dw->arena;
	const char *part = arena_printf(a, "%zu%s", strlen(k->p.last), k->p.last);

	VEC_EACH(&k->file->symbols, i) {
		const struct dw_symbol *s = &k->file->symbols.at[i];
		Dwarf_CU *cu;

		if (s->kind != SYMBOL_FUNC && s->kind != SYMBOL_LABEL)
			continue;
		if (!symbol_matches(k, s->name) && !is_mangled_from(k, s->name, part))
			continue;
		cu = unit_at(k->file, s->address);
		if (cu)
			unit_add(a, units, cu);
	}
}

/* The function that starts at ADDRESS. */
static bool find_die_in(struct dw_file *f, Dwarf_Die *scope, uint64_t address, bool is_around,
			Dwarf_Die *out)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		uint64_t entry, size;
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_subprogram && dwarf_haspc(&child, address) > 0) {
			if (find_die_in(f, &child, address, is_around, out))
				return true;
			if (!is_around &&
			    (!func_entry(f, &child, &entry, &size) || entry != address))
				continue;
			*out = child;
			return true;
		}
		if ((tag == DW_TAG_namespace || tag == DW_TAG_module ||
		     tag == DW_TAG_structure_type || tag == DW_TAG_lexical_block) &&
		    find_die_in(f, &child, address, is_around, out))
			return true;
	}
	return false;
}

static bool find_die(struct finder *k, uint64_t address, bool is_around, Dwarf_Die *out)
{
	Dwarf_CU *cu = unit_at(k->file, address);

	if (!cu || !unit_die(cu, &k->unit))
		return false;
	k->cu = cu;
	k->is_optimised = unit_is_optimised(&k->unit);
	return find_die_in(k->file, &k->unit, address, is_around, out);
}

static bool is_start_up_main(struct dw_file *f, const char *name)
{
	return !strcmp(name, "main") && f->info.entry &&
	       (f->info.interpreter || !f->info.is_dynamic || !f->info.is_pie);
}

static void add_symbol(struct finder *k, const struct dw_symbol *s)
{
	struct dw_func func = { .file = k->file, .name = s->name, .address = s->address,
				.size = s->size, .probe_address = s->address,
				.is_exported = s->bind != STB_LOCAL };
	Dwarf_Die die;

	if (is_known(k, s->address))
		return;
	if (k->p.is_exact && find_die(k, s->address, false, &die)) {
		/* under another name there: an alias */
		add_die(k, &die, &die, s->name);
		skip_prologues(k);
		return;
	}
	if (k->p.file)
		return;
	func.is_stripped_main = is_start_up_main(k->file, s->name);
	add_func(k, &func);
}

/* Programs that are linked today call another function of that name, chosen at run time. */
static bool is_superseded(const struct finder *k, const struct dw_symbol *s)
{
	if (!s->is_old)
		return false;
	VEC_EACH(&k->file->symbols, i)
		if (k->file->symbols.at[i].kind == SYMBOL_IFUNC &&
		    !strcmp(k->file->symbols.at[i].name, s->name))
			return true;
	return false;
}

static void find_in_symbols(struct finder *k)
{
	VEC_EACH(&k->file->symbols, i) {
		const struct dw_symbol *s = &k->file->symbols.at[i];

		if (s->kind != SYMBOL_FUNC && !(s->kind == SYMBOL_LABEL && k->p.is_exact))
			continue;
		if (symbol_is_piece(s->name) && !(k->p.is_exact && !strstr(s->name, ".cold")))
			continue;
		if (symbol_matches(k, s->name) && !is_superseded(k, s))
			add_symbol(k, s);
	}
}

static void find_stripped_main(struct finder *k)
{
	struct dw_func func = { .file = k->file, .name = "main", .is_stripped_main = true };

	if (k->p.file || k->p.is_qualified || !matches(&k->p, k->p.name, "main"))
		return;
	for (size_t i = k->first; i < k->out->n; i++)
		if (!strcmp(k->out->at[i].name, "main"))
			return;
	func.address = func.probe_address = symbol_stripped_main(k->file);
	if (func.address && !is_known(k, func.address))
		add_func(k, &func);
}

static void find_in_dwarf(struct finder *k)
{
	unit_vec units = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;

	if (k->p.is_exact) {
		if (k->want & DW_WANT_CALLABLE)
			units_of_symbols(k, &units);
		if ((!units.n || (k->want & DW_WANT_INLINED)) &&
		    !units_mentioning(k->file, k->p.last, &units))
			goto all;
		VEC_EACH(&units, i)
			find_in_unit(k, units.at[i]);
		return;
	}
all:
	while (unit_next(k->file, &cu, &die))
		find_in_unit(k, cu);
}

/* "name@file:line": the functions that the line is in. */
static void keep_those_with_line(struct finder *k)
{
	dw_line_vec lines = { 0 };
	size_t to = k->first;

	dw_find_lines(k->file, arena_printf(k->file->dw->arena, "*@%s%c%u", k->p.file,
					    k->p.line_kind == LINE_RELATIVE ? '+' : ':',
					    k->p.line), false, &lines);
	for (size_t i = k->first; i < k->out->n; i++) {
		const struct dw_func *func = &k->out->at[i];
		bool is_in = k->p.line_kind == LINE_ABSOLUTE ? func->decl_line == k->p.line
							     : !k->p.line;

		VEC_EACH(&lines, l)
			is_in |= lines.at[l].func.address == func->address ||
				 lines.at[l].address - func->address < func->size;
		if (is_in)
			k->out->at[to++] = *func;
	}
	k->out->n = to;
}

static int compare_funcs(const void *pa, const void *pb)
{
	const struct dw_func *a = pa, *b = pb;

	return a->address < b->address ? -1 : a->address > b->address;
}

size_t dw_find_functions(struct dw_file *f, const char *pattern, unsigned want,
			 dw_func_vec *out)
{
	struct finder k = { .file = f, .want = want, .out = out, .first = out->n };

	parse_pattern(f->dw->arena, pattern, &k.p);
	symbols_read(f);
	if (f->dwarf)
		find_in_dwarf(&k);
	if (want & DW_WANT_CALLABLE) {
		find_in_symbols(&k);
		find_stripped_main(&k);
	}
	if (k.p.line_kind != LINE_ANY)
		keep_those_with_line(&k);
	if (out->n > k.first)
		qsort(out->at + k.first, out->n - k.first, sizeof(*out->at), compare_funcs);
	return out->n - k.first;
}

bool dw_func_at(struct dw_file *f, uint64_t address, struct dw_func *out)
{
	dw_func_vec found = { 0 };
	struct finder k = { .file = f, .out = &found };
	const struct dw_symbol *s;
	Dwarf_Die die;

	k.p.is_exact = true;
	debug_find(f);
	if (find_die(&k, address, true, &die)) {
		add_die(&k, &die, &die, dwarf_diename(&die) ? dwarf_diename(&die) : "?");
		skip_prologues(&k);
	}
	if (found.n) {
		*out = found.at[0];
		return true;
	}
	if (plt_at(f, address, out))
		return true;
	s = symbol_around(f, address);
	memset(out, 0, sizeof(*out));
	out->file = f;
	if (s) {
		out->name = s->name;
		out->address = out->probe_address = s->address;
		out->size = s->size;
		out->is_stripped_main = is_start_up_main(f, s->name);
		return true;
	}
	if (address != symbol_stripped_main(f))
		return false;
	out->name = "main";
	out->address = out->probe_address = address;
	out->is_stripped_main = true;
	return true;
}
