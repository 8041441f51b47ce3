/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that do the same: all calls go to the first of them.  The last step of
 * pass fold, which says no word of it, as SystemTap doesn't.
 */
#ifndef TAPSTER_TRANSLATOR_MERGE_H
#define TAPSTER_TRANSLATOR_MERGE_H

struct session;

void merge_functions(struct session *s);

#endif
