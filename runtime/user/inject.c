/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/space_int.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Any two bytes that are a syscall instruction, wherever they are; the vDSO has some. */
static uint64_t find_syscall(const struct space *sp, const struct maps *m)
{
	for (int vdso = 1; vdso >= 0; vdso--)
		for (size_t i = 0; i < m->n; i++) {
			const struct mapping *map = &m->at[i];
			if (!map->is_exec || vdso != (strcmp(map->path, "[vdso]") == 0) ||
			    strcmp(map->path, "[vsyscall]") == 0)
				continue;
			size_t size = map->end - map->start;
			if (size > 4 << 20)
				size = 4 << 20;
			uint8_t *code = malloc(size);
			if (!code)
				return 0;
			size_t got = remote_read_some(&sp->mem, map->start, code, size);
			uint8_t *at = got ? memmem(code, got, "\x0f\x05", 2) : NULL;
			uint64_t found = at ? map->start + (uint64_t)(at - code) : 0;
			free(code);
			if (found)
				return found;
		}
	return 0;
}

static bool is_64bit(const struct space *sp)
{
	char path[64];
	unsigned char ident[EI_NIDENT] = { 0 };
	snprintf(path, sizeof path, "/proc/%d/exe", sp->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, ident, sizeof ident);
	close(fd);
	return n == sizeof ident && ident[EI_CLASS] == ELFCLASS64;
}

int inject_call(struct remote_call *r, int64_t *result, long nr, uint64_t a, uint64_t b, uint64_t c,
		uint64_t d, uint64_t e, uint64_t f)
{
	int err = remote_syscall(r, result, nr, a, b, c, d, e, f);
	return err ? err : *result < 0 && *result > -4096 ? (int)*result : 0;
}

/* Sends FD through descriptor SOCKET of process PID. */
static int send_through(pid_t pid, int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof fd)] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), err = 0;
	int end = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, socket, 0);
	if (end < 0 || sendmsg(end, &m, 0) < 0)
		err = -errno;
	if (end >= 0)
		close(end);
	if (pidfd >= 0)
		close(pidfd);
	return err;
}

/* What is put into the target's memory for a while. */
union scratch {
	char path[64];
	struct {
		int pair[2];
		struct msghdr m;
		struct iovec iov;
		char byte;
		char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	};
};

/* Where the target may not look at our files: a pair of sockets of its own, one of which we take
 * to send the memfd. */
static int remote_receive_image(const struct space_env *env, struct space *sp, struct remote_call *r,
				uint64_t at, int64_t *fd)
{
	union scratch s = { .pair = { -1, -1 } };
	int64_t ignored;
	int got = -1;
	int err = inject_call(r, &ignored, SYS_socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0,
			      at + offsetof(union scratch, pair), 0, 0);
	if (!err)
		err = remote_read(&sp->mem, at, &s.pair, sizeof s.pair);
	if (err)
		return err;
	s.iov = (struct iovec){ (void *)(at + offsetof(union scratch, byte)), 1 };
	s.m = (struct msghdr){ .msg_iov = (void *)(at + offsetof(union scratch, iov)), .msg_iovlen = 1,
			       .msg_control = (void *)(at + offsetof(union scratch, control)),
			       .msg_controllen = sizeof s.control };
	err = remote_write(&sp->mem, at, &s, sizeof s);
	if (!err)
		err = send_through(sp->pid, s.pair[0], env->im->fd);
	if (!err)
		err = inject_call(r, &ignored, SYS_recvmsg, (uint64_t)s.pair[1],
				  at + offsetof(union scratch, m), MSG_CMSG_CLOEXEC | MSG_DONTWAIT, 0, 0, 0);
	if (!err)
		err = remote_read(&sp->mem, at + offsetof(union scratch, control) + CMSG_LEN(0), &got,
				  sizeof got);
	inject_call(r, &ignored, SYS_close, (uint64_t)s.pair[0], 0, 0, 0, 0, 0);
	inject_call(r, &ignored, SYS_close, (uint64_t)s.pair[1], 0, 0, 0, 0, 0);
	*fd = got;
	return err;
}

/* The driver's memfd as a file descriptor of the target. */
static int remote_open_image(const struct space_env *env, struct space *sp, struct remote_call *r,
			     int64_t *fd)
{
	uint64_t at = (r->saved.rsp - 1024) & ~15ULL; /* below any red zone */
	union scratch under, s = { 0 };
	snprintf(s.path, sizeof s.path, "/proc/%d/fd/%d", getpid(), env->im->fd);
	int err = remote_read(&sp->mem, at, &under, sizeof under);
	if (!err)
		err = remote_write(&sp->mem, at, s.path, sizeof s.path);
	if (err)
		return err;
	err = inject_call(r, fd, SYS_openat, (uint64_t)AT_FDCWD, at, O_RDWR | O_CLOEXEC, 0, 0, 0);
	if (err && err != -ESRCH) /* no /proc there, or another user's */
		err = remote_receive_image(env, sp, r, at, fd);
	int err2 = remote_write(&sp->mem, at, &under, sizeof under);
	/* -EPERM would mean that the reason has been given */
	return err == -EPERM ? -EACCES : err ? err : err2;
}

static int inject(const struct space_env *env, struct space *sp, struct remote_call *r)
{
	const struct user_header *h = env->im->header;
	int64_t fd, base, at;
	int err = remote_open_image(env, sp, r, &fd);
	if (err)
		return err;
	err = inject_call(r, &base, SYS_mmap, 0, env->im->size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_NORESERVE, (uint64_t)fd, 0);
	if (!err)
		err = inject_call(r, &at, SYS_mmap, (uint64_t)base, (uint64_t)h->text_end,
			   PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, (uint64_t)fd, 0);
	if (!err)
		err = inject_call(r, &at, SYS_mmap, (uint64_t)(base + h->process),
			   (uint64_t)(h->process_end - h->process), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_FIXED, (uint64_t)fd, (uint64_t)h->process);
	const uint64_t wiped = offsetof(struct user_process, pid);
	int64_t ignored;
	if (!err)
		err = inject_call(r, &at, SYS_mmap, (uint64_t)(base + h->process), wiped,
				  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS,
				  (uint64_t)-1, 0);
	if (!err) /* Linux 4.14; before, a killed supervisor's targets had better not fork */
		inject_call(r, &ignored, SYS_madvise, (uint64_t)(base + h->process), wiped,
			    MADV_WIPEONFORK, 0, 0, 0);
	int err2 = inject_call(r, &ignored, SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
	if (err)
		return err;
	if (err2)
		return err2;
	sp->base = (uint64_t)base;
	sp->token = ++env->im->session->next_token;
	return space_set_process(env, sp, sp->pid, false);
}

int inject_safety(const struct space_env *env, struct space *sp, struct remote_call *r)
{
	const struct user_header *h = env->im->header;
	const uint64_t sa_siginfo = 4, sa_onstack = 0x08000000, sa_restorer = 0x04000000;
	struct kernel_sigaction new = { sp->base + (uint64_t)h->safety_handler,
					sa_siginfo | sa_onstack | sa_restorer,
					sp->base + (uint64_t)h->restorer,
					~0ULL /* no handler of the program's inside ours */ };
	struct kernel_sigaction old;
	uint64_t at = space_process_at(env->im, sp) + offsetof(struct user_process, claim_stack);
	int64_t ignored;
	int err = remote_write(&sp->mem, at, &new, sizeof new);
	if (!err)
		err = inject_call(r, &ignored, SYS_rt_sigaction, SIGTRAP, at, at + sizeof new, 8, 0, 0);
	if (!err)
		err = remote_read(&sp->mem, at + sizeof new, &old, sizeof old);
	if (err)
		return err;
	if (old.handler > 1 && old.handler != new.handler) /* SIG_DFL, SIG_IGN */
		return inject_call(r, &ignored, SYS_rt_sigaction, SIGTRAP, at + sizeof new, 0, 8, 0, 0);
	if (old.handler != new.handler)
		memcpy(sp->old_sigtrap, &old, sizeof old);
	sp->has_safety = true;
	return 0;
}

bool inject_is_forbidden(pid_t tid)
{
	uint64_t mode = 0;
	return maps_status(tid, "Seccomp", 10, &mode, 1) == 1 && mode;
}

int space_renew_safety(const struct space_env *env, struct space *sp, pid_t tid,
		       struct remote_call *r)
{
	memset(r, 0, sizeof *r);
	if (inject_is_forbidden(tid))
		return -EPERM;
	int err = remote_begin(r, tid, sp->syscall_insn);
	if (!err)
		err = inject_safety(env, sp, r);
	return inject_end(r, err);
}

int inject_begin(const struct space_env *env, struct space *sp, const struct maps *m, pid_t tid,
		 struct remote_call *r)
{
	if (inject_is_forbidden(tid)) {
		space_warn(env, sp, sp->base ? "what it loads under a seccomp filter" :
			   "it runs under a seccomp filter, which may kill it for our system calls", 0);
		return -EPERM;
	}
	if (!sp->base && !is_64bit(sp)) {
		space_warn(env, sp, "it is a 32-bit program", 0);
		return -ENOEXEC;
	}
	if (!sp->syscall_insn)
		sp->syscall_insn = find_syscall(sp, m);
	if (!sp->syscall_insn) {
		space_warn(env, sp, "no syscall instruction found in it", 0);
		return -ENOEXEC;
	}
	int err = remote_begin(r, tid, sp->syscall_insn);
	if (!err && !sp->base)
		err = inject(env, sp, r);
	return err;
}

int inject_end(struct remote_call *r, int err)
{
	if (!r->tid || r->final) /* not begun; or the thread is dead */
		return err;
	int err2 = remote_end(r);
	return err ? err : err2;
}
