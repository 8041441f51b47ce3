/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding programs as the shell does, libraries as the loader does: see program.h.
 */
#include "translator/probes/program.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "translator/choose.h"
#include "translator/point_messages.h"

static bool has_wildcard(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

/* ---- opening ---- */

/* "#! /usr/bin/env python3" of the file PATH: the program that runs it, or NULL. */
static const char *interpreter_of(struct arena *a, const char *path)
{
	struct buf text;
	const char *found = NULL;

	buf_init(&text);
	if (sys_read_file(path, &text) == 0 && text.len > 2 && !memcmp(text.data, "#!", 2)) {
		char *line = arena_strndup(a, text.data + 2, strcspn(text.data + 2, "\n"));
		char *rest, *word = strtok_r(line, " \t", &rest);

		if (word && !strcmp(word, "/usr/bin/env"))
			word = strtok_r(NULL, " \t", &rest);
		found = word && strchr(word, '/') ? word : word ? sys_find_program(a, word) : NULL;
	}
	buf_fini(&text);
	return found;
}

static void report_open(struct session *s, struct loc loc, const char *path,
			enum dw_open_error why, const char *text)
{
	switch (why) {
	case DW_NO_FILE:
		diag_error(&s->diag, loc, E_OPEN_PROGRAM, path, text);
		return;
	case DW_NOT_ELF:
		diag_error(&s->diag, loc, E_NOT_ELF, path, text);
		return;
	case DW_WRONG_MACHINE:
		diag_error(&s->diag, loc, E_WRONG_MACHINE, path, text);
		return;
	case DW_NOT_EXECUTABLE:
		diag_error(&s->diag, loc, E_NOT_EXECUTABLE, path, text);
		return;
	case DW_OK:
		break;
	}
	BUG("dw_open failed without a reason: %s", path);
}

static struct dw_file *open_file(struct session *s, const char *path, struct loc loc, bool quiet)
{
	enum dw_open_error why;
	const char *text = NULL;
	struct dw_file *f = dw_open(s->dw, path, &why, &text);

	for (int depth = 0; !f && why == DW_NOT_ELF && depth < 4; depth++) {
		const char *interpreter = interpreter_of(s->arena, path);

		if (!interpreter)
			break;
		path = interpreter;
		f = dw_open(s->dw, path, &why, &text);
	}
	if (!f && !quiet)
		report_open(s, loc, path, why, text ? text : "no more is known");
	if (f && dw_info(f)->is_32bit && s->runtime == RUNTIME_USER) {
		choose_needs_kernel(s, "a 32-bit program");
		if (!quiet)
			diag_error(&s->diag, loc, E_PROGRAM_32BIT, dw_info(f)->path);
		return NULL;
	}
	return f;
}

static void add_program(struct session *s, struct program like, struct dw_file *file,
			program_vec *out)
{
	like.file = file;
	VEC_EACH(out, i)
		if (out->at[i].file == file && out->at[i].pid == like.pid)
			return;
	VEC_PUSH(s->arena, out, like);
}

/* Every program or library among the paths that match PATTERN. */
static size_t open_matches(struct session *s, const char *pattern, struct program like,
			   struct loc loc, program_vec *out)
{
	glob_t found;
	size_t n = out->n;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *path = arena_strdup(s->arena, found.gl_pathv[i]);

			if (!sys_is_file(path))
				continue;
			like.file = open_file(s, path, loc, true);
			if (like.file)
				add_program(s, like, like.file, out);
		}
		globfree(&found);
	}
	return out->n - n;
}

/* ---- programs ---- */

static bool find_by_path(struct session *s, const char *path, struct loc loc, program_vec *out)
{
	struct program p = { 0 };

	if (has_wildcard(path)) {
		if (open_matches(s, path, p, loc, out))
			return true;
		diag_error(&s->diag, loc, E_NO_PATH_MATCH, path);
		return false;
	}
	if (*path && !strchr(path, '/')) {
		const char *found = sys_find_program(s->arena, path);

		if (!found) {
			diag_error(&s->diag, loc, E_NO_EXECUTABLE, path, ": not in $PATH");
			if (access(path, F_OK) == 0)
				diag_note(&s->diag, (struct loc){ 0 },
					  "for the file in this directory write \"./%s\"", path);
			return false;
		}
		path = found;
	} else if (access(path, F_OK) < 0) {
		diag_error(&s->diag, loc, E_NO_EXECUTABLE, path,
			   *path ? arena_printf(s->arena, ": %s", strerror(errno)) : "");
		return false;
	}
	p.file = open_file(s, path, loc, false);
	if (p.file)
		VEC_PUSH(s->arena, out, p);
	return p.file != NULL;
}

static bool find_by_pid(struct session *s, int64_t pid, struct loc loc, program_vec *out)
{
	struct program p = { .pid = (int)pid };
	char path[64];

	if (pid < 1 || pid > INT32_MAX || (kill((pid_t)pid, 0) < 0 && errno == ESRCH)) {
		diag_error(&s->diag, loc, E_NO_PID, (long long)pid, strerror(ESRCH));
		return false;
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", p.pid);
	if (access(path, R_OK) < 0) {
		diag_error(&s->diag, loc, E_NO_PID, (long long)pid, strerror(errno));
		return false;
	}
	p.file = open_file(s, path, loc, false);
	if (p.file)
		VEC_PUSH(s->arena, out, p);
	return p.file != NULL;
}

/* The first word of the command of -c, where no shell is needed to tell. */
static bool find_command(struct session *s, struct loc loc, program_vec *out)
{
	const char *command = s->opt.command;
	const char *word;

	while (isspace((unsigned char)*command))
		command++;
	word = arena_strndup(s->arena, command, strcspn(command, " \t\n"));
	if (!*word || strpbrk(command, "|&;<>(){}`$") || strpbrk(word, "='\"\\*?[")) {
		diag_error(&s->diag, loc, E_COMMAND_SHELL, s->opt.command);
		return false;
	}
	return find_by_path(s, word, loc, out);
}

static bool find_process(struct session *s, const struct point_part *part, program_vec *out)
{
	switch (point_arg_of(part)) {
	case POINT_STRING:
		return find_by_path(s, point_string(part), part->arg->loc, out);
	case POINT_NUMBER:
		return find_by_pid(s, point_number(part), part->arg->loc, out);
	case POINT_NO_ARG:
		if (s->opt.command)
			return find_command(s, part->loc, out);
		if (s->opt.target_pid)
			return find_by_pid(s, s->opt.target_pid, part->loc, out);
		diag_error(&s->diag, part->loc, E_NO_PROCESS);
		return false;
	}
	return false;
}

/* ---- libraries ---- */

/* NAME in the directories of a list like $LD_LIBRARY_PATH; NULL when it is in none. */
static const char *find_in_list(struct session *s, const char *dirs, const char *origin,
				const char *name)
{
	for (const char *p = dirs; p && *p; p += strcspn(p, ":"), p += *p == ':') {
		int len = (int)strcspn(p, ":");
		const char *path = arena_printf(s->arena, "%.*s/%s", len, p, name);

		if (origin && !strncmp(p, "$ORIGIN", strlen("$ORIGIN")))
			path = arena_printf(s->arena, "%s%.*s/%s", origin,
					    len - (int)strlen("$ORIGIN"), p + strlen("$ORIGIN"),
					    name);
		if (len && sys_is_file(path))
			return path;
	}
	return NULL;
}

/* As the loader would find it for FILE. */
static const char *find_soname(struct session *s, struct dw_file *file, const char *name)
{
	static const char system_dirs[] =
		"/usr/local/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:"
		"/usr/local/lib:/lib64:/usr/lib64:/lib:/usr/lib";
	const char *path = NULL;

	if (strchr(name, '/'))
		return sys_is_file(name) ? name : NULL;
	if (file) {
		const char *own = dw_info(file)->path;
		int len = (int)(strrchr(own, '/') - own);

		path = find_in_list(s, dw_needed(file)->run_path,
				    arena_printf(s->arena, "%.*s", len, own), name);
	}
	if (!path)
		path = find_in_list(s, getenv("LD_LIBRARY_PATH"), NULL, name);
	return path ? path : find_in_list(s, system_dirs, NULL, name);
}

typedef VEC(struct dw_file *) file_vec;

static void add_library(struct session *s, const char *path, struct loc loc, file_vec *out)
{
	struct dw_file *f = path ? open_file(s, path, loc, true) : NULL;

	if (!f)
		return;
	VEC_EACH(out, i)
		if (out->at[i] == f)
			return;
	VEC_PUSH(s->arena, out, f);
}

/* All that FILE needs and that those need, and the loader itself. */
static void add_needed(struct session *s, struct dw_file *file, struct loc loc, file_vec *out)
{
	file_vec todo = { 0 };

	VEC_PUSH(s->arena, &todo, file);
	VEC_EACH(&todo, i) {
		const struct dw_needed *needed = dw_needed(todo.at[i]);

		VEC_EACH(&needed->names, k)
			add_library(s, find_soname(s, todo.at[i], needed->names.at[k]), loc,
				    &todo);
	}
	add_library(s, dw_info(file)->interpreter, loc, &todo);
	for (size_t i = 1; i < todo.n; i++)
		VEC_PUSH(s->arena, out, todo.at[i]);
}

void program_needed(struct session *s, struct dw_file *file, program_vec *out)
{
	file_vec needed = { 0 };

	add_needed(s, file, (struct loc){ 0 }, &needed);
	VEC_EACH(&needed, i)
		add_program(s, (struct program){ .is_library = true }, needed.at[i], out);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Library NAME of a process: a path; or the name, perhaps with wildcards, of one that
 * the program needs; or, without wildcards, of one that it may load later.
 */
static void find_library(struct session *s, const char *name, struct program process,
			 struct loc loc, program_vec *out)
{
	size_t before = out->n;
	file_vec needed = { 0 };
	struct dw_file *found = NULL;

	process.is_library = true;
	process.process = process.file;
	if (strchr(name, '/')) {
		open_matches(s, name, process, loc, out);
		return;
	}
	add_needed(s, process.file, loc, &needed);
	VEC_EACH(&needed, i)
		if (fnmatch(name, base_name(dw_info(needed.at[i])->path), 0) == 0)
			add_program(s, process, needed.at[i], out);
	if (out->n > before || has_wildcard(name))
		return;
	/* the name that is asked for may be a link to another */
	name = find_soname(s, process.file, name);
	found = name ? open_file(s, name, loc, true) : NULL;
	if (found)
		add_program(s, process, found, out);
}

static bool find_libraries(struct session *s, const struct point_part *part,
			   const program_vec *processes, program_vec *out)
{
	const char *name = point_string(part);

	VEC_EACH(processes, i)
		find_library(s, name, processes->at[i], part->arg->loc, out);
	if (out->n)
		return true;
	if (strchr(name, '/') && !has_wildcard(name) && access(name, F_OK) == 0)
		open_file(s, name, part->arg->loc, false); /* for its message */
	else if (has_wildcard(name) && !strchr(name, '/'))
		diag_error(&s->diag, part->arg->loc, E_NO_LIBRARY, name,
			   ": the program needs none of that name");
	else
		diag_error(&s->diag, part->arg->loc, E_NO_LIBRARY, name,
			   strchr(name, '/') ? "" : ": not in the loader's directories");
	return false;
}

bool program_find(struct session *s, const struct point *p, program_vec *out)
{
	const struct point_part *library = point_part(p, "library");
	program_vec processes = { 0 };

	if (!library)
		return find_process(s, &p->parts.at[0], out);
	return find_process(s, &p->parts.at[0], &processes) &&
	       find_libraries(s, library, &processes, out);
}

/* A line of /proc/PID/maps: executable code of a file around ADDRESS. */
static bool maps_code(const char *line, uint64_t address, uint64_t *offset, const char **path)
{
	unsigned long long start, end, from;
	int at = 0;

	if (sscanf(line, "%llx-%llx r%*1[-w]xp %llx %*s %*s %n", &start, &end, &from, &at) != 3 || !at ||
	    line[at] != '/' || address < start || address >= end)
		return false;
	*offset = from + (address - start);
	*path = line + at;
	return true;
}

bool program_at(struct session *s, const struct point_part *part, uint64_t address, struct loc loc,
		struct program *out, uint64_t *linked)
{
	program_vec main = { 0 };
	const char *path = NULL;
	uint64_t offset = 0;
	struct buf text;
	char maps[64];

	if (!find_process(s, part, &main))
		return false;
	*out = main.at[0];
	snprintf(maps, sizeof(maps), "/proc/%d/maps", out->pid);
	buf_init(&text);
	if (sys_read_file(maps, &text) == 0) {
		for (char *line = text.data, *end; !path && *line; line = end) {
			end = line + strcspn(line, "\n");
			if (*end)
				*end++ = '\0';
			if (maps_code(line, address, &offset, &path))
				path = arena_strdup(s->arena, path);
		}
	}
	buf_fini(&text);
	out->file = path ? open_file(s, path, loc, true) : NULL;
	if (out->file && dw_address_of_offset(out->file, offset, linked))
		return true;
	diag_error(&s->diag, loc, E_NO_MAPPING, (unsigned long long)address, (long long)out->pid);
	return false;
}

struct dw_file *program_module(struct session *s, const char *name, struct loc loc, bool quiet)
{
	program_vec found = { 0 };
	struct diag_mark mark = diag_mark(&s->diag);
	struct dw_file *file;
	const char *library;

	if (find_by_path(s, name, loc, &found))
		return found.at[0].file;
	if (quiet)
		diag_rollback(&s->diag, mark);
	library = find_soname(s, NULL, name);
	file = library ? open_file(s, library, loc, true) : NULL;
	if (file)
		diag_rollback(&s->diag, mark);
	return file;
}
