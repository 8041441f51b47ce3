/* SPDX-License-Identifier: GPL-2.0-or-later */
/* @perf("NAME"): the counter that a probe perf...counter("NAME") has named. */
#ifndef TAPSTER_TRANSLATOR_PROBES_PERF_H
#define TAPSTER_TRANSLATOR_PROBES_PERF_H

#include "translator/session.h"

/* What takes E's place, to be resolved; NULL: it has reported.  P: the probe whose handler it is in; NULL: in a function. */
struct expr *perf_read(struct session *s, const struct probe *p, const struct expr *e);

#endif
