# SPDX-License-Identifier: GPL-2.0-or-later
bin_PROGRAMS += tapster
tapster_SOURCES = \
	cmd/limits.def \
	cmd/main.c \
	cmd/options.c cmd/options.def cmd/options.h \
	cmd/paths.c cmd/paths.h \
	cmd/child.c cmd/child.h \
	cmd/kernel_run.c cmd/kernel_run.h \
	cmd/load.c cmd/load.h \
	cmd/run.c cmd/run.h
tapster_CPPFLAGS = $(AM_CPPFLAGS) $(PATH_CPPFLAGS)
tapster_LDADD = libuser.a libdriver.a $(COMPILER_LIBS) -lpthread

# The loader alone: what a machine without the compiler needs.
bin_PROGRAMS += taprun
taprun_SOURCES = \
	cmd/child.c cmd/child.h \
	cmd/kernel_run.c cmd/kernel_run.h \
	cmd/load.c cmd/load.h \
	cmd/merge.c cmd/merge.h \
	cmd/taprun.c
taprun_LDADD = libdriver.a libbase.a -lpthread
