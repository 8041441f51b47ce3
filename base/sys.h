/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operating system, as the compiler uses it: files, directories, child
 * processes, times.  Functions return 0 or -errno unless they say otherwise.
 */
#ifndef TAPSTER_BASE_SYS_H
#define TAPSTER_BASE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"

int sys_read_file(const char *path, struct buf *out);
/* Reads to the end of FD. */
int sys_read_fd(int fd, struct buf *out);
/* Writes a temporary file beside PATH and renames it: readers see all or nothing. */
int sys_write_file_atomic(const char *path, const void *data, size_t len, mode_t mode);
/* Creates PATH and its parents. */
int sys_mkdirs(const char *path, mode_t mode);
/* A new directory like TOP/tapster-XXXXXX; TOP may be NULL for $TMPDIR or /tmp.  sys_remove_tree removes it. */
int sys_temp_dir(struct arena *a, const char *top, const char *prefix, char **path);
int sys_remove_tree(const char *path);
bool sys_is_file(const char *path);
/* Looks CMD up in PATH as execvp would; NULL when there is none. */
char *sys_find_program(struct arena *a, const char *cmd);

struct sys_spawn {
	const char *const *argv; /* NULL-terminated; argv[0] is searched in PATH */
	const char *cwd;         /* NULL: ours */
	struct buf *out;         /* both outputs are collected here; NULL: inherited */
};
/* Runs to the end; returns the wait status (as waitpid), or -errno. */
int sys_run(const struct sys_spawn *spawn);

struct sys_times {
	uint64_t user_us, sys_us, real_us; /* this process and its children; real: monotonic */
	uint64_t virt_kb, res_kb, shr_kb, data_kb; /* /proc/self/statm */
};
void sys_times(struct sys_times *t);

#endif
