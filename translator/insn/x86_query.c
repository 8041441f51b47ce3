/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small questions about x86 code: where a function returns, where its
 * prologue ends, what instructions look like as text.
 */
#include "translator/insn/insn_int.h"

#include "base/log.h"
#include "base/vec.h"

static bool leaves(const struct insn_code *code, const struct x86_insn *insn)
{
	return insn->target - code->address >= code->size;
}

size_t insn_returns(struct arena *a, const struct insn_code *code, size_t **offsets)
{
	VEC(size_t) found = {0};
	struct x86_decoder d;
	struct x86_insn insn;
	const struct x86_map *map;

	x86_decoder_init(&d, code->is_32bit);
	map = x86_map_new(a, &d, code);
	for (size_t at = 0; at < code->size; at += insn.z.length) {
		if (!x86_decode(&d, code->bytes + at, code->size - at, code->address + at, &insn)) {
			insn.z.length = 1;
			continue;
		}
		if (insn.flow == X86_RET || (insn.flow == X86_JUMP && leaves(code, &insn)) ||
		    (insn.flow == X86_JUMP_INDIRECT && x86_map_is_tail_jump(map, at)))
			VEC_PUSH(a, &found, at);
	}
	*offsets = found.at;
	return found.n;
}

static bool decode_full(const struct x86_decoder *d, const struct insn_code *code, size_t at,
			ZydisDecodedInstruction *z, ZydisDecodedOperand *ops)
{
	return at < code->size && ZYAN_SUCCESS(ZydisDecoderDecodeFull(
					  &d->z, code->bytes + at, code->size - at, z, ops));
}

static bool is_reg(const ZydisDecodedOperand *op, ZydisRegister r64, ZydisRegister r32)
{
	return op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       (op->reg.value == r64 || op->reg.value == r32);
}

uint64_t insn_skip_prologue(const struct insn_code *code)
{
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction z;
	struct x86_decoder d;
	size_t at = 0;

	x86_decoder_init(&d, code->is_32bit);
	if (!decode_full(&d, code, at, &z, ops))
		return code->address;
	if (z.mnemonic == ZYDIS_MNEMONIC_ENDBR64 || z.mnemonic == ZYDIS_MNEMONIC_ENDBR32) {
		at += z.length;
		if (!decode_full(&d, code, at, &z, ops))
			return code->address;
	}
	if (z.mnemonic != ZYDIS_MNEMONIC_PUSH ||
	    !is_reg(&ops[0], ZYDIS_REGISTER_RBP, ZYDIS_REGISTER_EBP))
		return code->address;
	at += z.length;
	if (!decode_full(&d, code, at, &z, ops) || z.mnemonic != ZYDIS_MNEMONIC_MOV ||
	    !is_reg(&ops[0], ZYDIS_REGISTER_RBP, ZYDIS_REGISTER_EBP) ||
	    !is_reg(&ops[1], ZYDIS_REGISTER_RSP, ZYDIS_REGISTER_ESP))
		return code->address;
	at += z.length;
	while (decode_full(&d, code, at, &z, ops) && z.mnemonic == ZYDIS_MNEMONIC_PUSH)
		at += z.length;
	if (decode_full(&d, code, at, &z, ops) && z.mnemonic == ZYDIS_MNEMONIC_SUB &&
	    is_reg(&ops[0], ZYDIS_REGISTER_RSP, ZYDIS_REGISTER_ESP))
		at += z.length;
	return code->address + at;
}

bool insn_stub_slot(const struct insn_code *code, uint64_t *slot)
{
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction z;
	struct x86_decoder d;
	size_t at = 0;

	x86_decoder_init(&d, code->is_32bit);
	if (!decode_full(&d, code, at, &z, ops))
		return false;
	if (z.mnemonic == ZYDIS_MNEMONIC_ENDBR64 || z.mnemonic == ZYDIS_MNEMONIC_ENDBR32) {
		at += z.length;
		if (!decode_full(&d, code, at, &z, ops))
			return false;
	}
	return z.mnemonic == ZYDIS_MNEMONIC_JMP && ops[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
	       ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&z, &ops[0], code->address + at, slot));
}

char *insn_format(struct arena *a, const uint8_t *bytes, size_t size, uint64_t address,
		  bool is_32bit)
{
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction z;
	ZydisFormatter formatter;
	struct x86_decoder d;
	char *text = arena_strdup(a, "");
	char one[128];

	x86_decoder_init(&d, is_32bit);
	if (!ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT)))
		BUG("Zydis has no formatter");
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
				  ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING,
				  ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING,
				  ZYDIS_PADDING_DISABLED);
	for (size_t at = 0; at < size; at += z.length) {
		const char *separator = at ? "; " : "";

		if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&d.z, bytes + at, size - at, &z, ops)) ||
		    !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
			    &formatter, &z, ops, z.operand_count_visible, one, sizeof(one),
			    address + at, NULL)))
			return arena_printf(a, "%s%s(bad)", text, separator);
		text = arena_printf(a, "%s%s%s", text, separator, one);
	}
	return text;
}
