# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/tapster.generator/generator
testsuite_tapster_generator_generator_SOURCES = \
	testsuite/tapster.generator/format.c \
	testsuite/tapster.generator/generate.c testsuite/tapster.generator/generate.h \
	testsuite/tapster.generator/machine.c testsuite/tapster.generator/machine.h \
	testsuite/tapster.generator/main.c \
	testsuite/tapster.generator/value.c
