# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += liblang.a
liblang_a_SOURCES = \
	lang/ast.c lang/ast.h \
	lang/ast_print.c lang/ast_print.h \
	lang/build.c lang/build.h \
	lang/build_expr.c \
	lang/format.c \
	lang/messages.h \
	lang/nodes.def \
	lang/parse.c lang/parse.h lang/parse_int.h \
	lang/pp.c \
	lang/source.c lang/source.h \
	lang/type.c lang/type.h

# Made from lex.l and grammar.y in the build directory, never distributed.
nodist_liblang_a_SOURCES = lang/grammar.c lang/grammar.h lang/lex.c lang/lex.h
EXTRA_DIST += lang/grammar.y lang/lex.l

BUILT_SOURCES += $(nodist_liblang_a_SOURCES)
CLEANFILES += lang/grammar.c lang/grammar.h lang/lex.c lang/lex.h

lang/grammar.c: lang/grammar.y
	$(AM_V_GEN)$(MKDIR_P) lang && \
	$(BISON) -Wall -Werror --defines=lang/grammar.h -o lang/grammar.c $(srcdir)/lang/grammar.y
lang/grammar.h: lang/grammar.c
lang/lex.c: lang/lex.l lang/grammar.h
	$(AM_V_GEN)$(MKDIR_P) lang && \
	$(FLEX) --header-file=lang/lex.h -o lang/lex.c $(srcdir)/lang/lex.l
lang/lex.h: lang/lex.c
