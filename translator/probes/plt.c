/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process(...).plt("NAME"): the stub through which a file calls function NAME of another one.
 * It needs no debug information, so that there is no variable but $$name.
 */
#include "translator/probes/process_int.h"

#include <string.h>

#include "translator/near.h"
#include "translator/point_messages.h"

static const char *name_of(struct session *s, const struct point_match *m,
			   const struct program *program, const char *function)
{
	const char *library = "";
	struct program process = *program;

	if (program->is_library) {
		process.is_library = false;
		process.file = program->process;
		library = arena_printf(s->arena, ".library(\"%s\")", dw_info(program->file)->path);
	}
	return arena_printf(s->arena, "%s%s.plt(\"%s\")%s", process_text(s, &process), library, function,
			    m->tag == PLT_RETURN ? ".return" : "");
}

static void report(struct session *s, const struct point_match *m, const program_vec *programs)
{
	const struct point_part *part = point_part(m->point, "plt");
	VEC(const char *) names = { 0 };
	dw_func_vec all = { 0 };

	VEC_EACH(programs, i)
		dw_plt_stubs(programs->at[i].file, "*", &all);
	VEC_EACH(&all, i)
		VEC_PUSH(s->arena, &names, all.at[i].name);
	diag_error(&s->diag, part->has_arg ? part->arg->loc : part->loc, E_NO_STUB,
		   part->has_arg ? near_similar(s->arena, "similar functions", point_string(part),
						names.at, names.n) : "");
	if (!names.n)
		diag_note(&s->diag, (struct loc){ 0 },
			  "%s has no procedure linkage table: it is static, or was compiled with -fno-plt",
			  dw_info(VEC_LAST(programs).file)->path);
}

int plt_match(struct session *s, const struct point_match *m, const program_vec *programs)
{
	const struct point_part *part = point_part(m->point, "plt");
	const char *pattern = part->has_arg ? point_string(part) : "*";
	int count = 0;

	VEC_EACH(programs, i) {
		const struct program *program = &programs->at[i];
		dw_func_vec stubs = { 0 };

		dw_plt_stubs(program->file, pattern, &stubs);
		VEC_EACH(&stubs, k) {
			const struct dw_func *stub = &stubs.at[k];
			struct probe *p;

			if (m->tag == PLT_RETURN && function_why_no_return(stub->name))
				continue;
			p = process_add_site(s, m, program, stub, stub->address,
					     name_of(s, m, program, stub->name));
			p->is_one_of_many = process_is_wildcard(pattern);
			count++;
		}
	}
	if (!count) {
		report(s, m, programs);
		return -1;
	}
	return count;
}

struct expr *plt_resolve_var(struct session *s, struct probe *p, struct expr *e, unsigned flags)
{
	const struct process_probe *at = p->data;

	if (!strcmp(e->target.name, "$$name") && !e->target.components.n && !e->target.is_address)
		return expr_string(s->arena, e->loc, at->func.name, (uint32_t)strlen(at->func.name));
	if (!(flags & RESOLVE_QUIET))
		diag_error(&s->diag, e->loc, E_PLT_VARIABLE, e->target.name);
	return NULL;
}
