/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SIGTRAP handler of targets that have breakpoint entries.  It never runs
 * while the supervisor lives, which takes the trap first.  When the supervisor
 * was killed it keeps orphaned breakpoints from killing the target: the thread
 * goes on in the site's stub.
 */
#include "runtime/user/target.h"

#include <asm/unistd.h>

/* struct ucontext of the kernel, as far as needed: uc_mcontext.gregs begins at 40 */
enum { UCONTEXT_RBP = 40 + 8 * 10, UCONTEXT_RSP = 40 + 8 * 15, UCONTEXT_RIP = 40 + 8 * 16 };

enum { SIGINFO_CODE = 8, TRAP_IS_HARDWARE = 4 }; /* si_code: TRAP_HWBKPT */

void user_safety_handler(int signal, void *info, char *ucontext);

/* Does the instruction in front of *IP, that of a watch. */
static void step_over(uint8_t does, uint64_t *ip, uint64_t *sp, uint64_t bp)
{
	switch ((enum user_watch_does)does) {
	case USER_WATCH_RETURN:
		*ip = *(uint64_t *)(uintptr_t)*sp;
		*sp += 8;
		break;
	case USER_WATCH_ENDBR:
		*ip += 3;
		break;
	case USER_WATCH_PUSH_BP:
		*sp -= 8;
		*(uint64_t *)(uintptr_t)*sp = bp;
		break;
	case USER_WATCH_SITE:
		break;
	}
}

void user_safety_handler(int signal, void *info, char *ucontext)
{
	uint64_t *ip = (uint64_t *)(ucontext + UCONTEXT_RIP);
	uint64_t trap = *ip - 1;

	if (*(int *)((char *)info + SIGINFO_CODE) == TRAP_IS_HARDWARE)
		return; /* the supervisor's debug register: nothing to do */
	if (trap == (uint64_t)(uintptr_t)user_at((uint64_t)(int64_t)user_header.deferred_trap))
		return;
	for (unsigned i = 0; i < USER_WATCHES_MAX; i++)
		if (user_process.watches[i].address == trap) {
			step_over(user_process.watches[i].does, ip, (uint64_t *)(ucontext + UCONTEXT_RSP),
				  *(uint64_t *)(ucontext + UCONTEXT_RBP));
			return;
		}
	for (unsigned r = 0; r < USER_REGIONS_MAX; r++) {
		struct user_stub *stub = (struct user_stub *)(uintptr_t)user_process.regions[r].start;
		for (uint64_t i = 0; i < user_process.regions[r].n; i++)
			if (stub[i].address == trap) {
				*ip = (uint64_t)(uintptr_t)stub[i].code;
				return;
			}
	}
	uint8_t byte = 0;
	if (user_copy(&byte, (void *)(uintptr_t)trap, 1) == 0 && byte != 0xcc) {
		*ip = trap; /* it was restored meanwhile */
		return;
	}
	/* Not ours: as without a handler. */
	struct {
		uint64_t handler, flags, restorer, mask;
	} action = { 0, 0, 0, 0 };
	user_syscall(__NR_rt_sigaction, signal, (long)&action, 0, 8, 0, 0);
	long pid = user_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0);
	long tid = user_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0);
	user_syscall(__NR_tgkill, pid, tid, signal, 0, 0, 0);
}
