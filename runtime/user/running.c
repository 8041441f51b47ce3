/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/running.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/user/maps.h"

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

/* Another tapster, or a part of this one. */
static bool is_tapster(pid_t pid)
{
	struct stat own, other;
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Probes of processes; with BY_FILE of those only that are not told by their PID. */
static bool has_process_probes(const struct image *im, bool by_file)
{
	for (uint32_t i = 0; i < im->info->n_probes; i++)
		if (file_of(im, &im->probes[i]) != -2 && !(by_file && im->probes[i].pid))
			return true;
	return false;
}

void running_attach(struct tracer *t)
{
	unsigned n = 0, n_failed = 0;
	DIR *dir = has_process_probes(t->env->im, false) ? opendir("/proc") : NULL;
	if (!dir)
		return;
	for (struct dirent *e; (e = readdir(dir));) {
		pid_t pid = (pid_t)atoi(e->d_name);
		if (pid <= 1 || is_tapster(pid) || !is_wanted(t, pid))
			continue;
		if (tracer_attach(t, pid) == 0)
			n++;
		else
			n_failed++;
	}
	closedir(dir);
	if (t->env->no_warnings)
		return;
	if (has_process_probes(t->env->im, true))
		fprintf(stderr, "WARNING: %u running process%s probed; those that start later are not: "
				"-c COMMAND and -x PID follow them\n", n, n == 1 ? " is" : "es are");
	if (n_failed)
		fprintf(stderr, "WARNING: %u process%s can't be traced\n", n_failed, n_failed == 1 ? "" : "es");
}
