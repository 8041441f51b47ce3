/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * instructions THREADS N: functions that begin with every class of instruction, called
 * N times each by every thread, and what they return is checked.  Exit status 1 and
 * the function's name when one of them went wrong.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FUNCTION(name, text)                                                            \
	__asm__(".pushsection .text\n\t.p2align 4\n\t.globl " #name "\n\t.type " #name  \
		", @function\n" #name ":\n\t" text "\n\t.size " #name ", . - " #name   \
		"\n\t.popsection\n");                                                   \
	long name(long, long)

long number = 1000, helper_calls;
long helper(long a, long b);
long (*pointer)(long, long) = helper;
struct table {
	long unused;
	long (*entry)(long, long);
} table = {0, helper};

__attribute__((used)) long helper(long a, long b)
{
	return a * 2 + b;
}

#define AS_HELPER(a, b) ((a) * 2 + (b))
#define SUM(a, b) ((a) + (b))

/* copied as they are */
FUNCTION(i_push, "push %rbp; mov %rsp, %rbp; lea (%rdi, %rsi), %rax; pop %rbp; ret");
FUNCTION(i_endbr, "endbr64; lea (%rdi, %rsi), %rax; ret");
FUNCTION(i_sub_sp, "sub $24, %rsp; mov %rdi, 8(%rsp); add 8(%rsp), %rsi; mov %rsi, %rax; "
		   "add $24, %rsp; ret");
FUNCTION(i_lea, "lea (%rdi, %rsi), %rax; ret");
FUNCTION(i_pop, "pop %rcx; lea (%rdi, %rsi), %rax; jmp *%rcx");
FUNCTION(i_tls, "mov %fs:0, %rax; cmp %fs:0, %rax; jne 1f; lea (%rdi, %rsi), %rax; 1: ret");
FUNCTION(i_rep, "rep movsb; ret"); /* called by i_rep_caller */
FUNCTION(i_push_sp, "push (%rsp); add $8, %rsp; lea (%rdi, %rsi), %rax; ret");
FUNCTION(i_xmm, "movq %rdi, %xmm0; movq %rsi, %xmm1; paddq %xmm1, %xmm0; movq %xmm0, %rax; ret");
/* operands relative to the instruction pointer */
FUNCTION(i_rip_load, "mov number(%rip), %rax; add %rdi, %rax; add %rsi, %rax; "
		     "sub number(%rip), %rax; ret");
FUNCTION(i_rip_immediate, "cmpl $1000, number(%rip); jne 1f; lea (%rdi, %rsi), %rax; 1: ret");
FUNCTION(i_rip_byte, "testb $0xe8, number(%rip); jz 1f; lea (%rdi, %rsi), %rax; 1: ret");
FUNCTION(i_rip_lea, "lea number(%rip), %rax; mov (%rax), %rax; sub $1000, %rax; add %rdi, %rax; "
		    "add %rsi, %rax; ret");
FUNCTION(i_rip_lock, "lock addq $0, number(%rip); lea (%rdi, %rsi), %rax; ret");
FUNCTION(i_rip_push, "push number(%rip); pop %rax; sub $1000, %rax; add %rdi, %rax; "
		     "add %rsi, %rax; ret");
FUNCTION(i_rip_sse, "movq number(%rip), %xmm0; movq %xmm0, %rax; sub $1000, %rax; "
		    "add %rdi, %rax; add %rsi, %rax; ret");
/* jumps */
FUNCTION(i_jump, "jmp helper");
FUNCTION(i_jump_short, "jmp 1f; ud2; 1: lea (%rdi, %rsi), %rax; ret");
FUNCTION(i_jump_register, "lea helper(%rip), %rax; jmp *%rax");
FUNCTION(i_jump_rip, "jmp *pointer(%rip)");
FUNCTION(i_branch, "test %rdi, %rdi; js 1f; lea (%rdi, %rsi), %rax; ret; 1: ud2");
FUNCTION(i_branch_first, "jnz 1f; 1: lea (%rdi, %rsi), %rax; ret");
FUNCTION(i_branch_long, "jc helper; jmp helper");
FUNCTION(i_loop, "loop 1f; 1: lea (%rdi, %rsi), %rax; ret");
FUNCTION(i_jrcxz, "jrcxz 1f; 1: lea (%rdi, %rsi), %rax; ret");
/* calls: the return address must be the true one */
FUNCTION(i_call, "call helper; ret");
FUNCTION(i_call_next, "call 1f; 1: pop %rax; lea 1b(%rip), %rcx; cmp %rcx, %rax; jne 2f; "
		      "lea (%rdi, %rsi), %rax; ret; 2: ud2");
FUNCTION(i_call_rip, "call *pointer(%rip); ret");
FUNCTION(i_call_register, "call *%rdx; ret"); /* by i_call_caller */
FUNCTION(i_call_memory, "call *8(%rdx); ret");
FUNCTION(i_call_stack, "call *8(%rsp); ret");
/* returns, and functions shorter than a jump */
FUNCTION(i_return, "ret"); /* rax is set by its caller */
FUNCTION(i_short, "lea (%rdi, %rsi), %rax; ret");
FUNCTION(i_tiny, "xchg %ax, %ax; ret");
/* loops back into what a jump would cover */
FUNCTION(i_loop_head, "xor %eax, %eax; 1: inc %rax; cmp $7, %rax; jne 1b; "
		      "lea (%rdi, %rsi), %rax; ret");
/* system calls */
FUNCTION(i_syscall, "syscall; ret"); /* by i_syscall_caller */

/* Callers that set more registers than a C function does. */
FUNCTION(call_rep, "push %rdi; push %rsi; mov %rsp, %rsi; sub $16, %rsp; mov %rsp, %rdi; "
		   "mov $16, %ecx; call i_rep; mov (%rsp), %rax; add 8(%rsp), %rax; "
		   "add $32, %rsp; ret");
FUNCTION(call_register, "sub $8, %rsp; lea helper(%rip), %rdx; call i_call_register; "
			"add $8, %rsp; ret");
FUNCTION(call_memory, "sub $8, %rsp; lea table(%rip), %rdx; call i_call_memory; "
		      "add $8, %rsp; ret");
FUNCTION(call_stack, "push pointer(%rip); call i_call_stack; add $8, %rsp; ret");
FUNCTION(call_return, "lea (%rdi, %rsi), %rax; call i_return; ret");
FUNCTION(call_tiny, "lea (%rdi, %rsi), %rax; call i_tiny; ret");
FUNCTION(call_syscall, "push %rdi; push %rsi; mov $39, %eax; call i_syscall; pop %rsi; pop %rdi; "
		       "test %rax, %rax; js 1f; lea (%rdi, %rsi), %rax; 1: ret");

/* A leaf with a red zone and a switch, from C. */
__attribute__((noinline, noclone)) long i_red_zone(long a, long b)
{
	volatile long local[8];

	for (int i = 0; i < 8; i++)
		local[i] = a + b;
	return local[a & 7];
}

__attribute__((noinline, noclone)) long i_switch(long a, long b)
{
	switch (a) {
	case 0: return b;
	case 1: return b + 1;
	case 2: return 2 + b;
	case 3: helper_calls = 0; return b + 3;
	case 4: return b - -4;
	case 5: helper_calls = 1; return 5 + b;
	default: return a + b;
	}
}

#define SUMS(f) {#f, f, 0}
#define HELPS(f) {#f, f, 1}

static const struct {
	const char *name;
	long (*call)(long, long);
	int is_helper;
} functions[] = {
	SUMS(i_push), SUMS(i_endbr), SUMS(i_sub_sp), SUMS(i_lea), SUMS(i_pop), SUMS(i_tls),
	SUMS(call_rep), SUMS(i_push_sp), SUMS(i_xmm), SUMS(i_rip_load), SUMS(i_rip_immediate),
	SUMS(i_rip_byte), SUMS(i_rip_lea), SUMS(i_rip_lock), SUMS(i_rip_push), SUMS(i_rip_sse),
	HELPS(i_jump), SUMS(i_jump_short), HELPS(i_jump_register), HELPS(i_jump_rip),
	SUMS(i_branch), SUMS(i_branch_first), HELPS(i_branch_long), SUMS(i_loop), SUMS(i_jrcxz),
	HELPS(i_call), SUMS(i_call_next), HELPS(i_call_rip), HELPS(call_register),
	HELPS(call_memory), HELPS(call_stack), SUMS(call_return), SUMS(i_short), SUMS(call_tiny),
	SUMS(i_loop_head), SUMS(call_syscall), SUMS(i_red_zone), SUMS(i_switch),
};

static long n_calls;

static void *run(void *unused)
{
	for (long k = 0; k < n_calls; k++)
		for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
			long a = k & 7, b = 1 + (k >> 3) * 3;
			long want = functions[i].is_helper ? AS_HELPER(a, b) : SUM(a, b);
			long got = functions[i].call(a, b);

			if (got == want)
				continue;
			printf("%s(%ld, %ld) is %ld, not %ld\n", functions[i].name, a, b, got, want);
			exit(1);
		}
	return unused;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t threads[16];

	n_calls = argc > 2 ? atol(argv[2]) : 1000;
	if (n > 16)
		n = 16;
	for (int i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, run, NULL))
			return 2;
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
