/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hit benchmarks probe: functions called N times each, timed by the
 * thread's CPU clock from inside, so that the figure is the cost of a call with
 * whatever tool is attached, without its start and its end.
 *
 *	target_hit FUNCTION CALLS     prints "FUNCTION: X ns/call"
 *
 * "push" begins with push %rbp (which the kernel emulates), "sub" with
 * sub $N,%rsp (which it single-steps), "nop" with a 5-byte nop.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

long sink;

__asm__(".text\n"
	".globl hit_push\n.type hit_push,@function\n"
	"hit_push: push %rbp\n mov %rsp,%rbp\n lea (%rdi,%rsi),%rax\n pop %rbp\n ret\n"
	".size hit_push,.-hit_push\n .balign 16\n"
	".globl hit_sub\n.type hit_sub,@function\n"
	"hit_sub: sub $24,%rsp\n lea (%rdi,%rsi),%rax\n add $24,%rsp\n ret\n"
	".size hit_sub,.-hit_sub\n .balign 16\n"
	".globl hit_nop\n.type hit_nop,@function\n"
	"hit_nop: nopl 0(%rax,%rax,1)\n lea (%rdi,%rsi),%rax\n ret\n"
	".size hit_nop,.-hit_nop\n .balign 16\n");

long hit_push(long a, long b);
long hit_sub(long a, long b);
long hit_nop(long a, long b);

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		long (*call)(long, long);
	} functions[] = { { "hit_push", hit_push }, { "hit_sub", hit_sub }, { "hit_nop", hit_nop } };
	long n = argc > 2 ? atol(argv[2]) : 1000000;

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		long (*volatile call)(long, long) = functions[i].call;
		double begin;

		if (argc < 2 || strcmp(argv[1], functions[i].name))
			continue;
		for (long k = 0; k < n / 10; k++)
			sink += call(k, 1);
		begin = now();
		for (long k = 0; k < n; k++)
			sink += call(k, 1);
		printf("%s: %.1f ns/call\n", argv[1], (now() - begin) / n);
		return 0;
	}
	fprintf(stderr, "usage: target_hit hit_push|hit_sub|hit_nop CALLS\n");
	return 2;
}
