/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ordered pass table: the architecture on one page (passes.c), and its
 * runner, which times the five groups as stap -v does, stops behind the first
 * pass that reported an error, and serves -pN and --dump=PASS.
 *
 *	pass      group  needs                      leaves
 *	parse       1    the script's text          user_files
 *	expand      2    user_files, library        probes (concrete), runtime
 *	resolve     2    probes                     names -> vars, functions; globals; ACCESS nodes
 *	prune       2    resolved names             unused variables, functions, probes gone
 *	infer       2    resolved names             types
 *	check       2    types                      nothing: only refuses; regexes compiled
 *	fold        2    types                      constants folded, dead branches gone (and
 *	                                            what prune finds unused then)
 *	plan        2    probes                     sites, files
 *	late        3    final tree                 nothing: only refuses
 *	effects     3    final tree                 is_read, is_written, is_recursive
 *	lower       3    final tree                 temporaries
 *	locks       3    effects, temporaries       what is locked: STMT_LOCKED; is_atomic, is_counter
 *	emit        3    everything above           c_text
 *	build       4    c_text                     object_path
 */
#ifndef TAPSTER_TRANSLATOR_PASSES_H
#define TAPSTER_TRANSLATOR_PASSES_H

#include <stdbool.h>

struct session;

/* When no more files will be read: of the script's arguments, those that nobody has asked for. */
void parse_warn_unused_args(struct session *s);

/* Each in the file of its name. False: it has reported an error. */
bool pass_parse(struct session *s);
bool pass_expand(struct session *s);
bool pass_resolve(struct session *s);
bool pass_prune(struct session *s);
bool pass_infer(struct session *s);
bool pass_check(struct session *s);
bool pass_fold(struct session *s);
bool pass_plan(struct session *s);
bool pass_late(struct session *s);
bool pass_effects(struct session *s);
bool pass_locks(struct session *s);
bool pass_lower(struct session *s);
bool pass_emit(struct session *s);
bool pass_build(struct session *s);

/* Runs all passes up to opt.last_pass (at most 4: running is cmd/'s business). */
bool passes_run(struct session *s);

#endif
