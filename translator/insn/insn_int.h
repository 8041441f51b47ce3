/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of translator/insn/ share: one decoded instruction with what
 * it does to control flow (x86_decode.c), the slot under construction
 * (x86_slot.c), and what is known of the branches of a function (x86_flow.c).
 */
#ifndef TAPSTER_TRANSLATOR_INSN_INT_H
#define TAPSTER_TRANSLATOR_INSN_INT_H

#include <Zydis/Zydis.h>

#include "translator/insn/insn.h"

#define X86_INSN_MAX 15
#define X86_JUMP_SIZE 5       /* jmp rel32 */
#define X86_SHORT_JUMP_SIZE 2 /* jmp rel8 */

enum x86_flow {
	X86_NEXT,          /* goes on behind itself */
	X86_JUMP,          /* jmp to TARGET */
	X86_BRANCH,        /* jcc, loop, jrcxz, xbegin: TARGET or behind itself */
	X86_CALL,          /* call of TARGET */
	X86_JUMP_INDIRECT, /* near jmp through a register or memory */
	X86_CALL_INDIRECT,
	X86_RET,
	X86_FAR,  /* any transfer to another code segment */
	X86_STOP, /* never goes on: ud2, hlt */
};

struct x86_insn {
	uint64_t address;
	uint64_t target; /* of JUMP, BRANCH and CALL */
	enum x86_flow flow;
	uint8_t bytes[X86_INSN_MAX];
	ZydisDecodedInstruction z;
};

struct x86_decoder {
	ZydisDecoder z;
	bool is_32bit;
};

void x86_decoder_init(struct x86_decoder *d, bool is_32bit);
/* False where the bytes are no instruction or are cut off. */
bool x86_decode(const struct x86_decoder *d, const uint8_t *bytes, size_t size, uint64_t address,
		struct x86_insn *out);
/* Has an operand at [rip + disp32], alone or as lea; *ADDRESS is what it means. */
bool x86_is_rip_relative(const struct x86_insn *insn, uint64_t *address);
/* nop in any length, endbr excepted; int3: what compilers and linkers pad with. */
bool x86_is_padding(const struct x86_insn *insn);
/* Has PREFIX among its legacy prefixes. */
bool x86_has_prefix(const struct x86_insn *insn, uint8_t prefix);
/* jmp or ret: what stands behind it is reached from elsewhere only. */
bool x86_never_goes_on(const struct x86_insn *insn);
/* syscall, sysenter, int $0x80 */
bool x86_is_syscall(const struct x86_insn *insn);

/* The slot under construction: writes into a recipe. */
struct x86_slot {
	struct site_recipe *recipe;
	bool is_32bit;
	bool is_full; /* something didn't fit */
	bool is_open; /* control falls out of the end */
};

void x86_slot_init(struct x86_slot *s, struct site_recipe *recipe, bool is_32bit);
/* Why INSN can't be displaced, or NULL. */
const char *x86_slot_refusal(const struct x86_insn *insn, bool is_32bit);
/* Adds the work of INSN, which stands OFFSET bytes behind the site. */
void x86_slot_add(struct x86_slot *s, const struct x86_insn *insn, unsigned offset);
/* Adds the way back to site + COVER, if needed; false where the recipe was too small. */
bool x86_slot_close(struct x86_slot *s, unsigned cover);

/* Bytes of the file; how many there were. */
size_t x86_text_read(const struct insn_text *text, uint64_t address, void *buf, size_t size);
/* Code outside of the function START ... END - 1 may jump to one of the addresses FROM ...
 * TO - 1 in it. */
bool x86_text_may_jump(const struct insn_text *text, const struct x86_decoder *d,
		       uint64_t start, uint64_t end, uint64_t from, uint64_t to);
bool x86_text_knows_pointers(const struct insn_text *text);
/* Bytes of padding right before the function at ADDRESS that control never runs through. */
size_t x86_text_padding_before(const struct insn_text *text, const struct x86_decoder *d,
			       uint64_t address);

/*
 * Where the branches of a function go.  Built once per plan; see x86_flow.c for
 * what is proved and how.
 */
struct x86_map;

struct x86_map *x86_map_new(struct arena *a, const struct x86_decoder *d,
			    const struct insn_code *code);
/* OFFSET is known to be in the middle of an instruction; *START is where that begins. */
bool x86_map_is_inside(const struct x86_map *map, size_t offset, size_t *start);
/* NULL when control can come to the offsets FROM ... TO - 1 from the instructions right
 * before them only; else the reason why not, or why that isn't known. */
const char *x86_map_why_entered(const struct x86_map *map, size_t from, size_t to);
/* The function jumps to OFFSET, or whether it does isn't known.  Calls don't count. */
bool x86_map_may_jump_to(const struct x86_map *map, size_t offset);
/* The last instruction of the (whole) function may go on into what stands behind it. */
bool x86_map_runs_out(const struct x86_map *map);
/* At OFFSET is an indirect jump through a pointer, not a jump table. */
bool x86_map_is_tail_jump(const struct x86_map *map, size_t offset);
bool x86_map_has_calls(const struct x86_map *map);

#endif
