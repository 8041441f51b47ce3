/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/diag.h"

#include <stdlib.h>

#include "unit.h"

#define E_NAME "E_NAME", "unresolved function '%s'"
#define E_SEMICOLON "E_SEMICOLON", "expected ';'"
#define W_ODD "W_ODD", "odd"

static const char script[] = "probe begin { foo() }\n\tx = \"a\\\"b\" <<< 1\n";

/* Text 1 is the script; text 2 a macro's body, used at byte 14 of the script. */
static void locate(void *sources, struct loc loc, struct diag_place *out)
{
	const char *line = script;

	(void)sources;
	if (loc.file == 2) {
		*out = (struct diag_place){
			.file = "lib.stpm", .line = 3, .column = 2, .text = "@x + 1", .text_len = 6,
			.parent = { 1, 14 }, .via = "macro '@m'",
		};
		return;
	}
	out->line = loc.offset < 22 ? 1 : 2;
	line += out->line == 1 ? 0 : 22;
	*out = (struct diag_place){
		.file = "a.stp", .line = out->line, .text = line,
		.column = (unsigned)(script + loc.offset - line) + 1,
		.text_len = (unsigned)(strchr(line, '\n') - line),
	};
}

static struct arena *arena;
static struct diag d;

static void start(const char *kind)
{
	arena = arena_new("test");
	diag_init(&d, arena, locate, NULL);
	d.kind = kind;
}

/* What a flush prints, in the arena, which is dropped by the next start. */
static const char *flushed(void)
{
	char *text, *copy;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	diag_flush(&d, out);
	fclose(out);
	copy = arena_strdup(arena, text);
	free(text);
	return copy;
}

static void shape_of_a_semantic_error(void)
{
	start("semantic error");
	diag_error(&d, (struct loc){ 1, 14 }, E_NAME, "foo");
	CHECK_STR(flushed(), "semantic error: unresolved function 'foo': identifier 'foo' at a.stp:1:15\n"
			     "        source: probe begin { foo() }\n"
			     "                              ^\n\n");
	CHECK_INT(d.n_errors, 1);
	CHECK_STR(flushed(), "");
	arena_free(arena);
}

static void shape_of_a_parse_error(void)
{
	start("parse error");
	d.verbose = 2;
	diag_error(&d, (struct loc){ 1, 27 }, E_SEMICOLON);
	CHECK_STR(flushed(), "parse error: expected ';' [E_SEMICOLON]\n"
			     "        saw: string 'a\\\"b' at a.stp:2:6\n"
			     "        source: \tx = \"a\\\"b\" <<< 1\n"
			     "                \t    ^\n\n");
	arena_free(arena);
}

static void macro_chain(void)
{
	start("semantic error");
	diag_error(&d, (struct loc){ 2, 0 }, E_NAME, "y");
	CHECK_STR(flushed(), "semantic error: unresolved function 'y': identifier 'x' at lib.stpm:3:2\n"
			     "        source: @x + 1\n"
			     "                 ^\n"
			     "\tin expansion of macro '@m': identifier 'foo' at a.stp:1:15\n"
			     "        source: probe begin { foo() }\n"
			     "                              ^\n\n");
	arena_free(arena);
}

static void notes_go_with_their_message(void)
{
	struct loc nowhere = { 0 };

	start("semantic error");
	d.no_warnings = true;
	diag_warning(&d, nowhere, W_ODD);
	diag_note(&d, nowhere, "unseen");
	diag_error(&d, nowhere, E_NAME, "f");
	diag_note(&d, nowhere, "seen");
	diag_error(&d, nowhere, E_NAME, "f"); /* said already */
	CHECK_STR(flushed(), "semantic error: unresolved function 'f'\n        note: seen\n\n");
	CHECK_INT(d.n_errors, 2);
	CHECK_INT(d.n_warnings, 1);
	arena_free(arena);
}

static void warnings_as_errors(void)
{
	start("semantic error");
	d.warnings_as_errors = true;
	diag_warning(&d, (struct loc){ 0 }, W_ODD);
	CHECK_INT(d.n_errors, 1);
	CHECK_STR(flushed(), "semantic error: odd\n\n");
	arena_free(arena);
}

static void colors(void)
{
	start("semantic error");
	d.color = true;
	diag_error(&d, (struct loc){ 1, 14 }, E_NAME, "foo");
	CHECK_STR(flushed(), "\033[1;31msemantic error:\033[m unresolved function 'foo': "
			     "identifier 'foo' at a.stp:1:15\n"
			     "        source: \033[34mprobe begin { foo() }\033[m\n"
			     "                              \033[1m^\033[m\n\n");
	arena_free(arena);
}

static void only_so_many_are_printed(void)
{
	start("semantic error");
	d.max_errors = 2;
	for (int i = 0; i < 5; i++)
		diag_error(&d, (struct loc){ 0 }, E_NAME, arena_printf(arena, "f%d", i));
	CHECK_STR(flushed(), "semantic error: unresolved function 'f0'\n\n"
			     "semantic error: unresolved function 'f1'\n\n"
			     "3 more errors not shown\n");
	arena_free(arena);
}

static void rollback_takes_back(void)
{
	struct diag_mark mark;

	start("semantic error");
	mark = diag_mark(&d);
	diag_error(&d, (struct loc){ 0 }, E_NAME, "f");
	diag_rollback(&d, mark);
	CHECK_INT(d.n_errors, 0);
	CHECK_STR(flushed(), "");
	diag_error(&d, (struct loc){ 0 }, E_NAME, "g");
	CHECK_STR(flushed(), "semantic error: unresolved function 'g'\n\n");
	arena_free(arena);
}

static void similar_names_nearest_first(void)
{
	static const char *const names[] = { "exit", "foobar", "fob", "foo1", "zzzzzzzz", "fob" };
	const char *out[3];

	CHECK_INT(diag_similar("foo", names, 6, out, 3), 3);
	CHECK_STR(out[0], "fob");
	CHECK_STR(out[1], "foo1");
	CHECK_STR(out[2], "foobar");
	CHECK_INT(diag_similar("foo", names, 0, out, 3), 0);
	CHECK_INT(diag_similar("exit", names, 1, out, 3), 1);
}

UNIT_MAIN(TEST(shape_of_a_semantic_error), TEST(shape_of_a_parse_error), TEST(macro_chain),
	  TEST(notes_go_with_their_message), TEST(warnings_as_errors), TEST(colors),
	  TEST(only_so_many_are_printed), TEST(rollback_takes_back),
	  TEST(similar_names_nearest_first))
