/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static marks of programs (sys/sdt.h): process("PATH").mark("NAME"), perhaps with
 * .provider("PROVIDER") before it.  $arg1 ... are what the mark was given, $$name and
 * $$provider what it is called; other variables are those of the place in the code.
 * pp() is the statement that the mark is, and pn() the mark, as in SystemTap.
 * A mark may have a semaphore, which the runtime raises while the site is armed.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "translator/near.h"
#include "translator/plan.h"
#include "translator/point_messages.h"
#include "translator/probes/access_expr.h"
#include "translator/probes/mark_operand.h"
#include "translator/probes/pretty.h"
#include "translator/probes/process.h"
#include "translator/probes/program.h"

#define PROCESS "{process,process(NUMBER),process(STRING)}{,.library(STRING)}"

static const struct point_pattern patterns[] = {
	{ PROCESS "{,.provider(STRING)}.mark(STRING)", 0 },
};

/* probe.data: as of any probe of a process, and the mark. */
struct mark_probe {
	struct process_probe process;
	struct dw_mark mark;
	text_vec arguments; /* its operands */
};

/* Marks are written with "-" in scripts and "__" in programs. */
static const char *program_name(struct arena *a, const char *name)
{
	struct buf text;
	const char *copy;

	buf_init(&text);
	for (; *name; name++)
		buf_adds(&text, *name == '-' ? "__" : (char[]){ *name, '\0' });
	copy = arena_strndup(a, text.data, text.len);
	buf_fini(&text);
	return copy;
}

static void split_arguments(struct session *s, const char *text, text_vec *out)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (len)
			VEC_PUSH(s->arena, out, arena_strndup(s->arena, text, len));
		text += len + (text[len] == ' ');
	}
}

static void add(struct session *s, const struct point_match *m, const struct program *program,
		const struct dw_mark *mark, bool has_provider)
{
	struct mark_probe *data = ARENA_NEW(s->arena, struct mark_probe);
	const char *provider = has_provider ? arena_printf(s->arena, ".provider(\"%s\")",
							   mark->provider) : "";
	const char *path = dw_info(program->file)->path;
	struct probe *p = point_add_probe(s, m, &family_mark,
		arena_printf(s->arena, "process(\"%s\").statement(%#lx)", path, (unsigned long)mark->address));

	if (!m->is_aliased)
		p->pn = arena_printf(s->arena, "process(\"%s\")%s.mark(\"%s\")", path, provider, mark->name);
	data->process.file = program->file;
	data->process.pc = mark->address;
	if (!dw_func_at(program->file, mark->address, &data->process.func))
		data->process.func = (struct dw_func){ .file = program->file, .name = "",
						       .address = mark->address };
	data->mark = *mark;
	split_arguments(s, mark->arguments, &data->arguments);
	p->data = data;
	p->function = data->process.func.name;
	p->row.kind = PROBE_SITE;
	p->row.pid = program->pid;
	p->is_one_of_many = true;
}

static void report(struct session *s, const struct point_match *m, const dw_mark_vec *all)
{
	const struct point_part *part = point_part(m->point, "mark");
	VEC(const char *) names = { 0 };

	VEC_EACH(all, i)
		VEC_PUSH(s->arena, &names, all->at[i].name);
	diag_error(&s->diag, part->arg->loc, E_NO_MARK,
		   near_similar(s->arena, "similar marks", point_string(part), names.at, names.n));
	if (!names.n)
		diag_note(&s->diag, (struct loc){ 0 }, "there are no static marks in it");
}

static int match(struct session *s, const struct point_match *m)
{
	const struct point_part *provider = point_part(m->point, "provider");
	const char *name = program_name(s->arena, point_string(point_part(m->point, "mark")));
	program_vec programs = { 0 };
	dw_mark_vec all = { 0 };
	int count = 0;

	if (!program_find(s, m->point, &programs))
		return -1;
	VEC_EACH(&programs, i) {
		size_t first = all.n;

		dw_marks(programs.at[i].file, &all);
		for (size_t k = first; k < all.n; k++) {
			const struct dw_mark *mark = &all.at[k];

			if (fnmatch(name, mark->name, 0) ||
			    (provider && fnmatch(point_string(provider), mark->provider, 0)))
				continue;
			add(s, m, &programs.at[i], mark, provider);
			count++;
		}
	}
	if (!count) {
		report(s, m, &all);
		return -1;
	}
	return count;
}

/* ---- variables ---- */

static struct expr *argument(struct session *s, const struct mark_probe *data, size_t i,
			     const struct expr *origin, const char **why)
{
	struct access_path *path = mark_operand(s->arena, data->arguments.at[i], why);

	if (!path)
		return NULL;
	path->text = arena_printf(s->arena, "$arg%zu", i + 1);
	return access_expr(s, origin, data->process.file, path, NULL, &origin->target.components);
}

static struct expr *name_text(struct session *s, const struct expr *e, const char *text)
{
	return expr_string(s->arena, e->loc, text, (uint32_t)strlen(text));
}

/* Finds $argN for a list; what isn't there prints as "?". */
static void find_argument(const struct access_root *root, const component_vec *components,
			  bool is_address, struct dw_var_result *out)
{
	(void)components;
	(void)is_address;
	out->path = mark_operand(root->s->arena, root->data, &out->why);
	if (out->path)
		out->path->text = root->origin->target.name;
	out->error = out->path ? DW_VAR_OK : DW_VAR_UNSUPPORTED;
}

static struct expr *all_arguments(struct session *s, const struct mark_probe *data,
				  const struct expr *e)
{
	struct pretty_list list;

	pretty_list_begin(&list, s, e->loc);
	VEC_EACH(&data->arguments, i) {
		struct access_root root = {
			.s = s,
			.origin = e,
			.file = data->process.file,
			.find = find_argument,
			.data = data->arguments.at[i],
		};

		pretty_list_add(&list, arena_printf(s->arena, "$arg%zu", i + 1), &root, NULL);
	}
	return pretty_list_end(&list);
}

static struct expr *resolve_var(struct session *s, struct probe *p, struct expr *e, unsigned flags)
{
	const struct mark_probe *data = p->data;
	const char *name = e->target.name, *why = NULL;
	struct expr *value;
	char *end;
	size_t n;

	if (e->target.is_at_var)
		return process_resolve_var(s, p, e, flags);
	if (!strcmp(name, "$$name"))
		return name_text(s, e, data->mark.name);
	if (!strcmp(name, "$$provider"))
		return name_text(s, e, data->mark.provider);
	if (!strcmp(name, "$$vars") || !strcmp(name, "$$parms"))
		return all_arguments(s, data, e);
	if (strncmp(name, "$arg", strlen("$arg")))
		return process_resolve_var(s, p, e, flags);
	n = strtoul(name + strlen("$arg"), &end, 10);
	if (*end || end == name + strlen("$arg") || !n || n > data->arguments.n)
		return process_resolve_var(s, p, e, flags);
	if (e->target.components.n || e->target.is_address)
		why = "its type is not known; @cast says which it is";
	value = why ? NULL : argument(s, data, n - 1, e, &why);
	if (!value && !(flags & RESOLVE_QUIET))
		diag_error(&s->diag, e->loc, E_VARIABLE, name, why);
	return value;
}

static void list_vars(struct session *s, const struct probe *p, struct buf *out)
{
	const struct mark_probe *data = p->data;

	(void)s;
	VEC_EACH(&data->arguments, i)
		buf_printf(out, " $arg%zu:long", i + 1);
}

static bool plan(struct session *s, struct probe *p)
{
	const struct mark_probe *data = p->data;

	if (!process_plan(s, p))
		return false;
	p->site->semaphore = data->mark.semaphore;
	return true;
}

const struct probe_family family_mark = {
	.name = "mark",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
	.resolve_var = resolve_var,
	.default_file = process_default_file,
	.list_vars = list_vars,
	.plan = plan,
	.user_runtime = true,
	.kernel_runtime = true,
	.unprivileged = true,
	.is_of_programs = true,
};
