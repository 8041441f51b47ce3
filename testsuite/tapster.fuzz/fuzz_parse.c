/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scanner, preprocessor, parser and printer on any text: nothing crashes, and the
 * tree of a text without errors prints as a text that parses to one that prints the
 * same.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "lang/ast_print.h"
#include "lang/parse.h"

/* Parses TEXT and prints its tree; false: it has errors. */
static bool parse_and_print(struct parse_env *env, const char *text, size_t len, struct buf *out)
{
	struct source source = { .name = "fuzz", .text = text, .len = (uint32_t)len };
	struct syntax_file *file = parse_source(env, sources_add(env->sources, &source));

	if (env->diag->n_errors)
		return false;
	ast_print_file(out, file);
	return true;
}

static void check(struct parse_env *env, const char *text, size_t len)
{
	struct buf once, twice;

	buf_init(&once);
	buf_init(&twice);
	if (parse_and_print(env, text, len, &once)) {
		if (!parse_and_print(env, once.data, once.len, &twice)) {
			fprintf(stderr, "What was printed can't be parsed:\n%s", once.data);
			diag_flush(env->diag, stderr);
			abort();
		}
		if (once.len != twice.len || memcmp(once.data, twice.data, once.len)) {
			fprintf(stderr, "It prints as\n%sand that as\n%s", once.data, twice.data);
			abort();
		}
	}
	diag_flush(env->diag, stderr);
	buf_fini(&once);
	buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const args[] = { "17", "a word" };
	struct arena *a = arena_new("a text");
	struct sources *sources = sources_new(a);
	char *text = arena_strndup(a, (const char *)data, size);
	struct diag diag;
	struct parse_env env = {
		.arena = a,
		.names = intern_new(a),
		.sources = sources,
		.diag = &diag,
		.kernel_release = "6.1.0-56-amd64",
		.arch = "x86_64",
		.runtime = "user",
		.privilege = "stapdev",
		.guru = true,
		.args = args,
		.n_args = sizeof(args) / sizeof(*args),
	};

	diag_init(&diag, a, sources_locate, sources);
	diag.kind = "parse error";
	check(&env, text, strlen(text));
	arena_free(a);
	return 0;
}
