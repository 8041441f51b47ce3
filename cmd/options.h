/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line.  options.def is the list of options; a row and a function
 * are all that a new one needs.
 */
#ifndef TAPSTER_CMD_OPTIONS_H
#define TAPSTER_CMD_OPTIONS_H

#include "base/arena.h"
#include "translator/session.h"

enum options_result {
	OPTIONS_RUN,  /* go on */
	OPTIONS_DONE, /* --help, --version: all is said; exit 0 */
	OPTIONS_BAD   /* reported on standard error; exit 1 */
};

/* Fills in O, whose texts stay those of ARGV or are in A. */
enum options_result options_parse(struct options *o, struct arena *a, int argc, char **argv);

#endif
