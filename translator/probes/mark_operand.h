/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of static marks: "-4@%edi 8@-8(%rbp) 4@$5", operands as the assembler
 * writes them.  One implementation per architecture (mark_operand_x86.c). */
#ifndef TAPSTER_TRANSLATOR_PROBES_MARK_OPERAND_H
#define TAPSTER_TRANSLATOR_PROBES_MARK_OPERAND_H

#include "translator/access.h"

/* The path to the value of the operand TEXT; NULL, with *WHY, where it can't be told. */
struct access_path *mark_operand(struct arena *a, const char *text, const char **why);

#endif
