/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects by content: a file is found again by a hash over everything that it was
 * made from.  A cache that can't be read or written, or a full disk, is the same
 * as an empty one; nothing here is an error.
 */
#ifndef TAPSTER_TRANSLATOR_CACHE_H
#define TAPSTER_TRANSLATOR_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { CACHE_BYTES = 64 << 20 /* that a cache may hold */ };

struct cache_key {
	unsigned __int128 sum; /* FNV-1a, 128 bits */
};

void cache_key_init(struct cache_key *k);
/* Lengths count: "ab" + "c" is not "a" + "bc". */
void cache_key_add(struct cache_key *k, const void *data, size_t len);
void cache_key_adds(struct cache_key *k, const char *text);
/* A file by its path, size and time of last change; its content is not read. */
void cache_key_add_file(struct cache_key *k, const char *path);
/* 32 hexadecimal digits. */
char *cache_key_text(struct arena *a, const struct cache_key *k);

/* The cached file of that name in DIR, marked as used just now; NULL when there is none. */
char *cache_find(struct arena *a, const char *dir, const char *name);
/* Puts a copy of FILE in and returns its path; NULL when that does not work.  Old files
 * go when the cache is too big. */
char *cache_put(struct arena *a, const char *dir, const char *name, const char *file);
/* Where DIR's files are more than MAX_BYTES: removes those used longest ago until three
 * quarters of that are left. */
void cache_clean(const char *dir, uint64_t max_bytes);

#endif
