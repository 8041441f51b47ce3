/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots: what does the work of a displaced x86 instruction at another address,
 * as position-independent text with fix-ups (runtime/site.h).
 *
 * Registers, flags and memory come out as the instruction itself would leave
 * them, and an instruction that faults does so in the state in which it would
 * have: a register is never borrowed, the flags are never touched, and what
 * reads memory comes before what moves the stack pointer.  Below the stack
 * pointer only 64-bit slots write (one word under the one that a call writes
 * anyway), since the kernel leaves those 128 bytes alone in 64-bit programs only.
 */
#include "translator/insn/insn_int.h"

#include <string.h>

void x86_slot_init(struct x86_slot *s, struct site_recipe *recipe, bool is_32bit)
{
	recipe->slot_size = 0;
	recipe->n_fixups = 0;
	recipe->n_insns = 0;
	*s = (struct x86_slot){.recipe = recipe, .is_32bit = is_32bit, .is_open = true};
}

static void put(struct x86_slot *s, const void *bytes, size_t n)
{
	struct site_recipe *r = s->recipe;

	if (n > (size_t)SITE_SLOT_MAX - r->slot_size) {
		s->is_full = true;
		return;
	}
	memcpy(r->slot + r->slot_size, bytes, n);
	r->slot_size = (uint8_t)(r->slot_size + n);
}

#define PUT(s, ...) put((s), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* A field of SIZE bytes at the end of the slot, to be filled with a fix-up. */
static void put_fixup(struct x86_slot *s, enum site_fixup_kind kind, int64_t addend, size_t size)
{
	static const uint8_t zeros[8];
	struct site_recipe *r = s->recipe;

	if (r->n_fixups == SITE_FIXUPS_MAX) {
		s->is_full = true;
		return;
	}
	r->fixups[r->n_fixups++] =
		(struct site_fixup){.addend = addend, .at = r->slot_size, .kind = (uint8_t)kind};
	put(s, zeros, size);
}

/* rel32 to site + TARGET, with TAIL bytes of the instruction behind it. */
static void put_rel32(struct x86_slot *s, int64_t target, unsigned tail)
{
	put_fixup(s, SITE_FIX_REL32, target - 4 - (int64_t)tail, 4);
}

/* An operand [rip + distance] within the slot, where the instruction ends with it. */
static void put_near(struct x86_slot *s, unsigned distance)
{
	PUT(s, (uint8_t)distance, 0, 0, 0);
}

static void put_jump(struct x86_slot *s, int64_t target)
{
	PUT(s, 0xe9);
	put_rel32(s, target, 0);
}

/*
 * INSN as it is, with a RIP-relative operand moved; or, with MODRM_REG not -1, as
 * another instruction of opcode group 5 (/4 jmp, /6 push), without the prefixes F2
 * and F3 that mean something else there.
 */
static void put_copy(struct x86_slot *s, const struct x86_insn *insn, int64_t offset, int modrm_reg)
{
	const ZydisDecodedInstruction *z = &insn->z;
	unsigned disp = z->raw.disp.offset;
	uint8_t copy[X86_INSN_MAX];
	unsigned n = 0;
	uint64_t target;
	bool is_rip = x86_is_rip_relative(insn, &target);

	for (unsigned i = 0; i < z->length; i++) {
		uint8_t byte = insn->bytes[i];

		if (modrm_reg >= 0) {
			if (i < z->raw.modrm.offset && (byte == 0xf2 || byte == 0xf3))
				continue;
			if (i == z->raw.modrm.offset)
				byte = (uint8_t)((byte & ~0x38) | modrm_reg << 3);
		}
		if (is_rip && i == disp) {
			put(s, copy, n);
			n = 0;
			put_rel32(s, offset + (int64_t)(target - insn->address),
				  z->length - disp - 4);
			i += 3;
			continue;
		}
		copy[n++] = byte;
	}
	put(s, copy, n);
}

static void put_push_return(struct x86_slot *s, int64_t return_offset, unsigned distance)
{
	if (s->is_32bit) {
		PUT(s, 0x68); /* push imm32 */
		put_fixup(s, SITE_FIX_ABS32, return_offset, 4);
	} else {
		PUT(s, 0xff, 0x35); /* push [rip + distance] */
		put_near(s, distance);
	}
}

static void put_return_constant(struct x86_slot *s, int64_t return_offset)
{
	if (!s->is_32bit)
		put_fixup(s, SITE_FIX_ABS64, return_offset, 8);
}

static void add_call(struct x86_slot *s, const struct x86_insn *insn, int64_t offset)
{
	int64_t back = offset + insn->z.length;

	put_push_return(s, back, X86_JUMP_SIZE);
	put_jump(s, offset + (int64_t)(insn->target - insn->address));
	put_return_constant(s, back);
	s->is_open = false;
}

/* call *%reg */
static void add_call_register(struct x86_slot *s, const struct x86_insn *insn, int64_t offset)
{
	int64_t back = offset + insn->z.length;
	unsigned jump_size = insn->z.length;

	for (unsigned i = 0; i < insn->z.raw.modrm.offset; i++)
		jump_size -= insn->bytes[i] == 0xf2 || insn->bytes[i] == 0xf3;
	put_push_return(s, back, jump_size);
	put_copy(s, insn, offset, 4);
	put_return_constant(s, back);
	s->is_open = false;
}

/*
 * call *mem: the operand is read once, before the stack changes and with the stack
 * pointer that it may be relative to; if that read faults, nothing has happened yet
 * (a push which faults leaves the stack pointer as it was).
 */
static void add_call_memory(struct x86_slot *s, const struct x86_insn *insn, int64_t offset)
{
	int64_t back = offset + insn->z.length;

	put_copy(s, insn, offset, 6);             /* push mem */
	PUT(s, 0xff, 0x34, 0x24);                 /* push [sp]: once more, one word down */
	if (s->is_32bit) {
		PUT(s, 0xc7, 0x44, 0x24, 0x04);   /* movl $return, 4(%esp) */
		put_fixup(s, SITE_FIX_ABS32, back, 4);
		PUT(s, 0xc3);                     /* ret: to the word that was pushed last */
	} else {
		PUT(s, 0x48, 0x8d, 0x64, 0x24, 0x10); /* lea 16(%rsp), %rsp */
		put_push_return(s, back, 4);
		PUT(s, 0xff, 0x64, 0x24, 0xf8);   /* jmp *-8(%rsp) */
		put_return_constant(s, back);
	}
	s->is_open = false;
}

static void add_branch(struct x86_slot *s, const struct x86_insn *insn, int64_t offset)
{
	int64_t target = offset + (int64_t)(insn->target - insn->address);
	const ZydisDecodedInstruction *z = &insn->z;

	if (z->opcode_map == ZYDIS_OPCODE_MAP_0F || (z->opcode & 0xf0) == 0x70) {
		PUT(s, 0x0f, (uint8_t)(0x80 | (z->opcode & 0x0f)));
		put_rel32(s, target, 0);
		return;
	}
	/* loop, loope, loopne, jrcxz: there is no long form.  All prefixes stay, since some
	 * processors take F2 and F3 for another condition. */
	put(s, insn->bytes, z->raw.imm[0].offset);
	PUT(s, X86_SHORT_JUMP_SIZE, 0xeb, X86_JUMP_SIZE);
	put_jump(s, target);
}

void x86_slot_add(struct x86_slot *s, const struct x86_insn *insn, unsigned offset)
{
	struct site_recipe *r = s->recipe;

	if (r->n_insns == SITE_INSNS_MAX) {
		s->is_full = true;
		return;
	}
	r->insn_at[r->n_insns] = (uint8_t)offset;
	r->insn_slot[r->n_insns] = r->slot_size;
	r->n_insns++;
	s->is_open = true;

	switch (insn->flow) {
	case X86_NEXT:
		put_copy(s, insn, offset, -1);
		if (insn->z.mnemonic == ZYDIS_MNEMONIC_SYSCALL) {
			/* which leaves the address of the next instruction in rcx */
			PUT(s, 0x48, 0x8d, 0x0d);
			put_rel32(s, (int64_t)offset + insn->z.length, 0);
		}
		break;
	case X86_JUMP:
		put_jump(s, (int64_t)offset + (int64_t)(insn->target - insn->address));
		s->is_open = false;
		break;
	case X86_BRANCH:
		add_branch(s, insn, offset);
		break;
	case X86_CALL:
		add_call(s, insn, offset);
		break;
	case X86_CALL_INDIRECT:
		if (insn->z.raw.modrm.mod == 3)
			add_call_register(s, insn, offset);
		else
			add_call_memory(s, insn, offset);
		break;
	case X86_JUMP_INDIRECT:
	case X86_RET:
		put_copy(s, insn, offset, -1);
		s->is_open = false;
		break;
	case X86_FAR:
	case X86_STOP:
		s->is_full = true; /* x86_slot_refusal says so first */
		break;
	}
}

bool x86_slot_close(struct x86_slot *s, unsigned cover)
{
	if (s->is_open)
		put_jump(s, cover);
	return !s->is_full;
}

static bool has_operand_size_prefix(const struct x86_insn *insn)
{
	return x86_has_prefix(insn, 0x66) &&
	       !(insn->z.attributes & ZYDIS_ATTRIB_HAS_REX && insn->z.raw.rex.W);
}

static bool is_call_of_stack_pointer(const struct x86_insn *insn)
{
	return insn->flow == X86_CALL_INDIRECT && insn->z.raw.modrm.mod == 3 &&
	       insn->z.raw.modrm.rm == 4 &&
	       !(insn->z.attributes & ZYDIS_ATTRIB_HAS_REX && insn->z.raw.rex.B);
}

const char *x86_slot_refusal(const struct x86_insn *insn, bool is_32bit)
{
	const ZydisDecodedInstruction *z = &insn->z;
	uint64_t address;

	switch (z->mnemonic) {
	case ZYDIS_MNEMONIC_INT3:
	case ZYDIS_MNEMONIC_INT1:
	case ZYDIS_MNEMONIC_INTO:
		return "the instruction is a breakpoint or trap of the program itself";
	case ZYDIS_MNEMONIC_INT:
		if (!x86_is_syscall(insn))
			return "the instruction is a software interrupt";
		break;
	case ZYDIS_MNEMONIC_SYSENTER:
		if (!is_32bit)
			return "sysenter has no meaning in 64-bit programs";
		break;
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
		return "the instruction only exists to fault, and must do so at its own address";
	case ZYDIS_MNEMONIC_XBEGIN:
		return "the instruction begins a hardware transaction, which no probe survives";
	case ZYDIS_MNEMONIC_ENCLU:
		return "the instruction enters or leaves an SGX enclave";
	default:
		break;
	}
	if (insn->flow == X86_FAR)
		return "the instruction goes to another code segment";
	if (z->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED)
		return "the instruction is privileged";
	if (insn->flow != X86_NEXT && has_operand_size_prefix(insn))
		return "processors differ on a branch with an operand-size prefix";
	if (is_call_of_stack_pointer(insn))
		return "the instruction calls the address in the stack pointer";
	if (x86_is_rip_relative(insn, &address) && z->address_width != 64)
		return "the operand is relative to a 32-bit instruction pointer";
	return NULL;
}
