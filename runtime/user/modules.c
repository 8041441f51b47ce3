/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of what is mapped in a process (struct user_modules), for scripts that
 * ask for the names of addresses: made from /proc/PID/maps when sites are armed
 * and when the dynamic linker has changed its list.  A module is a run of
 * mappings of one file some of which are executable.
 */
#include "runtime/user/space_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_module(const struct mapping *m)
{
	return (m->inode && strncmp(m->path, "/memfd:tapster", 14) != 0) ||
	       (m->is_exec && strcmp(m->path, "[vdso]") == 0);
}

/* Index behind the run of mappings of one file that begins with FIRST; *HAS_CODE: it can be executed. */
static size_t run_of(const struct maps *m, size_t first, bool *has_code)
{
	const struct mapping *a = &m->at[first];
	size_t i = first;
	*has_code = false;
	do {
		*has_code |= m->at[i].is_exec;
		i++;
	} while (i < m->n && m->at[i].inode == a->inode && m->at[i].device == a->device &&
		 a->inode && m->at[i].offset > a->offset && strcmp(m->at[i].path, a->path) == 0);
	return i;
}

/* Overlay file systems show one device in maps and another one in stat: then the path decides. */
static uint32_t file_of(const struct space_env *env, const struct mapping *m)
{
	for (uint32_t i = 0; m->inode && i < env->im->info->n_files; i++) {
		const struct probed_file *f = &env->files[i];
		if (f->exists && f->inode == m->inode &&
		    (f->device == m->device || strcmp(f->path, m->path) == 0))
			return i;
	}
	return RT_NO_FILE;
}

static bool is_asked_for(const struct space_env *env)
{
	return env->im->info->flags & SCRIPT_MODULES;
}

/* Tells one state of the mappings from another. */
static uint64_t fingerprint(const struct maps *m)
{
	uint64_t h = 1;
	bool has_code;
	for (size_t i = 0; i < m->n;) {
		size_t end = run_of(m, i, &has_code);
		if (has_code && is_module(&m->at[i]))
			h = (h ^ m->at[i].start ^ m->at[i].inode << 1 ^ m->at[end - 1].end) *
			    0x9e3779b97f4a7c15u;
		i = end;
	}
	return h;
}

bool modules_changed(const struct space_env *env, const struct space *sp, const struct maps *m)
{
	return is_asked_for(env) && sp->base && sp->modules_seen != fingerprint(m);
}

static void add(struct user_modules *t, size_t *used, const struct space_env *env,
		const struct mapping *first, const struct mapping *last)
{
	struct user_module *to = &t->at[t->n++];
	size_t n = strlen(first->path) + 1;
	to->start = first->start;
	to->size = last->end - first->start;
	to->file = file_of(env, first);
	to->name = 0;
	if (*used + n > sizeof t->names)
		return;
	memcpy(t->names + *used, first->path, n);
	to->name = (uint32_t)*used;
	*used += n;
}

/* Fills an empty table; how many bytes of it are used. */
static size_t fill(struct user_modules *t, const struct space_env *env, const struct maps *m)
{
	size_t used = 1;
	bool has_code;
	for (size_t i = 0; i < m->n && t->n < USER_MODULES_MAX;) {
		size_t end = run_of(m, i, &has_code);
		if (has_code && is_module(&m->at[i]))
			add(t, &used, env, &m->at[i], &m->at[end - 1]);
		i = end;
	}
	return offsetof(struct user_modules, names) + used;
}

void modules_describe(const struct space_env *env, struct user_modules *t, pid_t pid)
{
	struct maps m;
	if (!is_asked_for(env))
		return;
	t->n = 0;
	if (maps_read(&m, pid) == 0) {
		fill(t, env, &m);
		maps_free(&m);
	}
}

int modules_write(const struct space_env *env, struct space *sp, const struct maps *m)
{
	if (!modules_changed(env, sp, m))
		return 0;
	struct user_modules *t = calloc(1, sizeof *t);
	if (!t)
		return -ENOMEM;
	size_t size = fill(t, env, m);
	uint64_t at = sp->base + (uint64_t)env->im->header->modules;
	int err = remote_write(&sp->mem, at, t, size);
	free(t);
	if (!err)
		sp->modules_seen = fingerprint(m);
	return err;
}
