/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where records of a running script go, for the drivers of both runtimes: text to
 * standard output or to files, messages to standard error, commands to a shell.
 *
 *	FILE                    -o FILE; strftime's conversions are done when it is opened
 *	FILE.0, FILE.1, ...     -S SIZE[,COUNT]: the next one when a record would exceed SIZE;
 *	                        only the last COUNT stay
 *	FILE.1, FILE.2, ...     after sink_switch (SIGUSR2), also without -S
 *	FILE_0, FILE_1 ...      bulk mode: one for each CPU (FILE_cpu0 with cpu_names; without -o
 *	                        stpd_cpu0), each of them switched as above
 *
 * A record is never cut.  Bulk files hold SINK_MAGIC and records behind headers, for
 * taprun -M, which merges them.  Nothing here is safe for two threads but sink_switch.
 */
#ifndef TAPSTER_RUNTIME_DRIVER_SINK_H
#define TAPSTER_RUNTIME_DRIVER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/output.h"

struct sink_options {
	const char *file;    /* NULL: standard output */
	uint64_t max_bytes;  /* of a file; 0: no limit */
	unsigned max_files;  /* 0: no limit */
	bool bulk;
	bool cpu_names;
	bool no_warnings;
};

#define SINK_MAGIC "tapbulk1"
struct sink_record {
	uint64_t stamp;
	uint32_t number; /* in its file's CPU, from 0 */
	uint32_t size;   /* of the data, which follow at once */
};

struct sink;

/* Opens the first file (but none in bulk mode); NULL: it has said why not.  Commands of system()
 * get the process group GROUP (0: ours), and are to be reaped. */
struct sink *sink_open(const struct sink_options *o, pid_t group);
void sink_put(struct sink *s, enum rt_output kind, unsigned cpu, uint64_t stamp, const char *data, size_t n);
/* Writes what is held back; false, now and from then on: output was lost, and it has said so. */
bool sink_flush(struct sink *s);
/* All files are switched at the next flush; for signal handlers, too. */
void sink_switch(struct sink *s);
/* Flushes; the same as sink_flush. */
bool sink_close(struct sink *s);

/* SIZE[,COUNT] of -S, in MB; false: it is something else. */
bool sink_parse_rotation(const char *text, uint64_t *max_bytes, unsigned *max_files);

#endif
