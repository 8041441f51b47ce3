/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Script modules of the kernel runtime: loading, finding and removing them.
 * Functions that return bool have printed why not.
 */
#ifndef TAPSTER_CMD_LOAD_H
#define TAPSTER_CMD_LOAD_H

#include <stdbool.h>
#include <stddef.h>

enum { MODULE_NAME_SIZE = 56 }; /* the kernel's MODULE_NAME_LEN */

/* Loads PATH.  When a module of its name is there it is loaded as NAME_2, NAME_3 ...; NAME
 * is what it became. */
bool load_module(const char *path, unsigned buffer_mb, char name[MODULE_NAME_SIZE]);
/* The engine, when the module in PATH needs it and it isn't there; ENGINE is its file, NULL: the
 * one beside PATH, of the name that the module has for it or tapster_uprobes.ko. */
bool load_engine(const char *path, const char *engine);
bool remove_module(const char *name);
/* From before loading until the session is open: else remove_finished of another loader takes the
 * module for one that was left.  A descriptor to be closed, or -1. */
int lock_loading(void);
/* Modules whose script is over, or never ran, left by a loader that was killed; under the lock. */
void remove_finished(void);
/* These, and those that were left running. */
void remove_unused(void);
/* The engine goes when nobody uses it; no message when somebody does. */
void remove_engine(void);

#endif
