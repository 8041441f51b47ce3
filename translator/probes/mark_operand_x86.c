/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AT&T operands: $5, %eax, -8(%rbp), 16(%rax,%rcx,4), with "SIZE@" before them, a
 * negative size for what is signed; but a byte is unsigned all the same, as in SystemTap.  Register numbers are DWARF's (x86-64 psABI 3.6.2).
 */
#include "translator/probes/mark_operand.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct operand {
	struct arena *a;
	const char *p; /* what is left of the text */
	struct access_path *path;
};

static void add_op(struct operand *o, enum access_op_kind kind, int64_t arg, int64_t arg2)
{
	VEC_PUSH(o->a, &o->path->ops, ((struct access_op){ kind, arg, arg2 }));
}

/* "rax", "eax", "ax" and "al" are register 0; "ah" is its second byte. */
static int register_number(const char *name, size_t len, bool *is_high)
{
	static const char *const low[] = { "al", "dl", "cl", "bl", "sil", "dil", "bpl", "spl" };
	static const char *const word[] = { "ax", "dx", "cx", "bx", "si", "di", "bp", "sp" };
	static const char *const high[] = { "ah", "dh", "ch", "bh" };

	*is_high = false;
	for (int i = 0; i < 8; i++) {
		const char *full = word[i];

		if ((len == strlen(low[i]) && !memcmp(name, low[i], len)) ||
		    (len == 2 && !memcmp(name, full, 2)) ||
		    (len == 3 && (*name == 'e' || *name == 'r') && !memcmp(name + 1, full, 2)))
			return i;
		if (i < 4 && len == 2 && !memcmp(name, high[i], 2)) {
			*is_high = true;
			return i;
		}
	}
	if (len >= 2 && name[0] == 'r' && isdigit((unsigned char)name[1])) {
		char *end;
		long n = strtol(name + 1, &end, 10);
		size_t rest = len - (size_t)(end - name);

		if (n >= 8 && n <= 15 && (rest == 0 || (rest == 1 && strchr("dwb", *end))))
			return (int)n;
	}
	return -1;
}

/* %reg at the head of what is left. */
static bool take_register(struct operand *o, int *number, bool *is_high)
{
	size_t len;

	if (*o->p != '%')
		return false;
	len = strcspn(o->p + 1, ",)");
	*number = register_number(o->p + 1, len, is_high);
	o->p += 1 + len;
	return *number >= 0;
}

/* disp(base,index,scale): leaves the address. */
static bool take_memory(struct operand *o)
{
	char *end;
	long long displacement = strtoll(o->p, &end, 0);
	int base, index;
	bool is_high;

	o->p = end;
	if (*o->p == '\0') {
		add_op(o, ACC_CONST, displacement, 0);
		return true;
	}
	if (*o->p++ != '(')
		return false;
	if (*o->p == ',')
		add_op(o, ACC_CONST, displacement, 0);
	else if (take_register(o, &base, &is_high) && !is_high)
		add_op(o, ACC_REG, base, displacement);
	else
		return false;
	if (*o->p == ',') {
		long scale = 1;

		o->p++;
		if (!take_register(o, &index, &is_high) || is_high)
			return false;
		if (*o->p == ',') {
			scale = strtol(o->p + 1, &end, 10);
			o->p = end;
		}
		add_op(o, ACC_REG, index, 0);
		add_op(o, ACC_CONST, scale, 0);
		add_op(o, ACC_MUL, 0, 0);
		add_op(o, ACC_ADD, 0, 0);
	}
	return *o->p == ')' && !o->p[1];
}

/* "-4@" and the like; without one it is a long. */
static bool take_size(struct operand *o, unsigned *size, bool *is_signed)
{
	char *end;
	long n = strtol(o->p, &end, 10);

	*size = 8;
	*is_signed = true;
	if (end == o->p || *end != '@')
		return !strchr(o->p, '@');
	*is_signed = n < -1;
	*size = (unsigned)labs(n);
	o->p = end + 1;
	return *size == 1 || *size == 2 || *size == 4 || *size == 8;
}

static bool take_value(struct operand *o, unsigned size, bool is_signed)
{
	bool is_high;
	int number;
	char *end;

	if (*o->p == '$') {
		add_op(o, ACC_CONST, (int64_t)strtoull(o->p + 1, &end, 0), 0);
		return end != o->p + 1 && !*end;
	}
	if (*o->p != '%') {
		if (!take_memory(o))
			return false;
		add_op(o, ACC_LOAD, size, is_signed);
		return true;
	}
	if (!take_register(o, &number, &is_high) || *o->p)
		return false;
	add_op(o, ACC_REG, number, 0);
	if (is_high)
		add_op(o, ACC_BITS, 8, 8);
	if (size < 8)
		add_op(o, is_signed ? ACC_SEXT : ACC_ZEXT, size, 0);
	return true;
}

struct access_path *mark_operand(struct arena *a, const char *text, const char **why)
{
	struct operand o = { .a = a, .p = text, .path = ARENA_NEW(a, struct access_path) };
	unsigned size;
	bool is_signed;

	o.path->store_reg = -1;
	o.path->result = ACCESS_VALUE;
	if (!take_size(&o, &size, &is_signed)) {
		*why = arena_printf(a, "its operand '%s' is no integer of 1, 2, 4 or 8 bytes", text);
		return NULL;
	}
	if (!take_value(&o, size, is_signed)) {
		*why = arena_printf(a, "its operand '%s' is not supported", text);
		return NULL;
	}
	return o.path;
}
