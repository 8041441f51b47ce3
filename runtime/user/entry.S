/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target side, x86-64: the object's header, the way from a stub to a handler
 * and back, the return probes' trampoline, and reading memory that may not be
 * there.  layout.h tells the whole; what is written here in comments is only
 * where things are.
 */
#include "runtime/user/layout.h"

	.section .tapster.header, "a", @progbits
	.globl	user_header
	.hidden	user_header
	.type	user_header, @object
user_header:
	.long	USER_MAGIC, USER_ABI
	.long	user_header_end - user_header
.macro	there names:vararg
.irp	name, \names
	.hidden	\name
	.long	\name - user_header
.endr
.endm
	there	user_text_end, user_process, user_process_end, user_data, user_end
	there	user_modules
	there	user_session, rt_session
	there	script_info, script_strings, script_files, script_sites, script_probes, script_globals
	there	script_init, script_site, script_return, script_probe
	there	user_hit_return, user_returned
	there	user_entry, user_entry_red, user_entry_flags, user_entry_red_flags
	there	user_return_trampoline
	there	user_deferred_trap
	there	user_tail, user_tail_end
	there	user_fixups, user_fixups_end
	there	user_safety_handler, user_restorer
	there	rt_context_init, rt_context_claim, rt_context_recover, rt_context_size
	there	rt_session_init, rt_session_accept
	there	rt_skip_site, rt_skip_probe, rt_ledger_run, rt_ledger_skipped, rt_skip_text
user_header_end:

	.section .tapster.entry, "ax", @progbits

#define RT USER_CONTEXT_RT
#define REGS USER_CONTEXT_REGS

/*
 * With rax, rcx, rdx pushed: the context of this thread into rdx.  Goes to
 * \none where there is none.  Changes rax, rcx and flags.
 */
.macro	FIND_CONTEXT none
	rdfsbase %rax
	movabs	$USER_TABLE_HASH, %rcx
	imul	%rax, %rcx
	shr	$(64 - USER_TABLE_BITS), %rcx
	shl	$4, %ecx
	lea	user_process + USER_PROCESS_TABLE(%rip), %rdx
	add	%rcx, %rdx
	inc	%rax
	cmp	%rax, (%rdx)
	jne	7f
6:	mov	8(%rdx), %rdx
	cmp	%rax, USER_CONTEXT_KEY(%rdx)
	jne	5f
	.subsection 1
7:	mov	$(USER_TABLE_PROBES - 1), %ecx
8:	add	$16, %rdx
	cmp	%rax, (%rdx)
	je	6b
	dec	%ecx
	jnz	8b
5:	call	find_slowly
	test	%rdx, %rdx
	jnz	9f
	jmp	\none
	.previous
9:
.endm

/* The registers that are still the program's into the context at rdx. */
.macro	SAVE_REGS
	mov	%r15, REGS + REGS_R15(%rdx)
	mov	%r14, REGS + REGS_R14(%rdx)
	mov	%r13, REGS + REGS_R13(%rdx)
	mov	%r12, REGS + REGS_R12(%rdx)
	mov	%rbp, REGS + REGS_BP(%rdx)
	mov	%rbx, REGS + REGS_BX(%rdx)
	mov	%r11, REGS + REGS_R11(%rdx)
	mov	%r10, REGS + REGS_R10(%rdx)
	mov	%r9, REGS + REGS_R9(%rdx)
	mov	%r8, REGS + REGS_R8(%rdx)
	mov	%rsi, REGS + REGS_SI(%rdx)
	mov	%rdi, REGS + REGS_DI(%rdx)
.endm

.macro	RESTORE_REGS
	mov	REGS + REGS_R15(%rbx), %r15
	mov	REGS + REGS_R14(%rbx), %r14
	mov	REGS + REGS_R13(%rbx), %r13
	mov	REGS + REGS_R12(%rbx), %r12
	mov	REGS + REGS_BP(%rbx), %rbp
	mov	REGS + REGS_R11(%rbx), %r11
	mov	REGS + REGS_R10(%rbx), %r10
	mov	REGS + REGS_R9(%rbx), %r9
	mov	REGS + REGS_R8(%rbx), %r8
	mov	REGS + REGS_AX(%rbx), %rax
	mov	REGS + REGS_CX(%rbx), %rcx
	mov	REGS + REGS_DX(%rbx), %rdx
	mov	REGS + REGS_SI(%rbx), %rsi
	mov	REGS + REGS_DI(%rbx), %rdi
.endm

/* On the stack: [flags] rdx rcx rax, the return address into the stub. */
.macro	ENTRY name, red, flags
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 6
\name:
	.if \flags
	pushf
	.endif
	push	%rax
	push	%rcx
	push	%rdx
	FIND_CONTEXT \name\()_none
	cmpl	$0, RT + RT_CONTEXT_BUSY(%rdx)
	jne	\name\()_busy
	movl	$1, RT + RT_CONTEXT_BUSY(%rdx)
	SAVE_REGS
	pop	%rcx
	mov	%rcx, REGS + REGS_DX(%rdx)
	pop	%rcx
	mov	%rcx, REGS + REGS_CX(%rdx)
	pop	%rcx
	mov	%rcx, REGS + REGS_AX(%rdx)
	.if \flags
	pop	%rcx
	mov	%rcx, REGS + REGS_FLAGS(%rdx)
	cld
	.else
	movq	$0x202, REGS + REGS_FLAGS(%rdx)
	.endif
	mov	%rsp, USER_CONTEXT_TARGET_SP(%rdx)
	mov	(%rsp), %r8
	.set	back, USER_STUB_CODE + USER_STUB_CALL_SIZE + \red * USER_STUB_LEA_SIZE
	lea	8 + \red * USER_RED_ZONE(%rsp), %rcx
	mov	%rcx, REGS + REGS_SP(%rdx)
	mov	USER_STUB_ADDRESS - back(%r8), %rcx
	mov	%rcx, REGS + REGS_IP(%rdx)
	mov	%rcx, RT + RT_CONTEXT_IP(%rdx)
	mov	USER_STUB_SITE - back(%r8), %esi
	mov	%rdx, %rbx
	lea	RT(%rdx), %rdi
	mov	USER_CONTEXT_STACK(%rdx), %rsp
	call	*USER_STUB_HANDLER - back(%r8)
	.if \flags
	jmp	out_flags
	.else
	jmp	out_plain
	.endif
	.subsection 1
\name\()_none:
	mov	$\red * USER_STUB_LEA_SIZE, %eax
	mov	$2, %ecx /* RT_SKIP_CONTEXT */
	jmp	1f
\name\()_busy:
	mov	$\red * USER_STUB_LEA_SIZE, %eax
	mov	$0, %ecx /* RT_SKIP_REENTRANT */
1:	neg	%rax
	add	24 + 8 * \flags(%rsp), %rax
	call	skip
	pop	%rdx
	pop	%rcx
	pop	%rax
	.if \flags
	popf
	.endif
	ret
	.previous
	.size	\name, . - \name
.endm

	ENTRY	user_entry, 0, 0
	ENTRY	user_entry_red, 1, 0
	ENTRY	user_entry_flags, 0, 1
	ENTRY	user_entry_red_flags, 1, 1

/*
 * The way out; rbx: the context.  From here on the supervisor can finish what is
 * left by itself, and it must when it has set the context's "deferred" too late
 * to be seen.
 */
	.p2align 4
	.globl	user_deferred_trap, user_tail, user_tail_end
user_tail:
/* The supervisor goes on with the thread behind the stub's call, and delivers the signals that
 * it has held back.  Without supervisor, user_safety_handler comes back here. */
user_deferred_trap:
	int3
	movl	$0, USER_CONTEXT_DEFERRED(%rbx)
/* Flags are put back as far as programs use them. */
out_flags:
	cmpl	$0, USER_CONTEXT_DEFERRED(%rbx)
	jne	user_deferred_trap
	mov	REGS + REGS_FLAGS(%rbx), %rcx
	test	$0x400, %ecx
	jz	1f
	std
1:	mov	%cl, %ah
	shr	$11, %ecx
	and	$1, %ecx
	mov	%cl, %al
	add	$0x7f, %al
	sahf
	jmp	restore
	.p2align 4
out_plain:
	cmpl	$0, USER_CONTEXT_DEFERRED(%rbx)
	jne	user_deferred_trap
restore:
	RESTORE_REGS
	mov	USER_CONTEXT_TARGET_SP(%rbx), %rsp
	movl	$0, RT + RT_CONTEXT_BUSY(%rbx)
	mov	REGS + REGS_BX(%rbx), %rbx
	ret
/* From the trampoline.  A ret would be mispredicted: no call matches it.  The address below the
 * stack pointer is safe there (x86-64 ABI 3.2.2: the red zone). */
	.p2align 4
out_return:
	cmpl	$0, USER_CONTEXT_DEFERRED(%rbx)
	jne	user_deferred_trap
	RESTORE_REGS
	mov	USER_CONTEXT_TARGET_SP(%rbx), %rsp
	movl	$0, RT + RT_CONTEXT_BUSY(%rbx)
	mov	REGS + REGS_BX(%rbx), %rbx
	lea	8(%rsp), %rsp
	jmp	*-8(%rsp)
user_tail_end:

	.p2align 6
	.globl	user_return_trampoline
	.hidden	user_return_trampoline
/* A hijacked return address leads here; the slot that held it gets the real one. */
user_return_trampoline:
	lea	-8(%rsp), %rsp
	push	%rax
	push	%rcx
	push	%rdx
	FIND_CONTEXT return_lost
	cmpl	$0, RT + RT_CONTEXT_BUSY(%rdx)
	jne	return_lost
	movl	$1, RT + RT_CONTEXT_BUSY(%rdx)
	SAVE_REGS
	pop	%rcx
	mov	%rcx, REGS + REGS_DX(%rdx)
	pop	%rcx
	mov	%rcx, REGS + REGS_CX(%rdx)
	pop	%rcx
	mov	%rcx, REGS + REGS_AX(%rdx)
	movq	$0x202, REGS + REGS_FLAGS(%rdx)
	mov	%rsp, USER_CONTEXT_TARGET_SP(%rdx)
	lea	8(%rsp), %rcx
	mov	%rcx, REGS + REGS_SP(%rdx)
	mov	%rdx, %rbx
	mov	%rdx, %rdi
	mov	USER_CONTEXT_STACK(%rdx), %rsp
	call	user_returned
	jmp	out_return
/* No context, or one that is in use: only the real address is needed. */
return_lost:
	lea	24(%rsp), %rax
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	mov	%rsp, %rbx
	and	$-16, %rsp
	mov	%rax, %rdi
	call	user_return_find
	mov	%rbx, %rsp
	mov	%rax, 80(%rsp)
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	ret

/* rax: thread pointer + 1; the context, or 0, into rdx; changes rax, rcx. */
find_slowly:
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	lea	user_process(%rip), %rbx
1:	mov	$1, %ecx
	xchg	%ecx, USER_PROCESS_CLAIM_LOCK(%rbx)
	test	%ecx, %ecx
	jz	2f
	pause
	jmp	1b
2:	mov	%rsp, %rbp
	lea	USER_PROCESS_CLAIM_STACK + USER_PROCESS_CLAIM_STACK_SIZE(%rbx), %rsp
	and	$-16, %rsp
	mov	%rax, %rdi
	cld
	call	user_context_find
	mov	%rbp, %rsp
	movl	$0, USER_PROCESS_CLAIM_LOCK(%rbx)
	mov	%rax, %rdx
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	ret

/* rax: the stub's return address, less the lea's size; ecx: enum rt_skip. */
skip:
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbp
	mov	%rsp, %rbp
	and	$-16, %rsp
	cld
	mov	USER_STUB_SITE - USER_STUB_CODE - USER_STUB_CALL_SIZE(%rax), %edi
	mov	%ecx, %esi
	call	rt_skip_site
	mov	%rbp, %rsp
	pop	%rbp
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	ret

	.globl	user_restorer
user_restorer:
	mov	$15, %eax /* rt_sigreturn */
	syscall

	.section .text.user_copy, "ax", @progbits
.macro	FIXUP from, to
	.pushsection .tapster.fixup, "a", @progbits
	.long	\from - ., \to - .
	.popsection
.endm

	.globl	user_copy
	.hidden	user_copy
	.type	user_copy, @function
/* int user_copy(void *to, const void *from, size_t n): 0, or -EFAULT where
 * either side is not there. */
user_copy:
	mov	%rdx, %rcx
	shr	$3, %rcx
	jz	2f
1:	mov	(%rsi), %rax
10:	mov	%rax, (%rdi)
	add	$8, %rsi
	add	$8, %rdi
	dec	%rcx
	jnz	1b
2:	and	$7, %edx
	jz	4f
3:	movzbl	(%rsi), %eax
30:	mov	%al, (%rdi)
	inc	%rsi
	inc	%rdi
	dec	%edx
	jnz	3b
4:	xor	%eax, %eax
	ret
5:	mov	$-14, %eax
	ret
	FIXUP	1b, 5b
	FIXUP	10b, 5b
	FIXUP	3b, 5b
	FIXUP	30b, 5b

	.globl	user_copy_string
	.hidden	user_copy_string
	.type	user_copy_string, @function
/* long user_copy_string(char *to, const char *from, size_t n): the length
 * without the NUL, which is not written, or -EFAULT. */
user_copy_string:
	xor	%ecx, %ecx
1:	cmp	%rdx, %rcx
	jae	3f
2:	movzbl	(%rsi, %rcx), %eax
	test	%al, %al
	jz	3f
	mov	%al, (%rdi, %rcx)
	inc	%rcx
	jmp	1b
3:	mov	%rcx, %rax
	ret
4:	mov	$-14, %rax
	ret
	FIXUP	2b, 4b

	.section .text.user_cycles, "ax", @progbits
	.globl	user_cycles
	.hidden	user_cycles
	.type	user_cycles, @function
/* uint64_t user_cycles(void): 0 where the program may not read it (PR_SET_TSC, seccomp's
 * strict mode). */
user_cycles:
1:	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	ret
2:	xor	%eax, %eax
	ret
	FIXUP	1b, 2b

	.globl	user_cpu
	.hidden	user_cpu
	.type	user_cpu, @function
/* unsigned user_cpu(void): Linux keeps the number in the low 12 bits of TSC_AUX. */
user_cpu:
1:	rdtscp
	mov	%ecx, %eax
	and	$0xfff, %eax
	ret
2:	xor	%eax, %eax
	ret
	FIXUP	1b, 2b

	.section .note.GNU-stack, "", @progbits
