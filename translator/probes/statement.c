/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process(...).statement("FUNCTION@FILE:LINE") with .nearest, and places given by addresses. */
#include "translator/probes/process_int.h"

#include "translator/point_messages.h"

static const struct loc nowhere; /* of a hint in words */

/* ---- addresses ---- */

static bool add_address(struct session *s, const struct point_match *m, const char *name,
			const struct program *program, uint64_t address)
{
	enum process_tag tag = (enum process_tag)m->tag;
	bool is_statement = tag == STATEMENT || tag == ABSOLUTE;
	struct dw_func func = { 0 };
	uint64_t offset, pc = address;

	if (!dw_file_offset(program->file, address, &offset))
		return false;
	if (!dw_func_at(program->file, address, &func)) {
		if (!is_statement)
			return false;
		func = (struct dw_func){ .file = program->file, .name = "", .address = address };
	}
	if (!is_statement)
		pc = tag == RETURN ? func.address : func.probe_address;
	process_add_site(s, m, program, &func, pc, name);
	return true;
}

int address_match(struct session *s, const struct point_match *m, const struct point_part *part,
		  const program_vec *programs)
{
	uint64_t address = (uint64_t)point_number(part);
	int count = 0;

	VEC_EACH(programs, i)
		count += add_address(s, m,
				     arena_printf(s->arena, "%s.%s(0x%llx)%s",
						  process_text(s, &programs->at[i]), part->name,
						  (unsigned long long)address,
						  function_suffix((enum process_tag)m->tag)),
				     &programs->at[i], address);
	if (!count) {
		diag_error(&s->diag, part->arg->loc, E_NO_ADDRESS, (unsigned long long)address,
			   dw_info(VEC_LAST(programs).file)->path);
		return -1;
	}
	return count;
}

int absolute_match(struct session *s, const struct point_match *m)
{
	const struct point_part *part = point_part(m->point, "statement");
	const struct point_part *process = point_part(m->point, "process");
	uint64_t address = (uint64_t)point_number(part), linked;
	struct program program;

	if (!program_at(s, process, address, part->arg->loc, &program, &linked))
		return -1;
	if (!add_address(s, m,
			 arena_printf(s->arena, "process(%d).statement(0x%llx).absolute",
				      program.pid, (unsigned long long)address),
			 &program, linked)) {
		diag_error(&s->diag, part->arg->loc, E_NO_ADDRESS, (unsigned long long)address,
			   dw_info(program.file)->path);
		return -1;
	}
	return 1;
}

/* ---- lines ---- */

static void report(struct session *s, const struct point_part *part, struct dw_file *file)
{
	const char *pattern = point_string(part);
	dw_line_vec near = { 0 };

	diag_error(&s->diag, part->arg->loc, E_NO_STATEMENT, pattern, dw_info(file)->path);
	if (dw_find_lines(file, pattern, true, &near))
		diag_note(&s->diag, nowhere, ".nearest would take the nearest line that has code, at 0x%llx",
			  (unsigned long long)near.at[0].address);
	else
		diag_note(&s->diag, nowhere, "%s: %s", dw_info(file)->path, dw_describe(file));
}

int statement_match(struct session *s, const struct point_match *m, const program_vec *programs)
{
	const struct point_part *part = point_part(m->point, "statement");
	bool nearest = m->tag == NEAREST;
	int count = 0;

	VEC_EACH(programs, i) {
		const struct program *program = &programs->at[i];
		dw_line_vec hits = { 0 };

		dw_find_lines(program->file, point_string(part), nearest, &hits);
		VEC_EACH(&hits, k) {
			const struct dw_line_hit *hit = &hits.at[k];
			const char *name = arena_printf(s->arena, "%s.statement(\"%s@%s:%u\")%s",
							process_text(s, program), hit->func.name,
							hit->src, hit->line, nearest ? ".nearest" : "");
			struct probe *p = process_add_site(s, m, program, &hit->func, hit->address,
							   name);

			p->is_one_of_many = hits.n > 1;
			count++;
		}
	}
	if (!count) {
		report(s, part, VEC_LAST(programs).file);
		return -1;
	}
	return count;
}
