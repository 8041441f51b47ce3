/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that name variables of the probed program, themselves or through what they
 * call.  What such a name means depends on the probe, so that every probe that calls one has
 * its own copy, and the original is never resolved.
 */
#ifndef TAPSTER_TRANSLATOR_PLACED_H
#define TAPSTER_TRANSLATOR_PLACED_H

#include "translator/session.h"

bool placed_is(struct session *s, struct decl *function);
/* The copy of FUNCTION for P, made when first asked for. */
struct decl *placed_copy(struct session *s, struct decl *function, struct probe *p);

#endif
