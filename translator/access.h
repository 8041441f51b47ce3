/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access paths: how a target variable's value is computed, decided from DWARF
 * (or from the ABI, where there is no DWARF) by translator/dwarf/, attached to
 * EXPR_ACCESS nodes by resolve, printed as C by emit/access.c.
 *
 * A path is a program for a small stack machine, in postfix order; it leaves
 * one value (VALUE, ADDRESS) on the stack.  It is DWARF's expression language
 * with the unknowns taken out: the frame base, the CFA and static addresses
 * are already spelled in terms of registers and load bias.
 */
#ifndef TAPSTER_TRANSLATOR_ACCESS_H
#define TAPSTER_TRANSLATOR_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

enum access_op_kind {
	ACC_CONST,  /* push ARG */
	ACC_REG,    /* push register ARG (DWARF number: x86-64 psABI 3.6.2) + ARG2 */
	ACC_STATIC, /* push link-time address ARG + load bias of the probed file FILE */
	ACC_BASE,   /* push the operand of @cast */
	ACC_VECTOR, /* push half ARG2 (0: low) of vector register ARG (xmm) */
	ACC_FLOAT,  /* pop the 32 bits of a float, push the 64 of the same number as a double */
	ACC_RETVAL, /* push the return value register (rax) */
	ACC_SYSCALL, /* push value ARG (enum rt_syscall_value) of the system call */
	ACC_INDEX,  /* add run-time index number ARG (of EXPR_ACCESS.indices) times ARG2 */
	ACC_LOAD,   /* pop address, push ARG bytes read there (1 2 4 8), sign-extended if ARG2;
	             * a fault is a run-time error */
	ACC_RETURN_AT, /* pop the address of a stack slot of ARG bytes that holds a return address,
	             * push where the function returns to, which return probes may have hidden */
	ACC_BITS,   /* pop, push the field of ARG bits from bit ARG2 (0 lowest), zero-extended */
	ACC_SBITS,  /* the same, sign-extended */
	ACC_SEXT,   /* sign-extend from ARG bytes */
	ACC_ZEXT,   /* zero-extend from ARG bytes */
	ACC_THREAD, /* push the thread pointer (the base of %fs) */
	/* binary: pop b, pop a, push a OP b; comparisons are signed and push 0 or 1 */
	ACC_ADD, ACC_SUB, ACC_MUL, ACC_DIV, ACC_MOD, ACC_AND, ACC_OR, ACC_XOR,
	ACC_SHL, ACC_SHR, ACC_SHRA, ACC_EQ, ACC_NE, ACC_LT, ACC_LE, ACC_GT, ACC_GE,
	ACC_NEG, ACC_NOT, ACC_ABS,
	ACC_DUP, ACC_DROP, ACC_SWAP, ACC_OVER, ACC_ROT, ACC_PICK /* ARG: depth */
};

struct dw_type;

struct access_op {
	enum access_op_kind kind;
	int64_t arg, arg2;
};
typedef VEC(struct access_op) access_op_vec;

enum access_result {
	ACCESS_VALUE,  /* the stack holds the value, a long */
	ACCESS_STRING_AT /* the stack holds an address; the value is the NUL-terminated string there */
};

struct access_path {
	access_op_vec ops;
	enum access_result result;
	uint32_t file;        /* script file index, for ACC_STATIC */
	bool is_kernel;       /* memory of the kernel, not of the process */
	/* An assignable path (store_size not 0): the store writes STORE_SIZE bytes to register
	 * STORE_REG if that is >= 0, else to the address which the first N_ADDRESS_OPS of OPS
	 * leave (the rest loads from there). */
	unsigned store_size;
	unsigned store_bits, store_bit_at; /* of those bytes only these bits; 0 bits: all */
	int store_reg;
	size_t n_address_ops;
	const struct dw_type *type; /* of the value; NULL: not known */
	const char *text;     /* "$a->b[]", for messages */
};

#endif
