/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/user/ledger.h"
#include "runtime/user/space.h"

enum { ROUNDS = 50, THREADS_MAX = 4096 };

struct guard {
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
static uint64_t mapped_at(const struct guard *g, pid_t pid)
{
	struct maps m;
	uint64_t base = 0;
	if (maps_read(&m, pid))
		return 0;
	for (size_t i = 0; i < m.n && !base; i++)
		if (m.at[i].inode == g->inode && strncmp(m.at[i].path, "/memfd:tapster", 14) == 0)
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

/* Seizes and stops the threads of PID; how many. */
static size_t stop_all(pid_t pid, pid_t *tids)
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
				known = tids[i] == tid;
			int status;
			if (known || ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
				continue;
			tids[n++] = tid;
			more = true;
			ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
			waitpid(tid, &status, __WALL);
			if (WIFSTOPPED(status) && status >> 16 == 0)
				/* a signal came first: it goes on to the program at the detach */
				syscall(SYS_tkill, tid, WSTOPSIG(status));
		}
		closedir(dir);
	}
	return n;
}

/* Signals that the supervisor had held back. */
static void send_held(const struct guard *g, const struct space *sp, pid_t pid)
{
	const struct user_claim *claims = image_claims(g->im);
	for (uint32_t i = 0; i < g->im->session->n_contexts; i++) {
		struct user_context *u = image_context(g->im, i);
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
static bool rescue(struct guard *g, pid_t pid, uint64_t base)
{
	static pid_t tids[THREADS_MAX];
	const struct space *known = space_of(pid, base);
	if (!known)
		return true;
	size_t n = stop_all(pid, tids);
	if (n == 0)
		return false; /* the dead driver has still got it */
	struct space sp = *known;
	sp.pid = pid;
	if (remote_mem_open(&sp.mem, pid) == 0) {
		sp.mem.tid = tids[0];
		space_restore(g->im, &sp);
		if (known->pid == pid)
			send_held(g, known, pid);
		remote_mem_close(&sp.mem);
	}
	for (size_t i = 0; i < n; i++)
		ptrace(PTRACE_DETACH, tids[i], NULL, NULL);
	return true;
}

static bool is_done(const struct guard *g, pid_t pid)
{
	for (size_t i = 0; i < g->n_done; i++)
		if (g->done[i] == pid)
			return true;
	return false;
}

static void add_done(struct guard *g, pid_t pid)
{
	if (g->n_done == g->cap_done) {
		size_t cap = g->cap_done ? g->cap_done * 2 : 64;
		pid_t *at = realloc(g->done, cap * sizeof *at);
		if (!at)
			return;
		g->done = at;
		g->cap_done = cap;
	}
	g->done[g->n_done++] = pid;
}

/* One look at all processes; was there one to rescue? */
static bool look_around(struct guard *g)
{
	bool any = false;
	DIR *dir = opendir("/proc");
	if (!dir)
		return false;
	for (struct dirent *e; (e = readdir(dir));) {
		pid_t pid = (pid_t)atoi(e->d_name);
		uint64_t base;
		if (pid <= 0 || pid == getpid() || is_done(g, pid) || !(base = mapped_at(g, pid)))
			continue;
		any = true;
		if (rescue(g, pid, base))
			add_done(g, pid);
	}
	closedir(dir);
	return any;
}

static _Noreturn void guard(const struct image *im, int fd)
{
	struct guard g = { .im = im };
	struct stat st;
	char c;
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "tapster-guard");
	if (fstat(im->fd, &st) < 0)
		_exit(1);
	g.inode = st.st_ino;
	dup2(fd, 0);
	close_range(1, ~0U, 0);
	if (chdir("/") < 0 || read(0, &c, 1) == 1)
		_exit(0);
	im->rt->exiting = 1;
	__atomic_store_n(&im->rt->accept, 0, __ATOMIC_SEQ_CST);
	unsigned quiet = 0;
	for (unsigned i = 0; i < ROUNDS && quiet < 2; i++) {
		quiet = look_around(&g) ? 0 : quiet + 1;
		nap(quiet || i > 2 ? 20 : 1);
	}
	_exit(0);
}

int guardian_start(const struct image *im)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[1]);
		guard(im, fds[0]);
	}
	int err = pid < 0 ? -errno : 0;
	close(fds[0]);
	if (err)
		close(fds[1]);
	return err ? err : fds[1];
}

void guardian_dismiss(int fd)
{
	if (write(fd, "q", 1) != 1)
		return;
	close(fd);
}
