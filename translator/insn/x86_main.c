/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main() of a program without symbols.  The C library's start code hands it to
 * __libc_start_main as the first argument, so the code from the entry point is
 * read in a straight line and constants are followed through registers and, in
 * 32-bit programs, pushes:
 *
 *   glibc         lea main(%rip),%rdi or mov $main,%rdi; call *__libc_start_main@GOT
 *   musl          _start calls _start_c, which does so (or jumps to it as a tail call);
 *                 in a static PIE one function more is in between (__dls2)
 *   glibc, 32-bit pushl main@GOT(%ebx), pushl $main, or lea main@GOTOFF(%ebx),%eax
 */
#include "translator/insn/insn_int.h"

#include <string.h>

#define CODE_MAX 1024 /* bytes of one start function */
#define DEPTH_MAX 3   /* start functions that call each other */
#define N_REGS 16
#define REG_DI 7
#define REG_BX 3
#define WRAPPER_NEAR 160 /* glibc's __wrap_main stands right behind _start */

struct value {
	bool is_known;
	uint64_t value;
};

struct start {
	insn_read_fn *read;
	void *data;
	struct x86_decoder decoder;
	uint64_t entry;
};

struct machine {
	struct value regs[N_REGS];
	struct value pushed; /* last */
};

static bool read_word(const struct start *s, uint64_t address, struct value *v)
{
	unsigned size = s->decoder.is_32bit ? 4 : 8;

	v->value = 0;
	v->is_known = s->read(s->data, address, &v->value, size) == size && v->value;
	return v->is_known;
}

static bool is_code(const struct start *s, const struct value *v)
{
	uint8_t bytes[X86_INSN_MAX];
	struct x86_insn insn;
	size_t size;

	if (!v->is_known || !v->value)
		return false;
	size = s->read(s->data, v->value, bytes, sizeof(bytes));
	return size && x86_decode(&s->decoder, bytes, size, v->value, &insn);
}

static int reg_number(ZydisRegister reg)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(reg);

	if (class != ZYDIS_REGCLASS_GPR64 && class != ZYDIS_REGCLASS_GPR32)
		return -1;
	return ZydisRegisterGetId(reg);
}

/* Address of a memory operand, where all of its parts are known. */
static struct value address_of(const struct machine *m, const struct x86_insn *insn,
			       const ZydisDecodedOperand *op)
{
	struct value v = {.is_known = true, .value = (uint64_t)op->mem.disp.value};
	int base;

	if (x86_is_rip_relative(insn, &v.value))
		return v;
	if (op->mem.index != ZYDIS_REGISTER_NONE)
		return (struct value){0};
	if (op->mem.base != ZYDIS_REGISTER_NONE) {
		base = reg_number(op->mem.base);
		if (base < 0 || !m->regs[base].is_known)
			return (struct value){0};
		v.value += m->regs[base].value;
	}
	if (insn->z.machine_mode != ZYDIS_MACHINE_MODE_LONG_64)
		v.value &= UINT32_MAX;
	return v;
}

static struct value operand_value(const struct start *s, const struct machine *m,
				  const struct x86_insn *insn, const ZydisDecodedOperand *op)
{
	struct value address, v = {0};
	int reg;

	switch (op->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		reg = reg_number(op->reg.value);
		return reg >= 0 ? m->regs[reg] : v;
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		v.is_known = true;
		v.value = op->imm.value.u;
		if (s->decoder.is_32bit)
			v.value &= UINT32_MAX;
		return v;
	case ZYDIS_OPERAND_TYPE_MEMORY:
		address = address_of(m, insn, op);
		if (address.is_known)
			read_word(s, address.value, &v);
		return v;
	default:
		return v;
	}
}

/* call 1f ... 1: mov (%esp),%REG; ret */
static bool is_pc_thunk(const struct start *s, uint64_t address, int *reg)
{
	uint8_t b[4];

	if (s->read(s->data, address, b, 4) != 4 || b[0] != 0x8b || (b[1] & 0xc7) != 0x04 ||
	    b[2] != 0x24 || b[3] != 0xc3)
		return false;
	*reg = b[1] >> 3 & 7;
	return true;
}

/* What INSN, which isn't a transfer of control, does to the machine. */
static void execute(const struct start *s, struct machine *m, const struct x86_insn *insn,
		    const ZydisDecodedInstruction *z, const ZydisDecodedOperand *ops)
{
	struct value v = {0};
	int reg = -1;

	if (z->operand_count_visible && ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER)
		reg = reg_number(ops[0].reg.value);
	switch (z->mnemonic) {
	case ZYDIS_MNEMONIC_PUSH:
		m->pushed = operand_value(s, m, insn, &ops[0]);
		return;
	case ZYDIS_MNEMONIC_MOV:
		v = operand_value(s, m, insn, &ops[1]);
		break;
	case ZYDIS_MNEMONIC_LEA:
		v = address_of(m, insn, &ops[1]);
		break;
	case ZYDIS_MNEMONIC_ADD:
		v = operand_value(s, m, insn, &ops[1]);
		if (reg >= 0) {
			v.is_known = v.is_known && m->regs[reg].is_known;
			v.value += m->regs[reg].value;
			if (s->decoder.is_32bit)
				v.value &= UINT32_MAX;
		}
		break;
	default:
		break;
	}
	for (unsigned i = 0; i < z->operand_count; i++)
		if (ops[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
		    ZydisRegisterGetClass(ops[i].reg.value) != ZYDIS_REGCLASS_FLAGS) {
			ZydisRegister whole = ZydisRegisterGetLargestEnclosing(
				ZYDIS_MACHINE_MODE_LONG_64, ops[i].reg.value);
			int written = reg_number(whole);

			if (written >= 0)
				m->regs[written] = written == reg ? v : (struct value){0};
		}
}

static uint64_t find(const struct start *s, uint64_t address, unsigned depth);

/* At a call or tail call: main if that is handed over, else what the callee leads to. */
static uint64_t at_call(const struct start *s, const struct machine *m,
			const struct x86_insn *insn, const ZydisDecodedOperand *op, unsigned depth)
{
	const struct value *argument = s->decoder.is_32bit ? &m->pushed : &m->regs[REG_DI];
	struct value target = {.is_known = true, .value = insn->target};

	if (is_code(s, argument))
		return argument->value;
	if (insn->flow == X86_CALL_INDIRECT || insn->flow == X86_JUMP_INDIRECT)
		target = op->type == ZYDIS_OPERAND_TYPE_REGISTER ? operand_value(s, m, insn, op)
								 : (struct value){0};
	return is_code(s, &target) ? find(s, target.value, depth + 1) : 0;
}

static uint64_t find(const struct start *s, uint64_t address, unsigned depth)
{
	struct machine m = {0};
	uint8_t bytes[CODE_MAX];
	size_t size, at = 0;
	struct x86_insn insn;

	if (depth == DEPTH_MAX)
		return 0;
	size = s->read(s->data, address, bytes, sizeof(bytes));
	while (at < size && x86_decode(&s->decoder, bytes + at, size - at, address + at, &insn)) {
		ZydisDecodedInstruction z;
		ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
		uint64_t found;
		int reg;

		if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&s->decoder.z, bytes + at, size - at, &z,
							 ops)))
			break;
		at += z.length;
		switch (insn.flow) {
		case X86_CALL:
			if (s->decoder.is_32bit && is_pc_thunk(s, insn.target, &reg)) {
				m.regs[reg] = (struct value){true, address + at};
				break;
			}
			/* fall through */
		case X86_CALL_INDIRECT:
		case X86_JUMP_INDIRECT:
		case X86_JUMP:
			found = at_call(s, &m, &insn, &ops[0], depth);
			if (found || insn.flow == X86_JUMP || insn.flow == X86_JUMP_INDIRECT)
				return found;
			memset(m.regs, 0, sizeof(m.regs));
			break;
		case X86_BRANCH:
			break;
		case X86_NEXT:
			execute(s, &m, &insn, &z, ops);
			break;
		case X86_RET:
		case X86_FAR:
		case X86_STOP:
			return 0;
		}
	}
	return 0;
}

/* glibc's start files of 32-bit PIE programs hand over a stub that jumps to main. */
static uint64_t skip_wrapper(const struct start *s, uint64_t address)
{
	uint8_t bytes[32];
	struct x86_insn insn;
	size_t size;

	if (!s->decoder.is_32bit || address - s->entry > WRAPPER_NEAR)
		return address;
	size = s->read(s->data, address, bytes, sizeof(bytes));
	for (size_t at = 0; x86_decode(&s->decoder, bytes + at, size - at, address + at, &insn);
	     at += insn.z.length) {
		if (insn.flow == X86_JUMP)
			return insn.target;
		if (insn.z.mnemonic != ZYDIS_MNEMONIC_ENDBR64 &&
		    insn.z.mnemonic != ZYDIS_MNEMONIC_ENDBR32)
			break;
	}
	return address;
}

uint64_t insn_find_main(insn_read_fn *read, void *data, uint64_t entry, bool is_32bit)
{
	struct start s = {.read = read, .data = data, .entry = entry};
	uint64_t found;

	x86_decoder_init(&s.decoder, is_32bit);
	found = find(&s, entry, 0);
	return found ? skip_wrapper(&s, found) : 0;
}
