/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passes 1 to 3, from any text to C, in process, with the build's own tapsets: no
 * crash, no hang.  The length of the text chooses among the options.
 */
#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "translator/passes.h"
#include "translator/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("a text");
	struct options opt = {
		.script_text = arena_strndup(a, (const char *)data, size),
		.last_pass = 3,
		.runtime = size & 1 ? RUNTIME_KERNEL : RUNTIME_USER,
		.unoptimized = size & 2,
		.guru = size & 4,
		.module_name = "fuzz",
		.kernel_release = "6.1.0-56-amd64",
	};
	struct session s;

	session_init(&s, &opt, a);
	s.paths = (struct paths){
		.tapset_dir = TAPSTER_SRCDIR "/tapsets",
		.runtime_dir = TAPSTER_SRCDIR "/runtime",
		.user_runtime = TAPSTER_BUILDDIR "/rt",
	};
	passes_run(&s);
	session_fini(&s);
	arena_free(a);
	return 0;
}
