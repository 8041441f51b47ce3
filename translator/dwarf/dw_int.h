/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this folder share.  libelf and libdw types stay behind
 * this header.
 *
 *	open.c    the ELF file: facts, segments, bytes
 *	debug.c   where debug information is: itself, separate file, .gnu_debugdata
 *	symbol.c  the function symbols of a file, by name and by address
 *	symbol_table.c  the symbols as a table for the run time
 *	plt.c     stubs that call other files
 *	call.c    calls and labels in a function
 *	caller.c  return addresses in the frames around a place
 *	pointer.c addresses in the file's data
 *	unit.c    compilation units, by address
 *	mention.c compilation units, by a name that stands in them
 *	func.c    functions by pattern; why there is none
 *	qualify.c the "ns::Class::" in front of a name
 *	absent.c  why there is none of a name
 *	line.c    line tables: file names, prologue ends
 *	line_rows.c  the lines as a table for the run time
 *	statement.c  addresses of source lines
 *	scope.c   the variables visible at a place
 *	loc.c     DWARF location expressions -> struct dw_place
 *	tls.c     thread-local storage
 *	cfi.c     the canonical frame address
 *	abi.c     what the psABI says where DWARF says nothing: main, $return, entry
 *	unwind.c  extents of functions and landing pads, by .eh_frame
 *	type.c    names, sizes and look-up of types
 *	pretty.c  types as pretty-printing needs them
 *	var.c     $name, @var, @cast: where the object is
 *	walk.c    ->member[index] from there on -> access path
 */
#ifndef TAPSTER_TRANSLATOR_DWARF_DW_INT_H
#define TAPSTER_TRANSLATOR_DWARF_DW_INT_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <libelf.h>

#include "base/map.h"
#include "translator/dwarf/dw.h"

struct dw {
	struct arena *arena;
	VEC(struct dw_file *) files;
};

/* An ELF file that we keep open. */
struct dw_elf {
	int fd; /* -1: not open */
	Elf *elf;
};

struct dw_segment {
	uint64_t address, offset, file_size, mem_size;
	bool is_exec;
};

enum dw_symbol_kind { SYMBOL_FUNC, SYMBOL_LABEL, SYMBOL_IFUNC, SYMBOL_UNDEFINED };

struct dw_symbol {
	const char *name;
	uint64_t address, size;
	uint8_t kind;  /* enum dw_symbol_kind */
	uint8_t bind;  /* STB_... */
	bool is_alias; /* not the best name of its address */
	bool is_old;   /* of a version that new programs aren't linked with (foo@V1) */
};

/* A range of addresses that a compilation unit covers. */
struct dw_unit_range {
	uint64_t low, high;
	Dwarf_CU *cu;
};

struct dw_line_table; /* line.c */
struct dw_mention;    /* mention.c */
struct dw_scopes;     /* qualify.c */

struct dw_file {
	struct dw *dw;
	struct dw_info info;
	struct dw_elf elf;
	struct dw_segment *segments;
	size_t n_segments;
	uint64_t low_address, high_address; /* of executable segments */
	uint64_t tls_address, tls_size; /* PT_TLS */
	uint64_t tls_below; /* where an executable's TLS block begins below the thread pointer */

	/* debug.c */
	bool looked_for_debug;
	struct dw_elf debug; /* separate debug file */
	struct dw_elf mini;  /* .gnu_debugdata, decompressed */
	const char *debug_path;
	Dwarf *dwarf;        /* of elf or debug; NULL: none */
	Elf *dwarf_elf;      /* the ELF that DWARF is in */

	/* symbol.c */
	bool has_read_symbols;
	VEC(struct dw_symbol) symbols; /* sorted by address; undefined ones have address 0 */
	const char *symbols_from;      /* ".symtab", ".dynsym" ... */
	bool looked_for_main;
	uint64_t stripped_main;        /* by the entry point; 0: not found */

	/* unit.c */
	bool has_ranges;
	VEC(struct dw_unit_range) ranges; /* sorted by low */

	/* mention.c */
	struct dw_mention *mention;

	/* line.c */
	struct dw_line_table *lines; /* of the unit that was asked for last */
	struct map strings;          /* one copy of each source path and each "ns::Class::" */

	/* qualify.c */
	struct dw_scopes *scopes;    /* of the unit that was asked for last */

	/* scope.c: probes on many functions ask each unit for the same name */
	struct dw_global {
		Dwarf_CU *cu;
		const char *name;
		Dwarf_Die die;
		bool is_found;
	} last_global;

	/* cfi.c */
	bool looked_for_cfi;
	Dwarf_CFI *cfi_debug, *cfi_eh;

	/* unwind.c */
	bool has_read_unwind;
	VEC(struct dw_unwind) unwind; /* sorted by start */

	/* tls.c: the word of a library that tells where its block is */
	bool looked_for_tls_slot;
	enum { TLS_SLOT_NONE, TLS_SLOT_DISTANCE, TLS_SLOT_NUMBER } tls_slot;
	uint64_t tls_slot_address;
	int64_t tls_slot_offset; /* DISTANCE: of the variable whose distance it is */

	/* plt.c: address of a slot, in hexadecimal -> name of the function whose address it gets */
	bool has_read_slots;
	struct map slots;

	/* type.c: name -> Dwarf_Die of what has been looked up; NULL: there is none */
	struct map types;
};

/* What dw_func.die points to. */
struct dw_func_die {
	Dwarf_Die die;   /* DW_TAG_subprogram with code, or DW_TAG_inlined_subroutine */
	Dwarf_Die frame; /* the subprogram around it, which has the frame base */
};

/* ---- open.c ---- */
bool elf_open_path(struct dw_elf *e, const char *path);
void elf_close(struct dw_elf *e);
Elf_Scn *elf_find_section(Elf *elf, const char *name, GElf_Shdr *shdr);
/* Contents, decompressed; NULL when there is no such section or it has no bytes here. */
Elf_Data *elf_section_data(Elf *elf, const char *name);

/* ---- debug.c ---- */
/* Looks for debug information, once; sets f->dwarf, f->debug, f->mini. */
void debug_find(struct dw_file *f);
void debug_close(struct dw_file *f);

/* ---- symbol.c ---- */
void symbols_read(struct dw_file *f);
/* The first symbol at or behind ADDRESS; f->symbols.n when there is none. */
size_t symbol_lower_bound(const struct dw_file *f, uint64_t address);
/* The best name at exactly ADDRESS, or NULL. */
const struct dw_symbol *symbol_at(struct dw_file *f, uint64_t address);
/* The function symbol whose range contains ADDRESS, or NULL. */
const struct dw_symbol *symbol_around(struct dw_file *f, uint64_t address);
/* foo.cold, foo.part.0: a piece of a function, not to be entered as one */
bool symbol_is_piece(const char *name);
/* "foo" for foo.isra.0, foo.constprop.1 ...: length of the part that the source wrote */
size_t symbol_base_length(const char *name);
/* Address of main in a stripped program, 0: none. */
uint64_t symbol_stripped_main(struct dw_file *f);

/* ---- plt.c ---- */
/* The stub that ADDRESS is in; false: in none. */
bool plt_at(struct dw_file *f, uint64_t address, struct dw_func *out);

/* ---- unit.c ---- */
/* Goes on to the next compilation unit with code; *CU NULL to begin. */
bool unit_next(struct dw_file *f, Dwarf_CU **cu, Dwarf_Die *die);
/* DIE of the unit (of its split part when it has one). */
bool unit_die(Dwarf_CU *cu, Dwarf_Die *die);
/* The unit whose code contains ADDRESS, or NULL. */
Dwarf_CU *unit_at(struct dw_file *f, uint64_t address);
typedef VEC(Dwarf_CU *) unit_vec;
/* Adds CU unless it is there. */
void unit_add(struct arena *a, unit_vec *units, Dwarf_CU *cu);
bool unit_is_optimised(Dwarf_Die *unit);
/* How far a unit's language keeps to the C calling convention. */
enum convention { CONVENTION_C, CONVENTION_SCALARS, CONVENTION_OTHER };
enum convention unit_convention(Dwarf_Die *unit);

/* ---- mention.c ---- */
/* Adds the units that may define something called NAME; false when that can't be told
 * without reading them all. */
bool units_mentioning(struct dw_file *f, const char *name, unit_vec *out);

/* ---- func.c ---- */
/* Entry address of a subprogram or inlined instance; false when it has no code. */
bool func_entry(struct dw_file *f, Dwarf_Die *die, uint64_t *entry, uint64_t *size);
/* DIE, a subprogram with code or an inlined instance in FRAME, as a function. */
bool func_of_die(struct dw_file *f, Dwarf_Die *die, Dwarf_Die *frame, struct dw_func *out);

/* ---- qualify.c ---- */
/* "ns::Class::" around the declaration of DIE; "" when there is nothing around it. */
const char *qualifier_of(struct dw_file *f, Dwarf_Die *die);

/* ---- line.c ---- */
/* Source path that DW_AT_decl_file of DIE names; NULL unknown. */
const char *line_decl_file(struct dw_file *f, Dwarf_Die *die);
/* Sets probe_address of N functions of one unit, in any order, which need it. */
void line_skip_prologues(struct dw_file *f, Dwarf_CU *cu, struct dw_func **funcs, size_t n);

/* ---- statement.c ---- */
/* PATTERN (wildcards) fits the path of a source file, or its tail behind a '/'. */
bool source_matches(const char *path, const char *pattern);

/* ---- places: where an object is ---- */
enum place_kind {
	PLACE_MEMORY,   /* OPS leave its address */
	PLACE_REGISTER, /* in register REG */
	PLACE_VALUE,    /* OPS leave its value; it is nowhere */
	PLACE_BYTES,    /* BYTES, known at compile time */
	PLACE_VECTOR,   /* in the vector register REG */
	PLACE_OTHER,    /* in a register that is no general one */
	PLACE_NONE      /* optimised out */
};
struct place_piece {
	enum place_kind kind;
	uint64_t at, size; /* bytes of the object; size 0: all of it */
	int reg;
	const uint8_t *bytes;
	size_t n_bytes;
	access_op_vec ops;
};
struct dw_place {
	VEC(struct place_piece) pieces;
};

void op_add(struct arena *a, access_op_vec *ops, enum access_op_kind kind, int64_t arg,
	    int64_t arg2);

/* What a location is relative to. */
struct loc_context {
	struct dw_file *file;
	struct arena *arena;
	uint64_t pc;
	bool is_entry;      /* PC is the first instruction of the function */
	Dwarf_Die *frame;   /* the subprogram that has the frame base; NULL: none */
	access_op_vec *object; /* DW_OP_push_object_address; NULL: none */
	const char *why;    /* set on failure */
	enum dw_var_error error; /* set on failure */
};

/* ---- loc.c ---- */
bool loc_resolve(struct loc_context *c, Dwarf_Attribute *attr, struct dw_place *out);
/* ATTR has a list of expressions by address, not one for everywhere. */
bool loc_is_list(Dwarf_Attribute *attr);
/* One expression that computes a value from what is on OPS (member locations, the CFA). */
bool loc_expression(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr, size_t n,
		    access_op_vec *ops);
/* DWARF register number of the file's machine -> x86-64's; -1: not a general register. */
int loc_register(const struct dw_file *f, uint64_t number);
/* The same for vector registers, counted from 0. */
int loc_vector_register(const struct dw_file *f, uint64_t number);
bool loc_fail(struct loc_context *c, enum dw_var_error error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- cfi.c ---- */
bool cfi_push_cfa(struct loc_context *c, access_op_vec *ops);
/* Where the frame at C->pc begins, and what the frame pointer was in its caller; the ops are in
 * terms of the registers of the frame itself. */
bool cfi_frame(struct loc_context *c, access_op_vec *cfa, access_op_vec *frame_pointer);
void cfi_close(struct dw_file *f);

/* ---- tls.c ---- */
bool tls_push_address(struct loc_context *c, access_op_vec *ops);

/* ---- type.c ---- */
/* A type as the component walk sees it: void when !HAS_DIE and !KNOWN; an array of which
 * SKIPPED dimensions have been indexed; POINTERS levels of pointer around it (from "foo*").
 * KNOWN types need no DWARF: those of main's arguments. */
enum known_type { TYPE_FROM_DIE, TYPE_INT, TYPE_CHAR };
struct dw_type {
	struct dw_file *file;
	Dwarf_Die die;
	bool has_die;
	enum known_type known;
	unsigned skipped;
	unsigned pointers;
};
/* The type that DW_AT_type of DIE (or of its origin) names; void when there is none. */
void type_of(struct dw_file *f, Dwarf_Die *die, struct dw_type *out);
/* Without const, volatile, typedef and the like; declarations become definitions. */
void type_strip(struct dw_type *t);
/* DW_TAG of the type; DW_TAG_pointer_type for outer pointers; 0 for void. */
int type_tag(const struct dw_type *t);
bool type_is_aggregate(const struct dw_type *t);
/* What a pointer, reference or array refers to. */
void type_target(const struct dw_type *t, struct dw_type *out);
/* Size in bytes; false when unknown (void, incomplete). */
bool type_size(const struct dw_type *t, uint64_t *size);
bool type_is_signed(const struct dw_type *t);
/* Where a member begins in its structure; false when that must be computed. */
bool type_member_offset(Dwarf_Die *member, uint64_t *offset);
/* Number of elements in dimension DIM of an array; false behind the last dimension;
 * *COUNT 0 when the bound is not known. */
bool type_dimension(const struct dw_type *t, unsigned dim, uint64_t *count);
/* As stap -L prints it. */
const char *type_text(struct arena *a, const struct dw_type *t);
/* "struct foo", "foo", "unsigned long", "foo*" anywhere in the file. */
bool type_lookup(struct dw_file *f, const char *name, struct dw_type *out);
unsigned type_address_size(const struct dw_file *f);

/* ---- scope.c ---- */
/* Calls FN for each variable and parameter of the function that is in scope, innermost
 * first, until it returns true. */
typedef bool scope_fn(void *data, Dwarf_Die *var);
bool scope_each(const struct dw_scope *scope, scope_fn *fn, void *data);
/* The variable NAME of the compilation unit itself. */
bool scope_global(struct dw_file *f, Dwarf_CU *cu, const char *name, Dwarf_Die *out);

/* ---- abi.c ---- */
/* PARAM, a child of FUNC, at the function's entry. */
bool abi_parameter(struct loc_context *c, Dwarf_Die *func, Dwarf_Die *param,
		   struct dw_place *out);
/* $return of type TYPE at the return of FUNC (NULL: main, which follows C's convention). */
bool abi_return(struct loc_context *c, Dwarf_Die *func, const struct dw_type *type,
		struct dw_place *out);
/* argc, argv, envp of a program without DWARF. */
bool abi_main_parameter(struct loc_context *c, const char *name, struct dw_place *out,
			const char **type_text);

#endif
