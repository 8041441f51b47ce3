/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs: files in /proc/systemtap/MODULE/ whose reading or writing runs a handler, on
 * the kernel runtime.  $value is what the reader gets, and may only be written; or what the
 * writer gave, and may only be read.  It becomes calls of tapsets/procfs.stp.
 */
#include "translator/choose.h"
#include "translator/point.h"

#include <string.h>

#include "base/buf.h"
#include "translator/point_messages.h"

static const struct point_pattern patterns[] = {
	{ "procfs{,(STRING)}{,.umask(NUMBER)}.read{,.maxsize(NUMBER)}", PROBE_PROCFS_READ },
	{ "procfs{,(STRING)}{,.umask(NUMBER)}.write", PROBE_PROCFS_WRITE },
};

enum { UMASK = 077, MODES = 0777, MAX_SIZE = 16 << 20 };

/* NULL, or why PATH is no name of a file. */
static const char *check_path(const char *path)
{
	if (!*path)
		return "is empty";
	if (*path == '/')
		return "cannot start with a '/'";
	if (!strcmp(path, ".") || !strcmp(path, ".."))
		return "cannot be relative (and contain '.' or '..')";
	return strchr(path, '/') ? "cannot contain subdirectories" : NULL;
}

static bool is_taken(struct session *s, const char *path, uint32_t kind)
{
	VEC_EACH(&s->probes, i) {
		const struct probe *p = s->probes.at[i];

		if (p->family == &family_procfs && p->row.kind == kind && !strcmp(p->symbol, path))
			return true;
	}
	return false;
}

static int match(struct session *s, const struct point_match *m)
{
	const struct point_part *first = &m->point->parts.at[0], *umask = point_part(m->point, "umask"),
				*size = point_part(m->point, "maxsize");
	const char *path = first->has_arg ? point_string(first) : "command", *why = check_path(path);
	uint32_t kind = (uint32_t)m->tag;
	bool reads = kind == PROBE_PROCFS_READ;
	int64_t mask = umask ? point_number(umask) : UMASK;
	struct probe *p;

	if (s->runtime != RUNTIME_KERNEL && !s->opt.list) {
		choose_needs_kernel(s, point_text(s->arena, m->point));
		diag_error(&s->diag, m->point->loc, E_NEEDS_KERNEL, point_text(s->arena, m->point));
	} else if (why)
		diag_error(&s->diag, first->arg->loc, E_PROCFS_PATH, why);
	else if (mask & ~(int64_t)MODES)
		diag_error(&s->diag, umask->arg->loc, E_PROCFS_UMASK);
	else if (size && (point_number(size) < 1 || point_number(size) > MAX_SIZE))
		diag_error(&s->diag, size->arg->loc, E_PROCFS_SIZE, MAX_SIZE);
	else if (is_taken(s, path, kind))
		diag_error(&s->diag, m->point->loc, E_PROCFS_TAKEN, reads ? "read" : "write", path);
	else
		goto add;
	return -1;
add:
	p = point_add_probe(s, m, &family_procfs, point_name(s, m->point));
	p->symbol = path;
	p->row.kind = kind;
	p->row.arg = (reads ? 0444 : 0222) & ~mask;
	p->row.arg2 = size ? point_number(size) :
			     session_limit(s, "STP_PROCFS_BUFSIZE", session_max_string(s));
	return 1;
}

/* ---- $value ---- */

static bool is_value(struct session *s, const struct expr *e)
{
	if (e->target.is_at_var || strcmp(e->target.name, "$value"))
		diag_error(&s->diag, e->loc, E_PROCFS_VARIABLE,
			   e->target.is_at_var ? e->target.var_name : e->target.name);
	else if (e->target.components.n || e->target.is_address)
		diag_error(&s->diag, e->loc, E_PROCFS_VALUE_PART);
	else
		return true;
	return false;
}

static struct expr *call(struct session *s, struct loc loc, const char *function, struct expr *arg)
{
	struct expr *e = expr_new(s->arena, EXPR_CALL, loc);

	e->call.name = intern(s->names, function);
	if (arg)
		VEC_PUSH(s->arena, &e->call.args, arg);
	return e;
}

static struct expr *resolve_var(struct session *s, struct probe *p, struct expr *e, unsigned flags)
{
	struct diag_mark mark = diag_mark(&s->diag);
	struct expr *value = NULL;

	if (!is_value(s, e))
		;
	else if (p->row.kind == PROBE_PROCFS_READ)
		diag_error(&s->diag, e->loc, E_PROCFS_READ);
	else
		value = call(s, e->loc, "__procfs_written", NULL);
	if (flags & RESOLVE_QUIET) {
		diag_rollback(&s->diag, mark);
		/* there it is, if only to be written */
		return value || strcmp(e->target.name, "$value") ? value : e;
	}
	return value;
}

static struct expr *assign_var(struct session *s, struct probe *p, struct expr *e)
{
	const struct expr *target = e->assign.target;

	if (!is_value(s, target))
		return NULL;
	if (p->row.kind == PROBE_PROCFS_WRITE) {
		diag_error(&s->diag, target->loc, E_PROCFS_WRITE);
		return NULL;
	}
	if (e->assign.op != OP_NONE && e->assign.op != OP_CONCAT) {
		diag_error(&s->diag, target->loc, E_PROCFS_READ);
		return NULL;
	}
	return call(s, e->loc, e->assign.op == OP_NONE ? "__procfs_answer" : "__procfs_add", e->assign.value);
}

static void list_vars(struct session *s, const struct probe *p, struct buf *out)
{
	(void)s;
	(void)p;
	buf_adds(out, " $value:string");
}

const struct probe_family family_procfs = {
	.name = "procfs",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
	.resolve_var = resolve_var,
	.assign_var = assign_var,
	.list_vars = list_vars,
	.kernel_runtime = true,
};
