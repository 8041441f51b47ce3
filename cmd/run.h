/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pass 5: arms the probes of the compiled object and streams its output. */
#ifndef TAPSTER_CMD_RUN_H
#define TAPSTER_CMD_RUN_H

struct session;

/* Returns the exit status of the program. */
int run_session(struct session *s);

#endif
