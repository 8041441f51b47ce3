# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	base/arena.c base/arena.h \
	base/buf.c base/buf.h \
	base/diag.c base/diag.h \
	base/intern.c base/intern.h \
	base/log.c base/log.h \
	base/map.c base/map.h \
	base/modules.c base/modules.h \
	base/sys.c base/sys.h \
	base/vec.h
