/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compilation units: walking them, and finding the one that holds an address.
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>
#include <string.h>

bool unit_die(Dwarf_CU *cu, Dwarf_Die *die)
{
	uint8_t type;
	Dwarf_Die sub;

	if (dwarf_cu_info(cu, NULL, &type, die, &sub, NULL, NULL, NULL))
		return false;
	if (type == DW_UT_skeleton && sub.addr)
		*die = sub;
	/* partial units are what dwz makes of what several units share */
	return dwarf_tag(die) == DW_TAG_compile_unit || dwarf_tag(die) == DW_TAG_partial_unit;
}

bool unit_next(struct dw_file *f, Dwarf_CU **cu, Dwarf_Die *die)
{
	while (f->dwarf && dwarf_get_units(f->dwarf, *cu, cu, NULL, NULL, NULL, NULL) == 0)
		if (unit_die(*cu, die))
			return true;
	return false;
}

void unit_add(struct arena *a, unit_vec *units, Dwarf_CU *cu)
{
	VEC_EACH(units, i)
		if (units->at[i] == cu)
			return;
	VEC_PUSH(a, units, cu);
}

static int compare_ranges(const void *pa, const void *pb)
{
	const struct dw_unit_range *a = pa, *b = pb;

	return a->low < b->low ? -1 : a->low > b->low;
}

static void add_range(struct dw_file *f, uint64_t low, uint64_t high, Dwarf_CU *cu)
{
	struct dw_unit_range r = { low, high, cu };

	if (low < high && low >= f->low_address && high <= f->high_address)
		VEC_PUSH(f->dw->arena, &f->ranges, r);
}

static void add_unit_ranges(struct dw_file *f, Dwarf_CU *cu)
{
	Dwarf_Die die;
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	/* The skeleton has the ranges of a split unit. */
	if (!dwarf_cu_die(cu, &die, NULL, NULL, NULL, NULL, NULL, NULL))
		return;
	while ((at = dwarf_ranges(&die, at, &base, &low, &high)) > 0)
		add_range(f, low, high, cu);
}

static int compare_cus(const void *pa, const void *pb)
{
	const Dwarf_CU *const *a = pa, *const *b = pb;

	return *a < *b ? -1 : *a > *b;
}

/* .debug_aranges, and the DIEs of the units that it does not list (clang's). */
static void read_ranges(struct dw_file *f)
{
	struct arena *a = f->dw->arena;
	Dwarf_Aranges *aranges;
	unit_vec listed = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	size_t n = 0;

	f->has_ranges = true;
	if (dwarf_getaranges(f->dwarf, &aranges, &n))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		Dwarf_Arange *range = dwarf_onearange(aranges, i);
		Dwarf_Addr low;
		Dwarf_Word length;
		Dwarf_Off offset;

		if (dwarf_getarangeinfo(range, &low, &length, &offset) ||
		    !dwarf_offdie(f->dwarf, offset, &die))
			continue;
		add_range(f, low, low + length, die.cu);
		VEC_PUSH(a, &listed, die.cu);
	}
	if (listed.n)
		qsort(listed.at, listed.n, sizeof(*listed.at), compare_cus);
	while (dwarf_get_units(f->dwarf, cu, &cu, NULL, NULL, NULL, NULL) == 0)
		if (!listed.n || !bsearch(&cu, listed.at, listed.n, sizeof(cu), compare_cus))
			add_unit_ranges(f, cu);
	if (f->ranges.n)
		qsort(f->ranges.at, f->ranges.n, sizeof(*f->ranges.at), compare_ranges);
}

Dwarf_CU *unit_at(struct dw_file *f, uint64_t address)
{
	size_t low = 0, high;

	if (!dw_has_dwarf(f))
		return NULL;
	if (!f->has_ranges)
		read_ranges(f);
	high = f->ranges.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->ranges.at[mid].low <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low && address < f->ranges.at[low - 1].high ? f->ranges.at[low - 1].cu : NULL;
}

static const char *producer_of(Dwarf_Die *unit)
{
	Dwarf_Attribute attr;
	const char *producer = dwarf_formstring(dwarf_attr(unit, DW_AT_producer, &attr));

	return producer ? producer : "";
}

/* GCC writes its options there; clang does not. */
bool unit_is_optimised(Dwarf_Die *unit)
{
	const char *at = producer_of(unit);
	bool is_optimised = false;

	while ((at = strstr(at, " -O"))) {
		at += 3;
		is_optimised = *at != '0';
	}
	return is_optimised;
}

enum convention unit_convention(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_ObjC:
	case DW_LANG_ObjC_plus_plus:
	case DW_LANG_Mips_Assembler:
		return CONVENTION_C;
	case DW_LANG_Go:
		return CONVENTION_OTHER;
	default:
		return CONVENTION_SCALARS;
	}
}
