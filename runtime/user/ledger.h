/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for what must survive the driver: which processes were changed, and
 * where.  It is shared with the front (rescue.h), at the same address, so
 * plain pointers within it are good in both.  Once there is a driver, it alone allocates.
 */
#ifndef TAPSTER_RUNTIME_USER_LEDGER_H
#define TAPSTER_RUNTIME_USER_LEDGER_H

#include <stddef.h>

/* Before the driver is started.  0 or -errno. */
int ledger_open(void);
/* Zeroed; NULL when the ledger is full. */
void *ledger_alloc(size_t size);
void ledger_free(void *p, size_t size);
/* The head of the list of spaces (space.h). */
struct space;
struct space *ledger_root(void);
void ledger_set_root(struct space *sp);

#endif
