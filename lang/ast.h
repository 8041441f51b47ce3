/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The syntax tree: what the parser makes, what every pass annotates or
 * rewrites, what the emitter prints.
 *
 * Three tagged structs (expr, stmt, decl), each with a common head and an
 * anonymous union with a member per kind.  Nodes live in the session's arena
 * and keep no parent pointer; a pass that rewrites returns the replacement and
 * the walker stores it in the slot.  A field that the parser does not fill
 * names the pass that does, in [brackets].  Names are interned: they compare
 * by pointer.
 */
#ifndef TAPSTER_LANG_AST_H
#define TAPSTER_LANG_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/vec.h"
#include "lang/type.h"

struct expr;
struct stmt;
struct decl;
struct var;
struct probe;
struct dw_type;
struct access_path; /* translator/access.h */
struct effects;     /* translator/effects.h */

enum expr_kind {
#define EXPR(tag, name, member, slots) EXPR_##tag,
#define STMT(tag, name, member, slots)
#include "lang/nodes.def"
#undef EXPR
#undef STMT
	EXPR_KINDS
};

enum stmt_kind {
#define EXPR(tag, name, member, slots)
#define STMT(tag, name, member, slots) STMT_##tag,
#include "lang/nodes.def"
#undef EXPR
#undef STMT
	STMT_KINDS
};

enum op {
	OP_NONE, /* plain assignment */
	OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD,
	OP_AND, OP_OR, OP_XOR, OP_SHL, OP_SHR, OP_USHR,
	OP_LAND, OP_LOR,
	OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
	OP_MATCH, OP_NOMATCH,
	OP_CONCAT,
	OP_NEG, OP_PLUS, OP_NOT, OP_COMPL, /* unary - + ! ~ */
	OP_INC, OP_DEC,
	OP_STAT, /* <<< */
	OP_KINDS
};
enum statop { STATOP_COUNT, STATOP_SUM, STATOP_MIN, STATOP_MAX, STATOP_AVG, STATOP_VARIANCE };

/* "+", "<<<", ... : as written in a script */
const char *op_text(enum op op);
/* "@count" ... "@variance", with the '@' */
const char *statop_text(enum statop op);

typedef VEC(struct expr *) expr_vec;
typedef VEC(struct stmt *) stmt_vec;
typedef VEC(struct var *) var_vec;
typedef VEC(struct decl *) decl_vec;

/* One step of $a->b[i]: what may follow a target variable, @var or @cast. */
enum component_kind {
	COMPONENT_MEMBER,       /* ->name */
	COMPONENT_INDEX,        /* [number] */
	COMPONENT_EXPR_INDEX,   /* [expr] */
	COMPONENT_PRETTY,       /* trailing $  : one level, as a string */
	COMPONENT_PRETTY_DEEP   /* trailing $$ : all levels, as a string */
};

struct component {
	enum component_kind kind;
	struct loc loc;
	const char *member;
	int64_t index;
	struct expr *expr;
};
typedef VEC(struct component) component_vec;

enum hist_kind { HIST_NONE, HIST_LOG, HIST_LINEAR };

/* printf is one kind of PRINT with a parsed format; print, println, printd,
 * printdln and their sprint forms are others. */
enum print_conv {
	CONV_LITERAL,  /* text between directives */
	CONV_SIGNED,   /* d i */
	CONV_UNSIGNED, /* u */
	CONV_OCTAL, CONV_HEX, CONV_HEX_UPPER,
	CONV_POINTER,  /* p */
	CONV_STRING, CONV_CHAR,
	CONV_MEMORY,     /* m: bytes at an address */
	CONV_MEMORY_HEX, /* M: the same, as hex */
	CONV_BINARY      /* b: the value's bytes */
};
enum print_flag { PRINT_ZERO = 1, PRINT_SPACE = 2, PRINT_PLUS = 4, PRINT_LEFT = 8, PRINT_ALT = 16 };
enum print_size { SIZE_NONE, SIZE_CONST, SIZE_ARG /* "*": taken from the next argument */ };

struct print_part {
	enum print_conv conv;
	unsigned flags; /* enum print_flag */
	enum print_size width_kind, precision_kind;
	int width, precision;
	const char *text; /* CONV_LITERAL: escapes already resolved */
	uint32_t text_len;
};
typedef VEC(struct print_part) print_part_vec;

struct expr {
	enum expr_kind kind;
	enum type type; /* [infer]; the parser sets it for literals */
	struct loc loc;  /* of the operator where there is one, as in stap's messages */
	uint32_t depth;  /* of the tree below; set and bounded by the parser, so that passes may recurse */
	union {
		struct {
			int64_t value;
			bool is_unsigned; /* written as 2^63 or more: prints as it was written */
			bool is_decided;  /* [resolve] says whether a variable is @defined */
			bool is_new;      /* [resolve] stands for a @defined; fold takes notice */
		} number;
		struct {
			const char *text; /* escapes resolved; ends at the first NUL */
			uint32_t len;
		} string;
		struct {
			const char *name;
			struct var *var; /* [resolve] */
		} symbol;
		struct {
			const char *name;
			expr_vec keys;       /* a NULL key is "*" (delete and foreach slices) */
			struct var *var;     /* [resolve] */
			struct expr *hist;   /* @hist_log(x)[i]: the EXPR_HIST; then NAME is NULL */
		} index;
		struct {
			/* As written, or "@probewrite", "@kregister", "@uregister", "@kderef",
			 * "@uderef": operators for tapsets, which are calls here. */
			const char *name;
			expr_vec args;
			decl_vec callees; /* [resolve] overloads to try, in order; "next" goes to the following one */
		} call;
		struct {
			enum op op;
			struct expr *operand;
		} unary;
		struct {
			enum op op; /* OP_INC or OP_DEC */
			bool is_postfix;
			struct expr *operand;
		} incdec;
		struct {
			enum op op;
			struct expr *left, *right;
		} binary; /* BINARY LOGICAL COMPARE CONCAT */
		struct {
			enum op op; /* OP_MATCH or OP_NOMATCH */
			struct expr *left;
			const char *pattern;
			struct loc pattern_loc;
			struct regex *regex; /* [check] compiled; NULL before */
		} regex;
		struct {
			struct expr *cond, *then, *otherwise;
		} ternary;
		struct {
			enum op op; /* OP_NONE for "=", OP_ADD for "+=", OP_CONCAT for ".=", OP_STAT for "<<<" */
			struct expr *target, *value;
		} assign;
		struct {
			expr_vec keys;      /* NULL: "*" */
			struct expr *array; /* SYMBOL, or HIST */
		} in;
		struct {
			bool has_format;  /* printf, sprintf */
			bool to_string;   /* sprint... */
			bool has_newline; /* ...ln */
			bool has_delimiter; /* printd...: DELIMITER between the arguments */
			bool is_char;       /* print_char */
			bool or_error;      /* a sprintf that is "ERROR" where it fails; [resolve] for $x$ */
			const char *delimiter;
			const char *format; /* as written, for printing back */
			print_part_vec parts; /* of the format; without one [infer] makes them */
			expr_vec args;
			struct expr *histogram; /* print(@hist_log(x)): then nothing else is set */
		} print;
		struct {
			enum statop op;
			struct expr *stat; /* SYMBOL or INDEX */
			int shift;         /* @variance(v, shift) */
		} statop;
		struct {
			enum hist_kind kind;
			struct expr *stat;
			int64_t low, high, interval; /* HIST_LINEAR */
		} hist;
		struct {
			const char *name;     /* with the sigil: "$argc", "$$vars", "@var" */
			bool is_address;      /* &$x */
			bool is_at_var;       /* @var("name@cu", "module") */
			const char *var_name; /* of @var: the string */
			const char *module;   /* of @var: or NULL */
			component_vec components;
		} target;
		struct {
			struct expr *operand;
			/* NULL: no @cast but p->member, p[i] or &p of an expression whose type
			 * is that of the $variable or @cast that it was computed from. */
			const char *type_name;
			const char *module; /* or NULL */
			bool is_address;
			component_vec components;
		} cast;
		struct {
			struct expr *operand;
		} defined;
		struct {
			struct expr *operand;
			struct var *saved; /* [resolve] the hidden per-activation variable */
		} entry;
		struct {
			const char *name;
		} perf;
		struct {
			const char *code;
			uint32_t len;
		} embedded;
		/* What TARGET and CAST become [resolve]: a base value and a path of loads
		 * from it, all decided; see translator/access.h. */
		struct {
			const struct access_path *path;
			struct expr *base;  /* the operand of @cast; NULL for $variables */
			expr_vec indices;   /* the run-time [expr]s of the path, in order */
			struct expr *origin; /* TARGET or CAST, for messages and --dump */
		} access;
		struct {
			/* [resolve] What is wrong, to be reported if the expression is still there when
			 * types are known; empty: it has been reported. */
			struct diag_kept kept;
			bool is_late;    /* SystemTap says so in pass 3 */
			bool is_written; /* it stands for an assignment */
		} error;
	};
};

enum foreach_sort { SORT_NONE = 0, SORT_UP = 1, SORT_DOWN = -1 };

/* Of a global. */
struct lock {
	struct var *var;
	bool is_write;
};
typedef VEC(struct lock) lock_vec;

struct stmt {
	enum stmt_kind kind;
	struct loc loc;
	uint32_t depth; /* as of an expression */
	union {
		struct {
			char unused;
		} none;
		struct {
			bool is_refusal; /* [lower] the probe's condition is false */
		} next;
		struct {
			stmt_vec body;
			struct loc end;
		} block;
		struct {
			struct expr *expr; /* EXPR, RETURN (or NULL), DELETE */
		} expr;
		struct {
			struct expr *cond;
			struct stmt *then, *otherwise;
		} if_;
		struct {
			struct expr *init, *cond, *step; /* FOR: each may be NULL */
			struct stmt *body;
			/* [lower] what must run before each test of COND, and the step as
			 * statements (INIT and STEP are NULL then) */
			struct stmt *before, *after;
			unsigned cost;         /* [lower] statements of one round ... */
			struct loc spend_loc;  /* ... and the place that is said to spend them */
		} loop;
		struct {
			expr_vec keys;      /* SYMBOLs */
			struct expr *value; /* foreach (v = [k] in a): SYMBOL or NULL */
			struct expr *array; /* SYMBOL, or HIST */
			expr_vec slice;     /* a[*, "x"]: empty when there is none; NULL element: "*" */
			/* sort_column: -1 none; 0 the value; N the N-th key */
			int sort_column;
			enum foreach_sort sort;
			bool has_sort_statop; /* arr @sum- */
			enum statop sort_statop;
			struct expr *limit;
			struct stmt *body;
			unsigned cost;         /* [lower] statements of one round ... */
			struct loc spend_loc;  /* ... and the place that is said to spend them */
		} foreach;
		struct {
			struct stmt *body;
			struct expr *caught; /* SYMBOL or NULL */
			struct stmt *handler;
		} try_;
		struct {
			const char *code;
			uint32_t len;
		} embedded;
		struct {
			lock_vec locks; /* taken before BODY, in this order, given back behind it */
			struct stmt *body;
			bool is_last;   /* nothing of the handler comes behind it */
			bool prints;    /* what is printed goes out before the locks are given back */
		} locked; /* made by [locks] */
	};
};

/* A variable: global, local of a probe or function, or parameter. */
enum var_kind { VAR_GLOBAL, VAR_LOCAL, VAR_PARAM };

/* Of what type of the probed program a value is: not known (TYPE NULL), known, or of several. */
struct target_type {
	const struct dw_type *type;
	bool is_clash;
};

struct var {
	enum var_kind kind;
	const char *name;
	struct loc loc;
	enum type type;       /* [infer] of the value; STAT for the target of <<< */
	struct loc type_loc;  /* [infer] where the type was first inferred */
	int arity;            /* -1 not known yet; 0 scalar; N keys [infer] */
	struct loc arity_loc; /* [infer] where the arity was first inferred */
	enum type key_types[9]; /* [infer] */
	struct loc key_locs[9]; /* [infer] */
	struct decl *owner;     /* function or probe body of a local, global's declaration */

	/* globals */
	bool is_private;
	bool wraps;            /* global a% or a%[N]: the oldest entry makes room */
	struct expr *size;     /* global a[N]: NUMBER, or NULL: MAXMAPENTRIES */
	struct expr *init;     /* NUMBER or STRING */
	enum hist_kind hist_kind; /* [check] */
	int64_t hist_low, hist_high, hist_interval;
	int stat_shift;        /* [check] @variance's, 0 when none */
	unsigned stat_ops;     /* [check] bit set of enum statop that the script extracts */
	struct target_type target_type; /* [resolve] */
	bool is_synthetic;     /* made by the translator: not printed at the end */
	bool is_read, is_written; /* [effects] anywhere in the script */
	unsigned n_named;         /* [resolve] how often a local is named in its body */
	bool is_named_in_c;       /* [resolve] a pragma of embedded C says that it is used */
	bool is_atomic;        /* [locks] a global without a lock: each access is one atomic operation */
	uint32_t watch;        /* [effects] its bit in script_probe.condition; 0: conditions don't read it */
	bool is_counter;       /* [locks] a global that is only added to: counted per stripe */
	bool is_pointer;       /* [lower] a string parameter that is only read: not copied */
	bool is_temporary;     /* [lower] made by it: set before each use */
	const struct var *merged; /* [lower] of a temporary of type STAT: the statistic put into it */
	bool is_saved;         /* [lower] lives in the record of a return probe's activation */
	unsigned id;           /* [names] index among the globals or the body's locals */
};

struct param {
	const char *name;
	enum type type; /* declared with ":long"; else TY_UNKNOWN */
	struct loc loc;
	struct var *var; /* [resolve] */
};
typedef VEC(struct param) param_vec;

/* One dotted part of a probe point: name or wildcard, perhaps an argument. */
struct point_part {
	const char *name;
	struct loc loc;
	bool has_arg;
	struct expr *arg; /* NUMBER or STRING literal */
};
typedef VEC(struct point_part) point_part_vec;

struct point {
	struct loc loc;
	point_part_vec parts;
	bool is_optional;    /* ? */
	bool is_sufficient;  /* ! */
	struct expr *condition; /* if (...) or NULL */
};
typedef VEC(struct point *) point_vec;

enum decl_kind { DECL_PROBE, DECL_ALIAS, DECL_FUNCTION, DECL_GLOBAL, DECL_EMBEDDED };

struct decl {
	enum decl_kind kind;
	struct loc loc;
	const char *name; /* function, global: as written */
	bool is_private;
	bool is_tapset; /* from the library */
	union {
		struct {
			point_vec points;
			struct stmt *body;
			bool is_alias_epilogue; /* alias with +=: BODY goes behind the user's */
			struct stmt *epilogue;  /* alias "= points { BODY }, { EPILOGUE }"; or NULL */
			point_vec names;        /* alias: what stands left of = */
		} probe; /* PROBE, ALIAS */
		struct {
			param_vec params;
			enum type return_type; /* declared, or [infer] */
			struct loc return_loc; /* [infer] */
			int64_t priority;      /* :N; 1 is the default */
			bool has_priority;
			struct stmt *body;     /* STMT_EMBEDDED for %{ %} */
			var_vec locals;        /* [resolve] */
			bool is_used;          /* [prune] */
			unsigned id;           /* [names] index */
			const char *mangled;   /* [names] deterministic C name */
			/* [resolve] a copy of ORIGINAL for the one probe whose target variables it
			 * names, or calls one that does; else NULL */
			struct probe *probe;
			const struct decl *original;
			struct target_type target_type; /* [resolve] of what it returns */
			uint8_t placed;        /* [resolve] enum placed: must it be such a copy? */
			bool has_next;         /* [resolve] the body says next: a caller tries the next overload */
			bool is_recursive;     /* [effects] */
			const struct effects *effects; /* [effects] */
			unsigned cost;         /* [lower] statements on the longest way without loops ... */
			struct loc spend_loc;  /* ... and the place that is said to spend them */
		} function;
		struct {
			struct var *var;
		} global;
		struct {
			const char *code;
			uint32_t len;
		} embedded;
	};
};

/* One parsed file. */
struct syntax_file {
	uint32_t source; /* in the source table */
	bool is_tapset;
	decl_vec decls; /* in order */
};

/* ---- constructors: the grammar's actions call nothing else ---- */

struct expr *expr_new(struct arena *a, enum expr_kind kind, struct loc loc);
struct expr *expr_number(struct arena *a, struct loc loc, int64_t value);
struct expr *expr_string(struct arena *a, struct loc loc, const char *text, uint32_t len);
struct expr *expr_symbol(struct arena *a, struct loc loc, const char *name);
struct expr *expr_binary(struct arena *a, enum expr_kind kind, struct loc loc, enum op op,
			 struct expr *left, struct expr *right);
struct stmt *stmt_new(struct arena *a, enum stmt_kind kind, struct loc loc);
struct decl *decl_new(struct arena *a, enum decl_kind kind, struct loc loc);

/* Deep copies, for alias bodies and macros used twice. Annotations are not copied. */
struct expr *expr_copy(struct arena *a, const struct expr *e);
struct stmt *stmt_copy(struct arena *a, const struct stmt *s);

const char *expr_kind_name(enum expr_kind kind);
const char *stmt_kind_name(enum stmt_kind kind);

/* ---- the child walker ---- */

/*
 * Calls back for every child slot, in the order of evaluation.  A callback may
 * replace *slot.  It must itself call ast_walk_* on the node to go deeper, so
 * that it decides between pre-order and post-order.  Callbacks may be NULL.
 */
struct ast_walker {
	void (*expr)(struct ast_walker *w, struct expr **slot);
	void (*stmt)(struct ast_walker *w, struct stmt **slot);
	void *data;
};
void ast_walk_expr(struct ast_walker *w, struct expr *e);
void ast_walk_stmt(struct ast_walker *w, struct stmt *s);

#endif
