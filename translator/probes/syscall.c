/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target variables of process.syscall and its return: $syscall, the call's number;
 * $arg1 to $arg6 and $$parms, where it is entered; $return, where it returns.
 */
#include "translator/probes/process.h"

#include <string.h>

#include "base/buf.h"
#include "runtime/api.h"
#include "translator/point_messages.h"
#include "translator/probes/access_expr.h"

enum { ARGUMENTS = 6 };

static const component_vec no_components;

static struct expr *value(struct session *s, const struct expr *origin, enum rt_syscall_value which,
			  const char *name)
{
	struct access_path *path = ARENA_NEW(s->arena, struct access_path);

	path->store_reg = -1;
	path->text = name;
	VEC_PUSH(s->arena, &path->ops, ((struct access_op){ ACC_SYSCALL, which, 0 }));
	return access_expr(s, origin, NULL, path, NULL, &no_components);
}

/* "$arg1=0x1 $arg2=..." */
static struct expr *parameters(struct session *s, const struct expr *origin)
{
	struct expr *e = expr_new(s->arena, EXPR_PRINT, origin->loc);
	const char *format = "";

	e->type = TY_STRING;
	e->print.has_format = true;
	e->print.to_string = true;
	for (int i = 1; i <= ARGUMENTS; i++) {
		const char *text = arena_printf(s->arena, "%s$arg%d=", i > 1 ? " " : "", i);
		struct print_part literal = { .conv = CONV_LITERAL, .text = text,
					      .text_len = (uint32_t)strlen(text) };
		struct print_part number = { .conv = CONV_HEX, .flags = PRINT_ALT };

		VEC_PUSH(s->arena, &e->print.parts, literal);
		VEC_PUSH(s->arena, &e->print.parts, number);
		VEC_PUSH(s->arena, &e->print.args,
			 value(s, origin, RT_SYSCALL_NUMBER + i, arena_printf(s->arena, "$arg%d", i)));
		format = arena_printf(s->arena, "%s%s%%#x", format, text);
	}
	e->print.format = format;
	return e;
}

/* 0: NAME is no argument; -1: it is one that no system call has. */
static int argument_of(const char *name)
{
	static const char prefix[] = "$arg";
	const size_t n = sizeof(prefix) - 1;

	if (strncmp(name, prefix, n) || strspn(name + n, "0123456789") != strlen(name + n) || !name[n])
		return 0;
	return name[n] >= '1' && name[n] <= '0' + ARGUMENTS && !name[n + 1] ? name[n] - '0' : -1;
}

struct expr *syscall_resolve_var(struct session *s, struct probe *p, struct expr *e, unsigned flags)
{
	const char *name = e->target.name;
	bool is_return = p->row.kind == PROBE_SYSCALL_RETURN;
	int argument = argument_of(name);
	struct diag_mark mark = diag_mark(&s->diag);
	struct expr *found = NULL;

	if (e->target.components.n || e->target.is_address)
		diag_error(&s->diag, e->loc, E_SYSCALL_NUMBER_ONLY, name);
	else if (!strcmp(name, "$syscall"))
		found = value(s, e, RT_SYSCALL_NUMBER, name);
	else if (is_return && !strcmp(name, "$return"))
		found = value(s, e, RT_SYSCALL_RETURN, name);
	else if (!is_return && argument > 0)
		found = value(s, e, RT_SYSCALL_NUMBER + argument, name);
	else if (!is_return && !strcmp(name, "$$parms"))
		found = parameters(s, e);
	else if (!is_return && argument < 0)
		diag_error(&s->diag, e->loc, E_SYSCALL_ARGUMENT, ARGUMENTS);
	else
		diag_error(&s->diag, e->loc, E_NO_VARIABLE, name, "",
			   is_return ? " (alternatives: $syscall, $return)" :
				       " (alternatives: $syscall, $arg1 to $arg6, $$parms)");
	if (flags & RESOLVE_QUIET)
		diag_rollback(&s->diag, mark);
	return found;
}

void syscall_list_vars(const struct probe *p, struct buf *out)
{
	buf_adds(out, " $syscall:long");
	if (p->row.kind == PROBE_SYSCALL_RETURN)
		buf_adds(out, " $return:long");
	for (int i = 1; i <= ARGUMENTS && p->row.kind == PROBE_SYSCALL; i++)
		buf_printf(out, " $arg%d:long", i);
}
