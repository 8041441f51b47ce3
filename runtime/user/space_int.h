/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind space.h share: space.c (life, identity, getting out),
 * inject.c (getting in), arm.c (sites), modules.c (what is mapped), watch.c (breakpoints of
 * our own).
 */
#ifndef TAPSTER_RUNTIME_USER_SPACE_INT_H
#define TAPSTER_RUNTIME_USER_SPACE_INT_H

#include "runtime/user/space.h"

enum { PAGE = 4096 };

struct kernel_sigaction {
	uint64_t handler, flags, restorer, mask;
};

/* ---- space.c ---- */

void space_warn(const struct space_env *env, const struct space *sp, const char *what, int err);
/* Address of struct user_process in the target. */
uint64_t space_process_at(const struct image *im, const struct space *sp);
#define SPACE_WRITE_PROCESS(im, sp, field, value)                                        \
	remote_write(&(sp)->mem, space_process_at(im, sp) + offsetof(struct user_process, field), \
		     value, sizeof(((struct user_process *)0)->field))
bool space_add_patch(struct space *sp, const struct patch *p);
/* Index of the first patch at or behind ADDRESS. */
size_t space_lower_bound(const struct space *sp, uint64_t address);
/* Makes the site that is armed at ADDRESS one that is entered by a breakpoint. */
int space_make_break(const struct image *im, struct space *sp, uint64_t address);
/* Adds BY to the counter by which a program knows that somebody listens at the patch's mark. */
void space_raise_semaphore(const struct image *im, const struct space *sp, const struct patch *p,
			   int by);
/* jmp rel32 from AT. */
void space_make_jump(uint8_t jump[5], uint64_t at, uint64_t to);

/* ---- inject.c ---- */

/* Result of a remote system call as 0 or -errno, of ours and of the call alike. */
int inject_call(struct remote_call *r, int64_t *result, long nr, uint64_t a, uint64_t b, uint64_t c,
		uint64_t d, uint64_t e, uint64_t f);
/* Must no system calls be made in TID's name, because of a seccomp filter? */
bool inject_is_forbidden(pid_t tid);
/* Begins remote calls by TID and sees to it that the object is in.  inject_end ends them. */
int inject_begin(const struct space_env *env, struct space *sp, const struct maps *m, pid_t tid,
		 struct remote_call *r);
int inject_end(struct remote_call *r, int err);
/* The SIGTRAP handler, unless the program has one of its own. */
int inject_safety(const struct space_env *env, struct space *sp, struct remote_call *r);

/* ---- modules.c ---- */

/* Is the table of modules of another state of the mappings? */
bool modules_changed(const struct space_env *env, const struct space *sp, const struct maps *m);
/* Makes it anew if so. */
int modules_write(const struct space_env *env, struct space *sp, const struct maps *m);

/* ---- watch.c ---- */

/* Forgets those whose memory was mapped anew. */
void watch_drop_lost(struct space *sp);
/* A site wants the instruction at ADDRESS: a watch there is missing then. */
void watch_give_way(struct space *sp, uint64_t address);
/* Fills LIST with the watches that are missing; how many. */
unsigned watch_missing(const struct space_env *env, struct space *sp, const struct maps *m,
		       struct space_watch *list, unsigned max);
int watch_install(const struct space_env *env, struct space *sp, const struct space_watch *list,
		  unsigned n);

#endif
