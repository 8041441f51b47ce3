/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/running.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/user/maps.h"
#include "runtime/user/tracer_int.h"

/* The file that probe P is about: an index; -1: any, but there is a PID; -2: it is about no process. */
static int64_t file_of(const struct image *im, const struct script_probe *p)
{
	switch ((enum script_probe_kind)p->kind) {
	case PROBE_SITE:
	case PROBE_RETURN:
		return im->sites[p->arg].file;
	case PROBE_PROCESS_BEGIN:
	case PROBE_PROCESS_END:
	case PROBE_THREAD_BEGIN:
	case PROBE_THREAD_END:
	case PROBE_SYSCALL:
	case PROBE_SYSCALL_RETURN:
		return p->arg;
	default:
		return -2;
	}
}

static bool maps_file(const struct maps *m, const struct probed_file *f)
{
	for (size_t i = 0; i < m->n; i++)
		if (f->exists && m->at[i].device == f->device && m->at[i].inode == f->inode)
			return true;
	return false;
}

static bool is_wanted(const struct tracer *t, pid_t pid)
{
	const struct image *im = t->env->im;
	bool found = false;
	struct maps m;
	if (maps_read(&m, pid))
		return false; /* it is gone, a kernel thread, or not ours to look at */
	for (uint32_t i = 0; i < im->info->n_probes && !found; i++) {
		const struct script_probe *p = &im->probes[i];
		int64_t file = file_of(im, p);
		if (file == -2 || (p->pid && p->pid != pid))
			continue;
		found = p->pid || maps_file(&m, &t->env->files[file]);
	}
	maps_free(&m);
	return found;
}

bool running_is_tracer(const struct tracer *t, pid_t pid)
{
	static const char *const names[] = { "bpftrace", "gdb", "gdbserver", "lldb", "lldb-server", "ltrace",
					     "rr", "strace", "tapster", "uftrace" };
	char link[64], path[4096];
	struct stat st;
	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	ssize_t len = readlink(link, path, sizeof path - 1);
	if (len <= 0 || stat(link, &st) < 0)
		return false;
	path[len] = '\0';
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	bool is = false;
	for (size_t i = 0; i < sizeof names / sizeof *names && !is; i++)
		is = strcmp(name, names[i]) == 0;
	for (uint32_t i = 0; i < t->env->im->info->n_files && is; i++)
		is = t->env->files[i].device != st.st_dev || t->env->files[i].inode != st.st_ino;
	return is;
}

/* Marks the files whose probes are not told by a PID; is there any probe of a process at all? */
static bool find_files(const struct image *im, bool *files, bool *by_file)
{
	bool any = false;
	for (uint32_t i = 0; i < im->info->n_probes; i++) {
		int64_t file = file_of(im, &im->probes[i]);
		any |= file != -2;
		if (file >= 0 && !im->probes[i].pid)
			files[file] = *by_file = true;
	}
	return any;
}

/* The number of processes that were not there before. */
static unsigned attach_all(struct tracer *t, unsigned *n_failed)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc");
	if (!dir)
		return 0;
	for (struct dirent *e; (e = readdir(dir));) {
		pid_t pid = (pid_t)atoi(e->d_name);
		if (pid <= 1 || process_find(t, pid) || running_is_tracer(t, pid) || !is_wanted(t, pid))
			continue;
		if (tracer_attach(t, pid) == 0)
			n++;
		else
			++*n_failed;
	}
	closedir(dir);
	return n;
}

void running_attach(struct tracer *t, struct arrivals **a)
{
	unsigned n, failed = 0, failed_again = 0;
	bool by_file = false, *files = calloc(t->env->im->info->n_files + 1, sizeof *files);
	if (!files || !find_files(t->env->im, files, &by_file)) {
		free(files);
		return;
	}
	int err = by_file ? arrivals_start(a, t, files) : 0;
	free(files);
	if (by_file && !err)
		t->wants_program = is_wanted;
	n = attach_all(t, &failed);
	if (by_file && !err) /* who had opened the file before it was watched has mapped it by now */
		n += attach_all(t, &failed_again);
	if (t->env->no_warnings)
		return;
	if (err)
		fprintf(stderr, "WARNING: %u running process%s probed; those that start later are not%s: "
				"-c COMMAND and -x PID follow them\n", n, n == 1 ? " is" : "es are",
			err == -EPERM ? " (which takes root)" : "");
	if (failed)
		fprintf(stderr, "WARNING: %u process%s can't be traced\n", failed, failed == 1 ? "" : "es");
}
