/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of emit/ share: the state of one emission and who prints what.
 * The tree has been lowered (lower.c): a statement does one thing at its root,
 * and everything below is "plain": C may evaluate it whenever it likes.
 *
 * A plain expression becomes C text (expr_c); an operation becomes lines, of
 * which the last leaves the result in a place.  An operation that can fail
 * stores its place of the script in c->loc before, and goes to the present failure label
 * behind.
 */
#ifndef TAPSTER_TRANSLATOR_EMIT_INT_H
#define TAPSTER_TRANSLATOR_EMIT_INT_H

#include "lang/ast.h"
#include "translator/emit/out.h"
#include "translator/session.h"

struct emit {
	struct session *s;
	struct arena *a;
	struct out o;
	const char **global_names; /* by id */
	size_t *frame_needs;       /* of functions, by id: see func.c */
	uint8_t *function_reads;   /* of functions, by id: see look.c */
	size_t *saved_at;          /* of probes, by id: their part of a return's record */
	size_t entry_size;         /* of the largest record */
	/* share.c */
	struct map originals, translations;
	VEC(uint32_t) script_places;
	VEC(uint32_t) places;            /* of the part that is printed: c->loc in the text's order */
	const struct probe **handlers;   /* of probes, by id: whose handler runs for it */
	uint32_t *places_of;             /* of probes, by id: offset in script_places */
	bool has_groups;           /* the script asks for matched() or ngroups() */

	/* the body that is printed */
	const var_vec *locals;
	const struct decl *function; /* NULL: a probe's */
	const char *fail;            /* label that a failure goes to */
	unsigned fail_uses;          /* times that it was gone to */
	const char *out;             /* label that leaves the body, or what is locked of it */
	unsigned out_uses;
	unsigned skip_uses;          /* of "skip", where a handler goes without a lock */
	const char *next_round;      /* label behind the innermost loop's body; NULL: none needed */
	unsigned next_round_uses;
	unsigned n_labels;
	bool is_looking;             /* what can be seen from outside is left out: look.c */
};

/* ---- symbols.c ---- */

/* How many tables there are. */
size_t emit_symbols(struct emit *e);

/* ---- names.c ---- */

void names_init(struct emit *e);
/* The C name of a global, and the lvalue or buffer of any variable. */
const char *name_global(const struct emit *e, const struct var *v);
const char *name_var(const struct emit *e, const struct var *v);
const char *name_function(const struct emit *e, const struct decl *d);
/* "operator '/'": the token at LOC. */
const char *name_token(const struct emit *e, struct loc loc);
/* "FILE:L:C" */
const char *name_place(const struct emit *e, struct loc loc);

/* ---- expr.c ---- */

/* A plain expression: a long, or a const char *. */
const char *expr_c(struct emit *e, const struct expr *x);
/* The same, for if and while. */
const char *expr_cond(struct emit *e, const struct expr *x);
const char *expr_number_c(const struct emit *e, int64_t value);
/* V = X, where X is plain or an operation. */
void emit_assign(struct emit *e, const struct var *v, const struct expr *x);
/* The string X into the buffer DST. */
void emit_string(struct emit *e, const char *dst, const struct expr *x);
/* The C text of a long X, perhaps behind lines; it is to be used once. */
const char *emit_long(struct emit *e, const struct expr *x);
/* X for what it does. */
void emit_effect(struct emit *e, const struct expr *x);
/* v = text, for a long variable of any storage */
void emit_store(struct emit *e, const struct var *v, const char *text);
/* Before and behind an operation that can fail.  WHAT: "operator '/'". */
void emit_at(struct emit *e, const char *what, struct loc loc);
void emit_check(struct emit *e);
/* "if (CONDITION) goto FAIL" */
void emit_fail_if(struct emit *e, const char *condition);

/* ---- stmt.c ---- */

/* The budget of a run (MAXACTION) pays at the start of each round, and of each function. */
void emit_spend(struct emit *e, unsigned cost, struct loc loc);
void emit_stmt(struct emit *e, const struct stmt *s);
/* A statement in braces behind HEAD. */
void emit_block(struct emit *e, const char *head, const struct stmt *s);

/* ---- map.c ---- */

/* "&g_a_spec, RT_MAP_OF(g_a)" */
const char *map_c(struct emit *e, const struct var *v);
/* "(const union rt_key[]){ ... }"; a NULL key is "*". */
const char *map_keys_c(struct emit *e, const struct var *v, const expr_vec *keys);
/* Does E need such an array?  It takes stack until the end of its block. */
bool map_has_key_array(const struct expr *e);
const char *map_get_c(struct emit *e, const struct expr *index);
const char *map_in_c(struct emit *e, const struct expr *in);
void emit_map_assign(struct emit *e, const struct expr *assign);
/* a[k]++ for its effect; V = a[k]++ and V = (a[k] += x) */
void emit_map_step(struct emit *e, const struct expr *incdec);
void emit_map_update(struct emit *e, const struct var *v, const struct expr *x);
void emit_delete(struct emit *e, const struct expr *x);
void emit_foreach(struct emit *e, const struct stmt *s);

/* ---- stat.c ---- */

/* "&g_s_spec" */
const char *stat_spec_c(struct emit *e, const struct var *v);
/* The struct rt_stat * of a statistic; lines that merge its stripes come first. */
const char *stat_read(struct emit *e, const struct expr *stat);
const char *emit_statop(struct emit *e, const struct expr *x);
const char *emit_hist_get(struct emit *e, const struct expr *index);
const char *emit_hist_in(struct emit *e, const struct expr *in);
void emit_stat_add(struct emit *e, const struct expr *assign);
void emit_print_hist(struct emit *e, const struct expr *print);
void emit_hist_foreach(struct emit *e, const struct stmt *s);
/* ", ops, hist, low, high, interval, shift" of RT_STAT and RT_MAP */
const char *stat_parameters(struct emit *e, const struct var *v);
/* Bytes of its struct rt_stat. */
size_t stat_size(const struct var *v);

/* ---- format.c ---- */

/* The parts of a print, one after the other; no sprint_begin. */
void emit_print(struct emit *e, const struct expr *x);
void emit_sprint(struct emit *e, const char *dst, const struct expr *x);

/* ---- access.c ---- */

const char *access_c(struct emit *e, const struct expr *access);
/* What a fault of it is said to be near to. */
void emit_at_access(struct emit *e, const struct expr *access);
void emit_access_string(struct emit *e, const char *dst, const struct expr *access);
void emit_access_store(struct emit *e, const struct expr *access, const struct expr *value);

/* ---- regex.c ---- */

void emit_regexes(struct emit *e);
const char *regex_c(struct emit *e, const struct expr *x);
/* Bytes of frame memory beyond the frames: the last match, and scratch. */
size_t regexes_frame_need(const struct emit *e);
/* At the begin and end of a handler. */
void emit_match_open(struct emit *e);
void emit_match_close(struct emit *e);

/* ---- globals.c ---- */

void emit_globals(struct emit *e);
void emit_init(struct emit *e);
void emit_set(struct emit *e);
void emit_repair(struct emit *e);

/* ---- func.c ---- */

/* f(c, args): a call of the first of CALLEES as C text; DST is the string's buffer. */
void emit_prototypes(struct emit *e);
void emit_functions(struct emit *e);
void emit_call_string(struct emit *e, const char *dst, const struct expr *call);
const char *emit_call_long(struct emit *e, const struct expr *call);
const char *embedded_name(struct emit *e, const struct expr *x);
/* C text of the script, what stands between %{ and %} at LOC. */
void emit_code(struct emit *e, struct loc loc, const char *code, size_t len);
/* Bytes of frame that calling D takes. */
size_t frame_need(struct emit *e, const struct decl *d);

/* ---- frames, in func.c ---- */

/* Bytes of a string's buffer. */
size_t string_size(const struct emit *e);
/* Bytes of the frame that LOCALS make. */
size_t frame_size(const struct emit *e, const var_vec *locals);
/* struct NAME { strings and merged statistics of the locals }; returns its size, 0: none. */
size_t emit_frame(struct emit *e, const char *name, const var_vec *locals);
/* Declarations of the longs; and strings set to "". */
void emit_local_longs(struct emit *e, const var_vec *locals);
void emit_local_strings(struct emit *e, const var_vec *locals);
/* Most frame memory that the functions called by a body need. */
size_t callees_need(struct emit *e, const decl_vec *callees);

/* ---- share.c ---- */

void share_init(struct emit *e);
/* Around the C of P's handler; it is taken back where another's does the same: see handlers. */
void share_begin(struct emit *e);
void share_end(struct emit *e, const struct probe *p);
void emit_places(struct emit *e);

/* ---- probe.c ---- */

void emit_probes(struct emit *e);
/* "static void p_N<SUFFIX>(struct rt_context *c<PARAMETERS>) {" */
void emit_handler_head(struct emit *e, const struct probe *p, const char *suffix, const char *parameters);
void emit_saved_pointer(struct emit *e, const struct probe *p);
void emit_locked(struct emit *e, const struct stmt *s);
/* The state in which a handler's text begins. */
void emit_handler_begin(struct emit *e, const var_vec *locals);
/* The body of P, with what is to be done before and behind it; its frame has SIZE bytes. */
void emit_body(struct emit *e, const struct probe *p, size_t size);
/* Does P keep something from a function's entry to its return? */
bool probe_has_record(const struct probe *p);
/* Most frame memory of any probe. */
size_t probes_frame_need(struct emit *e);
/* Fills saved_at and entry_size. */
void saved_init(struct emit *e);

/* ---- dispatch.c ---- */

void emit_dispatch(struct emit *e);
/* DECLARATION = { NUMBERS } */
void emit_number_table(struct emit *e, const char *declaration, const uint32_t *numbers, size_t n);
/* A function that is a switch over its parameter INDEX: up to the first case, and behind the
 * last.  UNUSED is a statement that uses its other parameters, or NULL. */
void emit_switch_begin(struct emit *e, const char *prototype, const char *unused, const char *index);
void emit_switch_end(struct emit *e);

/* ---- look.c ---- */

/* Is there a look ahead of P's handler? */
bool probe_looks(struct emit *e, const struct probe *p);
/* S is an expression or a delete. */
bool look_leaves_out(const struct stmt *s);
void emit_left_out(struct emit *e, const struct stmt *s);
void emit_look(struct emit *e, const struct probe *p, const char *budget, const char *frame,
	       size_t size);

#endif
