/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of SystemTap's library that look at the kernel: the user
 * runtime cannot have them, and a script that calls one is told so rather than
 * that the name is unknown.
 */
#ifndef TAPSTER_TRANSLATOR_KERNEL_FUNCTIONS_H
#define TAPSTER_TRANSLATOR_KERNEL_FUNCTIONS_H

#include <stdbool.h>

bool is_kernel_function(const char *name);
/* The language whose programs the function is about, or NULL. */
const char *foreign_function(const char *name);

#endif
