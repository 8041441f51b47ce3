/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signals HOW N: calls hit() N times under a timer signal every 200 us, whose
 * handler calls in_handler(); in the end tells done() how often each was called.
 *
 *	plain  the handler returns
 *	jump   it leaves by siglongjmp
 *	stack  it runs on a stack of its own
 *	mask   every other signal, SIGTRAP too, is blocked around each call
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static volatile sig_atomic_t hits, handled, is_jumping;
static const char *how;
static sigjmp_buf back;

__attribute__((noinline, noclone)) void hit(long i)
{
	__asm__ volatile("" : : "r"(i) : "memory");
	hits++;
}

__attribute__((noinline, noclone)) void in_handler(int signal)
{
	__asm__ volatile("" : : "r"(signal) : "memory");
	handled++;
}

__attribute__((noinline, noclone)) void done(long hit_calls, long handler_calls)
{
	__asm__ volatile("" : : "r"(hit_calls), "r"(handler_calls) : "memory");
}

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code != SI_KERNEL || info->si_signo != signal)
		abort();
	in_handler(signal);
	if (is_jumping)
		siglongjmp(back, 1);
}

int main(int argc, char **argv)
{
	struct itimerval timer = { { 0, 200 }, { 0, 200 } }, off = { { 0, 0 }, { 0, 0 } };
	struct sigaction action;
	long n = argc > 2 ? atol(argv[2]) : 1000;
	volatile long i = 0;
	sigset_t most, old;
	how = argc > 1 ? argv[1] : "plain";
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO;
	if (strcmp(how, "stack") == 0) {
		stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
		action.sa_flags |= SA_ONSTACK;
		sigaltstack(&stack, NULL);
	}
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	sigfillset(&most);
	sigsetjmp(back, 1);
	is_jumping = strcmp(how, "jump") == 0;
	while (i < n) {
		i++;
		if (strcmp(how, "mask") == 0) {
			sigprocmask(SIG_BLOCK, &most, NULL);
			hit(i);
			sigprocmask(SIG_UNBLOCK, &most, &old);
			if (!sigismember(&old, SIGTRAP) || !sigismember(&old, SIGUSR1))
				return 1;
		} else {
			hit(i);
		}
	}
	is_jumping = 0;
	setitimer(ITIMER_REAL, &off, NULL);
	done(hits, handled);
	return 0;
}
