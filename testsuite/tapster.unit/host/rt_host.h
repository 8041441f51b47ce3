/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hosted runtime of the unit tests: runtime/core/ linked into an ordinary
 * program, with a port that collects output in memory and whose clocks stand
 * where the test puts them; and the tables of a small script.
 */
#ifndef TAPSTER_TESTSUITE_RT_HOST_H
#define TAPSTER_TESTSUITE_RT_HOST_H

#include "runtime/api.h"
#include "runtime/port.h"

enum { HOST_PROBES = 4, HOST_GLOBALS = 8 };

/* A fresh session and a context of id 1. */
struct rt_context *host_start(void);
struct rt_context *host_context(uint16_t id);
/* What has been submitted as KIND since the last call; good until the next one. */
const char *host_take(enum rt_output kind);
/* What print has collected in the context, without submitting; and empties it. */
const char *host_printed(struct rt_context *c);
unsigned host_records(enum rt_output kind); /* since host_start */

extern uint64_t host_realtime_ns; /* 0: the real clocks */
extern void (*host_repair)(uint32_t global);

#endif
