# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/tapster.generator/generator
testsuite_tapster_generator_generator_SOURCES = \
	testsuite/tapster.generator/chance.c \
	testsuite/tapster.generator/eval.c \
	testsuite/tapster.generator/exec.c \
	testsuite/tapster.generator/format.c \
	testsuite/tapster.generator/gen_expr.c \
	testsuite/tapster.generator/gen_int.h \
	testsuite/tapster.generator/gen_print.c \
	testsuite/tapster.generator/gen_regex.c \
	testsuite/tapster.generator/gen_stmt.c \
	testsuite/tapster.generator/generate.c testsuite/tapster.generator/generate.h \
	testsuite/tapster.generator/library.c \
	testsuite/tapster.generator/machine.c testsuite/tapster.generator/machine.h \
	testsuite/tapster.generator/machine_int.h \
	testsuite/tapster.generator/main.c \
	testsuite/tapster.generator/place.c \
	testsuite/tapster.generator/print.c \
	testsuite/tapster.generator/value.c
