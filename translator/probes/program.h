/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs that probe points name: process("PATH"), process(PID), process with
 * the command of -c or the process of -x, and .library("PATH") behind any of them.
 * All complaints about files that aren't there or aren't programs are made here.
 */
#ifndef TAPSTER_TRANSLATOR_PROBES_PROGRAM_H
#define TAPSTER_TRANSLATOR_PROBES_PROGRAM_H

#include "translator/dwarf/dw.h"
#include "translator/point.h"

struct program {
	struct dw_file *file;
	int pid;           /* process(PID), or 0 */
	bool is_library;
	struct dw_file *process; /* of a library: the program that it was looked for in */
};
typedef VEC(struct program) program_vec;

/* Those of point P, by its parts "process" and "library".  Several where a path has
 * wildcards.  False when it has reported; else there is at least one. */
bool program_find(struct session *s, const struct point *p, program_vec *out);

/* The file that process PART (a PID) has mapped at ADDRESS, and what that address is in it when
 * it is linked.  False when it has reported. */
bool program_at(struct session *s, const struct point_part *part, uint64_t address, struct loc loc,
		struct program *out, uint64_t *linked);

/* The libraries that FILE needs, and those that they need, and the loader itself. */
void program_needed(struct session *s, struct dw_file *file, program_vec *out);

/* The file that a string of the script names (@cast, @var): searched as a program, then
 * as a library.  NULL when it has reported (with QUIET: without a word). */
struct dw_file *program_module(struct session *s, const char *name, struct loc loc, bool quiet);

#endif
