/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types of a C header, for @cast(value, "type", "<sys/time.h>"). */
#ifndef TAPSTER_TRANSLATOR_PROBES_HEADER_H
#define TAPSTER_TRANSLATOR_PROBES_HEADER_H

#include "translator/dwarf/dw.h"
#include "translator/session.h"

/* A file whose debug information has all that #include NAME ("<sys/time.h>") declares: made by
 * the C compiler, kept in the cache.  NULL when it has reported (with QUIET: without a word). */
struct dw_file *header_types(struct session *s, const char *name, struct loc loc, bool quiet);

#endif
