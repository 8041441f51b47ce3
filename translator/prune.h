/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking away what nobody can notice.  prune_once makes one round over every
 * probe and function and says whether there is reason for another; pass_prune
 * makes rounds before types are looked at, fold those behind.
 */
#ifndef TAPSTER_TRANSLATOR_PRUNE_H
#define TAPSTER_TRANSLATOR_PRUNE_H

#include <stdbool.h>

struct session;

/* IS_CHECKED: nothing more will be refused, so rounds go on while anything goes. */
bool prune_once(struct session *s, bool is_checked);
/* Takes away what stands behind a jump.  False: there was nothing. */
bool prune_hidden(struct session *s);
/* Takes away functions, globals and locals that nobody mentions. */
void prune_unused(struct session *s);

#endif
