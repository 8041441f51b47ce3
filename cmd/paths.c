/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/paths.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The directory that the running program lies in; "" where /proc doesn't tell. */
static char *own_directory(struct arena *a)
{
	char *exe = arena_alloc(a, PATH_MAX);
	ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	return exe;
}

/* DIR/../TAIL when it exists; else INSTALLED. */
static const char *beside(struct arena *a, const char *dir, const char *tail, const char *installed)
{
	char *path = realpath(arena_printf(a, "%s/../%s", dir, tail), NULL);
	char *copy = path ? arena_strdup(a, path) : NULL;

	free(path);
	return copy ? copy : installed;
}

static const char *cache_directory(struct arena *a)
{
	const char *top = getenv("TAPSTER_DIR"), *home = getenv("HOME");
	struct passwd *user;

	if (top && *top)
		return arena_printf(a, "%s/cache", top);
	if (!home || !*home) {
		user = getpwuid(getuid());
		home = user ? user->pw_dir : NULL;
	}
	return home ? arena_printf(a, "%s/.tapster/cache", home) : NULL;
}

void paths_find(struct paths *p, enum cache_use use, struct arena *a)
{
	const char *dir = own_directory(a), *data;
	char *build = realpath(TAPSTER_BUILDDIR, NULL);

	if (build && !strcmp(dir, build)) {
		p->tapset_dir = TAPSTER_SRCDIR "/tapsets";
		p->runtime_dir = TAPSTER_SRCDIR "/runtime";
		p->user_runtime = TAPSTER_BUILDDIR "/rt";
	} else {
		data = beside(a, dir, "share/tapster", TAPSTER_DATADIR);
		p->tapset_dir = arena_printf(a, "%s/tapsets", data);
		p->runtime_dir = arena_printf(a, "%s/runtime", data);
		p->user_runtime = beside(a, dir, "lib/tapster", TAPSTER_LIBDIR);
	}
	free(build);
	p->cache_dir = use == CACHE_NONE ? NULL : cache_directory(a);
	p->cache_read = use == CACHE_WRITE ? NULL : p->cache_dir;
}
