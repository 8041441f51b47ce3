/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which compilation units may define a name, found without reading entries:
 * an entry's name is a string in .debug_info itself, or the offset of one in
 * .debug_str, or an index into the unit's part of .debug_str_offsets; all
 * three can be searched for as bytes.  What looks like a hit may be chance; what
 * is missed is nothing.  (A linker may have merged the name into the tail of a
 * longer string, so every place of .debug_str where the name ends counts.)
 * Units whose entries take their names from other units, as those of link-time
 * optimisation do, are always among the answers.
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>
#include <string.h>

struct unit_start {
	uint64_t info;    /* of the unit's first entry in .debug_info */
	uint64_t strings; /* of the unit's part of .debug_str_offsets; UINT64_MAX: none */
	Dwarf_CU *cu;
};

/* What is the same for every question about a file. */
struct dw_mention {
	bool is_usable; /* no split units, no alternate file */
	Elf_Data *info, *str, *str_offsets;
	VEC(struct unit_start) by_info, by_strings;
	unit_vec borrowers; /* with references to other units */
};

static int compare_info(const void *pa, const void *pb)
{
	const struct unit_start *a = pa, *b = pb;

	return a->info < b->info ? -1 : a->info > b->info;
}

static int compare_strings(const void *pa, const void *pb)
{
	const struct unit_start *a = pa, *b = pb;

	return a->strings < b->strings ? -1 : a->strings > b->strings;
}

static uint64_t get_uleb(const uint8_t **at, const uint8_t *end)
{
	uint64_t v = 0;

	for (unsigned shift = 0; *at < end; shift += 7) {
		uint8_t byte = *(*at)++;

		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return v;
}

/* An abbreviation table (DWARF 5 section 7.5.3) that uses DW_FORM_ref_addr. */
static bool has_outer_references(const Elf_Data *abbrevs, uint64_t offset)
{
	const uint8_t *at, *end;

	if (!abbrevs || offset >= abbrevs->d_size)
		return false;
	at = (const uint8_t *)abbrevs->d_buf + offset;
	end = (const uint8_t *)abbrevs->d_buf + abbrevs->d_size;
	while (at < end && get_uleb(&at, end)) {
		uint64_t name, form;

		get_uleb(&at, end);
		at++;
		do {
			name = get_uleb(&at, end);
			form = get_uleb(&at, end);
			if (form == DW_FORM_implicit_const)
				get_uleb(&at, end);
			if (form == DW_FORM_ref_addr)
				return true;
		} while ((name || form) && at < end);
	}
	return false;
}

/* Units often share a table: the last answer is kept. */
static void find_borrowers(struct dw_file *f, struct dw_mention *m)
{
	Elf_Data *abbrevs = elf_section_data(f->dwarf_elf, ".debug_abbrev");
	Dwarf_Off offset = 0, next, abbrev, last = UINT64_MAX;
	size_t header;
	bool is_borrower = false;

	for (; dwarf_next_unit(f->dwarf, offset, &next, &header, NULL, &abbrev, NULL, NULL, NULL,
			       NULL) == 0; offset = next) {
		Dwarf_Die die;

		if (abbrev != last)
			is_borrower = has_outer_references(abbrevs, abbrev);
		last = abbrev;
		if (is_borrower && dwarf_offdie(f->dwarf, offset + header, &die))
			VEC_PUSH(f->dw->arena, &m->borrowers, die.cu);
	}
}

static struct dw_mention *mention_of(struct dw_file *f)
{
	struct arena *a = f->dw->arena;
	struct dw_mention *m = f->mention;
	Dwarf_CU *cu = NULL;
	uint8_t type;

	if (m)
		return m;
	m = f->mention = ARENA_NEW(a, struct dw_mention);
	m->info = elf_section_data(f->dwarf_elf, ".debug_info");
	m->str = elf_section_data(f->dwarf_elf, ".debug_str");
	m->str_offsets = elf_section_data(f->dwarf_elf, ".debug_str_offsets");
	if (!m->info || dwarf_getalt(f->dwarf))
		return m;
	while (dwarf_get_units(f->dwarf, cu, &cu, NULL, &type, NULL, NULL) == 0) {
		struct unit_start start = { .strings = UINT64_MAX, .cu = cu };
		Dwarf_Attribute attr;
		Dwarf_Word base;
		Dwarf_Die die;

		if (type == DW_UT_skeleton)
			return m;
		if (type != DW_UT_compile && type != DW_UT_partial)
			continue;
		if (!dwarf_cu_die(cu, &die, NULL, NULL, NULL, NULL, NULL, NULL))
			return m;
		start.info = dwarf_dieoffset(&die);
		if (m->str_offsets && dwarf_attr(&die, DW_AT_str_offsets_base, &attr) &&
		    dwarf_formudata(&attr, &base) == 0)
			start.strings = base;
		VEC_PUSH(a, &m->by_info, start);
		if (start.strings != UINT64_MAX)
			VEC_PUSH(a, &m->by_strings, start);
	}
	if (m->by_info.n)
		qsort(m->by_info.at, m->by_info.n, sizeof(*m->by_info.at), compare_info);
	if (m->by_strings.n)
		qsort(m->by_strings.at, m->by_strings.n, sizeof(*m->by_strings.at),
		      compare_strings);
	find_borrowers(f, m);
	m->is_usable = true;
	return m;
}

static void add_by_info(struct dw_file *f, const struct dw_mention *m, uint64_t offset,
			unit_vec *out)
{
	size_t low = 0, high = m->by_info.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->by_info.at[mid].info <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (low)
		unit_add(f->dw->arena, out, m->by_info.at[low - 1].cu);
}

/* Units may share one part of .debug_str_offsets. */
static void add_by_strings(struct dw_file *f, const struct dw_mention *m, uint64_t offset,
			   unit_vec *out)
{
	size_t low = 0, high = m->by_strings.n;
	uint64_t base;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->by_strings.at[mid].strings <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return;
	base = m->by_strings.at[low - 1].strings;
	while (low > 0 && m->by_strings.at[low - 1].strings == base)
		unit_add(f->dw->arena, out, m->by_strings.at[--low].cu);
}

/* The offsets of NAME in .debug_str; false: too many to be worth it. */
enum { MAX_OFFSETS = 32 };
static bool string_offsets(const struct dw_mention *m, const char *name, uint32_t *offsets,
			   unsigned *n)
{
	const char *begin, *at, *end;

	*n = 0;
	if (!m->str)
		return true;
	at = begin = m->str->d_buf;
	end = begin + m->str->d_size;
	while ((at = memmem(at, (size_t)(end - at), name, strlen(name) + 1))) {
		if (*n == MAX_OFFSETS || (uint64_t)(at - begin) > UINT32_MAX)
			return false;
		offsets[(*n)++] = (uint32_t)(at - begin);
		at++;
	}
	return true;
}

struct scan {
	uint8_t filter[8192]; /* a bit for the low 16 bits of each offset */
	const uint32_t *offsets;
	unsigned n;
};

/* The next place at or behind FROM where one of the offsets stands; SIZE: none. */
static size_t next_offset(const struct scan *s, const uint8_t *bytes, size_t size, size_t from)
{
	for (size_t i = from; i + 4 <= size; i++) {
		uint32_t v;
		uint16_t low;

		memcpy(&v, bytes + i, 4);
		low = (uint16_t)v;
		if (!(s->filter[low >> 3] & (1 << (low & 7))))
			continue;
		for (unsigned k = 0; k < s->n; k++)
			if (v == s->offsets[k])
				return i;
	}
	return size;
}

bool units_mentioning(struct dw_file *f, const char *name, unit_vec *out)
{
	struct dw_mention *m;
	uint32_t offsets[MAX_OFFSETS];
	struct scan scan = { .offsets = offsets };
	const char *bytes, *at;
	size_t size;

	if (!dw_has_dwarf(f) || !*name)
		return false;
	m = mention_of(f);
	if (!m->is_usable || !string_offsets(m, name, offsets, &scan.n))
		return false;
	for (unsigned i = 0; i < scan.n; i++)
		scan.filter[(offsets[i] & 0xffff) >> 3] |= (uint8_t)(1 << (offsets[i] & 7));
	VEC_EACH(&m->borrowers, i)
		unit_add(f->dw->arena, out, m->borrowers.at[i]);
	bytes = at = m->info->d_buf;
	size = m->info->d_size;
	while ((at = memmem(at, size - (size_t)(at - bytes), name, strlen(name) + 1))) {
		add_by_info(f, m, (uint64_t)(at - bytes), out);
		at++;
	}
	if (!scan.n)
		return true;
	for (size_t i = 0; (i = next_offset(&scan, m->info->d_buf, size, i)) < size; i++)
		add_by_info(f, m, i, out);
	if (m->str_offsets)
		for (size_t i = 0; (i = next_offset(&scan, m->str_offsets->d_buf,
						    m->str_offsets->d_size, i)) <
				   m->str_offsets->d_size; i++)
			add_by_strings(f, m, i, out);
	return true;
}
