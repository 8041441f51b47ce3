/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tool says about itself on standard error, by verbosity; and the
 * two ways in which a program of ours gives up.
 */
#ifndef TAPSTER_BASE_LOG_H
#define TAPSTER_BASE_LOG_H

/* Our own mistake: prints file and line and aborts.  Never for anything that a
 * script or a strange binary can cause. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct log {
	int verbose; /* number of -v */
};

/* Printed when log->verbose >= LEVEL; adds the newline. */
void log_at(const struct log *log, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
