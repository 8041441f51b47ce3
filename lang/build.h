/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the grammar's actions call: each makes a node, a list, or a declaration
 * from its parts, and refuses what the grammar cannot express.  An expression
 * that was refused is an EXPR_ERROR; nothing here returns NULL where a node is
 * meant.
 */
#ifndef TAPSTER_LANG_BUILD_H
#define TAPSTER_LANG_BUILD_H

#include "lang/grammar.h"
#include "lang/parse_int.h"

/* ---- declarations ---- */

void build_decl_start(struct parser *p, bool is_private, bool in_function);
void build_top_embedded(struct parser *p, struct loc loc, struct text code);
void build_probe(struct parser *p, struct loc loc, point_vec names, point_vec points,
		 struct stmt *body, struct loc epilogue_loc, struct stmt *epilogue);
point_vec build_alias_name(struct parser *p, struct loc loc, point_vec names, point_vec points,
			   bool is_epilogue);
point_vec build_part(struct parser *p, struct loc loc, struct text name, struct expr *arg);
point_vec build_cross_points(struct parser *p, struct loc loc, point_vec left, point_vec right);
point_vec build_join_points(struct parser *p, struct loc loc, point_vec left, point_vec right);
/* SUFFIX: '?', '!' or 0.  CONDITION: or NULL. */
point_vec build_suffix(struct parser *p, struct loc loc, point_vec points, int64_t suffix,
		       struct expr *condition);
struct text build_name_piece(struct parser *p, const struct span *name_at, struct text name,
			     const struct span *piece_at, struct text piece);
void build_function(struct parser *p, struct loc loc, struct text name, enum type type,
		    param_vec params, int64_t priority, struct stmt *body);
struct stmt *build_function_embedded(struct parser *p, struct loc loc, struct text code);
param_vec build_params(struct parser *p, param_vec params, struct param param);
int64_t build_priority(struct parser *p, struct loc loc, int64_t priority);
void build_global(struct parser *p, struct loc loc, struct text name, bool wraps,
		  struct expr *size, struct loc init_loc, struct expr *init);
struct expr *build_array_size(struct parser *p, struct loc loc, int64_t size);

/* ---- statements ---- */

stmt_vec build_stmts(struct parser *p, stmt_vec stmts, struct stmt *s);
struct stmt *build_simple(struct parser *p, enum stmt_kind kind, struct loc loc);
struct stmt *build_block(struct parser *p, struct loc loc, stmt_vec body, struct loc end);
struct stmt *build_expr_stmt(struct parser *p, struct loc loc, struct expr *e);
/* A ";" between THEN and the "else" at LOC. */
void build_semicolon(struct parser *p, struct loc loc, const struct stmt *then);
struct stmt *build_if(struct parser *p, struct loc loc, struct expr *cond, struct stmt *then,
		      struct stmt *otherwise);
struct stmt *build_loop(struct parser *p, enum stmt_kind kind, struct loc loc, struct expr *init,
			struct expr *cond, struct expr *step, struct stmt *body);
struct stmt *build_try(struct parser *p, struct loc loc, struct stmt *body, struct expr *caught,
		       struct stmt *handler);
struct stmt *build_return(struct parser *p, struct loc loc, struct expr *value);
struct stmt *build_bare_return(struct parser *p, struct loc loc, bool is_at_end);
struct stmt *build_delete(struct parser *p, struct loc loc, struct expr *what);
foreach_keys build_foreach_keys(struct parser *p, foreach_keys keys, struct foreach_key key);
struct sorting build_sorting(struct loc loc, struct text statop, enum foreach_sort sort);
/* VALUE: of "foreach (value = [keys] in array)", or NULL. */
struct stmt *build_foreach_head(struct parser *p, struct loc loc, const struct foreach_key *value,
				foreach_keys keys, struct foreach_array array, struct expr *limit);
struct stmt *build_foreach(struct parser *p, struct stmt *head, struct stmt *body);

/* ---- expressions ---- */

struct expr *build_number(struct parser *p, struct loc loc, uint64_t value);
struct expr *build_negative(struct parser *p, struct loc loc, uint64_t value);
struct expr *build_string(struct parser *p, struct loc loc, struct text text);
struct expr *build_symbol(struct parser *p, struct loc loc, struct text name);
struct expr *build_embedded(struct parser *p, struct loc loc, struct text code);
struct expr *build_const(struct parser *p, struct loc loc, struct text name);
struct expr *build_call(struct parser *p, struct loc loc, struct text name, expr_vec args);
struct expr *build_internal(struct parser *p, struct loc loc, struct text name, expr_vec args);
struct expr *build_index(struct parser *p, struct loc loc, struct text name, expr_vec keys);
struct expr *build_unary(struct parser *p, struct loc loc, enum op op, struct expr *operand);
struct expr *build_incdec(struct parser *p, struct loc loc, enum op op, bool is_postfix,
			  struct expr *operand);
struct expr *build_binary(struct parser *p, enum expr_kind kind, struct loc loc, enum op op,
			  struct expr *left, struct expr *right);
struct expr *build_regex(struct parser *p, struct loc loc, enum op op, struct expr *left,
			 struct loc pattern_loc, struct text pattern);
struct expr *build_ternary(struct parser *p, struct loc loc, struct expr *cond,
			   struct expr *then, struct expr *otherwise);
struct expr *build_assign(struct parser *p, struct loc loc, enum op op, struct expr *target,
			  struct expr *value);
struct expr *build_in(struct parser *p, struct loc loc, expr_vec keys, struct expr *array);
struct expr *build_tuple(struct parser *p, struct loc loc, expr_vec keys);
expr_vec build_args(struct parser *p, expr_vec args, struct expr *arg);
expr_vec build_keys(struct parser *p, expr_vec keys, struct expr *key);

struct expr *build_target(struct parser *p, struct loc loc, struct text name);
struct expr *build_at_var(struct parser *p, struct loc loc, struct text name, const char *module);
struct expr *build_cast(struct parser *p, struct loc loc, struct expr *operand, struct text type,
			const char *module);
struct expr *build_member(struct parser *p, struct loc loc, struct expr *e, struct text name);
struct expr *build_element(struct parser *p, struct loc loc, struct expr *e, struct expr *index);
struct expr *build_pretty(struct parser *p, struct loc loc, struct expr *e, struct text dollars);
struct expr *build_address(struct parser *p, struct loc loc, struct expr *e);
struct expr *build_defined(struct parser *p, struct loc loc, struct expr *operand);
struct expr *build_entry(struct parser *p, struct loc loc, struct expr *operand);
struct expr *build_perf(struct parser *p, struct loc loc, struct text name);

/* SHIFT: the parameter of @variance, or NULL. */
struct expr *build_statop(struct parser *p, struct loc loc, struct text name, struct expr *stat,
			  struct loc shift_loc, const int64_t *shift);
struct expr *build_hist_log(struct parser *p, struct loc loc, struct expr *stat);
struct expr *build_hist_linear(struct parser *p, struct loc loc, struct expr *stat, int64_t low,
			       int64_t high, int64_t interval);
struct expr *build_bucket(struct parser *p, struct expr *hist, struct expr *number);
struct expr *build_bare_hist(struct parser *p, struct expr *hist);

struct expr *build_print(struct parser *p, struct loc loc, struct text name, expr_vec args);
struct expr *build_print_hist(struct parser *p, struct loc loc, struct text name,
			      struct expr *hist);
struct expr *build_printf(struct parser *p, struct loc loc, struct text name,
			  struct loc format_loc, struct text format, expr_vec args);
struct expr *build_printd(struct parser *p, struct loc loc, struct text name,
			  struct text delimiter, expr_vec args);

/* ---- shared by build.c and build_expr.c ---- */

/* Sets the depth; a tree that is too deep becomes an EXPR_ERROR. */
struct expr *build_finish(struct parser *p, struct expr *e);
struct expr *build_error(struct parser *p, struct loc loc);
void build_need_guru(struct parser *p, struct loc loc);
enum statop build_statop_kind(const char *name);

/* ---- errors ---- */

void build_too_deep(struct parser *p, struct loc loc);
/* EXPECTED: the names of all tokens that could stand at LOC. */
void build_syntax_error(struct parser *p, struct loc loc, const char *const *expected, int n);

#endif
