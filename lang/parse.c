/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One source through scanner, preprocessor and grammar. */
#include "lang/parse.h"

#include "lang/grammar.h"
#include "lang/parse_int.h"

struct syntax_file *parse_source(struct parse_env *env, uint32_t source)
{
	struct syntax_file *file = ARENA_NEW(env->arena, struct syntax_file);
	struct parser p = {
		.env = env,
		.arena = env->arena,
		.source = sources_get(env->sources, source),
		.file = file,
	};
	struct tokens tokens;

	file->source = source;
	file->is_tapset = p.source->is_tapset;
	map_init(&p.globals, env->arena);
	lex_source(env, source, &tokens);
	p.pp = pp_new(env, source, &tokens);
	script_parse(&p);
	tokens_fini(&tokens);
	return file;
}

bool parse_macros(struct parse_env *env, uint32_t source, struct map *macros)
{
	unsigned errors = env->diag->n_errors;
	struct tokens tokens, kept;

	lex_source(env, source, &tokens);
	/* the macros' bodies are ranges of these */
	kept = tokens;
	if (tokens.n)
		kept.at = arena_memdup(env->arena, tokens.at, tokens.n * sizeof(*tokens.at));
	tokens_fini(&tokens);
	pp_read_macros(pp_new(env, source, &kept), macros);
	return env->diag->n_errors == errors;
}
