/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random scripts: the same seed gives the same text.  They are well typed, end,
 * and do what the language reference defines, errors included.
 */
#ifndef TAPSTER_TESTSUITE_GENERATE_H
#define TAPSTER_TESTSUITE_GENERATE_H

#include <stdint.h>

#include "base/buf.h"

/* One script: globals, functions, and begin probes with the number SEED.  Its names end in SEED,
 * so that the texts of different seeds make one script. */
void generate(uint64_t seed, struct buf *out);

/* A sequence of numbers, also for the choice of options. */
struct chance {
	uint64_t state;
};
struct chance chance_from(uint64_t seed);
unsigned chance_below(struct chance *c, unsigned n);

#endif
