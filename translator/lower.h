/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two questions about a lowered expression that its printing depends on;
 * see lower.c for what lowering does.
 */
#ifndef TAPSTER_TRANSLATOR_LOWER_H
#define TAPSTER_TRANSLATOR_LOWER_H

#include <stdbool.h>

struct expr;

/* Of an expression whose children are plain: is it more than reads and arithmetic?
 * Then it is the root of its statement. */
bool lower_is_operation(const struct expr *e);
/* Can that operation raise an error? */
bool lower_can_fail(const struct expr *e);

#endif
