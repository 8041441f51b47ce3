/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program: options, passes 1 to 4, pass 5, exit status. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd/options.h"
#include "cmd/paths.h"
#include "cmd/run.h"
#include "translator/cache.h"
#include "translator/passes.h"
#include "translator/session.h"

/* As every run does that has put something in. */
static int clean_cache(const char *dir)
{
	if (dir)
		cache_clean(dir, CACHE_BYTES);
	return EXIT_SUCCESS;
}

static int compile_and_run(const struct options *o, struct arena *a)
{
	struct session s;
	int status = EXIT_FAILURE;

	session_init(&s, o, a);
	paths_find(&s.paths, o->cache_use, a);
	if (o->cache_use == CACHE_CLEAN)
		status = clean_cache(s.paths.cache_dir);
	else if (passes_run(&s))
		status = o->last_pass < 5 || o->dump_pass ? EXIT_SUCCESS : run_session(&s);
	session_fini(&s);
	return status;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new("the run");
	struct options o;
	int status = EXIT_FAILURE;

	switch (options_parse(&o, a, argc, argv)) {
	case OPTIONS_RUN:
		status = compile_and_run(&o, a);
		break;
	case OPTIONS_DONE:
		status = EXIT_SUCCESS;
		break;
	case OPTIONS_BAD:
		break;
	}
	arena_free(a);
	if (fflush(stdout) || ferror(stdout))
		status = EXIT_FAILURE;
	return status;
}
