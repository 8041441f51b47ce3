/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source lines of all addresses of a file, as a table for the run time. */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>

#include "translator/dwarf/line_int.h"

struct collector {
	struct dw_file *file;
	struct dw_line_table *table;
	dw_line_row_vec rows;
};

static void collect(void *data, const struct line_row *row)
{
	struct collector *c = data;
	struct dw_line_row r = { .address = row->address };

	if (!row->is_end && row->line) {
		r.path = line_file_path(c->table, row->file);
		r.line = r.path ? row->line : 0;
	}
	/* at one address the last row of a sequence counts */
	if (c->rows.n && VEC_LAST(&c->rows).address == r.address)
		c->rows.n--;
	VEC_PUSH(c->file->dw->arena, &c->rows, r);
}

/* By address; where one sequence ends and another one begins, the beginning is last. */
static int compare(const void *pa, const void *pb)
{
	const struct dw_line_row *a = pa, *b = pb;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->line != 0) - (b->line != 0);
}

void dw_line_rows(struct dw_file *f, dw_line_row_vec *out)
{
	struct collector c = { .file = f };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	debug_find(f);
	while (unit_next(f, &cu, &unit)) {
		c.table = line_table_of(f, cu);
		if (c.table)
			line_each(c.table, collect, &c);
	}
	if (c.rows.n)
		qsort(c.rows.at, c.rows.n, sizeof(*c.rows.at), compare);
	VEC_EACH(&c.rows, i) {
		const struct dw_line_row *r = &c.rows.at[i];

		if (out->n && VEC_LAST(out).address == r->address)
			out->n--;
		if (!out->n || VEC_LAST(out).line != r->line || VEC_LAST(out).path != r->path)
			VEC_PUSH(f->dw->arena, out, *r);
	}
}
