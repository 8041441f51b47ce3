/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the probed thread by name, and arguments by the calling
 * convention.  x86-64; another machine has a file of this shape.
 */
#include "runtime/core/core_int.h"

int64_t rt_no_regs(struct rt_context *c)
{
	rt_error(c, "cannot access CPU registers in this context");
	return 0;
}

bool rt_user_mode(struct rt_context *c)
{
	uint32_t kind = script_probes[c->probe].kind;

	/* the user runtime saves no segment registers */
	return c->regs && (kind == PROBE_SITE || kind == PROBE_RETURN || (c->regs->cs & 3) == 3);
}

/* Letters of the eight old registers, in the order of rt_reg_at. */
static const char old_names[8][3] = { "ax", "dx", "cx", "bx", "si", "di", "bp", "sp" };

enum part { PART_NONE, PART_QUAD, PART_DOUBLE, PART_WORD, PART_LOW, PART_HIGH };

static enum part suffix_part(char suffix)
{
	switch (suffix) {
	case 0: return PART_QUAD;
	case 'd': return PART_DOUBLE;
	case 'w': return PART_WORD;
	case 'b':
	case 'l': return PART_LOW;
	default: return PART_NONE;
	}
}

/* r8 ... r15, r8d, r8w, r8b */
static enum part parse_new(const char *name, unsigned *dwarf)
{
	unsigned n;

	if (name[0] != 'r' || name[1] < '1' || name[1] > '9')
		return PART_NONE;
	n = (unsigned)(name[1] - '0');
	name += 2;
	if (n == 1 && *name >= '0' && *name <= '5')
		n = 10 + (unsigned)(*name++ - '0');
	if (n < 8 || (name[0] && name[1]))
		return PART_NONE;
	*dwarf = n;
	return suffix_part(*name);
}

/* rax eax ax al ah, sil dil bpl spl, rip eip ip */
static enum part parse_old(const char *name, unsigned *dwarf)
{
	enum part part = PART_WORD;

	if (*name == 'r' || *name == 'e')
		part = *name++ == 'r' ? PART_QUAD : PART_DOUBLE;
	if (rt_str_eq(name, "ip")) {
		*dwarf = 16;
		return part;
	}
	for (unsigned i = 0; i < 8; i++) {
		const char *old = old_names[i];

		if (rt_str_eq(name, old)) {
			*dwarf = i;
			return part;
		}
		if (part != PART_WORD || !name[0])
			continue;
		if (i < 4 && name[0] == old[0] && (name[1] == 'l' || name[1] == 'h') && !name[2]) {
			*dwarf = i;
			return name[1] == 'l' ? PART_LOW : PART_HIGH;
		}
		if (i >= 4 && name[0] == old[0] && name[1] == old[1] && name[2] == 'l' && !name[3]) {
			*dwarf = i;
			return PART_LOW;
		}
	}
	return PART_NONE;
}

static int64_t take_part(uint64_t v, enum part part, bool is_signed)
{
	unsigned unused = part == PART_QUAD ? 0 : part == PART_DOUBLE ? 32 : part == PART_WORD ? 48 : 56;

	if (part == PART_HIGH)
		v >>= 8;
	v <<= unused;
	return is_signed ? (int64_t)v >> unused : (int64_t)(v >> unused);
}

bool rt_reg_by_name(struct rt_context *c, const char *name, bool is_signed, int64_t *v)
{
	unsigned dwarf = 0;
	enum part part;

	if (!c->regs) {
		*v = rt_no_regs(c);
		return true;
	}
	if (*name == '%')
		name++;
	if (rt_str_eq(name, "rflags") || rt_str_eq(name, "eflags") || rt_str_eq(name, "flags")) {
		*v = (int64_t)c->regs->flags;
		return true;
	}
	if (rt_str_eq(name, "orig_rax")) {
		*v = (int64_t)c->regs->orig_ax;
		return true;
	}
	part = parse_new(name, &dwarf);
	if (part == PART_NONE)
		part = parse_old(name, &dwarf);
	if (part == PART_NONE)
		return false;
	*v = take_part(*rt_reg_at(c->regs, dwarf), part, is_signed);
	return true;
}

int64_t rt_arg(struct rt_context *c, int64_t i)
{
	/* psABI 3.2.3: rdi rsi rdx rcx r8 r9, then the stack above the return address */
	static const uint8_t dwarf[6] = { 5, 4, 1, 2, 8, 9 };

	if (!c->regs) {
		rt_error(c, "cannot access function args in this context");
		return 0;
	}
	if (i < 1 || i > 64) {
		rt_error(c, "cannot access arg(%lld)", (long long)i);
		return 0;
	}
	if (i <= 6)
		return (int64_t)*rt_reg_at(c->regs, dwarf[i - 1]);
	return rt_read_u(c, c->regs->sp + 8 * (uint64_t)(i - 6), 8);
}

void rt_set_arg(struct rt_context *c, int64_t i, int64_t v)
{
	static const uint8_t dwarf[6] = { 5, 4, 1, 2, 8, 9 };

	if (!c->regs)
		rt_error(c, "cannot access function args in this context");
	else if (i < 1 || i > 6)
		rt_error(c, "cannot access arg(%lld)", (long long)i);
	else
		*rt_reg_at(c->regs, dwarf[i - 1]) = (uint64_t)v;
}

int64_t rt_syscall(struct rt_context *c, uint32_t which)
{
	/* Linux's convention; psABI A.2.1, and that of int $0x80 */
	static const uint8_t dwarf[6] = { 5, 4, 1, 10, 8, 9 }, dwarf_32bit[6] = { 3, 2, 1, 4, 5, 6 };

	if (!c->regs)
		return rt_no_regs(c);
	if (which == RT_SYSCALL_NUMBER)
		return (int64_t)c->regs->orig_ax;
	if (which == RT_SYSCALL_RETURN)
		return (int64_t)c->regs->ax;
	return c->is_32bit ? (uint32_t)*rt_reg_at(c->regs, dwarf_32bit[which - RT_SYSCALL_ARG1]) :
			     (int64_t)*rt_reg_at(c->regs, dwarf[which - RT_SYSCALL_ARG1]);
}

int64_t rt_return_at(struct rt_context *c, uint64_t slot, unsigned size)
{
	uint64_t address = (uint64_t)rt_read_u(c, slot, size);

	return rt_failed(c) ? 0 : (int64_t)rt_port_real_return(c, slot, address);
}

int64_t rt_bias(struct rt_context *c, uint32_t file)
{
	int64_t bias = 0;

	if (!rt_port_bias(c, file, &bias))
		rt_error(c, "%s is not mapped in this process", rt_string(script_files[file].path));
	return bias;
}

int64_t rt_thread_pointer(struct rt_context *c)
{
	uint64_t pointer = rt_port_thread_pointer(c);

	if (!pointer)
		rt_error(c, "the thread has no thread-local variables here");
	return (int64_t)pointer;
}
