/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/cache.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "unit.h"

static struct arena *a;
static char *dir;

static const char *key_of(const char *x, const char *y)
{
	struct cache_key k;

	cache_key_init(&k);
	cache_key_adds(&k, x);
	cache_key_adds(&k, y);
	return cache_key_text(a, &k);
}

static void keys(void)
{
	CHECK(!strcmp(key_of("text", "flags"), key_of("text", "flags")));
	CHECK(strcmp(key_of("text", "flags"), key_of("text", "flagt")));
	CHECK(strcmp(key_of("ab", "c"), key_of("a", "bc")));
	CHECK(strlen(key_of("", "")) == 32);
}

static void file_key(void)
{
	const char *path = arena_printf(a, "%s/input", dir), *before;
	struct cache_key k;

	cache_key_init(&k);
	cache_key_add_file(&k, path);
	before = cache_key_text(a, &k);
	CHECK(!sys_write_file_atomic(path, "1", 1, 0600));
	cache_key_init(&k);
	cache_key_add_file(&k, path);
	CHECK(strcmp(before, cache_key_text(a, &k)));
}

static void put_and_find(void)
{
	const char *file = arena_printf(a, "%s/object", dir), *path;
	const char *cache = arena_printf(a, "%s/deep/cache", dir);
	struct buf data;

	CHECK(!sys_write_file_atomic(file, "content", 7, 0600));
	CHECK(!cache_find(a, cache, "x.so"));
	path = cache_put(a, cache, "x.so", file);
	CHECK(path && !strcmp(path, arena_printf(a, "%s/x.so", cache)));
	CHECK(cache_find(a, cache, "x.so"));
	CHECK(!cache_find(a, cache, "y.so"));
	buf_init(&data);
	CHECK(path && !sys_read_file(path, &data) && !strcmp(data.data, "content"));
	buf_fini(&data);
}

/* No directory, a file in its place, no input: as if there were no cache. */
static void unusable(void)
{
	const char *file = arena_printf(a, "%s/object", dir);

	CHECK(!cache_find(a, NULL, "x.so"));
	CHECK(!cache_put(a, NULL, "x.so", file));
	CHECK(!cache_put(a, file, "x.so", file));
	CHECK(!cache_find(a, file, "x.so"));
	CHECK(!cache_put(a, dir, "x.so", arena_printf(a, "%s/missing", dir)));
}

static void clean(void)
{
	const char *cache = arena_printf(a, "%s/clean", dir);
	char data[8192] = { 1 };

	CHECK(!sys_mkdirs(cache, 0700));
	for (int i = 0; i < 10; i++) {
		const char *path = arena_printf(a, "%s/%d", cache, i);
		struct timespec used[2] = { { .tv_sec = 1000 + i }, { .tv_sec = 1000 + i } };

		CHECK(!sys_write_file_atomic(path, data, sizeof(data), 0600));
		CHECK(!utimensat(AT_FDCWD, path, used, 0));
	}
	CHECK(cache_find(a, cache, "0")); /* used now: the oldest is 1 */
	cache_clean(cache, 10 * sizeof(data));
	CHECK(sys_is_file(arena_printf(a, "%s/1", cache)));
	cache_clean(cache, 8 * sizeof(data));
	CHECK(sys_is_file(arena_printf(a, "%s/0", cache)));
	for (int i = 1; i < 10; i++)
		CHECK(sys_is_file(arena_printf(a, "%s/%d", cache, i)) == (i > 4));
}

static void setup(void)
{
	a = arena_new("test");
	CHECK_INT(sys_temp_dir(a, NULL, "tapster-unit", &dir), 0);
}

static void teardown(void)
{
	CHECK_INT(sys_remove_tree(dir), 0);
	arena_free(a);
}

UNIT_MAIN(TEST(setup), TEST(keys), TEST(file_key), TEST(put_and_find), TEST(unusable), TEST(clean),
	  TEST(teardown))
