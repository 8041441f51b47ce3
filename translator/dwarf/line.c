/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Line tables: the names of source files, and where prologues end.
 *
 * Read here rather than by libdw, which keeps every row of every table that it
 * was once asked about: a wildcard over a large program must be able to walk
 * all tables and forget them.  DWARF 2 to 5 (section 6.2).
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>
#include <string.h>

#include "translator/dwarf/line_int.h"
#include "translator/insn/insn.h"

/* ---- bytes ---- */

static uint64_t get_fixed(struct line_bytes *b, unsigned size)
{
	uint64_t v = 0;

	if ((size_t)(b->end - b->at) < size) {
		b->is_bad = true;
		b->at = b->end;
		return 0;
	}
	memcpy(&v, b->at, size); /* little-endian, as both machines are */
	b->at += size;
	return v;
}

static uint64_t get_uleb(struct line_bytes *b)
{
	uint64_t v = 0;

	for (unsigned shift = 0; b->at < b->end; shift += 7) {
		uint8_t byte = *b->at++;

		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	b->is_bad = true;
	return 0;
}

static int64_t get_sleb(struct line_bytes *b)
{
	uint64_t v = 0;

	for (unsigned shift = 0; b->at < b->end;) {
		uint8_t byte = *b->at++;

		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (byte & 0x80)
			continue;
		if (shift < 64 && (byte & 0x40))
			v |= ~(uint64_t)0 << shift;
		return (int64_t)v;
	}
	b->is_bad = true;
	return 0;
}

static const char *get_string(struct line_bytes *b)
{
	const char *s = (const char *)b->at;
	const uint8_t *nul = memchr(b->at, 0, (size_t)(b->end - b->at));

	if (!nul) {
		b->is_bad = true;
		b->at = b->end;
		return "";
	}
	b->at = nul + 1;
	return s;
}

static const char *string_in(Elf *elf, const char *section, uint64_t offset)
{
	Elf_Data *data = elf_section_data(elf, section);

	if (!data || offset >= data->d_size ||
	    !memchr((const char *)data->d_buf + offset, 0, data->d_size - offset))
		return "";
	return (const char *)data->d_buf + offset;
}

/* ---- the header ---- */

enum { MAX_FORMATS = 16 };
struct entry_format {
	uint64_t content[MAX_FORMATS], form[MAX_FORMATS];
	unsigned n;
};

static void get_format(struct line_bytes *b, struct entry_format *f)
{
	f->n = (unsigned)get_fixed(b, 1);
	if (f->n > MAX_FORMATS) {
		b->is_bad = true;
		f->n = 0;
	}
	for (unsigned i = 0; i < f->n; i++) {
		f->content[i] = get_uleb(b);
		f->form[i] = get_uleb(b);
	}
}

/* Gets one value of a header entry; strings through *TEXT. */
static uint64_t get_form(struct dw_line_table *t, struct line_bytes *b, uint64_t form,
			 const char **text)
{
	uint64_t n;

	switch (form) {
	case DW_FORM_string:
		*text = get_string(b);
		return 0;
	case DW_FORM_line_strp:
		*text = string_in(t->elf, ".debug_line_str", get_fixed(b, t->offset_size));
		return 0;
	case DW_FORM_strp:
		*text = string_in(t->elf, t->is_dwo ? ".debug_str.dwo" : ".debug_str",
				  get_fixed(b, t->offset_size));
		return 0;
	case DW_FORM_udata:
		return get_uleb(b);
	case DW_FORM_data1:
		return get_fixed(b, 1);
	case DW_FORM_data2:
		return get_fixed(b, 2);
	case DW_FORM_data4:
		return get_fixed(b, 4);
	case DW_FORM_data8:
		return get_fixed(b, 8);
	case DW_FORM_data16:
		get_fixed(b, 8);
		return get_fixed(b, 8);
	case DW_FORM_block:
		for (n = get_uleb(b); n > 0 && !b->is_bad; n--)
			get_fixed(b, 1);
		return 0;
	default:
		b->is_bad = true;
		return 0;
	}
}

static void get_entries(struct dw_line_table *t, struct line_bytes *b, bool is_files)
{
	struct arena *a = t->file->dw->arena;
	struct entry_format format;
	uint64_t n;

	get_format(b, &format);
	n = get_uleb(b);
	for (uint64_t i = 0; format.n && i < n && !b->is_bad; i++) {
		struct line_file entry = { "", 0 };

		for (unsigned k = 0; k < format.n; k++) {
			const char *text = "";
			uint64_t value = get_form(t, b, format.form[k], &text);

			if (format.content[k] == DW_LNCT_path)
				entry.name = text;
			else if (format.content[k] == DW_LNCT_directory_index)
				entry.dir = value;
		}
		if (is_files)
			VEC_PUSH(a, &t->files, entry);
		else
			VEC_PUSH(a, &t->dirs, entry.name);
	}
}

/* Before DWARF 5 file 1 is the first one, and directory 0 the unit's. */
static void get_old_entries(struct dw_line_table *t, struct line_bytes *b)
{
	struct arena *a = t->file->dw->arena;
	struct line_file entry = { t->unit_name, 0 };
	const char *text;

	VEC_PUSH(a, &t->dirs, t->comp_dir);
	while (*(text = get_string(b)) && !b->is_bad)
		VEC_PUSH(a, &t->dirs, text);
	VEC_PUSH(a, &t->files, entry);
	while (*(text = get_string(b)) && !b->is_bad) {
		entry.name = text;
		entry.dir = get_uleb(b);
		get_uleb(b);
		get_uleb(b);
		VEC_PUSH(a, &t->files, entry);
	}
}

static bool read_header(struct dw_line_table *t, Elf_Data *data, uint64_t offset)
{
	struct line_bytes b = { 0 };
	uint64_t length, header_length;

	if (offset >= data->d_size)
		return false;
	b.at = (const uint8_t *)data->d_buf + offset;
	b.end = (const uint8_t *)data->d_buf + data->d_size;
	t->offset_size = 4;
	length = get_fixed(&b, 4);
	if (length == 0xffffffff) {
		t->offset_size = 8;
		length = get_fixed(&b, 8);
	}
	if (b.is_bad || length > (uint64_t)(b.end - b.at))
		return false;
	b.end = b.at + length;
	t->version = (unsigned)get_fixed(&b, 2);
	if (t->version < 2 || t->version > 5)
		return false;
	t->address_size = type_address_size(t->file);
	if (t->version >= 5) {
		t->address_size = (unsigned)get_fixed(&b, 1);
		get_fixed(&b, 1);
	}
	header_length = get_fixed(&b, t->offset_size);
	if (b.is_bad || header_length > (uint64_t)(b.end - b.at))
		return false;
	t->program = b;
	t->program.at = b.at + header_length;
	t->min_length = (unsigned)get_fixed(&b, 1);
	if (t->version >= 4)
		get_fixed(&b, 1); /* operations per instruction: 1 where there is no VLIW */
	t->default_is_stmt = get_fixed(&b, 1);
	t->line_base = (int8_t)get_fixed(&b, 1);
	t->line_range = (unsigned)get_fixed(&b, 1);
	t->opcode_base = (unsigned)get_fixed(&b, 1);
	if (!t->line_range || !t->opcode_base)
		return false;
	for (unsigned i = 1; i < t->opcode_base; i++)
		t->lengths[i] = (uint8_t)get_fixed(&b, 1);
	if (t->version >= 5) {
		get_entries(t, &b, false);
		get_entries(t, &b, true);
	} else {
		get_old_entries(t, &b);
	}
	return !b.is_bad;
}

struct dw_line_table *line_table_of(struct dw_file *f, Dwarf_CU *cu)
{
	struct dw_line_table *t = f->lines;
	Dwarf_Attribute attr;
	Dwarf_Word offset = 0;
	Dwarf_Die unit;
	Elf_Data *data;

	if (t && t->cu == cu)
		return t->is_bad ? NULL : t;
	if (!t)
		t = f->lines = ARENA_NEW(f->dw->arena, struct dw_line_table);
	t->cu = cu;
	t->file = f;
	t->dirs.n = t->files.n = 0;
	t->is_bad = true;
	if (!dwarf_cu_die(cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL))
		return NULL;
	t->elf = dwarf_getelf(dwarf_cu_getdwarf(cu));
	t->comp_dir = dwarf_formstring(dwarf_attr(&unit, DW_AT_comp_dir, &attr));
	t->unit_name = dwarf_diename(&unit) ? dwarf_diename(&unit) : "";
	if (!t->comp_dir)
		t->comp_dir = "";
	data = elf_section_data(t->elf, ".debug_line");
	t->is_dwo = !data;
	if (!data)
		data = elf_section_data(t->elf, ".debug_line.dwo");
	else if (dwarf_formudata(dwarf_attr(&unit, DW_AT_stmt_list, &attr), &offset))
		return NULL;
	t->is_bad = !data || !read_header(t, data, offset);
	return t->is_bad ? NULL : t;
}

const char *line_file_path(struct dw_line_table *t, uint64_t index)
{
	struct arena *a = t->file->dw->arena;
	struct arena_mark mark = arena_mark(a);
	const struct line_file *entry;
	const char *dir, *path, *known;

	if (index >= t->files.n)
		return NULL;
	entry = &t->files.at[index];
	dir = entry->dir < t->dirs.n ? t->dirs.at[entry->dir] : "";
	if (entry->name[0] == '/')
		dir = "";
	path = arena_printf(a, "%s%s%s", dir, *dir ? "/" : "", entry->name);
	known = map_find(&t->file->strings, path);
	if (known) {
		arena_reset(a, mark);
		return known;
	}
	map_put(&t->file->strings, path, (char *)path);
	return path;
}

const char *line_decl_file(struct dw_file *f, Dwarf_Die *die)
{
	struct dw_line_table *t;
	Dwarf_Attribute attr;
	Dwarf_Word index;

	if (!dwarf_attr_integrate(die, DW_AT_decl_file, &attr) || dwarf_formudata(&attr, &index))
		return NULL;
	t = line_table_of(f, attr.cu);
	return t ? line_file_path(t, index) : NULL;
}

/* ---- the program ---- */

static void extended(struct dw_line_table *t, struct line_bytes *b, struct line_row *row,
		     line_fn *fn, void *data)
{
	uint64_t length = get_uleb(b);
	struct line_bytes inner = *b;
	unsigned opcode;

	if (length > (uint64_t)(b->end - b->at) || !length) {
		b->is_bad = true;
		return;
	}
	b->at += length;
	inner.end = b->at;
	opcode = (unsigned)get_fixed(&inner, 1);
	if (opcode == DW_LNE_set_address) {
		row->address = get_fixed(&inner, length - 1 <= 8 ? (unsigned)length - 1 : 8);
	} else if (opcode == DW_LNE_end_sequence) {
		row->is_end = true;
		fn(data, row);
		*row = (struct line_row){ .file = 1, .line = 1, .is_stmt = t->default_is_stmt };
	}
}

static void standard(struct dw_line_table *t, struct line_bytes *b, unsigned opcode,
		     struct line_row *row, line_fn *fn, void *data)
{
	switch (opcode) {
	case DW_LNS_copy:
		fn(data, row);
		row->is_prologue_end = false;
		break;
	case DW_LNS_advance_pc:
		row->address += get_uleb(b) * t->min_length;
		break;
	case DW_LNS_advance_line:
		row->line += (unsigned)get_sleb(b);
		break;
	case DW_LNS_set_file:
		row->file = get_uleb(b);
		break;
	case DW_LNS_set_column:
		get_uleb(b);
		break;
	case DW_LNS_negate_stmt:
		row->is_stmt = !row->is_stmt;
		break;
	case DW_LNS_const_add_pc:
		row->address += (255 - t->opcode_base) / t->line_range * t->min_length;
		break;
	case DW_LNS_fixed_advance_pc:
		row->address += get_fixed(b, 2);
		break;
	case DW_LNS_set_prologue_end:
		row->is_prologue_end = true;
		break;
	default: /* DW_LNS_set_basic_block, _epilogue_begin, _isa and what is to come */
		for (unsigned i = 0; i < t->lengths[opcode]; i++)
			get_uleb(b);
	}
}

void line_each(struct dw_line_table *t, line_fn *fn, void *data)
{
	struct line_row row = { .file = 1, .line = 1, .is_stmt = t->default_is_stmt };
	struct line_bytes b = t->program;

	while (b.at < b.end && !b.is_bad) {
		unsigned opcode = *b.at++;

		if (opcode >= t->opcode_base) {
			unsigned adjusted = opcode - t->opcode_base;

			row.address += adjusted / t->line_range * t->min_length;
			row.line += (unsigned)(t->line_base + (int)(adjusted % t->line_range));
			fn(data, &row);
			row.is_prologue_end = false;
		} else if (opcode) {
			standard(t, &b, opcode, &row, fn, data);
		} else {
			extended(t, &b, &row, fn, data);
		}
	}
}

/* ---- prologues ---- */

struct skipper {
	struct dw_func **funcs; /* by address */
	size_t n;
	bool *is_sure;
};

static int compare_funcs(const void *pa, const void *pb)
{
	const struct dw_func *const *a = pa, *const *b = pb;

	return (*a)->address < (*b)->address ? -1 : (*a)->address > (*b)->address;
}

/* The body begins where the table says so (prologue_end), else at the second row. */
static void look_at_row(void *data, const struct line_row *row)
{
	struct skipper *s = data;
	size_t low = 0, high = s->n;
	struct dw_func *func;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->funcs[mid]->address < row->address)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || row->is_end || !row->line)
		return;
	func = s->funcs[low - 1];
	if (row->address - func->address >= func->size || s->is_sure[low - 1])
		return;
	if (row->is_prologue_end || func->probe_address == func->address)
		func->probe_address = row->address;
	s->is_sure[low - 1] = row->is_prologue_end;
}

static void skip_by_instructions(struct dw_func *func)
{
	uint8_t bytes[64];
	struct insn_code code = { .bytes = bytes, .address = func->address,
				  .is_32bit = func->file->info.is_32bit };
	size_t size = func->size < sizeof(bytes) ? (size_t)func->size : sizeof(bytes);

	code.size = dw_read(func->file, func->address, bytes, size);
	func->probe_address = insn_skip_prologue(&code);
}

void line_skip_prologues(struct dw_file *f, Dwarf_CU *cu, struct dw_func **funcs, size_t n)
{
	struct skipper s = { .funcs = funcs, .n = n };
	struct dw_line_table *t = line_table_of(f, cu);

	qsort(funcs, n, sizeof(*funcs), compare_funcs);
	s.is_sure = ARENA_ARRAY(f->dw->arena, n, bool);
	if (t)
		line_each(t, look_at_row, &s);
	for (size_t i = 0; i < n; i++)
		if (funcs[i]->probe_address == funcs[i]->address)
			skip_by_instructions(funcs[i]);
}
