/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes of user programs: functions, their returns and inlined instances,
 * statements and addresses, and the beginning and end of processes and threads.
 * program.c finds the files, target.c the variables.
 */
#include "translator/probes/process.h"

#include <string.h>

#include "translator/near.h"
#include "translator/plan.h"
#include "translator/point_messages.h"
#include "translator/probes/program.h"

enum process_tag {
	FUNCTION, CALL, RETURN, INLINE, STATEMENT,
	PROCESS_BEGIN, PROCESS_END, THREAD_BEGIN, THREAD_END, SYSCALL, SYSCALL_RETURN,
	NOT_THERE
};

#define PROCESS "{process,process(NUMBER),process(STRING)}"
#define OBJECT PROCESS "{,.library(STRING)}"
#define NAMED OBJECT ".function(STRING)"

static const struct point_pattern patterns[] = {
	{ OBJECT ".function({NUMBER,STRING})", FUNCTION },
	{ OBJECT ".function({NUMBER,STRING}).call", CALL },
	{ OBJECT ".function({NUMBER,STRING}).return", RETURN },
	{ OBJECT ".function({NUMBER,STRING}).inline", INLINE },
	{ OBJECT ".function({NUMBER,STRING}).exported", NOT_THERE },
	{ NAMED ".callee(STRING){,.call,.return}", NOT_THERE },
	{ NAMED ".{callees,callees(NUMBER),label(STRING)}", NOT_THERE },
	{ OBJECT ".statement({NUMBER,STRING}){,.nearest}", STATEMENT },
	{ PROCESS ".statement(NUMBER).absolute", NOT_THERE },
	{ OBJECT ".{plt,plt(STRING)}{,.return}", NOT_THERE },
	{ PROCESS ".begin", PROCESS_BEGIN },
	{ PROCESS ".end", PROCESS_END },
	{ PROCESS ".thread.begin", THREAD_BEGIN },
	{ PROCESS ".thread.end", THREAD_END },
	{ PROCESS ".syscall", SYSCALL },
	{ PROCESS ".syscall.return", SYSCALL_RETURN },
	{ PROCESS ".insn{,.block}", NOT_THERE },
};

static const struct loc nowhere; /* of a hint in words */

static bool is_wildcard(const char *pattern)
{
	return strcspn(pattern, "*?[") < strcspn(pattern, "@");
}

/* process("/bin/ls"), process(42) or process: what a name begins with. */
static const char *program_text(struct session *s, const struct program *p)
{
	if (p->pid && !p->is_library)
		return arena_printf(s->arena, "process(%d)", p->pid);
	return arena_printf(s->arena, "process(\"%s\")", dw_info(p->file)->path);
}

static void add_site(struct session *s, const struct point_match *m, const struct program *program,
		     const struct dw_func *func, uint64_t pc, const char *name)
{
	struct probe *p = point_add_probe(s, m, &family_process, name);
	struct process_probe *data = ARENA_NEW(s->arena, struct process_probe);

	data->file = program->file;
	data->func = *func;
	data->pc = pc;
	p->data = data;
	p->function = func->name;
	p->row.kind = m->tag == RETURN ? PROBE_RETURN : PROBE_SITE;
	p->row.pid = program->pid;
}

/* ---- functions ---- */

static const char *suffix(enum process_tag tag)
{
	switch (tag) {
	case CALL: return ".call";
	case RETURN: return ".return";
	case INLINE: return ".inline";
	default: return "";
	}
}

static const char *function_text(struct session *s, const struct dw_func *f)
{
	if (!f->decl_file)
		return f->name;
	return arena_printf(s->arena, "%s@%s:%u", f->name, f->decl_file, f->decl_line);
}

/* Why NAME's frame isn't one that returns once, to where it was called from; or NULL. */
static const char *why_no_return(const char *name)
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

	if (m->tag == RETURN && (f->is_inlined || why_no_return(f->name)))
		return false;
	add_site(s, m, program, f, pc,
		 arena_printf(s->arena, "%s.function(\"%s\")%s", program_text(s, program),
			      function_text(s, f), suffix(m->tag)));
	VEC_LAST(&s->probes)->is_one_of_many =
		is_wildcard(point_string(point_part(m->point, "function")));
	return true;
}

/* Why PATTERN has no match in the last program looked at. */
static void report_no_function(struct session *s, const struct point_match *m,
			       struct dw_file *file, const char *pattern)
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
	if (!is_wildcard(pattern))
		why = dw_why_absent(file, name);
	if (m->tag == RETURN && why_no_return(name))
		diag_note(&s->diag, nowhere, "'%s' %s", name, why_no_return(name));
	else if (why && m->tag == RETURN && !strncmp(why, "inlined", strlen("inlined")))
		diag_note(&s->diag, nowhere, "'%s' is %s: there is no return to probe", name, why);
	else if (why)
		diag_note(&s->diag, nowhere, "'%s' is %s", name, why);
	else
		diag_note(&s->diag, nowhere, "%s: %s", dw_info(file)->path, dw_describe(file));
}

static int match_functions(struct session *s, const struct point_match *m, const char *pattern,
			   const program_vec *programs)
{
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
		report_no_function(s, m, VEC_LAST(programs).file, pattern);
		return -1;
	}
	return count;
}

/* ---- addresses and statements ---- */

static int match_address(struct session *s, const struct point_match *m,
			 const struct point_part *part, const program_vec *programs)
{
	uint64_t address = (uint64_t)point_number(part);
	int count = 0;

	VEC_EACH(programs, i) {
		const struct program *program = &programs->at[i];
		const char *name = arena_printf(s->arena, "%s.%s(0x%llx)%s",
						program_text(s, program), part->name,
						(unsigned long long)address, suffix(m->tag));
		struct dw_func func = { 0 };
		uint64_t offset;

		if (!dw_file_offset(program->file, address, &offset))
			continue;
		if (!dw_func_at(program->file, address, &func)) {
			if (m->tag != STATEMENT)
				continue;
			func = (struct dw_func){ .file = program->file, .name = "",
						 .address = address };
		}
		add_site(s, m, program, &func,
			 m->tag == STATEMENT ? address :
			 m->tag == RETURN ? func.address : func.probe_address, name);
		count++;
	}
	if (!count) {
		diag_error(&s->diag, part->arg->loc, E_NO_ADDRESS, (unsigned long long)address,
			   dw_info(VEC_LAST(programs).file)->path);
		return -1;
	}
	return count;
}

static int match_lines(struct session *s, const struct point_match *m,
		       const struct point_part *part, const program_vec *programs)
{
	const char *pattern = point_string(part);
	int count = 0;

	VEC_EACH(programs, i) {
		const struct program *program = &programs->at[i];
		dw_line_vec hits = { 0 };

		dw_find_lines(program->file, pattern, &hits);
		VEC_EACH(&hits, k) {
			const struct dw_line_hit *hit = &hits.at[k];

			add_site(s, m, program, &hit->func, hit->address,
				 arena_printf(s->arena, "%s.statement(\"%s@%s:%u\")",
					      program_text(s, program), hit->func.name, hit->src,
					      hit->line));
			VEC_LAST(&s->probes)->is_one_of_many = hits.n > 1;
			count++;
		}
	}
	if (!count) {
		struct dw_file *file = VEC_LAST(programs).file;

		diag_error(&s->diag, part->arg->loc, E_NO_STATEMENT, pattern, dw_info(file)->path);
		diag_note(&s->diag, nowhere, "%s: %s", dw_info(file)->path, dw_describe(file));
		return -1;
	}
	return count;
}

static int match_code(struct session *s, const struct point_match *m)
{
	const struct point_part *part = point_part(m->point, "function");
	program_vec programs = { 0 };

	if (!part)
		part = point_part(m->point, "statement");
	if (!program_find(s, m->point, &programs))
		return -1;
	if (point_arg_of(part) == POINT_NUMBER)
		return match_address(s, m, part, &programs);
	if (m->tag == STATEMENT)
		return match_lines(s, m, part, &programs);
	return match_functions(s, m, point_string(part), &programs);
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
		name = arena_printf(s->arena, "%s%s", program_text(s, program),
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

	if (s->runtime == RUNTIME_USER && (kind == PROBE_SYSCALL || kind == PROBE_SYSCALL_RETURN)) {
		diag_error(&s->diag, m->point->loc, E_POINT_MISSING,
			   point_text(s->arena, m->point));
		return -1;
	}
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
	case FUNCTION:
	case CALL:
	case RETURN:
	case INLINE:
	case STATEMENT:
		return match_code(s, m);
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
	case NOT_THERE:
		diag_error(&s->diag, m->point->loc, E_POINT_MISSING,
			   point_text(s->arena, m->point));
		return -1;
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
};
