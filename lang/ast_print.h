/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree as script text, in the shape of "stap -p1".  Every expression is
 * put in parentheses, so the text shows how it was parsed; parsing it again
 * and printing that gives the same text.
 */
#ifndef TAPSTER_LANG_AST_PRINT_H
#define TAPSTER_LANG_AST_PRINT_H

#include "base/buf.h"
#include "lang/ast.h"

void ast_print_expr(struct buf *out, const struct expr *e);
/* Ends with a newline; nested statements are indented by tabs below INDENT. */
void ast_print_stmt(struct buf *out, const struct stmt *s, unsigned indent);
void ast_print_point(struct buf *out, const struct point *p);
void ast_print_decl(struct buf *out, const struct decl *d);
void ast_print_file(struct buf *out, const struct syntax_file *f);

#endif
