/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of the kernel's functions and tracepoints, for probe points: from the
 * first of these that there is, none of which needs root:
 *
 *	System.map             of the headers' folder or /boot (Debian's is empty)
 *	/proc/kallsyms         of the running kernel
 *	/boot/vmlinuz-RELEASE  unpacked, its own table (kallsyms.h); kept in the cache
 *
 * Which events belong to which subsystem is in no table; the headers say it.
 */
#ifndef TAPSTER_TRANSLATOR_KERNEL_SYMBOLS_H
#define TAPSTER_TRANSLATOR_KERNEL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

struct session;

enum kernel_symbol_state {
	KERNEL_SYMBOL_OK = 'F',
	KERNEL_SYMBOL_REFUSED = 'X',   /* the kernel allows no probes there */
	KERNEL_SYMBOL_AMBIGUOUS = '2', /* several functions have this name */
};

struct kernel_symbol {
	const char *name;
	enum kernel_symbol_state state;
};

struct kernel_symbols {
	const struct kernel_symbol *functions; /* by name */
	size_t n_functions;
	const char *const *tracepoints; /* "sched:sched_switch", or a name alone; sorted */
	size_t n_tracepoints;
};

/* Of the session's kernel; looked for once.  NULL: there is no list. */
const struct kernel_symbols *kernel_symbols(struct session *s);
/* NULL: there is no such function. */
const struct kernel_symbol *kernel_symbol_find(const struct kernel_symbols *k, const char *name);

#endif
