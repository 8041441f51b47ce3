/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of places that process points name, each in a file of its own:
 *
 *	function.c   functions, their returns, inlined instances and labels
 *	callee.c     functions where they are called by certain others
 *	statement.c  source lines and addresses
 *	plt.c        stubs that call other files
 *
 * process.c has the patterns and calls them.  Each returns the number of probes that it has
 * added, or -1 when it has reported why there are none.
 */
#ifndef TAPSTER_TRANSLATOR_PROBES_PROCESS_INT_H
#define TAPSTER_TRANSLATOR_PROBES_PROCESS_INT_H

#include "translator/probes/process.h"
#include "translator/probes/program.h"

enum process_tag {
	FUNCTION, CALL, RETURN, INLINE, EXPORTED, LABEL,
	CALLEE, CALLEE_CALL, CALLEE_RETURN, CALLEES,
	STATEMENT, NEAREST, ABSOLUTE, PLT, PLT_RETURN,
	PROCESS_BEGIN, PROCESS_END, THREAD_BEGIN, THREAD_END, SYSCALL, SYSCALL_RETURN, INSN
};

/* ---- process.c ---- */

/* process("/bin/ls"), process(42) or process: what a name begins with. */
const char *process_text(struct session *s, const struct program *p);
bool process_is_wildcard(const char *pattern);
/* The probe at PC in FUNC, in the way of M's tag. */
struct probe *process_add_site(struct session *s, const struct point_match *m,
			       const struct program *program, const struct dw_func *func,
			       uint64_t pc, const char *name);

/* ---- function.c ---- */

int function_match(struct session *s, const struct point_match *m, const program_vec *programs);
int label_match(struct session *s, const struct point_match *m, const program_vec *programs);
/* "main@/src/t.c:23" */
const char *function_text(struct session *s, const struct dw_func *f);
/* ".call" and its like */
const char *function_suffix(enum process_tag tag);
/* Why NAME's frame isn't one that returns once, to where it was called from; or NULL. */
const char *function_why_no_return(const char *name);
/* Why PATTERN has no match in FILE. */
void function_report(struct session *s, const struct point_match *m, struct dw_file *file,
		     const char *pattern);

/* ---- callee.c ---- */

int callee_match(struct session *s, const struct point_match *m, const program_vec *programs);

/* ---- statement.c ---- */

int statement_match(struct session *s, const struct point_match *m, const program_vec *programs);
/* PART is a function or statement by its address. */
int address_match(struct session *s, const struct point_match *m, const struct point_part *part,
		  const program_vec *programs);
/* process(PID).statement(ADDRESS).absolute */
int absolute_match(struct session *s, const struct point_match *m);

/* ---- plt.c ---- */

int plt_match(struct session *s, const struct point_match *m, const program_vec *programs);
struct expr *plt_resolve_var(struct session *s, struct probe *p, struct expr *e, unsigned flags);

#endif
