/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking away what nobody can notice.  prune_once makes one round over every
 * probe and function and says whether anything went; pass_prune calls it until
 * nothing does, and so does pass_fold, whose constants leave more to take.
 */
#ifndef TAPSTER_TRANSLATOR_PRUNE_H
#define TAPSTER_TRANSLATOR_PRUNE_H

#include <stdbool.h>

struct session;

bool prune_once(struct session *s, bool is_typed);
/* Takes away the functions that no probe calls. */
void prune_functions(struct session *s);

#endif
