# SPDX-License-Identifier: GPL-2.0-or-later
bin_PROGRAMS += tapster
tapster_SOURCES = \
	cmd/limits.def \
	cmd/main.c \
	cmd/options.c cmd/options.def cmd/options.h \
	cmd/paths.c cmd/paths.h \
	cmd/run.c cmd/run.h
tapster_CPPFLAGS = $(AM_CPPFLAGS) $(PATH_CPPFLAGS)
tapster_LDADD = libuser.a $(COMPILER_LIBS)
