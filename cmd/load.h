/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Script modules of the kernel runtime: may they be loaded here, and loading,
 * finding and removing them.  Functions that return bool have printed why not.
 */
#ifndef TAPSTER_CMD_LOAD_H
#define TAPSTER_CMD_LOAD_H

#include <stdbool.h>
#include <stddef.h>

enum { MODULE_NAME_SIZE = 56 }; /* the kernel's MODULE_NAME_LEN */

/* NULL: modules can be loaded; else one sentence on what forbids it. */
const char *load_refusal(void);

/* Loads PATH.  When a module of its name is there it is loaded as NAME_2, NAME_3 ...; NAME
 * is what it became. */
bool load_module(const char *path, unsigned buffer_mb, char name[MODULE_NAME_SIZE]);
/* The engine, when the module in PATH needs it and it isn't there; ENGINE is its file, NULL: the
 * one beside PATH. */
bool load_engine(const char *path, const char *engine);
bool remove_module(const char *name);
/* The engine goes when nobody uses it; no message when somebody does. */
void remove_engine(void);

#endif
