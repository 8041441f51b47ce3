/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of bulk mode (runtime/driver/sink.h) put together into text, by time. */
#ifndef TAPSTER_CMD_MERGE_H
#define TAPSTER_CMD_MERGE_H

#include <stdbool.h>

/* FILES end with a NULL; OUTPUT NULL: standard output.  Verbose: each record behind its
 * "[file,number,length]".  False: reported. */
bool merge_bulk(const char *output, char *const *files, bool verbose);

#endif
