/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes of user programs: the patterns of their points, and the beginning and end
 * of processes and threads.  The places in their code are in files of their own
 * (process_int.h); program.c finds the files, target.c the variables.
 */
#include "translator/probes/process_int.h"

#include <string.h>

#include "translator/plan.h"
#include "translator/point_messages.h"

#define PROCESS "{process,process(NUMBER),process(STRING)}"
#define OBJECT PROCESS "{,.library(STRING)}"
#define NAMED OBJECT ".function(STRING)"

static const struct point_pattern patterns[] = {
	{ OBJECT ".function({NUMBER,STRING})", FUNCTION },
	{ OBJECT ".function({NUMBER,STRING}).call", CALL },
	{ OBJECT ".function({NUMBER,STRING}).return", RETURN },
	{ OBJECT ".function({NUMBER,STRING}).inline", INLINE },
	{ OBJECT ".function({NUMBER,STRING}).exported", EXPORTED },
	{ NAMED ".label(STRING)", LABEL },
	{ NAMED ".callee(STRING)", CALLEE },
	{ NAMED ".callee(STRING).call", CALLEE_CALL },
	{ NAMED ".callee(STRING).return", CALLEE_RETURN },
	{ NAMED ".{callees,callees(NUMBER)}", CALLEES },
	{ OBJECT ".statement({NUMBER,STRING})", STATEMENT },
	{ OBJECT ".statement(STRING).nearest", NEAREST },
	{ "process(NUMBER).statement(NUMBER).absolute", ABSOLUTE },
	{ OBJECT ".{plt,plt(STRING)}", PLT },
	{ OBJECT ".{plt,plt(STRING)}.return", PLT_RETURN },
	{ PROCESS ".begin", PROCESS_BEGIN },
	{ PROCESS ".end", PROCESS_END },
	{ PROCESS ".thread.begin", THREAD_BEGIN },
	{ PROCESS ".thread.end", THREAD_END },
	{ PROCESS ".syscall", SYSCALL },
	{ PROCESS ".syscall.return", SYSCALL_RETURN },
	{ PROCESS ".insn{,.block}", INSN },
};

bool process_is_wildcard(const char *pattern)
{
	return strcspn(pattern, "*?[") < strcspn(pattern, "@");
}

const char *process_text(struct session *s, const struct program *p)
{
	if (p->pid && !p->is_library)
		return arena_printf(s->arena, "process(%d)", p->pid);
	return arena_printf(s->arena, "process(\"%s\")", dw_info(p->file)->path);
}

/* ---- places in code ---- */

static bool is_return(enum process_tag tag)
{
	return tag == RETURN || tag == CALLEE_RETURN || tag == PLT_RETURN;
}

struct probe *process_add_site(struct session *s, const struct point_match *m,
			       const struct program *program, const struct dw_func *func,
			       uint64_t pc, const char *name)
{
	struct probe *p = point_add_probe(s, m, &family_process, name);
	struct process_probe *data = ARENA_NEW(s->arena, struct process_probe);

	data->file = program->file;
	data->func = *func;
	data->pc = pc;
	data->is_stub = m->tag == PLT || m->tag == PLT_RETURN;
	p->data = data;
	p->function = func->name;
	p->row.kind = is_return((enum process_tag)m->tag) ? PROBE_RETURN : PROBE_SITE;
	p->row.pid = program->pid;
	if (p->row.kind == PROBE_RETURN)
		p->row.arg2 = session_limit(s, "KRETACTIVE", 0);
	return p;
}

static int match_code(struct session *s, const struct point_match *m)
{
	const struct point_part *part = point_part(m->point, "function");
	program_vec programs = { 0 };

	if (!program_find(s, m->point, &programs))
		return -1;
	if (!part)
		part = point_part(m->point, "statement");
	if (part && point_arg_of(part) == POINT_NUMBER)
		return address_match(s, m, part, &programs);
	switch ((enum process_tag)m->tag) {
	case FUNCTION:
	case CALL:
	case RETURN:
	case INLINE:
	case EXPORTED:
		return function_match(s, m, &programs);
	case LABEL:
		return label_match(s, m, &programs);
	case CALLEE:
	case CALLEE_CALL:
	case CALLEE_RETURN:
	case CALLEES:
		return callee_match(s, m, &programs);
	case STATEMENT:
	case NEAREST:
		return statement_match(s, m, &programs);
	case PLT:
	case PLT_RETURN:
		return plt_match(s, m, &programs);
	case ABSOLUTE:
	case PROCESS_BEGIN:
	case PROCESS_END:
	case THREAD_BEGIN:
	case THREAD_END:
	case SYSCALL:
	case SYSCALL_RETURN:
	case INSN:
		break;
	}
	BUG("process: tag %d is no place", m->tag);
}

/* ---- processes and threads ---- */

static void add_event(struct session *s, const struct point_match *m,
		      enum script_probe_kind kind, const struct program *program)
{
	const char *name = point_name(s, m->point);
	struct process_probe *data = ARENA_NEW(s->arena, struct process_probe);
	struct probe *p;

	if (program) {
		data->file = program->file;
		name = arena_printf(s->arena, "%s%s", process_text(s, program),
				    strchr(name, ')') + 1);
	}
	p = point_add_probe(s, m, &family_process, name);
	p->data = data;
	p->row.kind = kind;
	p->row.pid = program ? program->pid : 0;
	p->row.arg2 = p->row.pid;
}

static int match_event(struct session *s, const struct point_match *m, enum script_probe_kind kind)
{
	program_vec programs = { 0 };

	if (!m->point->parts.at[0].has_arg) {
		add_event(s, m, kind, NULL);
		return 1;
	}
	if (!program_find(s, m->point, &programs))
		return -1;
	VEC_EACH(&programs, i)
		add_event(s, m, kind, &programs.at[i]);
	return (int)programs.n;
}

static int match(struct session *s, const struct point_match *m)
{
	switch ((enum process_tag)m->tag) {
	case ABSOLUTE:
		return absolute_match(s, m);
	case PROCESS_BEGIN:
		return match_event(s, m, PROBE_PROCESS_BEGIN);
	case PROCESS_END:
		return match_event(s, m, PROBE_PROCESS_END);
	case THREAD_BEGIN:
		return match_event(s, m, PROBE_THREAD_BEGIN);
	case THREAD_END:
		return match_event(s, m, PROBE_THREAD_END);
	case SYSCALL:
		return match_event(s, m, PROBE_SYSCALL);
	case SYSCALL_RETURN:
		return match_event(s, m, PROBE_SYSCALL_RETURN);
	case INSN:
		diag_error(&s->diag, m->point->loc, E_NO_STEPPING, point_text(s->arena, m->point));
		return -1;
	case FUNCTION:
	case CALL:
	case RETURN:
	case INLINE:
	case EXPORTED:
	case LABEL:
	case CALLEE:
	case CALLEE_CALL:
	case CALLEE_RETURN:
	case CALLEES:
	case STATEMENT:
	case NEAREST:
	case PLT:
	case PLT_RETURN:
		return match_code(s, m);
	}
	BUG("process: tag %d", m->tag);
}

struct dw_file *process_default_file(const struct probe *p)
{
	const struct process_probe *data = p->data;

	return data->file;
}

bool process_plan(struct session *s, struct probe *p)
{
	const struct process_probe *data = p->data;

	switch ((enum script_probe_kind)p->row.kind) {
	case PROBE_SITE:
	case PROBE_RETURN:
		if (!plan_site(s, p, &data->func, data->pc))
			return false;
		p->row.arg = p->site_index;
		return true;
	default:
		p->row.arg = data->file ? (int64_t)plan_file(s, data->file) : -1;
		return true;
	}
}

const struct probe_family family_process = {
	.name = "process",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
	.resolve_var = process_resolve_var,
	.default_file = process_default_file,
	.list_vars = process_list_vars,
	.plan = process_plan,
	.user_runtime = true,
	.kernel_runtime = true,
	.unprivileged = true,
	.is_of_programs = true,
};
