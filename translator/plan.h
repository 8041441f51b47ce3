/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What families call from their plan callbacks: files and sites of the program as a whole. */
#ifndef TAPSTER_TRANSLATOR_PLAN_H
#define TAPSTER_TRANSLATOR_PLAN_H

#include "translator/dwarf/dw.h"
#include "translator/session.h"

/* Index of F in session.files; added when it isn't there. */
uint32_t plan_file(struct session *s, struct dw_file *f);

/* Plans a site at PC inside of FUNC for P: fills in p->site and p->site_index, shared with
 * other probes of the same place.  False when it has reported, or, where the point's
 * name was a wildcard, has warned: then the probe goes. */
bool plan_site(struct session *s, struct probe *p, const struct dw_func *func, uint64_t pc);

#endif
