/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Computing what can be computed before the script runs: a service to infer, and a pass. */
#ifndef TAPSTER_TRANSLATOR_FOLD_H
#define TAPSTER_TRANSLATOR_FOLD_H

#include <stdbool.h>

struct session;

/* Computes constants, takes away what can never run, and what is useless then.  False: there was
 * nothing to compute or to take away. */
bool fold_untyped(struct session *s);

#endif
