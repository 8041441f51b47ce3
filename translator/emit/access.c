/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access paths (translator/access.h) as C: the stack machine is run here, on C
 * texts, so that one expression comes out.  A load that faults returns 0 and
 * leaves the failure in the context; the loads behind it don't matter any more.
 */
#include <string.h>

#include "translator/emit/emit_int.h"

#include "base/log.h"
#include "translator/access.h"

enum { STACK_DEPTH = 64 };

struct machine {
	struct emit *e;
	const char *at[STACK_DEPTH];
	unsigned n;
};

static void push(struct machine *m, const char *text)
{
	if (m->n == STACK_DEPTH)
		BUG("an access path deeper than %d", STACK_DEPTH);
	m->at[m->n++] = text;
}

static const char *pop(struct machine *m)
{
	if (!m->n)
		BUG("an access path takes from an empty stack");
	return m->at[--m->n];
}

static const char *plus(struct emit *e, const char *text, int64_t offset)
{
	if (!offset)
		return text;
	return arena_printf(e->a, "(%s %c %lld)", text, offset < 0 ? '-' : '+',
			    offset < 0 ? -(long long)offset : (long long)offset);
}

static void binary(struct machine *m, const char *fmt)
{
	const char *b = pop(m), *a = pop(m);
	struct buf text;

	/* "A + B" with the operands in place of the letters */
	buf_init(&text);
	for (; *fmt; fmt++) {
		if (*fmt == 'A')
			buf_adds(&text, a);
		else if (*fmt == 'B')
			buf_adds(&text, b);
		else
			buf_addc(&text, *fmt);
	}
	push(m, arena_strdup(m->e->a, text.data));
	buf_fini(&text);
}

static const char *extend(struct emit *e, const char *text, bool is_signed, int64_t bytes)
{
	if (bytes >= 8)
		return text;
	return arena_printf(e->a, "((int64_t)(%sint%lld_t)%s)", is_signed ? "" : "u",
			    (long long)bytes * 8, text);
}

static const char *bits(struct emit *e, const char *text, bool is_signed, int64_t n, int64_t at)
{
	if (is_signed)
		return arena_printf(e->a, "((int64_t)((uint64_t)%s << %lld) >> %lld)", text,
				    (long long)(64 - n - at), (long long)(64 - n));
	return arena_printf(e->a, "((int64_t)((uint64_t)%s << %lld >> %lld))", text,
			    (long long)(64 - n - at), (long long)(64 - n));
}

static void step(struct machine *m, const struct expr *x, const struct access_op *op)
{
	struct emit *e = m->e;
	const char *a, *b;

	switch (op->kind) {
	case ACC_CONST:
		push(m, expr_number_c(e, op->arg));
		break;
	case ACC_REG:
		push(m, plus(e, arena_printf(e->a, "rt_reg(c, %lld)", (long long)op->arg), op->arg2));
		break;
	case ACC_STATIC:
		push(m, plus(e, arena_printf(e->a, "rt_bias(c, %u)", x->access.path->file), op->arg));
		break;
	case ACC_BASE:
		push(m, expr_c(e, x->access.base));
		break;
	case ACC_RETVAL:
		push(m, "rt_retval(c)");
		break;
	case ACC_SYSCALL:
		push(m, arena_printf(e->a, "rt_syscall(c, %lld)", (long long)op->arg));
		break;
	case ACC_INDEX:
		a = pop(m);
		push(m, arena_printf(e->a, "(%s + %s * %lld)", a,
				     expr_c(e, x->access.indices.at[op->arg]), (long long)op->arg2));
		break;
	case ACC_LOAD:
		a = pop(m);
		push(m, arena_printf(e->a, "rt_read_%c(c, %s, %lld)", op->arg2 ? 's' : 'u', a,
				     (long long)op->arg));
		break;
	case ACC_RETURN_AT:
		push(m, arena_printf(e->a, "rt_return_at(c, %s, %lld)", pop(m), (long long)op->arg));
		break;
	case ACC_BITS:
	case ACC_SBITS:
		push(m, bits(e, pop(m), op->kind == ACC_SBITS, op->arg, op->arg2));
		break;
	case ACC_SEXT:
	case ACC_ZEXT:
		push(m, extend(e, pop(m), op->kind == ACC_SEXT, op->arg));
		break;
	case ACC_VECTOR:
		push(m, arena_printf(e->a, "rt_vector(c, %lld, %lld)", (long long)op->arg,
				     (long long)op->arg2));
		break;
	case ACC_FLOAT:
		push(m, arena_printf(e->a, "rt_fp_from_single(%s)", pop(m)));
		break;
	case ACC_THREAD:
		push(m, "rt_thread_pointer(c)");
		break;
	case ACC_ADD:
		binary(m, "(A + B)");
		break;
	case ACC_SUB:
		binary(m, "(A - B)");
		break;
	case ACC_MUL:
		binary(m, "(A * B)");
		break;
	case ACC_DIV:
		binary(m, "rt_div(c, A, B)");
		break;
	case ACC_MOD:
		binary(m, "rt_mod(c, A, B)");
		break;
	case ACC_AND:
		binary(m, "(A & B)");
		break;
	case ACC_OR:
		binary(m, "(A | B)");
		break;
	case ACC_XOR:
		binary(m, "(A ^ B)");
		break;
	case ACC_SHL:
		binary(m, "rt_shl(A, B)");
		break;
	case ACC_SHR:
		binary(m, "rt_ushr(A, B)");
		break;
	case ACC_SHRA:
		binary(m, "rt_shr(A, B)");
		break;
	case ACC_EQ:
		binary(m, "(int64_t)(A == B)");
		break;
	case ACC_NE:
		binary(m, "(int64_t)(A != B)");
		break;
	case ACC_LT:
		binary(m, "(int64_t)(A < B)");
		break;
	case ACC_LE:
		binary(m, "(int64_t)(A <= B)");
		break;
	case ACC_GT:
		binary(m, "(int64_t)(A > B)");
		break;
	case ACC_GE:
		binary(m, "(int64_t)(A >= B)");
		break;
	case ACC_NEG:
		push(m, arena_printf(e->a, "(-%s)", pop(m)));
		break;
	case ACC_NOT:
		push(m, arena_printf(e->a, "(~%s)", pop(m)));
		break;
	case ACC_ABS:
		a = pop(m);
		push(m, arena_printf(e->a, "(%s < 0 ? -%s : %s)", a, a, a));
		break;
	case ACC_DUP:
		a = pop(m);
		push(m, a);
		push(m, a);
		break;
	case ACC_DROP:
		pop(m);
		break;
	case ACC_SWAP:
		b = pop(m);
		a = pop(m);
		push(m, b);
		push(m, a);
		break;
	case ACC_OVER:
	case ACC_PICK: {
		int64_t depth = op->kind == ACC_OVER ? 1 : op->arg;

		if (depth < 0 || depth >= m->n)
			BUG("an access path picks from below its stack");
		push(m, m->at[m->n - 1 - depth]);
		break;
	}
	case ACC_ROT: {
		const char *c = pop(m);

		/* DWARF 2.5.1.3: the top becomes the third */
		b = pop(m);
		a = pop(m);
		push(m, c);
		push(m, a);
		push(m, b);
		break;
	}
	}
}

/* What the first N operations of the path leave. */
static const char *run_c(struct emit *e, const struct expr *access, size_t n)
{
	struct machine m = { .e = e };

	for (size_t i = 0; i < n; i++)
		step(&m, access, &access->access.path->ops.at[i]);
	return pop(&m);
}

const char *access_c(struct emit *e, const struct expr *access)
{
	return run_c(e, access, access->access.path->ops.n);
}

void emit_at_access(struct emit *e, const struct expr *access)
{
	const char *text = access->access.path->text;

	/* of @cast(...) and @var(...) SystemTap names the operator */
	emit_at(e, *text == '@' ? arena_printf(e->a, "operator '%.*s'", (int)strcspn(text, "("), text) :
				  arena_printf(e->a, "identifier '%s'", text), access->loc);
}

void emit_access_string(struct emit *e, const char *dst, const struct expr *access)
{
	emit_at_access(e, access);
	out(&e->o, "rt_read_str(c, %s, MAXSTRINGLEN, %s);", dst, access_c(e, access));
}

/* OLD with its lowest bytes, or the bits of a field in them, replaced by VALUE. */
static const char *merged(struct emit *e, const struct access_path *path, const char *old,
			  const char *value)
{
	unsigned bits = path->store_bits ? path->store_bits : path->store_size * 8;
	unsigned at = path->store_bit_at;
	unsigned long long mask = (bits < 64 ? (1ULL << bits) - 1 : ~0ULL) << at;

	if (bits >= 64)
		return value;
	return arena_printf(e->a, "((%s & ~0x%llxLL) | ((int64_t)((uint64_t)(%s) << %u) & 0x%llxLL))", old,
			    mask, value, at, mask);
}

void emit_access_store(struct emit *e, const struct expr *access, const struct expr *value)
{
	const struct access_path *path = access->access.path;
	const char *new = expr_c(e, value), *at;

	emit_at_access(e, access);
	if (path->store_reg >= 0) {
		out(&e->o, "rt_set_reg(c, %d, %s);", path->store_reg,
		    merged(e, path, arena_printf(e->a, "rt_reg(c, %d)", path->store_reg), new));
	} else {
		at = run_c(e, access, path->n_address_ops);
		if (path->store_bits)
			new = merged(e, path, arena_printf(e->a, "rt_read_u(c, (uint64_t)(%s), %u)", at,
							   path->store_size), new);
		out(&e->o, "rt_write(c, (uint64_t)(%s), %u, %s);", at, path->store_size, new);
	}
	emit_check(e);
}
