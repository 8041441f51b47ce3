/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the program finds its own parts.  A program that lies in the build
 * tree uses the source and build trees; another one the installation that it
 * lies in (BINDIR/../share/tapster), or else the one it was configured for.
 */
#ifndef TAPSTER_CMD_PATHS_H
#define TAPSTER_CMD_PATHS_H

#include "base/arena.h"
#include "translator/session.h"

void paths_find(struct paths *p, enum cache_use use, struct arena *a);

#endif
