/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types: what a variable's type is made of, how large it is, what it is
 * called, and where in the file a type of a given name is defined.
 */
#include "translator/dwarf/dw_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

unsigned type_address_size(const struct dw_file *f)
{
	return f->info.is_32bit ? 4 : 8;
}

void type_of(struct dw_file *f, Dwarf_Die *die, struct dw_type *out)
{
	Dwarf_Attribute attr;

	memset(out, 0, sizeof(*out));
	out->file = f;
	out->has_die = dwarf_attr_integrate(die, DW_AT_type, &attr) &&
		       dwarf_formref_die(&attr, &out->die);
}

static bool is_declaration(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_declaration);
}

static const char *tag_keyword(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type: return "struct ";
	case DW_TAG_class_type: return "class ";
	case DW_TAG_union_type: return "union ";
	case DW_TAG_enumeration_type: return "enum ";
	default: return "";
	}
}

/* A type that is in a type unit is but a signature in the others. */
static void follow_signature(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Die definition;

	if (dwarf_attr(die, DW_AT_signature, &attr) && dwarf_formref_die(&attr, &definition))
		*die = definition;
}

/* A declared type's definition may be in any other unit of the file. */
static void complete(struct dw_type *t)
{
	struct dw_type found;
	const char *name;

	follow_signature(&t->die);
	if (!is_declaration(&t->die))
		return;
	name = dwarf_diename(&t->die);
	if (!name || !*tag_keyword(dwarf_tag(&t->die)))
		return;
	name = arena_printf(t->file->dw->arena, "%s%s", tag_keyword(dwarf_tag(&t->die)), name);
	if (type_lookup(t->file, name, &found))
		t->die = found.die;
}

void type_strip(struct dw_type *t)
{
	Dwarf_Attribute attr;
	Dwarf_Die peeled;

	if (!t->has_die || t->pointers || t->skipped)
		return;
	/* dwarf_peel_type fails for "const void" and the like, which have no DW_AT_type. */
	for (;;) {
		switch (dwarf_tag(&t->die)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
		case DW_TAG_immutable_type:
		case DW_TAG_packed_type:
		case DW_TAG_shared_type:
		case DW_TAG_template_alias:
			if (!dwarf_attr_integrate(&t->die, DW_AT_type, &attr) ||
			    !dwarf_formref_die(&attr, &peeled)) {
				t->has_die = false;
				return;
			}
			t->die = peeled;
			continue;
		default:
			complete(t);
			return;
		}
	}
}

int type_tag(const struct dw_type *t)
{
	Dwarf_Die die = t->die;

	if (t->pointers)
		return DW_TAG_pointer_type;
	if (t->known)
		return DW_TAG_base_type;
	return t->has_die ? dwarf_tag(&die) : 0;
}

bool type_is_aggregate(const struct dw_type *t)
{
	int tag = type_tag(t);

	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type || tag == DW_TAG_interface_type;
}

bool type_dimension(const struct dw_type *t, unsigned dim, uint64_t *count)
{
	Dwarf_Die array = t->die, child;
	unsigned i = 0;
	int next;

	*count = 0;
	for (next = dwarf_child(&array, &child); next == 0; next = dwarf_siblingof(&child, &child)) {
		Dwarf_Attribute attr;
		Dwarf_Word word;
		Dwarf_Sword lower = 0, upper;
		int tag = dwarf_tag(&child);

		if (tag != DW_TAG_subrange_type && tag != DW_TAG_enumeration_type)
			continue;
		if (i++ < dim)
			continue;
		if (dwarf_attr_integrate(&child, DW_AT_count, &attr)) {
			if (dwarf_formudata(&attr, &word) == 0)
				*count = word;
			return true;
		}
		if (dwarf_attr_integrate(&child, DW_AT_lower_bound, &attr))
			dwarf_formsdata(&attr, &lower);
		if (dwarf_attr_integrate(&child, DW_AT_upper_bound, &attr) &&
		    dwarf_formsdata(&attr, &upper) == 0 && upper >= lower)
			*count = (uint64_t)(upper - lower) + 1;
		return true;
	}
	return false;
}

void type_target(const struct dw_type *t, struct dw_type *out)
{
	Dwarf_Die die = t->die;
	uint64_t count;

	if (t->pointers) {
		*out = *t;
		out->pointers--;
		return;
	}
	if (dwarf_tag(&die) == DW_TAG_array_type && type_dimension(t, t->skipped + 1, &count)) {
		*out = *t;
		out->skipped++;
		return;
	}
	type_of(t->file, &die, out);
}

bool type_member_offset(Dwarf_Die *member, uint64_t *offset)
{
	Dwarf_Attribute attr;
	Dwarf_Word word;
	Dwarf_Op *expr;
	size_t n;

	*offset = 0;
	if (!dwarf_attr_integrate(member, DW_AT_data_member_location, &attr))
		return true;
	if (dwarf_formudata(&attr, &word) == 0) {
		*offset = word;
		return true;
	}
	if (dwarf_getlocation(&attr, &expr, &n) || n != 1 || expr->atom != DW_OP_plus_uconst)
		return false;
	*offset = expr->number;
	return true;
}

bool type_size(const struct dw_type *t, uint64_t *size)
{
	struct dw_type element, s = *t;
	uint64_t count, bytes;
	Dwarf_Word word;

	if (t->pointers) {
		*size = type_address_size(t->file);
		return true;
	}
	if (t->known) {
		*size = t->known == TYPE_INT ? 4 : 1;
		return true;
	}
	type_strip(&s);
	switch (type_tag(&s)) {
	case 0:
		return false;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		*size = type_address_size(t->file);
		return true;
	case DW_TAG_array_type:
		type_of(t->file, &s.die, &element);
		if (!type_size(&element, &bytes))
			return false;
		for (unsigned dim = s.skipped; type_dimension(&s, dim, &count); dim++)
			bytes *= count;
		*size = bytes;
		return true;
	default:
		if (dwarf_aggregate_size(&s.die, &word))
			return false;
		*size = word;
		return true;
	}
}

static bool has_negative_enumerator(Dwarf_Die *die)
{
	Dwarf_Die child;

	for (int next = dwarf_child(die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		Dwarf_Attribute attr;
		Dwarf_Sword value;

		if (dwarf_tag(&child) == DW_TAG_enumerator &&
		    dwarf_attr(&child, DW_AT_const_value, &attr) &&
		    dwarf_formsdata(&attr, &value) == 0 && value < 0)
			return true;
	}
	return false;
}

bool type_is_signed(const struct dw_type *t)
{
	struct dw_type s = *t;
	Dwarf_Attribute attr;
	Dwarf_Word encoding;

	type_strip(&s);
	if (s.known && !s.pointers)
		return true;
	switch (type_tag(&s)) {
	case DW_TAG_base_type:
		if (dwarf_formudata(dwarf_attr(&s.die, DW_AT_encoding, &attr), &encoding))
			return true;
		return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char ||
		       encoding == DW_ATE_signed_fixed;
	case DW_TAG_subrange_type:
	case DW_TAG_enumeration_type:
		if (dwarf_hasattr(&s.die, DW_AT_type)) {
			struct dw_type under;

			type_of(s.file, &s.die, &under);
			return type_is_signed(&under);
		}
		return has_negative_enumerator(&s.die);
	default:
		return false;
	}
}

/* ---- names ---- */

static void add_text(struct buf *b, const struct dw_type *t, unsigned depth);

static void add_parameters(struct buf *b, const struct dw_type *t, unsigned depth)
{
	Dwarf_Die die = t->die, child;
	const char *separator = "";

	buf_adds(b, "(");
	for (int next = dwarf_child(&die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		struct dw_type param;

		if (dwarf_tag(&child) == DW_TAG_unspecified_parameters) {
			buf_printf(b, "%s...", separator);
		} else if (dwarf_tag(&child) == DW_TAG_formal_parameter) {
			type_of(t->file, &child, &param);
			buf_adds(b, separator);
			add_text(b, &param, depth + 1);
		} else {
			continue;
		}
		separator = ", ";
	}
	buf_adds(b, ")");
}

static void add_pointer(struct buf *b, const struct dw_type *t, const char *mark, unsigned depth)
{
	struct dw_type target, result;

	type_target(t, &target);
	if (type_tag(&target) != DW_TAG_subroutine_type) {
		add_text(b, &target, depth + 1);
		buf_adds(b, mark);
		return;
	}
	type_of(t->file, &target.die, &result);
	add_text(b, &result, depth + 1);
	buf_printf(b, " (%s) ", mark);
	add_parameters(b, &target, depth);
}

static void add_qualified(struct buf *b, const struct dw_type *t, const char *word,
			  unsigned depth)
{
	struct dw_type target;

	type_target(t, &target);
	add_text(b, &target, depth + 1);
	buf_printf(b, " %s", word);
}

static void add_text(struct buf *b, const struct dw_type *t, unsigned depth)
{
	Dwarf_Die die = t->die;
	struct dw_type target;
	const char *name;

	if (depth > 40) { /* only a damaged file has such types */
		buf_adds(b, "...");
		return;
	}
	if (t->known && !t->pointers) {
		buf_adds(b, t->known == TYPE_INT ? "int" : "char");
		return;
	}
	switch (type_tag(t)) {
	case 0:
		buf_adds(b, "void");
		return;
	case DW_TAG_pointer_type:
		add_pointer(b, t, "*", depth);
		return;
	case DW_TAG_reference_type:
		add_pointer(b, t, "&", depth);
		return;
	case DW_TAG_rvalue_reference_type:
		add_pointer(b, t, "&&", depth);
		return;
	case DW_TAG_const_type:
		add_qualified(b, t, "const", depth);
		return;
	case DW_TAG_volatile_type:
		add_qualified(b, t, "volatile", depth);
		return;
	case DW_TAG_restrict_type:
		add_qualified(b, t, "restrict", depth);
		return;
	case DW_TAG_atomic_type:
		add_qualified(b, t, "_Atomic", depth);
		return;
	case DW_TAG_array_type:
		type_of(t->file, &die, &target);
		add_text(b, &target, depth + 1);
		buf_adds(b, "[]");
		return;
	case DW_TAG_subroutine_type:
		type_of(t->file, &die, &target);
		add_text(b, &target, depth + 1);
		buf_adds(b, " ");
		add_parameters(b, t, depth);
		return;
	default:
		follow_signature(&die);
		name = dwarf_diename(&die);
		buf_adds(b, tag_keyword(dwarf_tag(&die)));
		buf_adds(b, name ? name : *tag_keyword(dwarf_tag(&die)) ? "{...}" : "<unknown type>");
	}
}

const char *type_text(struct arena *a, const struct dw_type *t)
{
	const char *text;
	struct buf b;

	buf_init(&b);
	add_text(&b, t, 0);
	text = arena_strndup(a, b.data, b.len);
	buf_fini(&b);
	return text;
}

/* ---- look-up by name ---- */

/* The integer types have many spellings ("unsigned long", "long unsigned int"): a key
 * that is equal for equal types, 0 for what is none of them. */
static unsigned integer_key(const char *name)
{
	enum { CHAR = 1, SHORT = 2, INT = 4, SIGNED = 8, UNSIGNED = 16, LONG = 32 };
	static const struct {
		const char *word;
		unsigned bits;
	} words[] = { { "char", CHAR }, { "short", SHORT }, { "int", INT },
		      { "signed", SIGNED }, { "unsigned", UNSIGNED }, { "long", LONG } };
	unsigned key = 0;

	while (*name) {
		size_t n, i;

		if (*name == ' ') {
			name++;
			continue;
		}
		n = strcspn(name, " ");
		for (i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (strlen(words[i].word) == n && !strncmp(words[i].word, name, n))
				break;
		if (i == sizeof(words) / sizeof(*words))
			return 0;
		key = words[i].bits == LONG ? key + LONG : key | words[i].bits;
		name += n;
	}
	if (!(key & CHAR))
		key = (key | INT) & ~SIGNED;
	return key;
}

struct type_query {
	const char *name;
	int tag; /* 0: any */
	unsigned integer;
	Dwarf_Die die;
	bool is_found;
};

static bool is_type_tag(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_base_type || *tag_keyword(tag);
}

static bool matches_type(const struct type_query *q, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	const char *name;

	if (!is_type_tag(tag))
		return false;
	if (q->tag && q->tag != tag &&
	    !(q->tag == DW_TAG_structure_type && tag == DW_TAG_class_type) &&
	    !(q->tag == DW_TAG_class_type && tag == DW_TAG_structure_type))
		return false;
	name = dwarf_diename(die);
	if (!name || (is_declaration(die) && !dwarf_hasattr(die, DW_AT_signature)))
		return false;
	if (tag == DW_TAG_base_type && q->integer)
		return integer_key(name) == q->integer;
	return !strcmp(name, q->name);
}

/* Types of a scope; those of namespaces and classes by their qualified name too. */
static bool search_scope(struct type_query *q, Dwarf_Die *scope, const char *name)
{
	struct type_query here = *q;
	Dwarf_Die child;

	here.name = name;
	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		const char *child_name, *inner = name;
		size_t n;

		if (matches_type(&here, &child)) {
			q->die = child;
			q->is_found = true;
			return true;
		}
		if (tag != DW_TAG_namespace && tag != DW_TAG_structure_type &&
		    tag != DW_TAG_class_type)
			continue;
		child_name = dwarf_diename(&child);
		n = child_name ? strlen(child_name) : 0;
		if (n && !strncmp(name, child_name, n) && !strncmp(name + n, "::", 2))
			inner = name + n + 2;
		else if (tag != DW_TAG_namespace)
			continue;
		if (search_scope(q, &child, inner))
			return true;
	}
	return false;
}

/* Type units, and what dwz has put into a file that several programs share. */
static bool search_elsewhere(struct dw_file *f, struct type_query *q)
{
	Dwarf *alternate = dwarf_getalt(f->dwarf);
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t type;

	while (dwarf_get_units(f->dwarf, cu, &cu, NULL, &type, &unit, NULL) == 0)
		if (type == DW_UT_type && search_scope(q, &unit, q->name))
			return true;
	cu = NULL;
	while (alternate && dwarf_get_units(alternate, cu, &cu, NULL, NULL, &unit, NULL) == 0)
		if (search_scope(q, &unit, q->name))
			return true;
	return false;
}

static bool search_file(struct dw_file *f, struct type_query *q)
{
	const char *last = strstr(q->name, "::") ? strrchr(q->name, ':') + 1 : q->name;
	unit_vec units = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	if (!q->integer && units_mentioning(f, last, &units)) {
		VEC_EACH(&units, i)
			if (unit_die(units.at[i], &unit) && search_scope(q, &unit, q->name))
				return true;
		return search_elsewhere(f, q);
	}
	while (unit_next(f, &cu, &unit))
		if (search_scope(q, &unit, q->name))
			return true;
	return search_elsewhere(f, q);
}

/* Cuts blanks and qualifiers off; counts and cuts the stars at the end. */
static char *normalise(struct arena *a, const char *name, unsigned *pointers)
{
	static const char *const qualifiers[] = { "const", "volatile" };
	char *text = arena_strdup(a, name), *from, *to = text;
	size_t n;

	for (from = text; *from; from += n) {
		bool is_qualifier = false;

		from += strspn(from, " \t");
		if (*from == '*') {
			++*pointers;
			n = 1;
			continue;
		}
		n = strcspn(from, " \t*");
		for (size_t i = 0; i < 2; i++)
			is_qualifier |= n == strlen(qualifiers[i]) &&
					!strncmp(from, qualifiers[i], n);
		if (is_qualifier || !n)
			continue;
		if (to > text)
			*to++ = ' ';
		memmove(to, from, n);
		to += n;
	}
	*to = 0;
	return text;
}

bool type_lookup(struct dw_file *f, const char *name, struct dw_type *out)
{
	static const int tags[] = { DW_TAG_structure_type, DW_TAG_class_type, DW_TAG_union_type,
				    DW_TAG_enumeration_type };
	struct arena *a = f->dw->arena;
	struct type_query q = { 0 };
	const char *text;
	unsigned pointers = 0;

	memset(out, 0, sizeof(*out));
	out->file = f;
	if (!dw_has_dwarf(f))
		return false;
	text = normalise(a, name, &pointers);
	out->pointers = pointers;
	if (!strcmp(text, "void"))
		return true;
	out->has_die = true;
	if (map_has(&f->types, text)) {
		Dwarf_Die *known = map_find(&f->types, text);

		if (known)
			out->die = *known;
		return known;
	}
	q.name = text;
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		size_t n = strlen(tag_keyword(tags[i]));

		if (!strncmp(text, tag_keyword(tags[i]), n)) {
			q.tag = tags[i];
			q.name = text + n;
		}
	}
	q.integer = q.tag ? 0 : integer_key(q.name);
	search_file(f, &q);
	map_put(&f->types, text, q.is_found ? arena_memdup(a, &q.die, sizeof(q.die)) : NULL);
	out->die = q.die;
	return q.is_found;
}

/* ---- for dw.h ---- */

struct dw_file *dw_type_file(const struct dw_type *type)
{
	return type->file;
}

/* Each unit has its own description of a type: the text tells. */
bool dw_type_is_same(const struct dw_type *a, const struct dw_type *b)
{
	struct arena *arena = a->file->dw->arena;
	struct arena_mark mark = arena_mark(arena);
	bool is_same = a == b || (a->file == b->file &&
				  !strcmp(type_text(arena, a), type_text(arena, b)));

	arena_reset(arena, mark);
	return is_same;
}
