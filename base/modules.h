/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May this process load modules into the running kernel?  TAPSTER_SYSROOT in the
 * environment is put before the paths that are looked at, for tests.
 */
#ifndef TAPSTER_BASE_MODULES_H
#define TAPSTER_BASE_MODULES_H

/* NULL: it may; else a sentence on what forbids it and how to change that. */
const char *modules_refusal(void);

#endif
