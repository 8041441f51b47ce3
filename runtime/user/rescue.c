/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/rescue.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/user/ledger.h"
#include "runtime/user/space.h"

enum { ROUNDS = 50, THREADS_MAX = 4096 };

struct rescue_work {
	const struct image *im;
	ino_t inode; /* of the memfd */
	pid_t *done; /* processes that have been dealt with */
	size_t n_done, cap_done;
};

static void nap(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

/* Where PID has our object, or 0. */
static uint64_t mapped_at(const struct rescue_work *w, pid_t pid)
{
	struct maps m;
	uint64_t base = 0;
	if (maps_read(&m, pid))
		return 0;
	for (size_t i = 0; i < m.n && !base; i++)
		if (m.at[i].inode == w->inode && strncmp(m.at[i].path, "/memfd:tapster", 14) == 0)
			base = m.at[i].start - m.at[i].offset;
	maps_free(&m);
	return base;
}

/* The ledger's entry for a process; for a child born after the driver's death, that of
 * its parent, which has everything at the same addresses. */
static const struct space *space_of(pid_t pid, uint64_t base)
{
	const struct space *like = NULL;
	for (const struct space *sp = ledger_root(); sp; sp = sp->next) {
		if (sp->pid == pid)
			return sp;
		if (sp->base == base)
			like = sp;
	}
	return like;
}

/* A thread that we have stopped, and the signal that it had stopped for before us. */
struct seized {
	pid_t tid;
	int signal;
};

/* Seizes and stops the threads of PID; how many. */
static size_t stop_all(pid_t pid, struct seized *to)
{
	char path[64];
	size_t n = 0;
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	for (bool more = true; more;) {
		more = false;
		DIR *dir = opendir(path);
		if (!dir)
			break;
		for (struct dirent *e; (e = readdir(dir)) && n < THREADS_MAX;) {
			pid_t tid = (pid_t)atoi(e->d_name);
			bool known = tid <= 0;
			for (size_t i = 0; i < n && !known; i++)
				known = to[i].tid == tid;
			int status = 0;
			if (known || ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
				continue;
			more = true;
			ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
			waitpid(tid, &status, __WALL);
			to[n].tid = tid;
			to[n++].signal = WIFSTOPPED(status) && status >> 16 == 0 ? WSTOPSIG(status) : 0;
		}
		closedir(dir);
	}
	return n;
}

/* Signals that the supervisor had held back. */
static void send_held(const struct rescue_work *w, const struct space *sp, pid_t pid)
{
	const union user_claim *claims = image_claims(w->im);
	for (uint32_t i = 0; i < w->im->session->n_contexts; i++) {
		struct user_context *u = image_context(w->im, i);
		if (!claims[i].tid || claims[i].token != sp->token)
			continue;
		u->deferred = 0;
		for (int s = 1; u->held && s < 64; s++)
			if (u->held & 1ULL << s)
				syscall(SYS_tgkill, pid, claims[i].tid, s);
		u->held = 0;
	}
}

/* False: to be tried again. */
static bool rescue_process(struct rescue_work *w, pid_t pid, uint64_t base)
{
	static struct seized threads[THREADS_MAX];
	const struct space *known = space_of(pid, base);
	if (!known)
		return true;
	size_t n = stop_all(pid, threads);
	if (n == 0)
		return false; /* the dead driver has still got it */
	struct space sp = *known;
	sp.pid = pid;
	if (remote_mem_open(&sp.mem, pid) == 0) {
		sp.mem.tid = threads[0].tid;
		space_restore(w->im, &sp);
		if (known->pid == pid)
			send_held(w, known, pid);
		remote_mem_close(&sp.mem);
	}
	for (size_t i = 0; i < n; i++)
		ptrace(PTRACE_DETACH, threads[i].tid, NULL, threads[i].signal);
	return true;
}

static bool is_done(const struct rescue_work *w, pid_t pid)
{
	for (size_t i = 0; i < w->n_done; i++)
		if (w->done[i] == pid)
			return true;
	return false;
}

static void add_done(struct rescue_work *w, pid_t pid)
{
	if (w->n_done == w->cap_done) {
		size_t cap = w->cap_done ? w->cap_done * 2 : 64;
		pid_t *at = realloc(w->done, cap * sizeof *at);
		if (!at)
			return;
		w->done = at;
		w->cap_done = cap;
	}
	w->done[w->n_done++] = pid;
}

/* One look at all processes; was there one to rescue? */
static bool look_around(struct rescue_work *w)
{
	bool any = false;
	DIR *dir = opendir("/proc");
	if (!dir)
		return false;
	for (struct dirent *e; (e = readdir(dir));) {
		pid_t pid = (pid_t)atoi(e->d_name);
		uint64_t base;
		if (pid <= 0 || pid == getpid() || is_done(w, pid) || !(base = mapped_at(w, pid)))
			continue;
		any = true;
		if (rescue_process(w, pid, base))
			add_done(w, pid);
	}
	closedir(dir);
	return any;
}

void rescue(const struct image *im)
{
	struct rescue_work w = { .im = im };
	struct stat st;
	if (fstat(im->fd, &st) < 0)
		return;
	w.inode = st.st_ino;
	im->rt->exiting = 1;
	__atomic_store_n(&im->rt->accept, 0, __ATOMIC_SEQ_CST);
	unsigned quiet = 0;
	for (unsigned i = 0; i < ROUNDS && quiet < 2; i++) {
		quiet = look_around(&w) ? 0 : quiet + 1;
		nap(quiet || i > 2 ? 20 : 1);
	}
	free(w.done);
}
