/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a handler holds its locks; see hold.c. */
#ifndef TAPSTER_TRANSLATOR_HOLD_H
#define TAPSTER_TRANSLATOR_HOLD_H

#include <stdbool.h>

struct session;
struct probe;

/* Of a global. */
struct sharing {
	bool is_written; /* by a probe that does not run alone */
	bool needs_lock;
	unsigned n_users;     /* probes that touch it and don't run alone */
	unsigned n_combiners; /* of them, those that combine it with another */
};

/* Puts STMT_LOCKED into the body of P.  OF: of all globals, by their ids. */
void hold_locks(struct session *s, struct probe *p, const struct sharing *of);

#endif
