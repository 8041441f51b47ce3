/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What insn_plan decides for small pieces of code, why it refuses, and the other
 * questions of translator/insn/insn.h.  (What slots do: insn_slot.c.)
 */
#include "translator/insn/insn.h"

#include "testsuite/tapster.unit/unit.h"

#define BASE 0x1000u
#define FUNCTION 0x1080u /* in the middle, between hlt, which is no padding */

static struct {
	uint8_t bytes[512];
	struct arena *arena;
	struct insn_code code;
	struct site_recipe recipe;
	const char *why;
	uint64_t nearest;
} test;

static size_t read_bytes(void *data, uint64_t address, void *buf, size_t size)
{
	(void)data;
	if (address < BASE || address >= BASE + sizeof(test.bytes))
		return 0;
	if (size > BASE + sizeof(test.bytes) - address)
		size = BASE + sizeof(test.bytes) - address;
	memcpy(buf, test.bytes + (address - BASE), size);
	return size;
}

static void function(const void *bytes, size_t size)
{
	if (test.arena)
		arena_free(test.arena);
	test.arena = arena_new("test");
	memset(test.bytes, 0xf4, sizeof(test.bytes));
	memcpy(test.bytes + (FUNCTION - BASE), bytes, size);
	test.code = (struct insn_code){.bytes = test.bytes + (FUNCTION - BASE),
				       .size = size,
				       .address = FUNCTION,
				       .is_whole = true};
}

#define CODE(...) \
	function((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* To be called when the bytes are complete. */
static bool plan(size_t at, enum insn_purpose purpose)
{
	test.code.text = insn_text_new(test.arena, read_bytes, NULL, FUNCTION);
	return insn_plan(test.arena, &test.code, at, purpose, &test.recipe, &test.why,
			 &test.nearest);
}

static bool is_jump(size_t at)
{
	return plan(at, INSN_JUMP_IF_POSSIBLE) && test.recipe.flags & SITE_JUMP_OK;
}

#define PUSH_RBP 0x55
#define MOV_RSP_RBP 0x48, 0x89, 0xe5
#define NOP4 0x0f, 0x1f, 0x40, 0x00
#define RET 0xc3

static void recipe(void)
{
	CODE(PUSH_RBP, MOV_RSP_RBP, 0x48, 0x8b, 0x05, 0x10, 0x00, 0x00, 0x00, RET);
	test.recipe.offset = 77;
	test.recipe.file = 3;
	if (!CHECK(is_jump(0)))
		return;
	CHECK_INT(test.recipe.offset, 77);
	CHECK_INT(test.recipe.file, 3);
	CHECK_INT(test.recipe.address, FUNCTION);
	CHECK_INT(test.recipe.flags, SITE_JUMP_OK | SITE_ENTRY);
	CHECK_INT(test.recipe.cover, 11);
	CHECK_INT(test.recipe.n_insns, 3);
	CHECK_INT(test.recipe.insn_at[1], 1);
	CHECK_INT(test.recipe.insn_at[2], 4);
	CHECK_INT(test.recipe.slot_size, 16);
	CHECK_INT(test.recipe.n_fixups, 2);
	CHECK_INT(test.recipe.fixups[0].kind, SITE_FIX_REL32);
	CHECK_INT(test.recipe.fixups[0].at, 7);
	CHECK_INT(test.recipe.fixups[0].addend, 11 + 0x10 - 4);
	CHECK_INT(test.recipe.fixups[1].addend, 11 - 4);
	CHECK(!memcmp(test.recipe.orig, test.code.bytes, 11));
}

static void breakpoint_only(void)
{
	CODE(PUSH_RBP, MOV_RSP_RBP, NOP4, RET);
	CHECK(plan(0, INSN_BREAKPOINT_ONLY));
	CHECK_INT(test.recipe.flags, SITE_ENTRY);
	CHECK_INT(test.recipe.cover, 1);
	CHECK(plan(4, INSN_BREAKPOINT_ONLY));
	CHECK_INT(test.recipe.flags, SITE_RED_ZONE | SITE_FLAGS_LIVE);
	CHECK_INT(test.recipe.cover, 4);
}

static void without_text(void)
{
	CODE(PUSH_RBP, MOV_RSP_RBP, NOP4, RET);
	CHECK(insn_plan(test.arena, &test.code, 0, INSN_JUMP_IF_POSSIBLE, &test.recipe, &test.why,
			&test.nearest));
	CHECK(!(test.recipe.flags & SITE_JUMP_OK));
	CHECK_STR(test.why, "the rest of the file's code isn't known");
}

static void jumped_into(void)
{
	static const uint8_t branches[][2] = {{0x75, 0xfc}, {0xeb, 0xfc}, {0xe3, 0xfc}, {0xe2, 0xfc}};

	for (size_t i = 0; i < sizeof(branches) / sizeof(*branches); i++) {
		CODE(PUSH_RBP, MOV_RSP_RBP, 0x90, 0x90, branches[i][0], branches[i][1], RET);
		CHECK(!is_jump(0)); /* to 4 */
	}
	CODE(PUSH_RBP, MOV_RSP_RBP, 0x90, 0x90, 0x0f, 0x85, 0xf5, 0xff, 0xff, 0xff, RET);
	CHECK(!is_jump(0)); /* to 1 */
	CODE(PUSH_RBP, MOV_RSP_RBP, 0x90, 0x90, 0x0f, 0x85, 0xf4, 0xff, 0xff, 0xff, RET);
	CHECK(is_jump(0)); /* to 0: the site itself */
	CHECK(test.recipe.flags & SITE_RED_ZONE && test.recipe.flags & SITE_FLAGS_LIVE);
	CODE(PUSH_RBP, MOV_RSP_RBP, 0x48, 0x8d, 0x05, 0xf6, 0xff, 0xff, 0xff, RET);
	CHECK(!is_jump(0)); /* lea 1 */
}

static void jumped_into_from_elsewhere(void)
{
	uint32_t rel = FUNCTION + 4 - (BASE + 0x10 + 5);

	CODE(PUSH_RBP, MOV_RSP_RBP, NOP4, RET);
	test.bytes[0x10] = 0xe9;
	memcpy(test.bytes + 0x11, &rel, 4);
	CHECK(!is_jump(0));
	CODE(PUSH_RBP, MOV_RSP_RBP, NOP4, RET); /* a short jump right before */
	test.bytes[FUNCTION - BASE - 16] = 0xeb;
	test.bytes[FUNCTION - BASE - 15] = 14 + 4;
	CHECK(!is_jump(0));
	test.bytes[FUNCTION - BASE - 15] = 14; /* to its start */
	CHECK(is_jump(0));
}

static void cold_part(void)
{
	/* jne cold ... cold: nop; jmp 4 */
	static const uint8_t cold[] = {0x90, 0xe9, 0, 0, 0, 0};
	uint32_t there = BASE + 0x180 - (FUNCTION + 5 + 6);
	uint32_t back = FUNCTION + 4 - (BASE + 0x180 + 6);

	CODE(PUSH_RBP, MOV_RSP_RBP, 0x90, 0x0f, 0x85, 0, 0, 0, 0, RET);
	memcpy(test.bytes + (FUNCTION - BASE) + 7, &there, 4);
	memcpy(test.bytes + 0x180, cold, sizeof(cold));
	memcpy(test.bytes + 0x182, &back, 4);
	CHECK(!is_jump(0));
	back++; /* to 5 */
	memcpy(test.bytes + 0x182, &back, 4);
	CHECK(is_jump(0));
}

/* xor %eax,%eax; L: lea table(%rip),%rdx; movslq (%rdx,%rcx,4),%rcx; add %rdx,%rcx; jmp *%rcx */
static void jump_table(void)
{
	uint32_t table = BASE + 0x180, rel = table - (FUNCTION + 2 + 7);
	int32_t entry;

	CODE(0x31, 0xc0, 0x48, 0x8d, 0x15, 0, 0, 0, 0, 0x48, 0x63, 0x0c, 0x8a, 0x48, 0x01, 0xd1, 0x3e,
	     0xff, 0xe1, RET);
	memcpy(test.bytes + (FUNCTION - BASE) + 5, &rel, 4);
	CHECK(!is_jump(0)); /* there is no table */
	CHECK_STR(test.why, "the function has an indirect jump whose targets aren't known");
	for (unsigned i = 0; i < 4; i++) {
		entry = (int32_t)(FUNCTION + 19 - table);
		memcpy(test.bytes + 0x180 + i * 4, &entry, 4);
	}
	CHECK(is_jump(0));
	entry = (int32_t)(FUNCTION + 2 - table); /* one entry goes to L */
	memcpy(test.bytes + 0x180 + 8, &entry, 4);
	CHECK(!is_jump(0));
	CHECK_STR(test.why, "the function jumps into the bytes that a jump would cover");
	/* ... but a hop's two bytes are free */
	memset(test.bytes + (FUNCTION - BASE) + 20, 0x90, 16);
	test.code.padding_after = 16;
	CHECK(is_jump(0));
	CHECK_INT(test.recipe.cover, 2);
	CHECK_INT(test.recipe.hop, 20);
}

/* L: at 2; lea table(%rip),%rdx; movslq (%rdx,%rcx,4),%rcx; lea M(%rip),%rdx; add %rdx,%rcx;
 * jmp *%rcx; M: ret */
static void table_of_label_distances(void)
{
	uint32_t table = BASE + 0x180, rel = table - (FUNCTION + 2 + 7);
	int32_t entry;

	CODE(0x31, 0xc0, 0x48, 0x8d, 0x15, 0, 0, 0, 0, 0x48, 0x63, 0x0c, 0x8a, 0x48, 0x8d, 0x15, 5, 0, 0,
	     0, 0x48, 0x01, 0xd1, 0xff, 0xe1, RET);
	memcpy(test.bytes + (FUNCTION - BASE) + 5, &rel, 4);
	CHECK(!is_jump(0));
	for (unsigned i = 0; i < 4; i++) {
		entry = 0;
		memcpy(test.bytes + 0x180 + i * 4, &entry, 4);
	}
	CHECK(is_jump(0));
	entry = 2 - 25; /* to L */
	memcpy(test.bytes + 0x180 + 4, &entry, 4);
	CHECK(!is_jump(0));
}

/* xor %eax,%eax; L: lea table(%rip),%rdx; jmp *(%rdx,%rcx,8), the table is filled by relocations */
static void table_of_relocated_labels(void)
{
	uint32_t rel = BASE + 0x180 - (FUNCTION + 2 + 7);
	struct insn_text *text;

	CODE(0x31, 0xc0, 0x48, 0x8d, 0x15, 0, 0, 0, 0, 0xff, 0x24, 0xca, RET);
	memcpy(test.bytes + (FUNCTION - BASE) + 5, &rel, 4);
	memset(test.bytes + 0x180, 0, 64);
	CHECK(!is_jump(0));
	test.code.text = text = insn_text_new(test.arena, read_bytes, NULL, FUNCTION);
	insn_text_add_pointer(text, FUNCTION + 9);
	insn_text_set_pointers_known(text);
	CHECK(insn_plan(test.arena, &test.code, 0, INSN_JUMP_IF_POSSIBLE, &test.recipe, &test.why,
			&test.nearest));
	CHECK(test.recipe.flags & SITE_JUMP_OK);
	insn_text_add_pointer(text, FUNCTION + 2);
	CHECK(insn_plan(test.arena, &test.code, 0, INSN_JUMP_IF_POSSIBLE, &test.recipe, &test.why,
			&test.nearest));
	CHECK(!(test.recipe.flags & SITE_JUMP_OK));
}

static void tail_call_through_pointer(void)
{
	CODE(0x48, 0x8b, 0x07, PUSH_RBP, 0x5d, 0xff, 0x60, 0x18); /* mov (%rdi),%rax; jmp *24(%rax) */
	CHECK(is_jump(0));
	CODE(0x48, 0x8b, 0x47, 0x10, PUSH_RBP, 0x5d, 0xff, 0xe0); /* mov 16(%rdi),%rax; jmp *%rax */
	CHECK(is_jump(0));
}

static void entries(void)
{
	uint64_t pad = FUNCTION + 4;

	CODE(PUSH_RBP, MOV_RSP_RBP, NOP4, RET);
	test.code.entries = &pad;
	test.code.n_entries = 1;
	CHECK(!is_jump(0));
	pad = FUNCTION + 8;
	CHECK(is_jump(0));
}

static void middle(void)
{
	/* push; mov; call; cmp $1,%eax; mov %eax,%ebx; nop; ret */
	CODE(PUSH_RBP, MOV_RSP_RBP, 0xe8, 0, 0, 0, 0, 0x83, 0xf8, 0x01, 0x89, 0xc3, 0x90, RET);
	CHECK(!is_jump(9)); /* landing pads might be anywhere */
	test.code.has_all_entries = true;
	CHECK(is_jump(9));
	CHECK_INT(test.recipe.flags, SITE_JUMP_OK | SITE_RED_ZONE); /* cmp: the flags are dead */
	CHECK(plan(12, INSN_JUMP_IF_POSSIBLE));
	CHECK(test.recipe.flags & SITE_FLAGS_LIVE);
	CHECK(!plan(10, INSN_JUMP_IF_POSSIBLE));
	CHECK_STR(test.why, "the address is in the middle of an instruction");
	CHECK_INT(test.nearest, FUNCTION + 9);
}

static void first_block(void)
{
	/* unoptimised code is probed behind the prologue */
	CODE(PUSH_RBP, MOV_RSP_RBP, 0x48, 0x83, 0xec, 0x10, 0x89, 0x7d, 0xfc, 0x48, 0x89, 0x75, 0xf0,
	     0xe8, 0, 0, 0, 0, 0xc9, RET);
	CHECK(is_jump(8));
	CHECK_INT(test.recipe.cover, 7);
	CHECK_INT(test.recipe.flags, SITE_JUMP_OK | SITE_RED_ZONE | SITE_FLAGS_LIVE);
}

static void fragment(void)
{
	CODE(PUSH_RBP, MOV_RSP_RBP, NOP4, RET);
	test.code.is_whole = false;
	test.code.is_fragment = true;
	CHECK(!is_jump(0));
	CHECK_INT(test.recipe.flags, SITE_RED_ZONE | SITE_FLAGS_LIVE);
}

static void unknown_end(void)
{
	CODE(PUSH_RBP, MOV_RSP_RBP, NOP4, RET, 0xff, 0xff, 0xff); /* behind it no code */
	test.code.is_whole = false;
	CHECK(is_jump(0));
	CODE(PUSH_RBP, MOV_RSP_RBP, 0x90, 0x75, 0xfa, RET, 0xff); /* jne 1 */
	test.code.is_whole = false;
	CHECK(!is_jump(0));
	CODE(0x31, 0xc0, RET, 0x0f, 0x1f, 0x00, 0x90, 0x90); /* perhaps another function */
	test.code.is_whole = false;
	CHECK(!is_jump(0));
}

static void refusals(void)
{
	static const struct {
		uint8_t bytes[8];
		const char *why;
	} cases[] = {
		{{0xcc}, "the instruction is a breakpoint or trap of the program itself"},
		{{0xf1}, "the instruction is a breakpoint or trap of the program itself"},
		{{0xcd, 0x21}, "the instruction is a software interrupt"},
		{{0x0f, 0x0b},
		 "the instruction only exists to fault, and must do so at its own address"},
		{{0xf4}, "the instruction only exists to fault, and must do so at its own address"},
		{{0xc7, 0xf8, 1, 0, 0, 0},
		 "the instruction begins a hardware transaction, which no probe survives"},
		{{0xcb}, "the instruction goes to another code segment"},
		{{0x48, 0xcf}, "the instruction goes to another code segment"},
		{{0xff, 0x2f}, "the instruction goes to another code segment"},
		{{0x0f, 0x30}, "the instruction is privileged"},
		{{0x66, 0xe8, 0, 0, 0, 0},
		 "processors differ on a branch with an operand-size prefix"},
		{{0xff, 0xd4}, "the instruction calls the address in the stack pointer"},
		{{0x67, 0x8b, 0x05, 0, 0, 0, 0},
		 "the operand is relative to a 32-bit instruction pointer"},
		{{0x0f, 0x34}, "sysenter has no meaning in 64-bit programs"},
		{{0x0f, 0x04}, "there is no instruction at this address"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t bytes[16] = {PUSH_RBP};

		memset(bytes + 1, 0x90, sizeof(bytes) - 1);
		memcpy(bytes + 1, cases[i].bytes, sizeof(cases[i].bytes));
		for (size_t k = sizeof(cases[i].bytes); k > 1 && !bytes[k]; k--)
			bytes[k] = 0x90;
		memcpy(bytes + 1, cases[i].bytes, i == 5 || i >= 10 ? 7 : 2);
		function(bytes, sizeof(bytes));
		CHECK(!plan(1, INSN_JUMP_IF_POSSIBLE));
		CHECK_STR(test.why, cases[i].why);
		CHECK(test.nearest >= FUNCTION && test.nearest != FUNCTION + 1);
	}
	CODE(0x90);
	CHECK(!plan(1, INSN_BREAKPOINT_ONLY)); /* outside */
	CODE(0xe8, 0x00, 0x00); /* cut off */
	CHECK(!plan(0, INSN_BREAKPOINT_ONLY));
}

static void returns(void)
{
	size_t *at;

	/* je +1; ret; jmp *%rax; jmp out; repz ret; jmp 0 */
	CODE(0x74, 0x01, RET, 0xff, 0xe0, 0xe9, 0x00, 0x01, 0x00, 0x00, 0xf3, 0xc3, 0xeb, 0xf2);
	if (CHECK_INT(insn_returns(test.arena, &test.code, &at), 4)) {
		CHECK_INT(at[0], 2);
		CHECK_INT(at[1], 3);
		CHECK_INT(at[2], 5);
		CHECK_INT(at[3], 10);
	}
}

static void prologue(void)
{
	CODE(0xf3, 0x0f, 0x1e, 0xfa, PUSH_RBP, MOV_RSP_RBP, 0x53, 0x48, 0x83, 0xec, 0x18, 0x90);
	CHECK_INT(insn_skip_prologue(&test.code), FUNCTION + 13);
	CODE(PUSH_RBP, MOV_RSP_RBP, 0x90);
	CHECK_INT(insn_skip_prologue(&test.code), FUNCTION + 4);
	CODE(0x41, 0x57, 0x90);
	CHECK_INT(insn_skip_prologue(&test.code), FUNCTION);
	CODE(PUSH_RBP, 0x89, 0xe5, 0x83, 0xec, 0x08);
	test.code.is_32bit = true;
	CHECK_INT(insn_skip_prologue(&test.code), FUNCTION + 6);
}

static void format(void)
{
	static const uint8_t bytes[] = {PUSH_RBP, MOV_RSP_RBP, 0xe8, 0, 0, 0, 0};

	CODE(0x90);
	CHECK_STR(insn_format(test.arena, bytes, sizeof(bytes), 0x400000, false),
		  "push %rbp; mov %rsp, %rbp; call 0x400009");
	CHECK_STR(insn_format(test.arena, bytes, 6, 0x400000, false),
		  "push %rbp; mov %rsp, %rbp; (bad)");
}

UNIT_MAIN(TEST(recipe), TEST(breakpoint_only), TEST(without_text), TEST(jumped_into),
	  TEST(jumped_into_from_elsewhere), TEST(cold_part), TEST(jump_table),
	  TEST(table_of_label_distances), TEST(table_of_relocated_labels),
	  TEST(tail_call_through_pointer), TEST(entries), TEST(middle), TEST(first_block),
	  TEST(fragment), TEST(unknown_end),
	  TEST(refusals), TEST(returns), TEST(prologue), TEST(format))
