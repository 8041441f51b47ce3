/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process(...).function("NAME") with .call, .return, .inline, .exported and .label("NAME"). */
#include "translator/probes/process_int.h"

#include <string.h>

#include "translator/near.h"
#include "translator/point_messages.h"

static const struct loc nowhere; /* of a hint in words */

const char *function_suffix(enum process_tag tag)
{
	switch (tag) {
	case CALL:
	case CALLEE_CALL:
		return ".call";
	case RETURN:
	case CALLEE_RETURN:
		return ".return";
	case INLINE:
		return ".inline";
	case EXPORTED:
		return ".exported";
	default:
		return "";
	}
}

const char *function_text(struct session *s, const struct dw_func *f)
{
	if (!f->decl_file)
		return f->name;
	return arena_printf(s->arena, "%s@%s:%u", f->name, f->decl_file, f->decl_line);
}

const char *function_why_no_return(const char *name)
{
	static const char *const twice[] = {
		"setjmp", "_setjmp", "__setjmp", "sigsetjmp", "__sigsetjmp", "savectx",
		"getcontext", "__getcontext", "swapcontext", "__swapcontext", "vfork", "__vfork",
		"__libc_vfork",
	};
	static const char resolver[] = "_dl_runtime_"; /* one for each way of saving registers */
	static const char unwinder[] = "_Unwind_", helper[] = "uw_"; /* libgcc's */
	static const char *const jumped_to[] = {
		"__start_context", "__restore_rt", "__restore", "_dl_start_user",
	};

	if (!strcmp(name, "_start"))
		return "is where the program begins: it never returns";
	for (size_t i = 0; i < sizeof jumped_to / sizeof jumped_to[0]; i++)
		if (!strcmp(name, jumped_to[i]) || !strncmp(name, resolver, sizeof resolver - 1))
			return "is not called: what is on its stack is no address to return to";
	if (!strncmp(name, unwinder, sizeof unwinder - 1) || !strncmp(name, helper, sizeof helper - 1))
		return "walks up the stack, where a changed return address would end the program";
	for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++)
		if (!strcmp(name, twice[i]))
			return "keeps the address that it returns to, and may return there "
			       "several times";
	return NULL;
}

/* One function, or one inlined instance.  False: it has none of what is asked for. */
static bool add_function(struct session *s, const struct point_match *m,
			 const struct program *program, const struct dw_func *f)
{
	uint64_t pc = m->tag == RETURN ? f->address : f->probe_address;
	struct probe *p;

	if (m->tag == EXPORTED && !f->is_exported)
		return false;
	if (m->tag == RETURN && (f->is_inlined || function_why_no_return(f->name)))
		return false;
	p = process_add_site(s, m, program, f, pc,
			     arena_printf(s->arena, "%s.function(\"%s\")%s",
					  process_text(s, program), function_text(s, f),
					  function_suffix((enum process_tag)m->tag)));
	p->is_one_of_many = process_is_wildcard(point_string(point_part(m->point, "function")));
	return true;
}

void function_report(struct session *s, const struct point_match *m, struct dw_file *file,
		     const char *pattern)
{
	struct loc loc = point_part(m->point, "function")->arg->loc;
	const char *name = arena_strndup(s->arena, pattern, strcspn(pattern, "@"));
	const char *const *names;
	const char *why = NULL;
	dw_func_vec elsewhere = { 0 };
	size_t n = dw_function_names(file, &names);

	diag_error(&s->diag, loc, E_NO_FUNCTION,
		   near_similar(s->arena, "similar functions", name, names, n));
	if (strchr(pattern, '@'))
		dw_find_functions(file, name, DW_WANT_CALLABLE | DW_WANT_INLINED, &elsewhere);
	if (elsewhere.n) {
		diag_note(&s->diag, nowhere, "there is %s", function_text(s, &elsewhere.at[0]));
		return;
	}
	if (!process_is_wildcard(pattern))
		why = dw_why_absent(file, name);
	if (m->tag == RETURN && function_why_no_return(name))
		diag_note(&s->diag, nowhere, "'%s' %s", name, function_why_no_return(name));
	else if (why && m->tag == RETURN && !strncmp(why, "inlined", strlen("inlined")))
		diag_note(&s->diag, nowhere, "'%s' is %s: there is no return to probe", name, why);
	else if (why)
		diag_note(&s->diag, nowhere, "'%s' is %s", name, why);
	else
		diag_note(&s->diag, nowhere, "%s: %s", dw_info(file)->path, dw_describe(file));
}

int function_match(struct session *s, const struct point_match *m, const program_vec *programs)
{
	const char *pattern = point_string(point_part(m->point, "function"));
	unsigned want = m->tag == INLINE ? DW_WANT_INLINED :
			m->tag == FUNCTION ? DW_WANT_CALLABLE | DW_WANT_INLINED : DW_WANT_CALLABLE;
	int count = 0;

	VEC_EACH(programs, i) {
		dw_func_vec found = { 0 };

		dw_find_functions(programs->at[i].file, pattern, want, &found);
		VEC_EACH(&found, k)
			count += add_function(s, m, &programs->at[i], &found.at[k]);
	}
	if (!count) {
		function_report(s, m, VEC_LAST(programs).file, pattern);
		return -1;
	}
	return count;
}

/* ---- labels ---- */

static int add_labels(struct session *s, const struct point_match *m, const struct program *program,
		      const struct dw_func *f)
{
	const char *pattern = point_string(point_part(m->point, "label"));
	dw_label_vec labels = { 0 };

	dw_find_labels(f, pattern, &labels);
	VEC_EACH(&labels, i) {
		const struct dw_label *label = &labels.at[i];
		const char *where = f->decl_file ? arena_printf(s->arena, "@%s:%u", f->decl_file,
								label->line) : "";
		struct probe *p = process_add_site(
			s, m, program, f, label->address,
			arena_printf(s->arena, "%s.function(\"%s%s\").label(\"%s\")",
				     process_text(s, program), f->name, where, label->name));

		p->is_one_of_many = true;
	}
	return (int)labels.n;
}

static void report_no_label(struct session *s, const struct point_match *m, const dw_func_vec *functions)
{
	const struct point_part *part = point_part(m->point, "label");
	VEC(const char *) names = { 0 };

	VEC_EACH(functions, i) {
		dw_label_vec labels = { 0 };

		dw_find_labels(&functions->at[i], "*", &labels);
		VEC_EACH(&labels, k)
			VEC_PUSH(s->arena, &names, labels.at[k].name);
	}
	diag_error(&s->diag, part->arg->loc, E_NO_LABEL,
		   near_similar(s->arena, "similar labels", point_string(part), names.at, names.n));
	if (!names.n)
		diag_note(&s->diag, nowhere, "the function has no labels");
}

int label_match(struct session *s, const struct point_match *m, const program_vec *programs)
{
	const char *pattern = point_string(point_part(m->point, "function"));
	dw_func_vec found = { 0 };
	int count = 0;

	VEC_EACH(programs, i) {
		size_t first = found.n;

		dw_find_functions(programs->at[i].file, pattern, DW_WANT_CALLABLE | DW_WANT_INLINED,
				  &found);
		for (size_t k = first; k < found.n; k++)
			count += add_labels(s, m, &programs->at[i], &found.at[k]);
	}
	if (count)
		return count;
	if (found.n)
		report_no_label(s, m, &found);
	else
		function_report(s, m, VEC_LAST(programs).file, pattern);
	return -1;
}
