/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only debug information interface that the rest of the translator sees.
 * No libdw, libelf or libdwfl type appears in it; nothing else in the project
 * includes their headers (but for the drivers' reading of our own objects).
 *
 * A dw_file is one ELF program or library with whatever tells about it, looked
 * for in this order: its own DWARF; .symtab; the separate debug file (by
 * build-id under the debug directories, by .gnu_debuglink with its CRC);
 * .gnu_debugdata; .dynsym; and, for main() of a stripped program, the argument
 * of __libc_start_main.  Everything is read on demand: opening a file reads
 * headers only, one function's question reads one compilation unit.  The arena
 * of the dw owns all results; they live until dw_free.
 */
#ifndef TAPSTER_TRANSLATOR_DW_H
#define TAPSTER_TRANSLATOR_DW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/vec.h"
#include "translator/access.h"
#include "lang/ast.h"

struct dw;      /* all open files of a run */
struct dw_file; /* one ELF file */
struct dw_type; /* a type of one file */

struct dw *dw_new(struct arena *a);
void dw_free(struct dw *dw);

enum dw_open_error {
	DW_OK,
	DW_NO_FILE,       /* *text is the error of the system */
	DW_NOT_ELF,
	DW_WRONG_MACHINE, /* another architecture */
	DW_NOT_EXECUTABLE /* a relocatable object, a core file, a debug-only file */
};
/* One dw_file per canonical path; opened once.  On failure NULL, with *why, and
 * *text saying more in words ("ELF machine AArch64"). */
struct dw_file *dw_open(struct dw *dw, const char *path, enum dw_open_error *why,
			const char **text);

/* Facts, filled in by dw_open. */
struct dw_info {
	const char *path;       /* canonical */
	const uint8_t *build_id;
	size_t build_id_size;   /* 0: none */
	uint64_t size, mtime_ns, inode, device;
	bool is_32bit, is_pie, is_dynamic;
	bool has_dwarf, has_symtab; /* anywhere, after looking for separate files; asked lazily: dw_has_dwarf */
	uint64_t entry;
	const char *interpreter; /* PT_INTERP or NULL */
};
const struct dw_info *dw_info(struct dw_file *f);
bool dw_has_dwarf(struct dw_file *f);
bool dw_has_symtab(struct dw_file *f);
/* "stripped: no DWARF, no .symtab; 83 names from .dynsym" for messages */
const char *dw_describe(struct dw_file *f);

/* What the file asks the loader for. */
struct dw_needed {
	VEC(const char *) names; /* "libc.so.6" */
	const char *run_path;    /* DT_RUNPATH, else DT_RPATH: "DIR:DIR"; NULL: none */
};
const struct dw_needed *dw_needed(struct dw_file *f);

/* A static mark (sys/sdt.h). */
struct dw_mark {
	const char *provider, *name;
	const char *arguments; /* "-4@%edi 8@-8(%rbp)": as the assembler wrote them */
	uint64_t address;      /* link-time, as all */
	uint64_t semaphore;    /* of 16 bits: who wants the mark counts it up; 0: none */
};
typedef VEC(struct dw_mark) dw_mark_vec;
size_t dw_marks(struct dw_file *f, dw_mark_vec *out);

/* File offset of a link-time address in an executable segment; false outside. */
bool dw_file_offset(struct dw_file *f, uint64_t address, uint64_t *offset);
/* The reverse. */
bool dw_address_of_offset(struct dw_file *f, uint64_t offset, uint64_t *address);

/* The symbols of functions and variables by address, none twice; and where the file's own addresses begin when it is
 * mapped (of the page), and up to where they go. */
struct dw_symbol_name {
	const char *name;
	uint64_t address, size; /* size 0: not known */
};
typedef VEC(struct dw_symbol_name) dw_symbol_vec;
void dw_symbols(struct dw_file *f, dw_symbol_vec *out, uint64_t *low, uint64_t *size);

/* The source lines of the file's code, by address: each row up to the next one. */
struct dw_line_row {
	uint64_t address;
	const char *path; /* one copy of each */
	unsigned line;    /* 0: of no line that is known */
};
typedef VEC(struct dw_line_row) dw_line_row_vec;
void dw_line_rows(struct dw_file *f, dw_line_row_vec *out);

/* Bytes at a link-time address; returns how many could be copied. */
size_t dw_read(struct dw_file *f, uint64_t address, void *buf, size_t size);

/* What .eh_frame says about the function (or the part of one) around an address. */
struct dw_unwind {
	uint64_t start, size;
	uint64_t lsda; /* address of its exception table; 0: none */
};
bool dw_unwind_at(struct dw_file *f, uint64_t address, struct dw_unwind *out);
typedef VEC(uint64_t) dw_address_vec;
/* Adds the landing pads of its exceptions to OUT; false where the table isn't understood. */
bool dw_landing_pads(struct dw_file *f, const struct dw_unwind *u, struct arena *a,
		     dw_address_vec *out);

/* Tells every address of the file that its data hold, from the relative relocations of a
 * position-independent file; false where they aren't known. */
bool dw_each_pointer(struct dw_file *f, void (*tell)(void *data, uint64_t address), void *data);

/* A function, or one inlined instance of one. */
struct dw_func {
	struct dw_file *file;
	const char *name;         /* linkage or source name that matched */
	const char *decl_file;    /* source file, NULL unknown */
	unsigned decl_line;
	uint64_t address;         /* link-time entry */
	uint64_t size;            /* 0: not known */
	uint64_t probe_address;   /* where an entry probe goes: ADDRESS, or behind the prologue
	                           * where arguments aren't valid before (unoptimised code) */
	bool is_inlined;          /* ADDRESS is the start of an inlined instance */
	bool is_exported;         /* other files may call it by its name */
	bool from_dwarf;
	bool is_stripped_main;    /* found by the entry point; signature of main is known */
	bool is_plt;
	const void *die;          /* private */
};
typedef VEC(struct dw_func) dw_func_vec;

enum dw_want { DW_WANT_CALLABLE = 1, DW_WANT_INLINED = 2 };

/*
 * Functions whose name matches PATTERN (shell wildcards; "name", "name@file",
 * "name@file:line", ":line+N" forms as in stapprobes(3stap)).  Aliases at one
 * address appear once.  Returns the number found.
 */
size_t dw_find_functions(struct dw_file *f, const char *pattern, unsigned want,
			 dw_func_vec *out);
/* The stubs that call functions of other files; NAME is that function's. */
size_t dw_plt_stubs(struct dw_file *f, const char *pattern, dw_func_vec *out);

/* The labels (of goto) in a function or inlined instance; wildcards. */
struct dw_label {
	const char *name;
	uint64_t address;
	unsigned line; /* 0: not known */
};
typedef VEC(struct dw_label) dw_label_vec;
size_t dw_find_labels(const struct dw_func *func, const char *pattern, dw_label_vec *out);

/* A function of the same file that CALLER calls directly, or an inlined instance in it. */
struct dw_call {
	struct dw_func callee;
	VEC(uint64_t) returns; /* where its calls return to; inlined ones and tail calls: nowhere */
};
typedef VEC(struct dw_call) dw_call_vec;
size_t dw_calls(const struct dw_func *caller, dw_call_vec *out);

/* All names that a function probe could have, for "similar:". */
size_t dw_function_names(struct dw_file *f, const char *const **names);
/* Exists as DWARF but has no code of its own: why it can't be probed ("inlined
 * everywhere (3 places)", "declared only"); NULL when not known at all. */
const char *dw_why_absent(struct dw_file *f, const char *name);

/* Statement probes: addresses of PATTERN ("func@file:line", "*@file:line", +N).  NEAREST: where
 * a line that is asked for has no code, those of the nearest line that has. */
struct dw_line_hit {
	uint64_t address;
	struct dw_func func; /* containing */
	const char *src;
	unsigned line;
};
typedef VEC(struct dw_line_hit) dw_line_vec;
size_t dw_find_lines(struct dw_file *f, const char *pattern, bool nearest, dw_line_vec *out);

/* The function that contains ADDRESS (from symbols or DWARF); false when none. */
bool dw_func_at(struct dw_file *f, uint64_t address, struct dw_func *out);

/*
 * A target variable at a probe.  FUNC and PC say where (PC: link-time address of
 * the site); is_return: at the function's return ($return is allowed, parameters
 * are those of the entry, which the caller has saved).
 */
struct dw_scope {
	const struct dw_func *func;
	uint64_t pc;
	bool is_return;
};

enum dw_var_error {
	DW_VAR_OK,
	DW_VAR_NOT_FOUND,  /* no such name in scope; *similar are near ones */
	DW_VAR_NO_LOCATION, /* exists but optimised out, or not here */
	DW_VAR_NO_DWARF,
	DW_VAR_BAD_MEMBER, /* components don't fit: no such member, not a struct, not an array */
	DW_VAR_UNSUPPORTED /* says which DWARF operation or type */
};
struct dw_var_result {
	enum dw_var_error error;
	const char *why;          /* one sentence for the message */
	size_t bad_component;     /* for BAD_MEMBER */
	const char *const *names; /* candidates for "alternatives:" (with $ for variables) */
	size_t n_names;
	struct access_path *path; /* when OK */
	const char *type_text;    /* "char*", "int", as stap -L prints it */
	struct dw_type *type;     /* of the result, for @cast and pretty-printing; also of one
	                           * that isn't a number (a structure) or can't be read */
};

/*
 * Resolves $NAME (NAME without "$"; "return" for $return) and its COMPONENTS.  With
 * IS_ADDRESS the path leaves the address (&$x).  COMPONENT_EXPR_INDEX steps become
 * ACC_INDEX in their order; pretty components are refused here (resolve expands them).
 */
void dw_var(const struct dw_scope *scope, const char *name, const component_vec *components,
	    bool is_address, struct arena *a, struct dw_var_result *out);
/* @var("name@cu") : a global or static variable of the file. */
void dw_global_var(struct dw_file *f, const char *spec, const component_vec *components,
		   bool is_address, struct arena *a, struct dw_var_result *out);
/* @cast(value, "type"): the path begins with ACC_BASE. */
void dw_cast(struct dw_file *f, const char *type_name, const component_vec *components,
	     bool is_address, struct arena *a, struct dw_var_result *out);

/* The same of a value of TYPE, which need not have a name. */
void dw_autocast(const struct dw_type *type, const component_vec *components, bool is_address,
		 struct arena *a, struct dw_var_result *out);
struct dw_file *dw_type_file(const struct dw_type *type);
bool dw_type_is_same(const struct dw_type *a, const struct dw_type *b);

/*
 * A type as pretty-printing needs it.  Qualifiers and typedefs are gone but from TEXT.
 */
enum dw_type_kind {
	DW_TYPE_VOID, DW_TYPE_INTEGER, DW_TYPE_CHAR, DW_TYPE_BOOL, DW_TYPE_FLOAT, DW_TYPE_ENUM,
	DW_TYPE_POINTER, /* references too */
	DW_TYPE_STRUCT, DW_TYPE_UNION, DW_TYPE_ARRAY, DW_TYPE_FUNCTION, DW_TYPE_OTHER
};
struct dw_member {
	const char *name;     /* NULL: anonymous; its members are members of the whole too */
	struct dw_type *type;
};
struct dw_type_info {
	enum dw_type_kind kind;
	const char *text;     /* as dw_var_result.type_text */
	uint64_t size;        /* 0: unknown */
	bool is_signed;
	struct dw_type *target;          /* POINTER, ARRAY: of what */
	uint64_t count;                  /* ARRAY: elements; 0: unknown */
	const struct dw_member *members; /* STRUCT, UNION; base classes are anonymous ones */
	size_t n_members;
};
void dw_type_info(const struct dw_type *type, struct arena *a, struct dw_type_info *out);

/*
 * Has the place been reached through the calls that return to RETURNS[0] (in its caller),
 * RETURNS[1] (in that one's caller) and so on?  The path leaves 1 if the last of them is so,
 * given that those before it are.  NULL, with *WHY: the frames can't be told apart here.
 */
struct access_path *dw_called_from(const struct dw_scope *scope, const uint64_t *returns, size_t n,
				   struct arena *a, const char **why);

/* Names for $$parms, $$locals, $$vars, and for stap -L: in scope at PC. */
struct dw_var_name {
	const char *name;
	const char *type_text;
	bool is_parameter;
	bool is_available; /* has a value at PC: stap -L lists no others */
};
typedef VEC(struct dw_var_name) dw_var_name_vec;
void dw_visible(const struct dw_scope *scope, dw_var_name_vec *out);

#endif
