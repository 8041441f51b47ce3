/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables by name: $name and $return at a probe, @var of a file, and the
 * operand of @cast.  Each finds where the object is; walk.c goes on from there.
 */
#include "translator/dwarf/walk_int.h"

#include <string.h>

/* ---- $name ---- */

struct named {
	const char *name;
	Dwarf_Die die;
};

static bool is_named(void *data, Dwarf_Die *die)
{
	struct named *n = data;
	const char *name = dwarf_diename(die);

	if (!name || strcmp(name, n->name))
		return false;
	n->die = *die;
	return true;
}

struct collected {
	struct arena *arena;
	name_vec names;
};

static bool collect(void *data, Dwarf_Die *die)
{
	struct collected *k = data;
	const char *name = dwarf_diename(die);

	if (name)
		VEC_PUSH(k->arena, &k->names, arena_printf(k->arena, "$%s", name));
	return false;
}

static void failed(struct walk *w, struct dw_var_result *out)
{
	out->error = w->c.error;
	out->why = w->c.why;
}

static bool is_located_at(Dwarf_Die *die, uint64_t pc)
{
	Dwarf_Attribute attr;
	Dwarf_Op *expr;
	size_t n;

	return dwarf_attr(die, DW_AT_location, &attr) &&
	       dwarf_getlocation_addr(&attr, pc, &expr, &n, 1) == 1 && n;
}

/*
 * At the entry of a function the calling convention says where the parameters are, unless
 * the compiler has changed the signature of a function that nobody else calls: then it says
 * DW_CC_nocall (clang), or the symbol is a clone's (foo.isra.0), or the function is local and
 * some parameter is gone.
 */
static bool follows_convention(struct walk *w)
{
	const struct dw_symbol *s = symbol_at(w->c.file, w->c.pc);
	Dwarf_Attribute attr;
	Dwarf_Word convention;
	Dwarf_Die child;

	if (dwarf_attr(w->c.frame, DW_AT_calling_convention, &attr) &&
	    dwarf_formudata(&attr, &convention) == 0 && convention == DW_CC_nocall)
		return false;
	if (s && strchr(s->name, '.'))
		return false;
	if (s && s->bind != STB_LOCAL)
		return true;
	for (int next = dwarf_child(w->c.frame, &child); next == 0;
	     next = dwarf_siblingof(&child, &child))
		if (dwarf_tag(&child) == DW_TAG_formal_parameter &&
		    !is_located_at(&child, w->c.pc))
			return false;
	return true;
}

/*
 * Whether the location of a parameter is meant for the entry too.  One that counts from the
 * frame is meant for behind the prologue, unless it is above the CFA, in the caller's frame.
 */
static bool is_valid_at_entry(struct walk *w, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Op *expr, *base;
	size_t n;

	if (!dwarf_attr(die, DW_AT_location, &attr) ||
	    dwarf_getlocation_addr(&attr, w->c.pc, &expr, &n, 1) != 1 || !n)
		return false;
	if (expr->atom != DW_OP_fbreg)
		return loc_is_list(&attr) ||
		       (expr->atom != DW_OP_breg6 && expr->atom != DW_OP_breg7);
	return n == 1 && (int64_t)expr->number >= 0 &&
	       dwarf_attr_integrate(w->c.frame, DW_AT_frame_base, &attr) &&
	       dwarf_getlocation_addr(&attr, w->c.pc, &base, &n, 1) == 1 && n == 1 &&
	       base->atom == DW_OP_call_frame_cfa;
}

/* DWARF describes frames as they are behind the prologue: where a parameter is in memory,
 * or is not known, its location at the entry is that of the convention. */
static bool parameter_at_entry(struct walk *w, Dwarf_Die *die, bool is_located,
			       struct dw_place *place)
{
	struct dw_place by_convention = { 0 };

	if (!w->c.is_entry || !w->c.frame || dwarf_tag(die) != DW_TAG_formal_parameter)
		return is_located;
	if (is_located && place->pieces.n == 1 && !place->pieces.at[0].size &&
	    (place->pieces.at[0].kind != PLACE_MEMORY || is_valid_at_entry(w, die)))
		return true;
	if (!follows_convention(w))
		return is_located ? loc_fail(&w->c, DW_VAR_NO_LOCATION,
					     "its place at the function's entry is not known")
				  : false;
	if (!abi_parameter(&w->c, w->c.frame, die, &by_convention))
		return false;
	*place = by_convention;
	return true;
}

static bool constant_value(struct walk *w, Dwarf_Die *die, struct dw_place *place)
{
	struct place_piece piece = { .kind = PLACE_VALUE };
	Dwarf_Attribute attr;
	Dwarf_Sword value;
	Dwarf_Word unsigned_value;
	Dwarf_Block block;

	if (!dwarf_attr_integrate(die, DW_AT_const_value, &attr))
		return false;
	if (dwarf_formblock(&attr, &block) == 0) {
		piece.kind = PLACE_BYTES;
		piece.bytes = block.data;
		piece.n_bytes = block.length;
	} else if (type_is_signed(&w->type) && dwarf_formsdata(&attr, &value) == 0) {
		op_add(w->c.arena, &piece.ops, ACC_CONST, value, 0);
	} else if (dwarf_formudata(&attr, &unsigned_value) == 0) {
		op_add(w->c.arena, &piece.ops, ACC_CONST, (int64_t)unsigned_value, 0);
	} else {
		return false;
	}
	VEC_PUSH(w->c.arena, &place->pieces, piece);
	return true;
}

/* A variable declared in this unit ("extern int x") is defined in another one. */
static bool find_definition(struct dw_file *f, Dwarf_Die *die);

static bool locate_variable(struct walk *w, Dwarf_Die *die, struct dw_place *place)
{
	Dwarf_Attribute attr;

	if (dwarf_hasattr(die, DW_AT_declaration) && !dwarf_hasattr(die, DW_AT_location) &&
	    !find_definition(w->c.file, die))
		return loc_fail(&w->c, DW_VAR_NO_LOCATION, "it is defined in another object");
	type_of(w->c.file, die, &w->type);
	if (dwarf_attr_integrate(die, DW_AT_location, &attr)) {
		bool is_located = loc_resolve(&w->c, &attr, place);

		if (!is_located)
			place->pieces.n = 0;
		return parameter_at_entry(w, die, is_located, place);
	}
	if (constant_value(w, die, place))
		return true;
	loc_fail(&w->c, DW_VAR_NO_LOCATION, "it was optimised out");
	return parameter_at_entry(w, die, false, place);
}

static void begin(struct walk *w, struct dw_file *f, struct arena *a, const char *name)
{
	memset(w, 0, sizeof(*w));
	w->c.file = f;
	w->c.arena = a;
	w->name = name;
}

static bool return_place(struct walk *w, const struct dw_scope *scope, struct dw_place *place)
{
	const struct dw_func_die *d = scope->func->die;
	Dwarf_Die func;

	if (!scope->is_return)
		return loc_fail(&w->c, DW_VAR_NOT_FOUND, "$return is known in .return probes only");
	if (!d && scope->func->is_stripped_main) {
		w->type.known = TYPE_INT;
		return abi_return(&w->c, NULL, &w->type, place);
	}
	if (!d)
		return loc_fail(&w->c, DW_VAR_NO_DWARF,
				"there is no debug information about function '%s'",
				scope->func->name);
	func = d->die;
	type_of(w->c.file, &func, &w->type);
	if (!w->type.has_die)
		return loc_fail(&w->c, DW_VAR_NOT_FOUND, "function '%s' returns nothing",
				scope->func->name);
	return abi_return(&w->c, &func, &w->type, place);
}

static void not_found(struct walk *w, const struct dw_scope *scope, const char *name,
		      struct dw_var_result *out)
{
	struct collected k = { .arena = w->c.arena };

	scope_each(scope, collect, &k);
	out->names = k.names.at;
	out->n_names = k.names.n;
	out->error = DW_VAR_NOT_FOUND;
	out->why = arena_printf(w->c.arena, "unable to find local '%s' near pc 0x%llx in %s", name,
				(unsigned long long)w->c.pc, scope->func->name);
}

static void main_var(struct walk *w, const struct dw_scope *scope, const char *name,
		     const component_vec *components, bool is_address, struct dw_var_result *out)
{
	static const char *const names[] = { "$argc", "$argv", "$envp" };
	struct dw_place place = { 0 };
	const char *text = NULL;

	if (!abi_main_parameter(&w->c, name, &place, &text)) {
		out->error = DW_VAR_NOT_FOUND;
		out->why = arena_printf(w->c.arena,
					"main has no debug information: only its arguments are known");
		out->names = names;
		out->n_names = 3;
		return;
	}
	if (!scope->is_return && scope->pc != scope->func->address) {
		out->error = DW_VAR_NO_LOCATION;
		out->why = "the arguments of main are known at its entry only";
		return;
	}
	w->type.known = text[0] == 'i' ? TYPE_INT : TYPE_CHAR;
	w->type.pointers = text[0] == 'i' ? 0 : 2;
	walk_set_place(w, &place);
	walk_finish(w, components, is_address, out);
}

void dw_var(const struct dw_scope *scope, const char *name, const component_vec *components,
	    bool is_address, struct arena *a, struct dw_var_result *out)
{
	const struct dw_func *func = scope->func;
	const struct dw_func_die *d = func->die;
	struct named named = { .name = name };
	struct dw_place place = { 0 };
	Dwarf_Die frame;
	struct walk w;

	memset(out, 0, sizeof(*out));
	begin(&w, func->file, a, arena_printf(a, "$%s", name));
	w.type.file = func->file;
	w.c.pc = scope->is_return ? func->address : scope->pc;
	w.c.is_entry = w.c.pc == func->address && !func->is_inlined;
	if (!strcmp(name, "return")) {
		if (!return_place(&w, scope, &place)) {
			failed(&w, out);
			return;
		}
		walk_set_place(&w, &place);
		walk_finish(&w, components, is_address, out);
		return;
	}
	if (!d && func->is_stripped_main) {
		main_var(&w, scope, name, components, is_address, out);
		return;
	}
	if (!d) {
		out->error = DW_VAR_NO_DWARF;
		out->why = arena_printf(a, "there is no debug information about function '%s' (%s)",
					func->name, dw_describe(func->file));
		return;
	}
	frame = d->frame;
	w.c.frame = &frame;
	if (!scope_each(scope, is_named, &named) &&
	    !scope_global(func->file, d->die.cu, name, &named.die)) {
		not_found(&w, scope, name, out);
		return;
	}
	if (!locate_variable(&w, &named.die, &place)) {
		failed(&w, out);
		return;
	}
	walk_set_place(&w, &place);
	walk_finish(&w, components, is_address, out);
}

/* ---- @var ---- */

struct global_query {
	struct dw_file *file;
	const char *name;      /* last part of the qualified name */
	const char *qualifier; /* "ns::Class::", or NULL: any */
	const char *unit; /* file part; NULL any */
	Dwarf_Die die, declaration;
	bool is_found, is_declared;
};

/* The unit that declares DIE: with link-time optimisation, not the one it is in. */
static bool is_from_unit(Dwarf_Die *die, const char *pattern)
{
	Dwarf_Attribute attr;
	Dwarf_Die origin = *die, unit;
	const char *name;

	if (!pattern)
		return true;
	if (dwarf_attr(die, DW_AT_abstract_origin, &attr))
		dwarf_formref_die(&attr, &origin);
	name = unit_die(origin.cu, &unit) ? dwarf_diename(&unit) : NULL;
	return name && source_matches(name, pattern);
}

static bool search_globals(struct global_query *q, Dwarf_Die *scope)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		const char *name;

		if (dwarf_tag(&child) == DW_TAG_namespace && search_globals(q, &child))
			return true;
		if (dwarf_tag(&child) != DW_TAG_variable)
			continue;
		name = dwarf_diename(&child);
		if (!name || strcmp(name, q->name) || !is_from_unit(&child, q->unit) ||
		    (q->qualifier && strcmp(qualifier_of(q->file, &child), q->qualifier)))
			continue;
		if (dwarf_hasattr(&child, DW_AT_location) ||
		    dwarf_hasattr_integrate(&child, DW_AT_const_value)) {
			q->die = child;
			q->is_found = true;
			return true;
		}
		q->declaration = child;
		q->is_declared = true;
	}
	return false;
}

static void find_global(struct dw_file *f, struct global_query *q)
{
	unit_vec units = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	if (units_mentioning(f, q->name, &units)) {
		VEC_EACH(&units, i)
			if (unit_die(units.at[i], &unit) && search_globals(q, &unit))
				return;
		return;
	}
	while (unit_next(f, &cu, &unit))
		if (search_globals(q, &unit))
			return;
}

static bool find_definition(struct dw_file *f, Dwarf_Die *die)
{
	struct global_query q = { .file = f, .name = dwarf_diename(die) };

	if (q.name)
		find_global(f, &q);
	if (q.is_found)
		*die = q.die;
	return q.is_found;
}

void dw_global_var(struct dw_file *f, const char *spec, const component_vec *components,
		   bool is_address, struct arena *a, struct dw_var_result *out)
{
	const char *at = strchr(spec, '@'), *colons;
	struct global_query q = { .file = f, .unit = at ? at + 1 : NULL };
	struct dw_place place = { 0 };
	struct walk w;

	memset(out, 0, sizeof(*out));
	begin(&w, f, a, arena_printf(a, "@var(\"%s\")", spec));
	if (!dw_has_dwarf(f)) {
		out->error = DW_VAR_NO_DWARF;
		out->why = arena_printf(a, "there is no debug information for %s (%s)", f->info.path,
					dw_describe(f));
		return;
	}
	q.name = at ? arena_strndup(a, spec, (size_t)(at - spec)) : spec;
	colons = strstr(q.name, "::") ? strrchr(q.name, ':') + 1 : NULL;
	if (colons) {
		q.qualifier = arena_strndup(a, q.name, (size_t)(colons - q.name));
		q.name = colons;
	}
	find_global(f, &q);
	if (!q.is_found) {
		out->error = q.is_declared ? DW_VAR_NO_LOCATION : DW_VAR_NOT_FOUND;
		out->why = q.is_declared
			? arena_printf(a, "global '%s' is declared, not defined, in %s", spec,
				       f->info.path)
			: arena_printf(a, "unable to find global '%s' in %s", spec, f->info.path);
		return;
	}
	if (!locate_variable(&w, &q.die, &place)) {
		failed(&w, out);
		return;
	}
	walk_set_place(&w, &place);
	walk_finish(&w, components, is_address, out);
}

/* ---- @cast ---- */

/* The operand is the value of the walk's type. */
static void cast_value(struct walk *w, const component_vec *components, bool is_address,
		       struct dw_var_result *out)
{
	struct place_piece base = { .kind = PLACE_VALUE };

	op_add(w->c.arena, &base.ops, ACC_BASE, 0, 0);
	VEC_PUSH(w->c.arena, &w->place.pieces, base);
	walk_finish(w, components, is_address, out);
}

/* The operand is a pointer, if TYPE is "foo*", else it points to such an object. */
static void cast_to(struct walk *w, const struct dw_type *type, const component_vec *components,
		    bool is_address, struct dw_var_result *out)
{
	w->type = *type;
	if (type->pointers) {
		cast_value(w, components, is_address, out);
		return;
	}
	w->in_memory = true;
	op_add(w->c.arena, &w->address, ACC_BASE, 0, 0);
	walk_finish(w, components, is_address, out);
}

void dw_cast(struct dw_file *f, const char *type_name, const component_vec *components,
	     bool is_address, struct arena *a, struct dw_var_result *out)
{
	struct dw_type type;
	struct walk w;

	memset(out, 0, sizeof(*out));
	begin(&w, f, a, arena_printf(a, "@cast(..., \"%s\")", type_name));
	if (!dw_has_dwarf(f)) {
		out->error = DW_VAR_NO_DWARF;
		out->why = arena_printf(a, "there is no debug information for %s (%s)", f->info.path,
					dw_describe(f));
		return;
	}
	if (!type_lookup(f, type_name, &type)) {
		out->error = DW_VAR_NOT_FOUND;
		out->why = arena_printf(a, "type definition '%s' not found in '%s'", type_name,
					f->info.path);
		return;
	}
	/* @cast(p, "foo")[i]: elements of an array of them */
	if (components->n && (components->at[0].kind == COMPONENT_INDEX ||
			      components->at[0].kind == COMPONENT_EXPR_INDEX) && !type.pointers)
		type.pointers = 1;
	cast_to(&w, &type, components, is_address, out);
}

void dw_autocast(const struct dw_type *type, const component_vec *components, bool is_address,
		 struct arena *a, struct dw_var_result *out)
{
	struct dw_type t = *type;
	struct walk w;

	memset(out, 0, sizeof(*out));
	begin(&w, type->file, a, type_text(a, type));
	/* an array's value is where it is; that of a pointer that of a pointer */
	type_strip(&t);
	if (type_tag(&t) == DW_TAG_array_type) {
		cast_to(&w, type, components, is_address, out);
		return;
	}
	w.type = *type;
	cast_value(&w, components, is_address, out);
}
