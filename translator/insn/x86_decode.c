/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One x86 instruction: decoding by Zydis, and what it does to control flow.
 * Relative branches decode as Intel's processors do it; where AMD's differ (an
 * operand-size prefix before a branch) the slot refuses.
 */
#include "translator/insn/insn_int.h"

#include <string.h>

#include "base/log.h"

void x86_decoder_init(struct x86_decoder *d, bool is_32bit)
{
	ZyanStatus status;

	d->is_32bit = is_32bit;
	if (is_32bit)
		status = ZydisDecoderInit(&d->z, ZYDIS_MACHINE_MODE_LEGACY_32,
					  ZYDIS_STACK_WIDTH_32);
	else
		status = ZydisDecoderInit(&d->z, ZYDIS_MACHINE_MODE_LONG_64,
					  ZYDIS_STACK_WIDTH_64);
	if (!ZYAN_SUCCESS(status))
		BUG("Zydis refuses the machine mode: %#x", (unsigned)status);
}

static bool is_relative(const ZydisDecodedInstruction *z)
{
	return z->raw.imm[0].is_relative;
}

static bool is_far(const ZydisDecodedInstruction *z)
{
	return z->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
}

static enum x86_flow flow_of(const ZydisDecodedInstruction *z)
{
	switch (z->mnemonic) {
	case ZYDIS_MNEMONIC_JMP:
		if (is_far(z))
			return X86_FAR;
		return is_relative(z) ? X86_JUMP : X86_JUMP_INDIRECT;
	case ZYDIS_MNEMONIC_CALL:
		if (is_far(z))
			return X86_FAR;
		return is_relative(z) ? X86_CALL : X86_CALL_INDIRECT;
	case ZYDIS_MNEMONIC_RET:
		return is_far(z) ? X86_FAR : X86_RET;
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRETQ:
	case ZYDIS_MNEMONIC_UIRET:
	case ZYDIS_MNEMONIC_SYSRET:
	case ZYDIS_MNEMONIC_SYSEXIT:
		return X86_FAR;
	case ZYDIS_MNEMONIC_HLT:
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
		return X86_STOP;
	default:
		return is_relative(z) ? X86_BRANCH : X86_NEXT;
	}
}

bool x86_decode(const struct x86_decoder *d, const uint8_t *bytes, size_t size, uint64_t address,
		struct x86_insn *out)
{
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&d->z, NULL, bytes, size, &out->z)))
		return false;
	out->address = address;
	out->flow = flow_of(&out->z);
	out->target = 0;
	if (is_relative(&out->z)) {
		out->target = address + out->z.length + (uint64_t)out->z.raw.imm[0].value.s;
		if (d->is_32bit)
			out->target &= UINT32_MAX;
	}
	memcpy(out->bytes, bytes, out->z.length);
	return true;
}

bool x86_is_rip_relative(const struct x86_insn *insn, uint64_t *address)
{
	const ZydisDecodedInstruction *z = &insn->z;

	if (z->machine_mode != ZYDIS_MACHINE_MODE_LONG_64 ||
	    !(z->attributes & ZYDIS_ATTRIB_HAS_MODRM) || z->raw.modrm.mod != 0 ||
	    z->raw.modrm.rm != 5 || z->raw.disp.size != 32)
		return false;
	*address = insn->address + z->length + (uint64_t)z->raw.disp.value;
	return true;
}

bool x86_has_prefix(const struct x86_insn *insn, uint8_t prefix)
{
	for (unsigned i = 0; i < insn->z.raw.prefix_count; i++)
		if (insn->z.raw.prefixes[i].value == prefix)
			return true;
	return false;
}

bool x86_is_padding(const struct x86_insn *insn)
{
	return insn->z.mnemonic == ZYDIS_MNEMONIC_NOP || insn->z.mnemonic == ZYDIS_MNEMONIC_INT3;
}

bool x86_never_goes_on(const struct x86_insn *insn)
{
	return insn->flow == X86_JUMP || insn->flow == X86_JUMP_INDIRECT || insn->flow == X86_RET;
}

bool x86_is_syscall(const struct x86_insn *insn)
{
	switch (insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_SYSCALL:
	case ZYDIS_MNEMONIC_SYSENTER:
		return true;
	case ZYDIS_MNEMONIC_INT:
		return insn->bytes[insn->z.length - 1] == 0x80;
	default:
		return false;
	}
}
