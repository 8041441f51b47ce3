/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a compiled script says about each place that it probes: the contract
 * between the translator (which decodes instructions) and the two engines
 * (which do not).  Included by translator/insn/, printed by translator/emit/,
 * obeyed by runtime/user/ and runtime/uprobes/.  Plain data, no pointers, so
 * that it can be shared between processes at different addresses.
 *
 * A site is named by file and file offset.  The recipe says which bytes the
 * engine must find there, and gives a template of an out-of-line slot which
 * does the work of the displaced instructions from another address and goes
 * on behind them.  The engine copies the template to a place within 2 GiB of
 * the site and applies the fix-ups; then
 *
 *   breakpoint entry   0xCC is written over the first byte;
 *   jump entry         a 5-byte jmp rel32 to a stub of the engine, which in
 *                      the end continues at the slot, is written over it.
 *
 * Where jump_ok is not set only the first instruction is displaced.  Where it
 * is set, COVER >= 5 and the translator has proved that no branch of the
 * function (nor a jump table, nor an exception landing pad) lands inside the
 * covered bytes behind the first one.  Where HOP is not 0 the jump is entered in two
 * steps: a 2-byte jmp rel8 at the site (COVER >= 2) to padding at site + hop,
 * where the 5-byte jump is written over the bytes HOP_ORIG.
 *
 * What an engine has to know of slots:
 *  - COVER may go on over padding behind a function's last instruction: n_insns
 *    counts what can be executed, so the last of them may end before COVER.
 *  - The template is complete: behind the last instruction it jumps to the
 *    site + COVER itself, unless control never gets there.
 *  - A call is always the last displaced instruction; it pushes the true return
 *    address, so nothing returns into a slot.
 *  - Hops of two functions may want the same padding: HOP_ORIG no longer being
 *    there means that the site is entered by a breakpoint instead.
 *  - Two sites whose covers overlap can't both be entered by jumps, and the slot
 *    of the first displaces the second: plan the first for a breakpoint.
 *  - SITE_SYSCALL: a thread may sleep in the kernel with its ip at
 *    slot + insn_slot[0] + SITE_SYSCALL_LENGTH.  It may be moved to the same
 *    distance behind the site at any time (the kernel may rewind it by that to
 *    start the call again, which is right at both places).  Such sites are never
 *    entered by a jump.
 */
#ifndef TAPSTER_RUNTIME_SITE_H
#define TAPSTER_RUNTIME_SITE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define SITE_COVER_MAX 24 /* 4 bytes and one 15-byte instruction, rounded up */
#define SITE_SLOT_MAX 112
#define SITE_FIXUPS_MAX 12
#define SITE_INSNS_MAX 5 /* that a 5-byte jump can cover */

enum site_fixup_kind {
	/* 4 bytes at slot[at] = (site address + addend) - address of slot[at].
	 * (An operand with TAIL bytes of the instruction behind the field has
	 * TAIL + 4 subtracted from its addend already.) */
	SITE_FIX_REL32 = 1,
	/* 8 bytes at slot[at] = site address + addend */
	SITE_FIX_ABS64 = 2,
	/* 4 bytes at slot[at] = site address + addend; 32-bit programs only */
	SITE_FIX_ABS32 = 3
};

struct site_fixup {
	int64_t addend;
	uint8_t at;
	uint8_t kind;
	uint8_t unused[6];
};

enum site_flags {
	SITE_JUMP_OK = 1,    /* may be entered by a jump */
	SITE_RED_ZONE = 2,   /* the 128 bytes below the stack pointer may be live: skip them */
	SITE_FLAGS_LIVE = 4, /* the arithmetic flags may be live: preserve them */
	SITE_ENTRY = 8,      /* the first instruction of a function: (sp) is the return address */
	SITE_32BIT = 16,     /* code of a 32-bit program */
	SITE_SYSCALL = 32    /* displaces one syscall, sysenter or int $0x80 instruction */
};

#define SITE_SYSCALL_LENGTH 2

struct site_recipe {
	uint64_t offset;  /* of the site in the file */
	uint64_t address; /* link-time virtual address (before the load bias), for messages */
	uint64_t semaphore; /* link-time address of a 16-bit counter that is raised by one while the
	                   * site is armed (sys/sdt.h: the program asks it whether to
	                   * prepare a mark's arguments); 0: none */
	uint32_t file;    /* index into the object's file table */
	uint32_t flags;   /* enum site_flags */
	uint8_t cover;    /* bytes displaced, a whole number of instructions */
	uint8_t slot_size;
	uint8_t n_fixups;
	uint8_t n_insns;
	int8_t hop;       /* 0, or distance from the site to the padding */
	uint8_t hop_orig[5];
	uint8_t insn_at[SITE_INSNS_MAX];   /* offset of each displaced instruction from the site ... */
	uint8_t insn_slot[SITE_INSNS_MAX]; /* ... and of its replacement in the slot: to move threads */
	uint8_t orig[SITE_COVER_MAX];
	uint8_t slot[SITE_SLOT_MAX];
	struct site_fixup fixups[SITE_FIXUPS_MAX];
};

#endif
