/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line table reader, for line.c and statement.c. */
#ifndef TAPSTER_TRANSLATOR_DWARF_LINE_INT_H
#define TAPSTER_TRANSLATOR_DWARF_LINE_INT_H

#include "translator/dwarf/dw_int.h"

struct line_bytes {
	const uint8_t *at, *end;
	bool is_bad; /* ran over the end */
};

struct line_file {
	const char *name;
	uint64_t dir;
};

/* One unit's table: its header read, its program ready to be run. */
struct dw_line_table {
	struct dw_file *file;
	Dwarf_CU *cu;
	Elf *elf;
	bool is_bad, is_dwo;
	const char *comp_dir, *unit_name;
	unsigned version, offset_size, address_size;
	unsigned min_length, line_range, opcode_base;
	int line_base;
	bool default_is_stmt;
	uint8_t lengths[256];
	VEC(const char *) dirs;
	VEC(struct line_file) files;
	struct line_bytes program;
};

struct line_row {
	uint64_t address, file;
	unsigned line;
	bool is_stmt, is_prologue_end, is_end;
};
typedef void line_fn(void *data, const struct line_row *row);

/* The table of a unit, valid until another one is asked for; NULL: none. */
struct dw_line_table *line_table_of(struct dw_file *f, Dwarf_CU *cu);
/* Source path of file INDEX as the rows and DW_AT_decl_file count; NULL: none. */
const char *line_file_path(struct dw_line_table *t, uint64_t index);
void line_each(struct dw_line_table *t, line_fn *fn, void *data);

#endif
