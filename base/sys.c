/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int sys_read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = sys_read_fd(fd, out);
	close(fd);
	return err;
}

int sys_read_fd(int fd, struct buf *out)
{
	char chunk[16 * 1024];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n == 0)
			return 0;
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
		else if (errno != EINTR)
			return -errno;
	}
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int sys_write_file_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
	char temp[PATH_MAX];
	int fd, err;

	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_all(fd, data, len);
	if (!err && fchmod(fd, mode))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(temp, path))
		err = -errno;
	if (err)
		unlink(temp);
	return err;
}

int sys_mkdirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	struct stat st;

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, mode) && errno != EEXIST)
			return -errno;
		part[i] = path[i];
	}
	if (stat(path, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int sys_temp_dir(struct arena *a, const char *top, const char *prefix, char **path)
{
	if (!top)
		top = getenv("TMPDIR");
	*path = arena_printf(a, "%s/%s-XXXXXX", top && *top ? top : "/tmp", prefix);
	return mkdtemp(*path) ? 0 : -errno;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	return remove(path);
}

int sys_remove_tree(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) ? -errno : 0;
}

bool sys_is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

char *sys_find_program(struct arena *a, const char *cmd)
{
	const char *path = getenv("PATH");

	if (strchr(cmd, '/'))
		return sys_is_file(cmd) && !access(cmd, X_OK) ? arena_strdup(a, cmd) : NULL;
	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	while (*cmd) {
		size_t n = strcspn(path, ":");
		char *file = n ? arena_printf(a, "%.*s/%s", (int)n, path, cmd)
			       : arena_printf(a, "./%s", cmd);

		if (sys_is_file(file) && !access(file, X_OK))
			return file;
		if (!path[n])
			break;
		path += n + 1;
	}
	return NULL;
}

int sys_run(const struct sys_spawn *spawn)
{
	posix_spawn_file_actions_t actions;
	int fds[2] = { -1, -1 };
	int status = 0, err;
	pid_t pid;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	if (spawn->out) {
		if (pipe2(fds, O_CLOEXEC)) {
			err = errno;
			goto fini_actions;
		}
		err = posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
		if (!err)
			err = posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
	}
	if (!err && spawn->cwd)
		err = posix_spawn_file_actions_addchdir_np(&actions, spawn->cwd);
	if (!err)
		err = posix_spawnp(&pid, spawn->argv[0], &actions, NULL,
				   (char *const *)(uintptr_t)spawn->argv, environ);
	if (spawn->out)
		close(fds[1]);
	if (err)
		goto close_pipe;
	if (spawn->out)
		err = -sys_read_fd(fds[0], spawn->out);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		err = errno;
		break;
	}

close_pipe:
	if (spawn->out)
		close(fds[0]);
fini_actions:
	posix_spawn_file_actions_destroy(&actions);
	return err ? -err : status;
}

static uint64_t microseconds(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
}

void sys_times(struct sys_times *t)
{
	unsigned long long pages[6] = { 0 }; /* size resident shared text lib data */
	uint64_t page_kb = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	struct rusage self, children;
	struct timespec now;
	FILE *statm;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	clock_gettime(CLOCK_MONOTONIC, &now);
	t->user_us = microseconds(self.ru_utime) + microseconds(children.ru_utime);
	t->sys_us = microseconds(self.ru_stime) + microseconds(children.ru_stime);
	t->real_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;

	statm = fopen("/proc/self/statm", "re");
	if (statm) {
		if (fscanf(statm, "%llu %llu %llu %llu %llu %llu", &pages[0], &pages[1], &pages[2],
			   &pages[3], &pages[4], &pages[5]) != 6)
			memset(pages, 0, sizeof(pages));
		fclose(statm);
	}
	t->virt_kb = pages[0] * page_kb;
	t->res_kb = pages[1] * page_kb;
	t->shr_kb = pages[2] * page_kb;
	t->data_kb = pages[5] * page_kb;
}
