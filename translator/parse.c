/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Needs:   the command line.
 * Leaves:  user_files (the script first, then those of -E), script_text, the unread library.
 * Refuses: a script that cannot be read; everything that lang/ refuses.
 */
#include "translator/passes.h"

#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "lang/parse.h"
#include "translator/choose.h"
#include "translator/library.h"
#include "translator/messages.h"
#include "translator/session.h"

/* The text of the file, or of standard input for "-".  NULL: it has reported. */
static const char *read_script(struct session *s, const char *path)
{
	struct buf text;
	const char *copy = NULL;
	int err;

	buf_init(&text);
	err = strcmp(path, "-") ? sys_read_file(path, &text) : sys_read_fd(STDIN_FILENO, &text);
	if (err)
		diag_error(&s->diag, (struct loc){ 0 }, E_SCRIPT_READ, path, strerror(-err));
	else if (strlen(text.data) != text.len)
		diag_error(&s->diag, (struct loc){ 0 }, E_SCRIPT_NUL, path, strlen(text.data));
	else
		copy = arena_memdup(s->arena, text.data, text.len + 1);
	buf_fini(&text);
	return copy;
}

static struct syntax_file *parse_script(struct session *s, const char *name, const char *text)
{
	struct source source = { .name = name, .text = text, .len = (uint32_t)strlen(text) };
	struct parse_env env;
	struct syntax_file *file;
	unsigned errors = s->diag.n_errors;

	library_parse_env(s, &env);
	file = parse_source(&env, sources_add(s->sources, &source));
	if (!file->decls.n && s->diag.n_errors == errors)
		diag_error(&s->diag, (struct loc){ 0 }, E_SCRIPT_EMPTY, name);
	VEC_PUSH(s->arena, &s->user_files, file);
	return file;
}

void parse_warn_unused_args(struct session *s)
{
	for (size_t i = 0; i < s->opt.args.n; i++)
		if (!s->args_used[i])
			diag_warning(&s->diag, (struct loc){ 0 }, W_UNUSED_ARGUMENT, i + 1, i + 1);
}

bool pass_parse(struct session *s)
{
	const char *text = s->opt.script_text, *name = "<input>";
	unsigned errors = s->diag.n_errors;

	s->args_used = ARENA_ARRAY(s->arena, s->opt.args.n, bool);
	s->library = library_new(s);
	if (!text) {
		text = read_script(s, s->opt.script_file);
		if (!text)
			return false;
		if (strcmp(s->opt.script_file, "-"))
			name = s->opt.script_file;
	}
	s->script_text = text;
	s->user_file = parse_script(s, name, text);
	VEC_EACH(&s->opt.extra_scripts, i)
		parse_script(s, arena_printf(s->arena, "<input%zu>", i + 1),
			     s->opt.extra_scripts.at[i]);
	if (s->opt.last_pass == 1)
		parse_warn_unused_args(s);
	else
		choose_by_text(s);
	return s->diag.n_errors == errors;
}
