/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction analysis: bytes of a function -> struct site_recipe.  The only
 * user of Zydis.  One contract for every architecture (x86.c is the first):
 *
 * insn_plan decides, for a site at CODE[at], how the instruction(s) there are
 * displaced: position-independent ones are copied, RIP-relative operands are
 * re-based, control flow is re-encoded (see runtime/site.h).  A site that can't
 * be displaced is refused with a reason in words for the user.
 *
 * Nothing here reads files or knows of DWARF: the caller gives bytes and the
 * link-time address of the first.
 */
#ifndef TAPSTER_TRANSLATOR_INSN_H
#define TAPSTER_TRANSLATOR_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "runtime/site.h"

/* Gives bytes of the file at a link-time address: returns bytes copied, 0 outside the file
 * (dw_read fits). */
typedef size_t insn_read_fn(void *data, uint64_t address, void *buf, size_t size);

/*
 * The executable segment around ADDRESS, for questions that one function can't answer:
 * who jumps into it, where its cold parts and jump tables are.  Made once per file, for
 * about 1.5 ms per MB of code.  READ is called as long as it lives.
 */
struct insn_text;
struct insn_text *insn_text_new(struct arena *a, insn_read_fn *read, void *data,
				uint64_t address);
/* ADDRESS stands in the file's data (a relative relocation): it may be gone to. */
void insn_text_add_pointer(struct insn_text *t, uint64_t address);
/* All such addresses have been told, so that tables of labels needn't be found. */
void insn_text_set_pointers_known(struct insn_text *t);

struct insn_code {
	const uint8_t *bytes; /* the function, or as much as is known of it */
	size_t size;
	uint64_t address;     /* of bytes[0] */
	bool is_32bit;
	bool is_whole;        /* BYTES is exactly one whole function (so that absence of
	                       * branches into the cover can be proved), and not a part that
	                       * the compiler split off (NAME.cold) */
	bool is_fragment;     /* BYTES[0] is not a function's entry but somewhere in the middle:
	                       * no jump entries, and all state may be live */
	/* addresses that are entered from outside: landing pads, labels of jump
	 * tables that the caller knows.  Sorted or not. */
	const uint64_t *entries;
	size_t n_entries;
	/* bytes behind the function up to the next one, for padding; may be 0 */
	size_t padding_after;  /* those bytes follow BYTES[size] in memory and are readable */
	/* ENTRIES has every landing pad of the function's exception table (or there is none):
	 * needed for jump entries in the middle of a function that makes calls, behind its
	 * first basic block */
	bool has_all_entries;
	/* The rest of the file's code; NULL means no jump entries, since hand-written
	 * functions do jump into each other.  With it the extent of a function needn't be
	 * known (is_whole) for a jump at its entry: its code is found by following the
	 * branches. */
	const struct insn_text *text;
};

enum insn_purpose {
	INSN_BREAKPOINT_ONLY, /* kernel engine: displace one instruction */
	INSN_JUMP_IF_POSSIBLE /* user engine */
};

/* Plans the site at CODE->address + AT.  Fills all of OUT but file and offset.  On
 * refusal returns false and sets *WHY (static text or in A) and, where there is a
 * legal site near, *NEAREST to its address (else 0).  On success *WHY is NULL, or says
 * why a jump that PURPOSE asked for isn't possible (for -v). */
bool insn_plan(struct arena *a, const struct insn_code *code, size_t at,
	       enum insn_purpose purpose, struct site_recipe *out, const char **why,
	       uint64_t *nearest);

/* Offsets (from CODE->bytes) of every return: ret instructions, jumps out of the function
 * and through pointers.  For return probes that set a site at each (-D RETURN_SITES).
 * A jump to a part that the compiler put elsewhere (NAME.cold) looks the same. */
size_t insn_returns(struct arena *a, const struct insn_code *code, size_t **offsets);

/*
 * Finds main() of a stripped program: decodes from the entry point to the call of
 * __libc_start_main and follows what is put into the first argument register.
 * Works for PIE and not, endbr64 or not, static (where the call is direct)
 * or dynamic (through the GOT).  Returns 0 where the pattern isn't there.
 */
uint64_t insn_find_main(insn_read_fn *read, void *data, uint64_t entry, bool is_32bit);

/* Address behind the function's prologue as far as the instructions tell (push %rbp;
 * mov %rsp,%rbp; sub); the start where there is none. */
uint64_t insn_skip_prologue(const struct insn_code *code);

/* Where a stub (of the procedure linkage table) at CODE's beginning finds the address that it
 * jumps to; false: it is no jump through memory at a known place. */
bool insn_stub_slot(const struct insn_code *code, uint64_t *slot);

/* "push %rbp; mov %rsp,%rbp": disassembly of SIZE bytes, for messages and --dump. */
char *insn_format(struct arena *a, const uint8_t *bytes, size_t size, uint64_t address,
		  bool is_32bit);

#endif
