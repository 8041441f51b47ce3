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

enum part { PART_NONE, PART_QUAD, PART_DOUBLE, PART_WORD, PART_LOW, PART_HIGH };

/* A name of up to four characters as a number, as load_word gives it. */
#define NAME4(a, b, c, d) ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24)
#define FOUND(number, which)                                                             \
	do {                                                                             \
		*dwarf = number;                                                         \
		return which;                                                            \
	} while (0)
/* rax eax ax */
#define OLD(a, b, number)                                                                \
	case NAME4('r', a, b, 0): FOUND(number, PART_QUAD);                              \
	case NAME4('e', a, b, 0): FOUND(number, PART_DOUBLE);                            \
	case NAME4(a, b, 0, 0): FOUND(number, PART_WORD)
/* al ah; sil */
#define HALVES(a, number)                                                                \
	case NAME4(a, 'l', 0, 0): FOUND(number, PART_LOW);                               \
	case NAME4(a, 'h', 0, 0): FOUND(number, PART_HIGH)
#define LOW(a, b, number)                                                                \
	case NAME4(a, b, 'l', 0): FOUND(number, PART_LOW)
/* r8 r8d r8w r8b r8l; r10 r10d ... */
#define NEW(number, a)                                                                   \
	case NAME4('r', a, 0, 0): FOUND(number, PART_QUAD);                              \
	case NAME4('r', a, 'd', 0): FOUND(number, PART_DOUBLE);                          \
	case NAME4('r', a, 'w', 0): FOUND(number, PART_WORD);                            \
	case NAME4('r', a, 'b', 0):                                                      \
	case NAME4('r', a, 'l', 0): FOUND(number, PART_LOW)
#define NEW10(number, b)                                                                 \
	case NAME4('r', '1', b, 0): FOUND(number, PART_QUAD);                            \
	case NAME4('r', '1', b, 'd'): FOUND(number, PART_DOUBLE);                        \
	case NAME4('r', '1', b, 'w'): FOUND(number, PART_WORD);                          \
	case NAME4('r', '1', b, 'b'):                                                    \
	case NAME4('r', '1', b, 'l'): FOUND(number, PART_LOW)

static enum part parse_name(uint64_t name, unsigned *dwarf)
{
	switch (name) {
	OLD('a', 'x', 0);
	OLD('d', 'x', 1);
	OLD('c', 'x', 2);
	OLD('b', 'x', 3);
	OLD('s', 'i', 4);
	OLD('d', 'i', 5);
	OLD('b', 'p', 6);
	OLD('s', 'p', 7);
	OLD('i', 'p', 16);
	HALVES('a', 0);
	HALVES('d', 1);
	HALVES('c', 2);
	HALVES('b', 3);
	LOW('s', 'i', 4);
	LOW('d', 'i', 5);
	LOW('b', 'p', 6);
	LOW('s', 'p', 7);
	NEW(8, '8');
	NEW(9, '9');
	NEW10(10, '0');
	NEW10(11, '1');
	NEW10(12, '2');
	NEW10(13, '3');
	NEW10(14, '4');
	NEW10(15, '5');
	default: return PART_NONE;
	}
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
	unsigned dwarf = 0, n;
	uint64_t word;
	enum part part;

	if (!c->regs) {
		*v = rt_no_regs(c);
		return true;
	}
	if (*name == '%')
		name++;
	word = load_word(name, &n);
	part = n < 8 ? parse_name(word, &dwarf) : PART_NONE;
	if (rt_likely(part != PART_NONE)) {
		*v = take_part(*rt_reg_at(c->regs, dwarf), part, is_signed);
		return true;
	}
	if (rt_str_eq(name, "rflags") || rt_str_eq(name, "eflags") || rt_str_eq(name, "flags")) {
		*v = (int64_t)c->regs->flags;
		return true;
	}
	if (rt_str_eq(name, "orig_rax")) {
		*v = (int64_t)c->regs->orig_ax;
		return true;
	}
	return false;
}

int64_t rt_arg(struct rt_context *c, int64_t i)
{
	/* psABI 3.2.3: rdi rsi rdx rcx r8 r9, then the stack above the return address */
	static const uint8_t dwarf[6] = { 5, 4, 1, 2, 8, 9 };

	if (!c->regs) {
		rt_error(c, "cannot access function args in this context");
		return 0;
	}
	if (i < 1) {
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

int64_t rt_vector(struct rt_context *c, unsigned n, unsigned half)
{
	uint64_t value[2];

	if (c->regs && rt_port_vector(c, n, value))
		return (int64_t)value[half];
	rt_error(c, "vector registers can't be read here");
	return 0;
}

int64_t rt_thread_pointer(struct rt_context *c)
{
	uint64_t pointer = rt_port_thread_pointer(c);

	if (!pointer)
		rt_error(c, "the thread has no thread-local variables here");
	return (int64_t)pointer;
}
