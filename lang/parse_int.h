/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the parser share: scanner (lex.l) -> tokens of a whole text
 * -> preprocessor (pp.c) -> grammar (grammar.y).
 *
 * The scanner turns a text into an array of tokens in one go.  Conditionals and
 * macros then are walks over such arrays: a macro's body and a macro call's
 * argument are ranges of tokens, and nothing is scanned twice.
 */
#ifndef TAPSTER_LANG_PARSE_INT_H
#define TAPSTER_LANG_PARSE_INT_H

#include "lang/parse.h"

enum {
	MAX_DEPTH = 2000,          /* of the syntax tree: what recursive passes must stand */
	MAX_MACRO_DEPTH = 200,     /* of expansions */
	MAX_MACRO_TOKENS = 1 << 20, /* that expansions may yield: nested doubling ends here */
	MAX_ALTERNATIVES = 1 << 14, /* probe points that {a,b} may expand to */
	MAX_ARRAY_SIZE = INT32_MAX,
	MAX_STAT_SHIFT = 62,
	MAX_KEYS = 9,
	MAX_ERRORS = 200           /* of one text: the rest of it is not read */
};

/* A token of the scanner.  KIND is one of the grammar's (grammar.h). */
struct token {
	int kind;
	uint32_t offset; /* of its first byte in the source */
	uint32_t end;    /* behind its last byte */
	uint32_t len;    /* of TEXT */
	union {
		const char *text; /* names are interned; strings and embedded C have LEN bytes */
		uint64_t number;
	};
};

struct tokens {
	struct token *at; /* on the heap */
	size_t n, cap;
};

void tokens_fini(struct tokens *t);

/* Scans all of a source.  Errors become tokens of kind JUNK, which the preprocessor reports
 * unless it skips them; so text in an untaken branch is never judged. */
void lex_source(struct parse_env *env, uint32_t source, struct tokens *out);

/* What a JUNK token is about; its LEN holds this. */
enum junk { JUNK_QUOTE, JUNK_EMBEDDED, JUNK_NUMBER, JUNK_CHARACTER, JUNK_ARGUMENT, JUNK_NESTED };

/* The names of operators that begin with '@', which no library macro may shadow. */
bool lex_is_operator(const char *name);
/* The I-th of them; NULL behind the last. */
const char *lex_operator(size_t i);

/* ---- preprocessor ---- */

struct pp;

struct pp *pp_new(struct parse_env *env, uint32_t source, const struct tokens *tokens);
void pp_free(struct pp *pp);

/* The next token of the program, strings joined, and where it is.  Kind 0 at the end,
 * SCRIPT_error where something has just been reported. */
struct token pp_next(struct pp *pp, struct loc *loc);

/* Reads definitions to the end of the source. */
void pp_read_macros(struct pp *pp, struct map *macros);

/* ---- grammar ---- */

/* State of one parse; the grammar's actions reach it as P. */
struct parser {
	struct parse_env *env;
	struct arena *arena;
	struct pp *pp;
	const struct source *source;
	struct syntax_file *file;
	struct map globals;      /* names declared in this file */
	bool in_function;        /* what the declaration being read is */
	bool is_private;
	bool is_epilogue;
	bool too_deep;           /* reported */
};

/*
 * Parses the format of printf: escapes are resolved in TEXT.  Reports at LOC
 * and returns false where stap refuses.
 */
bool format_parse(struct parser *p, struct loc loc, const char *text, uint32_t len, struct expr *print);

#endif
