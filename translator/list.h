/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -l and -L: the probes that pass expand has found, by name, and with -L the target
 * variables that each has. */
#ifndef TAPSTER_TRANSLATOR_LIST_H
#define TAPSTER_TRANSLATOR_LIST_H

#include "base/buf.h"

struct session;

void list_probes(struct session *s, struct buf *out);

#endif
