/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static void files_and_directories(void)
{
	struct arena *a = arena_new("test");
	char *dir, *file;
	struct buf b;
	struct stat st;

	buf_init(&b);
	CHECK_INT(sys_temp_dir(a, NULL, "tapster-unit", &dir), 0);
	file = arena_printf(a, "%s/a/b/c", dir);
	CHECK_INT(sys_mkdirs(file, 0755), 0);
	CHECK_INT(sys_mkdirs(file, 0755), 0);
	file = arena_printf(a, "%s/a/file", dir);
	CHECK(!sys_is_file(file));
	CHECK_INT(sys_write_file_atomic(file, "one", 3, 0600), 0);
	CHECK_INT(sys_write_file_atomic(file, "two\0", 4, 0640), 0);
	CHECK(sys_is_file(file));
	CHECK(!stat(file, &st) && (st.st_mode & 0777) == 0640);
	CHECK_INT(sys_read_file(file, &b), 0);
	CHECK_INT((long long)b.len, 4);
	CHECK_STR(b.data, "two");
	CHECK_INT(sys_mkdirs(file, 0755), -ENOTDIR);
	CHECK_INT(sys_remove_tree(dir), 0);
	CHECK_INT(sys_read_file(file, &b), -ENOENT);
	CHECK_INT(sys_write_file_atomic(file, "", 0, 0600), -ENOENT);
	buf_fini(&b);
	arena_free(a);
}

static void programs(void)
{
	struct arena *a = arena_new("test");
	const char *const echo[] = { "sh", "-c", "echo out; echo err >&2; pwd; exit 3", NULL };
	const char *const none[] = { "/nonexistent/program", NULL };
	const char *const killed[] = { "sh", "-c", "kill -9 $$", NULL };
	struct buf b;
	int status;

	buf_init(&b);
	status = sys_run(&(struct sys_spawn){ .argv = echo, .cwd = "/", .out = &b });
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	CHECK_STR(b.data, "out\nerr\n/\n");
	CHECK_INT(sys_run(&(struct sys_spawn){ .argv = none, .out = &b }), -ENOENT);
	status = sys_run(&(struct sys_spawn){ .argv = killed });
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == 9);
	CHECK(sys_find_program(a, "sh") != NULL);
	CHECK_STR(sys_find_program(a, "/bin/sh"), "/bin/sh");
	CHECK(!sys_find_program(a, "no-such-program-anywhere"));
	CHECK(!sys_find_program(a, "/bin"));
	CHECK(!sys_find_program(a, ""));
	buf_fini(&b);
	arena_free(a);
}

static void times_advance(void)
{
	struct sys_times from, to;

	sys_times(&from);
	usleep(2000);
	sys_times(&to);
	CHECK(to.real_us - from.real_us >= 2000);
	CHECK(to.res_kb > 0 && to.virt_kb >= to.res_kb);
}

UNIT_MAIN(TEST(files_and_directories), TEST(programs), TEST(times_advance))
