/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What embedded C may call on the user runtime as it may in the kernel: the common
 * functions on strings and memory.  Included by generated C that has embedded C of the script.
 * Linux's own headers are not there.
 */
#ifndef TAPSTER_RUNTIME_USER_EMBEDDED_H
#define TAPSTER_RUNTIME_USER_EMBEDDED_H

#include "runtime/api.h"

#pragma GCC visibility push(hidden)

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int with, size_t n);
int memcmp(const void *a, const void *b, size_t n);

size_t strlen(const char *s) __asm__("rt_str_len");
int strcmp(const char *a, const char *b) __asm__("rt_str_cmp");
int snprintf(char *restrict to, size_t size, const char *restrict format, ...) __asm__("rt_snprintf");

int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *part);
size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcat(char *to, const char *from, size_t size);

#pragma GCC visibility pop

#endif
