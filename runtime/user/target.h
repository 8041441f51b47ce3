/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target side of the user runtime: what its files share.  This code runs
 * inside probed processes (and, for begin, end and timer probes, inside the
 * driver): no libc, general registers only, no pointers in data, on a small
 * stack of its own.
 */
#ifndef TAPSTER_RUNTIME_USER_TARGET_H
#define TAPSTER_RUNTIME_USER_TARGET_H

#include "runtime/user/layout.h"

extern const struct user_header user_header;
extern struct user_process user_process;
extern struct user_session user_session;
extern struct user_modules user_modules;

/* Address of what the driver laid out at OFFSET. */
static inline void *user_at(uint64_t offset)
{
	char *base = (char *)(uintptr_t)&user_header;
	__asm__("" : "+r"(base)); /* the compiler knows only the header's size */
	return base + offset;
}

static inline struct user_context *user_context_of(struct rt_context *c)
{
	return (struct user_context *)((char *)c - USER_CONTEXT_RT);
}

static inline struct user_context *user_context_at(uint32_t i)
{
	return user_at(user_session.contexts + (uint64_t)i * user_session.context_stride);
}

static inline struct user_return *user_return_at(struct user_context *u, uint32_t i)
{
	return (struct user_return *)((char *)u + user_session.returns_at +
				      (uint64_t)i * user_session.return_stride);
}

/* A system call; only where user_process.flags doesn't forbid it. */
static inline long user_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* entry.S */
int user_copy(void *to, const void *from, size_t n);
long user_copy_string(char *to, const char *from, size_t n);
uint64_t user_cycles(void);
unsigned user_cpu(void);
extern char user_return_trampoline[] __attribute__((visibility("hidden")));

/* Called by entry.S. */
struct user_context *user_context_find(uint64_t key);
void user_returned(struct user_context *u);
uint64_t user_return_find(uint64_t slot);
/* A stub's handler for a site that has return probes. */
void user_hit_return(struct rt_context *c, uint32_t site);

#endif
