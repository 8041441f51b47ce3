/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DIR/NAME, flat.  Files appear by rename, so that readers see all or nothing.
 * The time of last access is kept by hand (file systems may not); cleaning
 * removes what was used longest ago until three quarters of the bound are left.
 */
#include "translator/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sys.h"

enum { MAX_FILES = 4096 }; /* that cleaning looks at */

/* ---- keys ---- */

void cache_key_init(struct cache_key *k)
{
	/* offset basis */
	k->sum = (unsigned __int128)0x6c62272e07bb0142 << 64 | 0x62b821756295c58d;
}

static void add_bytes(struct cache_key *k, const void *data, size_t len)
{
	const unsigned __int128 prime = (unsigned __int128)1 << 88 | 0x13b;
	const unsigned char *at = data;
	unsigned __int128 sum = k->sum;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ at[i]) * prime;
	k->sum = sum;
}

void cache_key_add(struct cache_key *k, const void *data, size_t len)
{
	uint64_t n = len;

	add_bytes(k, &n, sizeof(n));
	add_bytes(k, data, len);
}

void cache_key_adds(struct cache_key *k, const char *text)
{
	cache_key_add(k, text, strlen(text));
}

void cache_key_add_file(struct cache_key *k, const char *path)
{
	struct stat st;
	int64_t identity[3] = { -1, 0, 0 };

	cache_key_adds(k, path);
	if (!stat(path, &st)) {
		identity[0] = st.st_size;
		identity[1] = st.st_mtim.tv_sec;
		identity[2] = st.st_mtim.tv_nsec;
	}
	cache_key_add(k, identity, sizeof(identity));
}

char *cache_key_text(struct arena *a, const struct cache_key *k)
{
	return arena_printf(a, "%016llx%016llx", (unsigned long long)(k->sum >> 64),
			    (unsigned long long)k->sum);
}

/* ---- files ---- */

char *cache_find(struct arena *a, const char *dir, const char *name)
{
	char *path;

	if (!dir)
		return NULL;
	path = arena_printf(a, "%s/%s", dir, name);
	if (!sys_is_file(path) || access(path, R_OK))
		return NULL;
	utimensat(AT_FDCWD, path, NULL, 0);
	return path;
}

struct aged_file {
	char name[96];
	uint64_t size;
	int64_t used;
};

static int oldest_first(const void *a, const void *b)
{
	const struct aged_file *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

void cache_clean(const char *dir, uint64_t max_bytes)
{
	struct aged_file *files = calloc(MAX_FILES, sizeof(*files));
	DIR *d = opendir(dir);
	struct dirent *entry;
	uint64_t total = 0;
	size_t n = 0;

	if (!files || !d)
		goto out;
	while (n < MAX_FILES && (entry = readdir(d))) {
		struct stat st;

		if (strlen(entry->d_name) >= sizeof(files[n].name) ||
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		strcpy(files[n].name, entry->d_name);
		files[n].size = (uint64_t)st.st_blocks * 512;
		files[n].used = st.st_mtim.tv_sec;
		total += files[n++].size;
	}
	if (total <= max_bytes && n < MAX_FILES)
		goto out;
	qsort(files, n, sizeof(*files), oldest_first);
	for (size_t i = 0; i < n && (total > max_bytes * 3 / 4 || n - i > MAX_FILES * 3 / 4); i++)
		if (!unlinkat(dirfd(d), files[i].name, 0))
			total -= files[i].size;
out:
	if (d)
		closedir(d);
	free(files);
}

char *cache_put(struct arena *a, const char *dir, const char *name, const char *file)
{
	char *path = NULL;
	struct buf data;

	if (!dir || sys_mkdirs(dir, 0700))
		return NULL;
	buf_init(&data);
	if (!sys_read_file(file, &data)) {
		path = arena_printf(a, "%s/%s", dir, name);
		if (sys_write_file_atomic(path, data.data, data.len, 0600))
			path = NULL;
	}
	buf_fini(&data);
	if (path)
		cache_clean(dir, CACHE_BYTES);
	return path;
}
